import json
import sys

import numpy as np
import pytest

from talkinghead.evaluation import __main__ as command
from talkinghead.evaluation import lips
from talkinghead.evaluation.contact_sheet import POSES, posed
from talkinghead.evaluation.machine import machine_facts
from talkinghead.motion.inspection import SpeechReport
from talkinghead.pipeline import TalkingHead


def report(bilabials, closure, delay):
    return SpeechReport(bilabials, closure, 0.1, 0.05, delay, 15.0, 0.01, 0.001)


def test_pooled_figures_are_weighted_by_sounds():
    row = lips._pooled([report(30, 1.0, 0.04), report(10, 0.6, 0.09)])
    assert row["bilabials"] == 40
    assert row["closure_rate"] == pytest.approx((30 + 6) / 40)
    assert row["worst_closing_delay"] == pytest.approx(0.09)


def test_true_phonemes_close_the_lips(monkeypatch, tmp_path):
    monkeypatch.setattr(lips, "VOICES", ("en-us",))
    monkeypatch.setattr(lips, "SENTENCES", {"en": ("Bob and my mother map bumpy paths.",)})
    paths = [tmp_path / name for name in ("lips.json", "lips.md")]
    arguments = ["evaluation", "--suite", "motion", "--json", str(paths[0]), "--report"]
    monkeypatch.setattr(sys, "argv", [*arguments, str(paths[1])])
    assert command.main() == 0
    heard, true = json.loads(paths[0].read_text())["rows"]
    assert (heard["phonemes"], true["phonemes"]) == ("heard", "true")
    assert true["closure_rate"] == 1.0
    assert heard["closure_rate"] >= 0.7
    assert true["open_vowels"] > true["close_vowels"]
    assert paths[1].read_text().startswith("# motion")


def test_a_suite_without_its_folder_says_what_it_needs(monkeypatch, capsys, tmp_path):
    arguments = ["evaluation", "--suite", "frames", "--json", str(tmp_path / "o.json")]
    monkeypatch.setattr(sys, "argv", arguments)
    assert command.main() == 2
    assert "--clips" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_contact_sheet_shows_different_poses(portrait):
    frames = list(posed(TalkingHead.from_pretrained(), portrait, 128))
    assert len(frames) == len(POSES)
    for frame in frames[1:]:
        assert np.abs(frame.astype(float) - frames[0]).mean() > 0.2


def test_machine_facts_name_what_matters():
    facts = machine_facts()
    assert facts["cores"] >= 1
    assert facts["torch"]
    assert facts["memory_gb"] > 0
