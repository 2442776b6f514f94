import json
import sys

import numpy as np
import pytest

from talkinghead.speech.synthesis import synthesise
from talkinghead.training import content_measure
from talkinghead.training.content_measure import (
    Count,
    chosen_rows,
    closures,
    disturbances,
    matches,
    measure,
    mouths_of,
)
from talkinghead.training.corpus import CorpusRow, Utterance, write_manifest, write_utterance
from talkinghead.types import Phoneme

TRUTH = (
    Phoneme("SIL", 0.0, 0.2), Phoneme("M", 0.2, 0.3), Phoneme("AA", 0.3, 0.5),
    Phoneme("P", 0.5, 0.6), Phoneme("F", 0.6, 0.7), Phoneme("IY", 0.7, 0.9),
    Phoneme("SIL", 0.9, 1.0),
)  # fmt: skip


def counted(heard):
    count = Count()
    count.add(TRUTH, heard, 1.0)
    return count.summary()


def test_the_truth_has_full_marks():
    marks = counted(TRUTH)
    assert marks["phone_accuracy"] == marks["mouth_accuracy_spoken"] == 1.0
    assert marks["bilabial_recall"] == marks["bilabial_precision"] == 1.0
    assert marks["bilabials"] == 2
    assert marks["recall_of_mouth"]["labiodental"] == 1.0
    assert marks["recall_of_mouth"]["other"] is None


def test_silence_has_the_marks_of_the_silent_rows():
    marks = counted((Phoneme("SIL", 0.0, 1.0),))
    assert marks["phone_accuracy"] == 0.3
    assert marks["mouth_accuracy_spoken"] == 0.0
    assert marks["bilabial_recall"] == 0.0
    assert marks["bilabial_precision"] is None


def test_marks_counted_by_hand():
    heard = (
        Phoneme("SIL", 0.0, 0.1), Phoneme("B", 0.1, 0.3), Phoneme("AE", 0.3, 0.6),
        Phoneme("F", 0.6, 0.7), Phoneme("M", 0.7, 0.8), Phoneme("IY", 0.8, 0.9),
        Phoneme("SIL", 0.9, 1.0),
    )  # fmt: skip
    marks = counted(heard)
    assert marks["phone_accuracy"] == 0.4  # 10 + 10 of silence, F, half of IY
    # Of 70 spoken rows: the M heard as B, the AA heard as AE, the F, half of the IY.
    assert marks["mouth_accuracy_spoken"] == pytest.approx(50 / 70, abs=1e-4)
    assert marks["bilabial_recall"] == 0.5  # the P is 100 ms from any closure
    assert marks["bilabial_precision"] == 0.5


def test_closures_join_and_meet_within_forty_milliseconds():
    lamp_post = (Phoneme("M", 0.1, 0.2), Phoneme("P", 0.2, 0.3), Phoneme("OW", 0.3, 0.5))
    assert closures(lamp_post) == [(0.1, 0.3)]
    assert matches([(0.1, 0.3)], [(0.339, 0.4)]) == 1
    assert matches([(0.1, 0.3)], [(0.341, 0.4)]) == 0
    assert matches([(0.1, 0.3)], [(0.0, 0.061)]) == 1


def test_every_symbol_has_one_mouth():
    said = np.array(["M", "V", "UW", "AE", "IY", "SIL", "T"])
    expected = ["bilabial", "labiodental", "rounded", "open", "spread", "silence", "other"]
    assert mouths_of(said).tolist() == expected


def row(name, split="eval", kind="synthetic", language="en", speaker="a", engine="espeak-ng"):
    return CorpusRow(
        name, split, kind, engine, "", language, speaker, name, "", "CC0", "clean", 2.0,
        float("nan"), 0.0,
    )  # fmt: skip


def test_only_eval_rows_of_the_set_are_chosen_speakers_in_turn():
    rows = [row(f"a{index}") for index in range(8)]
    rows += [row("b", speaker="b"), row("c", language="fr"), row("d", split="train")]
    rows += [row("e", kind="recording", engine="pocketsphinx"), row("f", kind="clip")]
    chosen = chosen_rows(rows, "synthetic", 6.0)
    assert [each.language for each in chosen].count("en") == 3
    assert {each.id for each in chosen} >= {"b", "c"}
    assert "d" not in {each.id for each in chosen}
    assert [each.id for each in chosen_rows(rows, "real", 6.0)] == ["e"]


def test_disturbances_are_named_seeded_and_change_the_sound():
    voice = synthesise("My mother")[0].waveform
    for name, disturb in disturbances([voice, voice[::-1]]).items():
        first, second = (disturb(voice, np.random.default_rng(0)) for _ in range(2))
        assert first.tobytes() == second.tobytes()
        assert first.shape == voice.shape
        assert (first.tobytes() == voice.tobytes()) == (name == "clean")


def test_the_command_writes_the_whole_table(tmp_path, monkeypatch):
    rows = [row("one"), row("two", kind="recording", engine="pocketsphinx", speaker="b")]
    for each in rows:
        speech, phonemes = synthesise("My mama may buy a map.")
        write_utterance(tmp_path, Utterance(each, speech.waveform, phonemes))
    write_manifest(tmp_path, rows)
    out = tmp_path / "o.json"
    given = ["content_measure", str(tmp_path), "--json", str(out), "--seconds", "2"]
    monkeypatch.setattr(sys, "argv", given)
    content_measure.main()
    result = json.loads(out.read_text())
    clean = result["table"]["synthetic"]["clean"]
    assert clean["bilabials"] == 7
    assert 0.5 < clean["mouth_accuracy_spoken"] <= 1.0
    assert result["table"]["synthetic"]["noise 5 dB"]["phone_accuracy"] < clean["phone_accuracy"]
    assert result["clean"]["real"]["en b"]["bilabials"] == 7
    silent = measure(tmp_path, 2.0, lambda speech: (Phoneme("SIL", 0.0, speech.seconds),))
    assert silent["table"]["synthetic"]["clean"]["bilabial_recall"] == 0.0
