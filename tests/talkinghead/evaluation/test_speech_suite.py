import json
import sys
from functools import partial

import cv2
import numpy as np
import pytest
from spoken_cases import FPS, Exact, spoken

from talkinghead.evaluation import __main__ as command
from talkinghead.evaluation import lip_plot as plotting
from talkinghead.evaluation import speech
from talkinghead.evaluation.lip_plot import lip_plot
from talkinghead.evaluation.lip_shape import lip_shape
from talkinghead.evaluation.performance import NoMotion, perform
from talkinghead.motion.rules import RulesAudioToMotion
from talkinghead.pipeline import TalkingHead


def test_the_suite_measures_every_decoder(monkeypatch, tmp_path):
    # The learned decoders are slow, and the suite does not know one from another.
    decoders = {"rules": RulesAudioToMotion()}
    monkeypatch.setattr(TalkingHead, "decoders", property(lambda _: decoders))
    once = partial(speech.measure_speed, runs=1)
    monkeypatch.setattr(speech, "measure_speed", once)
    sentences = [spoken("Bob moved two maps."), spoken("Mi puma bebe vino puro.", "es")]
    monkeypatch.setattr(speech, "synthesised", lambda: sentences)
    monkeypatch.setattr(speech, "measure_long", lambda name: {"seconds_1_min": len(name)})
    paths = [tmp_path / name for name in ("o.json", "o.md")]
    arguments = ["evaluation", "--suite", "speech", "--json", str(paths[0]), "--report"]
    monkeypatch.setattr(sys, "argv", [*arguments, str(paths[1])])
    assert command.main() == 0
    result = json.loads(paths[0].read_text())
    lips = result["lips, synthesised"]
    names = {f"{name}, {one}" for name in ("no motion", "rules") for one in ("en", "es", "all")}
    assert set(lips) == names
    assert lips["rules, all"]["closure"]["count"] == 12
    assert lips["rules, all"]["closure"]["mean"] > 0.7
    assert "rules" in result["emotion swapped"]
    assert {"rules, angry", "rules, sad"} <= set(result["each feeling"])
    assert result["eyes"]["rules, gaze x"]["monotone"]
    assert result["variety"]["rules"]["same_seed_same_bytes"]
    assert result["speed"]["rules"]["seconds_1_min"] == 5
    report = paths[1].read_text()
    assert "## lips, synthesised" in report
    assert "lips, recorded" not in report


def test_one_sentence_of_each_language():
    class One:
        def __init__(self, language, number):
            self.language, self.number = language, number

    chosen = speech.first_of_each([One("a", 1), One("a", 2), One("b", 3)])
    assert [one.number for one in chosen] == [1, 3]


@pytest.fixture(scope="module")
def sentence():
    return spoken("Bob wooed a fine fairy.")


def test_the_plot_shows_the_opening_and_shades_what_must_close(sentence, face_model):
    from talkinghead.emotion.encoder import load_emotion_encoder
    from talkinghead.types import TextPrompt

    neutral = load_emotion_encoder().understand(TextPrompt(""))

    def picture(decoder):
        motion = perform(decoder, sentence.features, neutral, face_model)
        shape = lip_shape(face_model, motion.expression)
        return lip_plot(sentence.speech, sentence.phonemes, shape, FPS)

    exact, still = picture(Exact([sentence])), picture(NoMotion())
    assert exact.shape == still.shape
    assert np.abs(exact[170:290].astype(int) - still[170:290]).max() > 100
    middle = next(p for p in sentence.phonemes if p.symbol == "B")
    column = plotting._MARGIN + int((middle.start + middle.end) / 2 * plotting.WIDE)
    assert (exact[:450, column] == (205, 205, 255)).all(axis=1).mean() > 0.5


def test_the_plot_by_command(monkeypatch, tmp_path):
    path = tmp_path / "p.png"
    monkeypatch.setattr(sys, "argv", ["lip_plot", "Bob sat.", "-o", str(path)])
    plotting.main()
    assert cv2.imread(str(path)).shape[0] > 400
