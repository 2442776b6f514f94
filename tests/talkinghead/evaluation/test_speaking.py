"""The suite on clips that our own decoder and renderer made: the truth is what was rendered."""

import shutil

import numpy as np
import pytest

from talkinghead.config import GenerateOptions
from talkinghead.errors import BadOption
from talkinghead.evaluation.speaking import _differences, measure_speaking, trusted_names
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
        options = GenerateOptions(head="still", motion="rules", renderer="geometric")
        save_to = folder / f"{number}.mp4"
        model.generate(photo_path, folder / "s.wav", save_to=save_to, options=options)
    (folder / "index.csv").write_text("file,sync_margin\n0.mp4,0.5\n1.mp4,0.1\n")
    return folder


@pytest.fixture(scope="module")
def result(spoken, model):
    return measure_speaking(spoken, {"rules": RulesAudioToMotion()}, model)


def test_the_decoder_that_made_the_clips_is_found_again(result):
    assert result["diversity"]["rules"] > 0
    table = result["table"]
    rules, still = table["rules"], table["no motion"]
    assert rules["opening_r"]["mean"] > 0.85
    assert rules["on_time"] == 1.0
    assert rules["lve_mm"]["mean"] < still["lve_mm"]["mean"]
    assert rules["fdd_absolute_mm2"]["mean"] < still["fdd_absolute_mm2"]["mean"]
    assert still["on_time"] is None
    assert np.isfinite(table["mean motion"]["lve_mm"]["mean"])
    gain = result["differences"]["rules against no motion"]["lve_mm"]
    assert gain["mean"] == pytest.approx(
        still["lve_mm"]["mean"] - rules["lve_mm"]["mean"], abs=1e-4
    )
    assert gain["of"] == 2
    assert gain["better_on"] >= 1  # the first clip hardly moves: both errors are 3.5 mm there


def test_clips_whose_sound_is_their_own_have_a_table_of_their_own(result):
    assert result["table"]["rules"]["lve_mm"]["count"] == 2
    sure = result["table, trusted"]["rules"]["lve_mm"]
    own = [r["lve_mm"] for r in result["clips"] if (r["clip"], r["decoder"]) == ("0", "rules")]
    assert sure["count"] == 1
    assert sure["median"] == pytest.approx(own[0])
    assert "rules against no motion" in result["differences, trusted"]


def test_trust_is_read_from_the_index(tmp_path):
    clips = tmp_path / "eval"
    clips.mkdir()
    assert trusted_names(clips, 0.3) == set()
    (tmp_path / "index.csv").write_text("file,sync_margin\na.mp4,0.3\nb.mp4,0.29\nc.mp4,\n")
    assert trusted_names(clips, 0.3) == {"a"}
    assert trusted_names(clips, 0.2) == {"a", "b"}
    (clips / "index.csv").write_text("file,note\na.mp4,no margins here\n")
    assert trusted_names(clips, 0.2) == set()


def test_differences_say_how_much_better_a_decoder_is():
    def row(clip, decoder, r, error):
        return {"clip": clip, "decoder": decoder, "opening_r": r, "lve_mm": error, "eve_mm": 1.0,
                "fdd_mm2": -error}  # fmt: skip

    rows = [row("a", "old", 0.2, 4.0), row("a", "new", 0.5, 3.0),
            row("b", "old", 0.6, 2.0), row("b", "new", 0.7, 2.5)]  # fmt: skip
    made = _differences(rows)["new against old"]
    assert made["opening_r"]["mean"] == pytest.approx(0.2)
    assert made["lve_mm"]["mean"] == pytest.approx((1.0 - 0.5) / 2)
    assert (made["lve_mm"]["better_on"], made["lve_mm"]["of"]) == (1, 2)
    assert made["fdd_absolute_mm2"]["mean"] == pytest.approx(0.25)


def test_clips_without_sound_are_not_enough(spoken, model, tmp_path):
    shutil.copy(spoken / "0.mp4", tmp_path / "one.mp4")
    with pytest.raises(BadOption, match="at least 2"):
        measure_speaking(tmp_path, {}, model)
