import numpy as np
import pytest
from spoken_cases import spoken, track

from renderer.coefficients import expression_from
from talkinghead.evaluation.swapping import change_between, measure_swapping


def wave(frames, period, **weights):
    """Jaw that opens and closes, over weights that stand still."""
    rows = np.repeat(expression_from(weights)[None], frames, axis=0)
    swing = 0.15 + 0.15 * np.sin(2 * np.pi * np.arange(frames) / period)
    return rows + swing[:, None] * expression_from({"jawOpen": 1.0})


def test_raised_brows_change_the_upper_face_and_no_timing(face_model):
    change = change_between(face_model, wave(200, 10, browInnerUp=1.0), wave(200, 10))
    assert change.upper_face > 1.0
    assert change.lip_timing == pytest.approx(0.0, abs=1e-2)
    assert change.opening_r == pytest.approx(1.0)


def test_lips_wider_open_by_a_factor_and_a_shift_keep_their_timing(face_model):
    wider = 1.5 * wave(200, 10) + 0.1 * expression_from({"jawOpen": 1.0})
    assert change_between(face_model, wider, wave(200, 10)).lip_timing < 0.05


def test_timing_by_hand(face_model):
    # Two sines of different whole periods are uncorrelated: all of the deviation is left.
    made = wave(200, 8)
    opening = face_model.lip_aperture(made)
    change = change_between(face_model, made, wave(200, 20))
    millimetres = opening.std() * 89.43
    assert change.opening_r == pytest.approx(0.0, abs=1e-3)
    assert change.lip_timing == pytest.approx(millimetres, rel=1e-2)


def test_blinks_and_gaze_are_not_feelings(face_model):
    change = change_between(face_model, wave(50, 10, eyeBlink=1.0, eyeLookUp=0.5), wave(50, 10))
    assert change.upper_face == 0.0


def test_lips_that_stand_still_have_no_correlation(face_model):
    still = np.zeros((50, 52), np.float32)
    assert np.isnan(change_between(face_model, still, wave(50, 10)).opening_r)
    assert change_between(face_model, still, wave(50, 10)).lip_timing < 1e-6


class Disentangled:
    """Words move the jaw, feelings the brows."""

    def __call__(self, features, emotion, identity, resting, eyes, head, generator):
        count = len(features)
        period = 5 + count % 7
        made = wave(count, period)
        return track(
            made + np.abs(emotion.expression[:, [2]]) * expression_from({"browInnerUp": 1})
        )


class Entangled(Disentangled):
    """A feeling shakes the jaw at a pace of its own."""

    def __call__(self, features, emotion, identity, resting, eyes, head, generator):
        made = super().__call__(features, emotion, identity, resting, eyes, head, generator)
        if np.abs(emotion.expression).max() > 0.05:
            return track(wave(len(features), 13))
        return made


@pytest.fixture(scope="module")
def feelings():
    from talkinghead.emotion.encoder import load_emotion_encoder
    from talkinghead.types import TextPrompt

    encoder = load_emotion_encoder()
    names = ("neutral", "surprised", "sad")
    return {name: encoder.understand(TextPrompt(name), 0.7) for name in names}


@pytest.fixture(scope="module")
def sentences():
    texts = ("One two three four five six.", "What a day it has been here!")
    made = [spoken(text) for text in texts]
    assert len({len(one.features) % 7 for one in made}) == 2
    return made


def test_a_disentangled_decoder_passes_and_an_entangled_one_fails(face_model, feelings, sentences):
    rows = measure_swapping(Disentangled(), sentences, feelings, face_model)
    assert set(rows) == {"emotion", "words", "surprised", "sad"}
    assert rows["emotion"]["ratio"]["mean"] > 10
    assert rows["emotion"]["opening_r"]["mean"] == pytest.approx(1.0, abs=1e-3)
    assert rows["words"]["ratio"]["mean"] > 10
    assert abs(rows["words"]["opening_r"]["mean"]) < 0.3
    entangled = measure_swapping(Entangled(), sentences, feelings, face_model)
    assert entangled["emotion"]["ratio"]["mean"] < 3
    assert entangled["emotion"]["opening_r"]["mean"] < 0.9
