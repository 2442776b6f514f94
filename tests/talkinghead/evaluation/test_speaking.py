"""The suite on clips that our own decoder and renderer made: the truth is what was rendered."""

import shutil

import numpy as np
import pytest

from talkinghead.config import GenerateOptions
from talkinghead.errors import BadOption
from talkinghead.evaluation.speaking import measure_speaking
from talkinghead.motion.rules import RulesAudioToMotion
from talkinghead.pipeline import TalkingHead
from talkinghead.speech.synthesis import synthesise


@pytest.fixture(scope="module")
def model():
    return TalkingHead.from_pretrained("cpu")


@pytest.fixture(scope="module")
def spoken(model, photo_path, tmp_path_factory):
    import soundfile

    folder = tmp_path_factory.mktemp("spoken")
    for number, text in enumerate(("Bob and my father map far paths.", "Open arms are warm.")):
        speech, _ = synthesise(text, "en-us")
        soundfile.write(folder / "s.wav", speech.waveform, 16000)
        model.generate(photo_path, folder / "s.wav", save_to=folder / f"{number}.mp4",
                       options=GenerateOptions(head="still", size=512))  # fmt: skip
    return folder


def test_the_decoder_that_made_the_clips_is_found_again(spoken, model):
    result = measure_speaking(spoken, {"rules": RulesAudioToMotion()}, model)
    assert result["diversity"]["rules"] > 0
    table = result["table"]
    rules, still = table["rules"], table["no motion"]
    assert rules["opening_r"]["mean"] > 0.85
    assert rules["on_time"] == 1.0
    assert rules["lve_mm"]["mean"] < still["lve_mm"]["mean"]
    assert rules["fdd_absolute_mm2"]["mean"] < still["fdd_absolute_mm2"]["mean"]
    assert still["on_time"] is None
    assert np.isfinite(table["mean motion"]["lve_mm"]["mean"])


def test_clips_without_sound_are_not_enough(spoken, model, tmp_path):
    shutil.copy(spoken / "0.mp4", tmp_path / "one.mp4")
    with pytest.raises(BadOption, match="at least 2"):
        measure_speaking(tmp_path, {}, model)
