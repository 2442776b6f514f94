import csv

import numpy as np
import pytest
import soundfile
import torch

from talkinghead.errors import BadOption
from talkinghead.evaluation.disentangling import (
    measure_disentangling,
    neighbour_accuracy,
    read_recordings,
)
from talkinghead.motion.rules import RulesAudioToMotion
from talkinghead.speech.synthesis import synthesise
from tests.talkinghead.motion.learned_cases import DECODERS, shaken, untrained

COLUMNS = ("file", "split", "tier", "speaker", "emotion", "transcript")
SENTENCES = ("my mother made soup", "people move about", "a boat at sea")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("speech")
    (where / "eval").mkdir()
    rows = []
    for index in range(12):
        name, text = f"r{index}.wav", SENTENCES[index % 3]
        speech, _ = synthesise(text, "en-us", 150 + 10 * (index % 2), 30 + 5 * index)
        soundfile.write(where / "eval" / name, speech.waveform, 16000)
        emotion = ("angry", "sad", "happy", "")[index % 4]
        rows.append((name, "eval", "clean", f"s{index % 2}", emotion, text))
    rows += [(f"t{index}.wav", "train", "clean", "s9", "sad", "never read") for index in range(5)]
    rows += [(f"r{index}.wav", "eval", "clean", "s3", "angry", SENTENCES[0]) for index in (0, 1)]
    with (where / "index.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    return where


def test_neighbours_by_hand():
    codes = np.array([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], np.float32)
    right = neighbour_accuracy(codes, ["a", "a", "b", "b"], ["x", "y", "x", "y"])
    assert right == {"accuracy": 1.0, "chance": 0.5, "n": 4}
    wrong = neighbour_accuracy(codes, ["a", "b", "b", "a"], ["x", "y", "x", "y"])
    assert wrong["accuracy"] == 0.0


def test_the_same_speaker_is_no_neighbour():
    codes = np.array([[1, 0], [1, 0], [0.9, 0.1], [0, 1]], np.float32)
    found = neighbour_accuracy(codes, ["a", "a", "b", "a"], ["x", "x", "y", "z"])
    assert found["accuracy"] < 1.0


def test_only_labelled_rows_of_the_eval_split_are_read(folder):
    recordings = read_recordings(folder)
    assert len(recordings) == 11
    assert {one.sentence for one in recordings} == set(SENTENCES)


def test_too_few_recordings_are_told(tmp_path):
    with (tmp_path / "index.csv").open("w", newline="") as stream:
        csv.writer(stream).writerow(COLUMNS)
    with pytest.raises(BadOption, match="10"):
        read_recordings(tmp_path)


def test_a_decoder_that_is_deaf_to_the_voice_moves_nothing_when_it_is_swapped(folder, face_model):
    decoder = shaken("regression")
    with torch.no_grad():
        for one in decoder.net.voice.out.parameters():
            one.zero_()
    row = measure_disentangling({"regression": decoder}, face_model, folder)["regression"]
    assert row["feeling_swapped"]["upper_face_mm"]["mean"] == 0.0
    assert row["feeling_swapped"]["opening_r"]["mean"] == pytest.approx(1.0)
    assert row["words_swapped"]["opening_r"]["mean"] < 0.99
    assert row["words_swapped"]["upper_face_mm"]["mean"] > 0.0


@pytest.mark.parametrize("name", DECODERS)
def test_every_learned_decoder_has_a_row_and_the_rules_none(folder, face_model, name):
    decoders = {"rules": RulesAudioToMotion(), name: untrained(name)}
    result = measure_disentangling(decoders, face_model, folder)
    assert set(result) == {"recordings", name}
    assert result["recordings"] == 11
    assert 0.0 <= result[name]["emotion_classified"]["accuracy"] <= 1.0
