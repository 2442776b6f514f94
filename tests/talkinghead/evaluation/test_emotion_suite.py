import csv

import numpy as np
import pytest

from talkinghead.emotion.bank import MEAD_CLASSES, load_bank
from talkinghead.errors import BadOption
from talkinghead.evaluation import emotion
from talkinghead.evaluation.emotion_sets import Labelled, recall_at_one, voice_set
from talkinghead.evaluation.expression_recogniser import (
    NAMES,
    ExpressionRecogniser,
    face_square,
)
from talkinghead.evaluation.feelings_sheet import COLUMNS, bank_faces, bank_sheet
from talkinghead.evaluation.suites import Inputs
from talkinghead.pipeline import TalkingHead
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import VoiceCues

BANK = load_bank()
PLAIN = [[one.name for one in BANK.feelings].index(name) for name in MEAD_CLASSES]
ANCHORS = np.eye(len(BANK.feelings), dtype=np.float32)


def example(mead, group, source="a set"):
    return Labelled(VoiceCues(np.zeros(1, np.float32), 1.0), mead, source, "p", group, ANCHORS)


def pointing_at(*names):
    return ANCHORS[[PLAIN[MEAD_CLASSES.index(name)] for name in names]]


def test_accuracy_recall_and_confusion_are_as_counted_by_hand():
    examples = [
        example("happy", "1"), example("happy", "2"), example("happy", "3"), example("sad", "4"),
    ]  # fmt: skip
    table = emotion.by_set(examples, pointing_at("happy", "happy", "angry", "sad"))["a set"]
    assert table["accuracy"] == 0.75
    assert table["average_recall"] == pytest.approx((2 / 3 + 1) / 2, abs=1e-3)
    assert (table["items"], table["clips"], table["classes"], table["chance"]) == (4, 4, 2, 0.125)
    assert table["confusion"]["happy"]["angry"] == 1
    assert set(table["confusion"]) == {"happy", "sad"}


def test_frames_of_one_clip_vote():
    examples = [example("sad", "clip") for _ in range(3)]
    table = emotion.by_set(examples, pointing_at("sad", "sad", "happy"))["a set"]
    assert table["accuracy"] == pytest.approx(2 / 3, abs=1e-3)
    assert (table["clips"], table["accuracy_of_clips"]) == (1, 1.0)


def test_sets_are_counted_apart():
    examples = [example("sad", "1", "one"), example("sad", "2", "other")]
    tables = emotion.by_set(examples, pointing_at("sad", "happy"))
    assert (tables["one"]["accuracy"], tables["other"]["accuracy"]) == (1.0, 0.0)


def test_acted_sets_count_together_without_contempt():
    examples = [
        example("sad", "1", "one"), example("happy", "2", "one"), example("contempt", "3", "one"),
        example("angry", "4", "two"), example("happy", "5", "two"), example("neutral", "6", "calm"),
    ]  # fmt: skip
    named = pointing_at("sad", "happy", "contempt", "sad", "happy", "neutral")
    table = emotion.acted(examples, named)[emotion.ACTED]
    assert (table["items"], table["clips"]) == (4, 4)
    assert table["accuracy"] == 0.75
    assert emotion.acted(examples[-1:], named[-1:]) == {}


def test_recall_weighs_classes_alike_and_leaves_out_what_cannot_be_found():
    answers = (np.eye(3, dtype=np.float32), np.array([0, 1, 2]))
    queries = (np.eye(3, dtype=np.float32)[[0, 0, 1, 1]], np.array([0, 0, 1, 7]))
    found = recall_at_one(queries, answers)
    assert found["recall_at_1"] == 1.0
    wrong = recall_at_one((queries[0][[2, 0]], np.array([0, 1])), answers)
    assert wrong["recall_at_1"] == 0.0
    assert wrong["chance"] == pytest.approx(1 / 3, abs=1e-3)


def test_the_square_holds_the_face():
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[50:150, 100:200] = 255
    points = np.array([[100, 50], [200, 150]], np.float32)
    square = face_square(picture, points)
    assert square.shape == (112, 112, 3)
    assert square.min() > 200  # 0.9 of the face's extent lies inside it


def test_a_recogniser_that_is_not_there_is_named(tmp_path):
    pytest.importorskip("onnxruntime")
    with pytest.raises(BadOption, match=r"no recogniser at .*nothing\.onnx"):
        ExpressionRecogniser(tmp_path / "nothing.onnx")


def test_nothing_to_measure_is_said():
    with pytest.raises(BadOption, match="--portraits"):
        emotion.measure_emotion(Inputs())


def test_what_a_recogniser_names_is_tabled(photo_path, tmp_path, monkeypatch):
    class Recogniser:
        """Calls every face happy, but a face at rest neutral."""

        def __init__(self):
            self.calls = 0

        def probabilities(self, picture, landmarks):
            assert landmarks.shape == (478, 2)
            self.calls += 1
            return np.eye(7, dtype=np.float32)[0 if self.calls % 7 == 1 else 1]

    (tmp_path / "admiral.jpg").write_bytes(photo_path.read_bytes())
    monkeypatch.setattr("talkinghead.training.emotion_faces.CALMEST", 2.0)
    model = TalkingHead.from_pretrained("cpu")
    result = emotion.measure_rendered(model, Recogniser(), tmp_path)["rendered at intensity 1"]
    assert result["portraits"] == 1
    assert result["named_rightly"] == pytest.approx(2 / 7, abs=1e-3)
    assert result["confusion"]["sad"] == {name: int(name == "happy") for name in NAMES}


def test_a_folder_without_calm_faces_is_refused(tmp_path):
    with pytest.raises(BadOption, match="no calm face"):
        emotion.calm_portraits(TalkingHead.from_pretrained("cpu"), tmp_path)


def test_voices_are_read_by_their_labels(tmp_path):
    import soundfile

    (tmp_path / "eval").mkdir()
    speech, _ = synthesise("We are going home tomorrow.", "en-us")
    with (tmp_path / "index.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "split", "tier", "source", "speaker", "emotion"])
        for name, mood in (("a", "bored"), ("b", "outofbreath"), ("c", "fear")):
            soundfile.write(tmp_path / "eval" / f"{name}.wav", speech.waveform, 16_000)
            writer.writerow([f"{name}.wav", "eval", "research", "set", "s", mood])
    assert [one.mead for one in voice_set(tmp_path)] == ["neutral", "fear"]


def test_the_sheet_shows_every_feeling_and_no_two_faces_are_the_same(portrait):
    model = TalkingHead.from_pretrained("cpu")
    faces = np.stack(bank_faces(model, portrait, 96)).astype(np.int16)
    assert len(faces) == len(BANK.feelings)
    for row in range(1, len(faces)):
        difference = np.abs(faces[:row] - faces[row]).mean(axis=(1, 2, 3))
        assert difference.min() > 0.05, BANK.feelings[row].name
    sheet = bank_sheet(model, portrait, 96)
    assert sheet.shape[0] % -(-len(faces) // COLUMNS) == 0
