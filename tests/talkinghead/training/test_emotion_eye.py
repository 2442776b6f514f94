import argparse
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from talkinghead.emotion.expression_eye import ExpressionEye, folded
from talkinghead.emotion.image_tower import make_network
from talkinghead.errors import BadOption
from talkinghead.portrait.cues import aligned_crop
from talkinghead.training import emotion_eye
from talkinghead.training.emotion_eye import (
    EyePlan,
    EyeTrainer,
    Lessons,
    agreement,
    apart,
    lessons,
    teach_eye,
)
from talkinghead.training.emotion_faces import save_faces
from talkinghead.training.emotion_frames import Crops, load_crops, pack_crops, save_crops
from talkinghead.training.emotion_material import read_eye
from talkinghead.training.emotion_teacher import Teacher, read_teacher
from talkinghead.training.loop import Deadline
from tests.talkinghead.training.emotion_cases import faces

NEVER = Deadline(60)


@pytest.fixture(autouse=True)
def few_faces_a_step(monkeypatch):
    monkeypatch.setattr(emotion_eye, "AT_ONCE", 8)
    monkeypatch.setattr(emotion_eye, "SETTLING", 4)
    monkeypatch.setattr(emotion_eye, "WARM_UP", 1)


@pytest.fixture
def given():
    """A teacher that names the height of a bright band."""
    shown = faces(40)
    shown.crops[:] = 60
    for row, crop in enumerate(shown.crops):
        top = 8 + 12 * (shown.mead[row] % 7)
        crop[top : top + 8] = 220
    seen = torch.randn(7, 256, generator=torch.Generator().manual_seed(0))[shown.mead % 7]
    return Lessons(shown.crops, seen, 6.0 * torch.eye(7)[shown.mead % 7], shown.person)


def onnx_of(teacher, path):
    """An ONNX graph like face-api.js's: two constants, then the network's parameters."""
    onnx = pytest.importorskip("onnx")
    arrays = [np.zeros((1, 3, 1, 1), np.float32), np.full(1, 255.0, np.float32)]
    arrays += [value.detach().numpy() for value in teacher.parameters()]
    arrays[-2] = arrays[-2].T
    stored = [onnx.numpy_helper.from_array(one.copy(), f"w{row}") for row, one in enumerate(arrays)]
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "net", [], [], stored)), path)
    return path


def test_a_teacher_answers_as_the_net_in_its_file(tmp_path):
    torch.manual_seed(1)
    teacher = Teacher()
    read = read_teacher(onnx_of(teacher, tmp_path / "net.onnx"))
    crops = torch.rand(2, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for one, other in zip(read(crops), teacher(crops), strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["missing", "no onnx", "another network"])
def test_a_teacher_that_cannot_be_read_is_named(tmp_path, kind):
    pytest.importorskip("onnx")
    path = tmp_path / "net.onnx"
    if kind == "no onnx":
        path.write_bytes(b"not a graph at all")
    if kind == "another network":
        teacher = Teacher()
        teacher.name = torch.nn.Linear(256, 3)
        onnx_of(teacher, path)
    with pytest.raises(BadOption, match=r"net\.onnx"):
        read_teacher(path)


def test_a_lesson_is_the_same_for_a_face_and_its_mirror_image():
    shown = faces(3)
    shown.crops[:] = np.random.default_rng(0).integers(0, 255, shown.crops.shape)
    mirrored = Crops(shown.crops[:, :, ::-1].copy(), shown.person)
    teacher = Teacher().eval()
    one, other = lessons(teacher, [shown]), lessons(teacher, [mirrored])
    torch.testing.assert_close(one.logits, other.logits)
    both = lessons(teacher, [shown, mirrored])
    assert len(both) == 6
    torch.testing.assert_close(both.seen, torch.cat([one.seen, other.seen]), atol=1e-2, rtol=1e-2)


def test_two_steps_move_the_loss(tmp_path, given):
    trainer = EyeTrainer(EyePlan(2, 0, tmp_path), given)
    before = [value.clone() for value in trainer.learner.parameters()]
    first = trainer.advance()
    trainer.step = 0  # the same faces in the same disguise
    assert trainer.advance() < first
    moved = [
        not torch.equal(one, other)
        for one, other in zip(before, trainer.learner.parameters(), strict=True)
    ]
    assert all(moved)


def test_an_eye_learns_what_its_teacher_names(tmp_path, given):
    trainer = EyeTrainer(EyePlan(60, 0, tmp_path), given)
    early = agreement(trainer.settled(), given)
    for _ in range(60):
        trainer.advance()
    late = agreement(trainer.settled(), given)
    assert late["agreement"] > 0.7  # chance is 1 in 7
    assert late["held_out_loss"] < early["held_out_loss"]


def test_a_stopped_lesson_ends_as_one_that_was_not_stopped(tmp_path, given):
    class After:
        def __init__(self, steps):
            self.left = steps

        @property
        def passed(self):
            self.left -= 1
            return self.left < 0

    plans = [EyePlan(4, 0, tmp_path / name) for name in ("a", "b")]
    for plan in plans:
        plan.folder.mkdir()
    whole = teach_eye(given, plans[0], NEVER)
    assert teach_eye(given, plans[1], After(2)) is None
    parted = teach_eye(given, plans[1], NEVER)
    assert whole.keys() == parted.keys()
    for name, value in whole.items():
        assert torch.equal(value, parted[name]), name


def test_folding_changes_no_answer(tmp_path, given):
    trainer = EyeTrainer(EyePlan(3, 0, tmp_path), given)
    for _ in range(3):
        trainer.advance()
    taught = trainer.settled().look
    crops = torch.rand(2, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(folded(taught)(crops), taught(crops), atol=1e-4, rtol=1e-4)


def test_an_eye_is_small():
    assert sum(value.numel() for value in ExpressionEye().parameters()) < 1_000_000


def test_people_who_measure_do_not_teach(given):
    learn, held = apart(given, 0)
    assert len(held) == 4
    assert not set(learn.person) & set(held.person)
    assert len(learn) + len(held) == len(given)


def test_a_run_keeps_the_eye_and_nothing_of_its_teacher(tmp_path):
    torch.manual_seed(3)
    teacher = Teacher()
    for name in ("real", "rendered", "variants"):
        save_faces(tmp_path / f"{name}.npz", faces(12))
    save_crops(tmp_path / "frames.npz", Crops(faces(8).crops, np.array(["somebody"] * 8)))
    (tmp_path / "index.csv").write_text("file,split,tier,expression\n")
    chosen = argparse.Namespace(
        portraits=tmp_path, clips=[tmp_path], packs=[], out=tmp_path, faces=2, variants=2,
        eye_steps=2, teacher=onnx_of(teacher, tmp_path / "net.onnx"),
    )  # fmt: skip
    eye = read_eye(chosen, NEVER)
    lines = [json.loads(line) for line in (tmp_path / "eye.jsonl").read_text().splitlines()]
    assert 0.0 <= lines[-1]["agreement"] <= 1.0
    stored = load_file(tmp_path / "eye.safetensors")
    taught = {name for name, _ in make_network().named_parameters()}
    assert stored.keys() == {name for name in taught if name.startswith(("look.", "name."))}
    kept = [*stored.values(), *load_file(tmp_path / "eye" / "tensors_000.safetensors").values()]
    flat = [value.flatten().float() for value in kept]
    for value in teacher.parameters():
        assert not any(torch.equal(value.flatten(), one) for one in flat)
    (tmp_path / "net.onnx").unlink()
    again = read_eye(chosen, NEVER)  # not taught again: its teacher is gone
    assert all(torch.equal(again[name], value) for name, value in eye.items())


def test_frames_come_evenly_from_all_clips_of_a_person(pack, clip_shard, tmp_path):
    clip_shard.write(pack / "clip_grace_again.npz")
    found = pack_crops([pack], most=4)
    assert found.crops.shape == (4, 96, 96)
    assert set(found.person) == {"grace"}
    first = aligned_crop(clip_shard.picture(0), clip_shard.landmarks[0])
    np.testing.assert_array_equal(found.crops[0], first)
    np.testing.assert_array_equal(found.crops[2], first)
    assert np.abs(found.crops[1].astype(int) - first).max() > 10
    save_crops(tmp_path / "frames.npz", found)
    np.testing.assert_array_equal(load_crops(tmp_path / "frames.npz").crops, found.crops)
