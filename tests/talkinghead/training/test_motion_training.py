import json
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from renderer.coefficients import ARKIT_INDEX
from talkinghead.emotion.bank import MEAD_CLASSES, load_bank
from talkinghead.motion.regression_net import SPOKEN, Said
from talkinghead.training.codebook import CodebookTrainer, CodebookTraining, spread_of
from talkinghead.training.corpus import write_manifest, write_utterance
from talkinghead.training.motion_batches import ROWS, MotionBatch, MotionBatches, people_of
from talkinghead.training.motion_data import limited
from talkinghead.training.motion_data import main as make_data
from talkinghead.training.motion_lessons import (
    Lesson,
    lessons_of,
    read_lessons,
    write_lessons,
)
from talkinghead.training.motion_losses import Skin, motion_losses
from talkinghead.training.motion_validation import Course, validate
from talkinghead.training.regression import RegressionTrainer, RegressionTraining, main
from tests.talkinghead.training.motion_material import (
    clip_utterance,
    row,
    some_lessons,
    utterances,
)


@pytest.fixture(scope="module")
def lessons():
    return some_lessons()


@pytest.fixture(scope="module")
def skin(face_model):
    return Skin.of(face_model)


@pytest.fixture(scope="module")
def batch(lessons):
    return next(MotionBatches(lessons, 8)(0, 0))


def trainer_of(name, lessons, skin, seed=0):
    people = 2 + len(people_of(lessons))
    if name == "regression":
        return RegressionTrainer(RegressionTraining(steps=8, seed=seed), people, skin)
    config = CodebookTraining(book_steps=2, query_steps=6, seed=seed)
    return CodebookTrainer(config, people, skin, spread_of(lessons))


def same(first, second):
    return all(
        np.array_equal(getattr(first, one.name), getattr(second, one.name), equal_nan=True)
        if isinstance(getattr(first, one.name), np.ndarray)
        else getattr(first, one.name) == getattr(second, one.name)
        for one in fields(Lesson)
    )


def test_same_seed_same_lessons(lessons):
    assert all(same(*pair) for pair in zip(lessons, some_lessons(), strict=True))


def test_lessons_survive_the_way_to_disk(tmp_path, lessons):
    write_lessons(tmp_path / "lessons.npz", lessons)
    again = read_lessons(tmp_path / "lessons.npz")
    assert [one.person for one in again] == [one.person for one in lessons]
    for first, second in zip(lessons, again, strict=True):
        np.testing.assert_array_equal(first.target, second.target)
        assert first.intensity == pytest.approx(second.intensity)
        assert (first.emotion, first.speaks) == (second.emotion, second.speaks)


def test_every_utterance_teaches_its_own_way(lessons):
    clips = [one for one in lessons if one.person]
    taught = [one for one in lessons if not one.person]
    assert {one.person for one in clips} == {"anna", "bert", "carl"}
    assert [one.speaks for one in clips] == [True, True, False]
    assert all(np.isnan(one.gates).all() and np.isnan(one.resting).all() for one in clips)
    assert all(np.isfinite(one.gates).all() and np.isnan(one.head).all() for one in taught)
    assert max(one.gates[:, 0].max() for one in taught) == 1.0
    voiced = {MEAD_CLASSES[one.voiced_emotion] for one in taught if one.voiced_emotion >= 0}
    assert voiced == {"angry", "sad"}
    assert any(one.emotion != one.voiced_emotion >= 0 for one in taught)


def test_a_silent_clip_says_nothing(lessons):
    silent = next(one for one in lessons if one.person == "carl")
    assert not silent.content.any()
    assert not silent.voice.any()


def test_only_who_speaks_the_words_teaches_lips():
    def believed(utterance):
        faces, generator = np.zeros((1, 52), np.float32), np.random.default_rng(0)
        return next(lessons_of(utterance, faces, load_bank(), generator)).speaks

    own, dubbed = clip_utterance(), clip_utterance(dubbed=True)
    unsure = replace(own, row=replace(own.row, sync_margin=float("nan")))
    studio = replace(unsure, row=replace(unsure.row, licence="GRID: CC BY 4.0"))
    assert believed(own)
    assert believed(studio)
    assert not believed(dubbed)
    assert not believed(unsure)


def test_batches_are_the_same_for_the_same_seed_and_start(lessons):
    stream = MotionBatches(lessons, 4)(7, 0)
    next(stream)
    second, again = next(stream), next(MotionBatches(lessons, 4)(7, 1))
    for one in fields(MotionBatch):
        assert torch.equal(
            torch.nan_to_num(getattr(second, one.name)), torch.nan_to_num(getattr(again, one.name))
        )


def test_a_batch_is_whole(batch):
    assert batch.change.shape == (8, ROWS, len(SPOKEN))
    for one in fields(MotionBatch):
        if one.name not in {"gates", "head"}:
            assert torch.isfinite(getattr(batch, one.name).float()).all(), one.name
    assert set(batch.real.tolist()) == {0.0, 1.0}


def test_voices_come_from_others_only_with_cross_reconstruction(lessons):
    """A window's own voice has the mel bands that its content has."""
    pairs = [one for one in lessons if one.voiced_emotion >= 0]
    borrowed = {}
    for cross in (False, True):
        batch = next(MotionBatches(pairs, 32, cross=cross)(0, 0))
        apart = (batch.voice[..., :20] - batch.content[..., 40:60]).abs().amax((1, 2)) > 0
        assert bool((batch.voiced >= 0).any())
        borrowed[cross] = int((apart & (batch.voiced >= 0)).sum())
    assert borrowed[False] == 0
    assert borrowed[True] > 0


def test_losses_of_the_truth_are_zero(batch, skin):
    gates = torch.nan_to_num(batch.gates)
    terms = motion_losses(Said(batch.change, gates), batch, skin)
    course = terms.pop("course")
    assert all(float(value) == pytest.approx(0.0, abs=1e-6) for value in terms.values())
    assert 0.0 <= float(course) < 0.5


def test_lips_of_a_silent_clip_cost_nothing(lessons, skin):
    silent = [one for one in lessons if one.person == "carl"]
    one = next(MotionBatches(silent, 2)(0, 0))
    said = Said(one.change + 0.0, torch.zeros(2, ROWS, 3))
    said.change[..., list(SPOKEN).index(ARKIT_INDEX["jawOpen"])] += 0.3
    terms = motion_losses(said, one, skin)
    assert float(terms["lips"]) == 0.0
    assert float(terms["aperture"]) == 0.0
    assert float(terms["gates"]) == 0.0


def test_a_millimetre_is_a_millimetre(face_model, skin):
    opening = face_model.lip_aperture(np.eye(52, dtype=np.float32)[[ARKIT_INDEX["jawOpen"]]])[0]
    eyes = face_model.landmarks.on(face_model.neutral)[[33, 263]]
    true = opening * np.linalg.norm(eyes[0] - eyes[1]) * 10
    place = list(SPOKEN).index(ARKIT_INDEX["jawOpen"])
    assert float(skin.aperture[place]) == pytest.approx(true, rel=0.05)


@pytest.mark.parametrize("name", ["regression", "codebook"])
def test_training_learns_and_resumes_with_the_same_numbers(tmp_path, lessons, skin, batch, name):
    whole = trainer_of(name, lessons, skin)
    terms = []
    for step in range(4):
        torch.manual_seed(step)
        terms.append(whole.train(batch))
        if step == 1:
            whole.save(tmp_path / "checkpoint")
    again = trainer_of(name, lessons, skin, seed=5)
    again.load(tmp_path / "checkpoint")
    for step in (2, 3):
        torch.manual_seed(step)
        assert again.train(batch) == pytest.approx(terms[step], rel=1e-3, abs=1e-5)
    assert again.step == 4
    assert sum(path.stat().st_size for path in (tmp_path / "checkpoint").iterdir()) < 50_000_000


def test_regression_learns_one_batch(lessons, skin, batch):
    trainer = trainer_of("regression", lessons, skin)
    trainer.config = RegressionTraining(steps=1000)
    losses = [sum(trainer.train(batch).values()) for _ in range(25)]
    assert losses[-1] < 0.9 * losses[0]


def test_validation_of_the_truth_is_perfect(lessons):
    clips = [one for one in lessons if one.person and one.speaks]
    courses = [
        Course(
            one, one.target[0].astype(np.float32),
            (one.target - one.target[0])[:, SPOKEN].astype(np.float32), np.zeros((len(one), 3)),
        )
        for one in clips
    ]  # fmt: skip
    measured = validate(courses)
    assert measured["opening_r_median"] > 0.95
    assert measured["opening_error"] < 0.01


def test_the_commands_make_lessons_and_train(tmp_path, monkeypatch):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    some = utterances()
    for one in some:
        write_utterance(corpus, one)
    write_manifest(corpus, [one.row for one in some])
    path = tmp_path / "lessons.npz"
    monkeypatch.setattr("sys.argv", ["motion_data", "--corpus", str(corpus), "-o", str(path)])
    make_data()
    command = ["regression", "--lessons", str(path), "--out", str(tmp_path / "run")]
    command += ["--steps", "2", "--batch", "4", "--held-out", "bert", "--validate-every", "1"]
    monkeypatch.setattr("sys.argv", command)
    main()
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").open()]
    assert lines[-1]["step"] == 2
    assert -1.0 <= lines[-1]["opening_r_mean"] <= 1.0
    assert (tmp_path / "run" / "checkpoint" / "state.json").is_file()


def test_synthetic_speech_is_thinned_evenly_and_real_speech_kept():
    rows = [row(f"s{index}", "synthetic", seconds=360.0) for index in range(20)]
    rows.append(row("real", "recording", seconds=360.0))
    kept = limited(rows, 1.0)
    assert [one.id for one in kept] == ["s0", "s2", "s4", "s6", "s8", "s10", "s12", "s14", "s16",
                                        "s18", "real"]  # fmt: skip
    assert [one.id for one in limited(rows, 0.0)] == ["real"]
