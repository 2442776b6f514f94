import numpy as np
import pytest
from spoken_cases import FPS, Exact, Gaping, sounds, spoken

from talkinghead.evaluation.lip_events import (
    SpeakingMean,
    covered,
    lip_figures,
    lip_tallies,
    speaking_mean,
)
from talkinghead.evaluation.lip_shape import LipShape
from talkinghead.evaluation.performance import NoMotion
from talkinghead.evaluation.speech import lip_table
from talkinghead.motion.visemes import BILABIALS


def shape(opening, width=50.0, protrusion=0.0, above=-9.0, before=9.0):
    count = len(opening)
    full = (np.broadcast_to(np.asarray(one, np.float32), count)
            for one in (opening, width, protrusion, above, before))  # fmt: skip
    return LipShape(*full)


def tallies(face_model, made, phonemes):
    return lip_tallies(face_model, made, phonemes, FPS, SpeakingMean(50.0, 0.0))


def test_frames_of_a_sound_by_hand():
    phonemes = sounds(("AA", 3), ("M", 2), ("AA", 3))
    assert covered(phonemes, BILABIALS, 8, FPS).tolist() == [0, 0, 0, 1, 1, 0, 0, 0]
    assert covered(phonemes, BILABIALS, 8, FPS, around=1).tolist() == [0, 0, 1, 1, 1, 1, 0, 0]


def test_closures_by_hand(face_model):
    # Closed in the first /m/, a frame late in the second (still its own), two frames late in the
    # third, which counts as missed; and once in the long vowel, far from any of them.
    phonemes = sounds(("M", 2), ("AA", 10), ("M", 1), ("AA", 10), ("M", 1), ("AA", 6))
    opening = np.full(30, 5.0)
    opening[[0, 13, 18, 25]] = 0.5
    made = tallies(face_model, shape(opening), phonemes)
    assert made["closure"] == (2, 3)
    assert made["false_closures_a_minute"] == (1, pytest.approx(30 / FPS / 60))


def test_a_lip_behind_the_other_on_f_is_no_false_closure(face_model):
    phonemes = sounds(("AA", 8), ("F", 2), ("AA", 8))
    opening = np.full(18, 5.0)
    opening[8:10] = 0.5
    made = tallies(face_model, shape(opening), phonemes)
    assert made["false_closures_a_minute"][0] == 0
    opening[2] = 0.5
    made = tallies(face_model, shape(opening), phonemes)
    assert made["false_closures_a_minute"][0] == 1


def test_rounding_by_hand(face_model):
    # /u/ narrow and forward; /o/ narrow only; /i/ rounded by mistake; /a/ not.
    phonemes = sounds(("UW", 2), ("OW", 2), ("IY", 2), ("AA", 2))
    width = np.array([44, 44, 44, 44, 48, 48, 52, 52])
    forward = np.array([3, 3, -1, -1, 1, 1, -1, -1])
    made = tallies(face_model, shape(np.full(8, 3.0), width, forward), phonemes)
    assert made["rounding"] == (1, 2)
    assert made["rounding_elsewhere"] == (1, 2)
    figures = lip_figures([made])
    assert figures["width_contrast_mm"]["mean"] == pytest.approx(48 - 44)
    assert figures["protrusion_contrast_mm"]["mean"] == pytest.approx((3 - 1) / 2 - 1)


def test_silence_must_close_the_lips_within_three_frames(face_model):
    phonemes = sounds(("AA", 5), ("SIL", 10), ("AA", 5), ("SIL", 10))
    opening = np.full(30, 5.0)
    opening[8:15] = 0  # 120 ms after the first silence begins, and 160 ms after the second
    opening[24:] = 0
    assert tallies(face_model, shape(opening), phonemes)["silence_closed"] == (1, 2)


def test_pauses_before_speech_or_shorter_than_a_breath_are_not_asked(face_model):
    phonemes = sounds(("SIL", 10), ("AA", 5), ("SIL", 5), ("AA", 5))
    assert tallies(face_model, shape(np.full(25, 5.0)), phonemes)["silence_closed"] == (0, 0)


def test_lip_to_teeth_by_hand(face_model):
    phonemes = sounds(("F", 2), ("AA", 4), ("V", 2), ("IY", 4))
    above, before = np.full(12, -5.0), np.full(12, 1.0)
    above[[0, 10]] = 0.0  # during /f/, and in the middle of /i/
    made = tallies(face_model, shape(np.full(12, 5.0), above=above, before=before), phonemes)
    assert made["lip_to_teeth"] == (1, 2)
    assert made["lip_to_teeth_elsewhere"] == (1, 2)


def test_the_speaking_mean_leaves_silence_out():
    phonemes = sounds(("AA", 2), ("SIL", 2))
    made = shape(np.zeros(4), np.array([40.0, 44.0, 60.0, 60.0]), np.array([1.0, 3.0, 9.0, 9.0]))
    assert speaking_mean([made, made], [phonemes, phonemes], FPS) == SpeakingMean(42.0, 2.0)


@pytest.fixture(scope="module")
def sentences():
    texts = ("Bob and Pam move four big boxes. Who knew?", "My wife Vivian wooed Emma.")
    return [spoken(text) for text in texts]


@pytest.fixture(scope="module")
def table(sentences, face_model):
    from talkinghead.emotion.encoder import load_emotion_encoder
    from talkinghead.types import TextPrompt

    decoders = {"exact": Exact(sentences), "gaping": Gaping(), "no motion": NoMotion()}
    neutral = load_emotion_encoder().understand(TextPrompt(""))
    return lip_table(decoders, sentences, neutral, face_model)


def test_lips_that_do_exactly_what_the_sounds_need_score_in_full(table):
    row = table["exact, all"]
    for measure in ("closure", "lip_to_teeth", "rounding", "silence_closed"):
        assert row[measure]["mean"] == 1.0, measure
        assert row[measure]["count"] > 1, measure
    assert row["false_closures_a_minute"]["mean"] == 0.0
    assert row["rounding_elsewhere"]["mean"] <= 0.1  # a vowel shorter than a frame is not shown
    assert row["width_contrast_mm"]["mean"] > 3
    assert row["protrusion_contrast_mm"]["mean"] > 2


def test_lips_that_never_close_score_nothing(table):
    row = table["gaping, en"]
    for measure in ("closure", "lip_to_teeth", "rounding", "silence_closed"):
        assert row[measure]["mean"] == 0.0, measure
    assert row["false_closures_a_minute"]["mean"] == 0.0


def test_a_still_face_pays_for_its_closures_elsewhere(table):
    row = table["no motion, all"]
    assert row["closure"]["mean"] == 1.0
    assert row["false_closures_a_minute"]["mean"] > 30
    assert row["rounding"]["mean"] == 0.0
    assert row["width_contrast_mm"]["mean"] == 0.0
