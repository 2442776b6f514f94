import json

import numpy as np
import pytest
import torch

from renderer.camera import Camera
from renderer.coarse_flow import FollowMaps, HeadFlow
from renderer.follow_network import SIDE, FollowAnswers
from talkinghead.training import follow, follow_pack
from talkinghead.training.follow import Trainer, TrainingConfig, error_decibels, measure
from talkinghead.training.follow_batches import FollowBatches, as_batch, mirrored
from talkinghead.training.follow_pack import reached, read_groups, track_from
from talkinghead.training.scenes import Cut


@pytest.fixture(scope="module")
def drawn(clip_shard, photo_shard, tmp_path_factory):
    pack, out = tmp_path_factory.mktemp("pack"), tmp_path_factory.mktemp("follow")
    clip_shard.write(pack / "clip_grace.npz")
    photo_shard.write(pack / "photos_00000.npz")
    with pytest.MonkeyPatch.context() as patch:
        words = ["follow_pack", "--pack", str(pack), "-o", str(out), "--groups", "3"]
        patch.setattr("sys.argv", words)
        follow_pack.main()
    return out


@pytest.fixture(scope="module")
def clips(drawn):
    return read_groups(drawn, "clips")


def batch_of(clips):
    return as_batch(clips, np.arange(3), np.tile(np.arange(4), (3, 1)))


def answers(batch, follow=0.5):
    half = (len(batch.known), 2, SIDE // 2, SIDE // 2)
    nothing = torch.zeros(half)
    return FollowAnswers(torch.full(half, follow), nothing, nothing.repeat(1, 12, 1, 1), nothing)


def test_groups_hold_what_they_say(drawn, clips):
    assert clips["known"].shape == (3, SIDE, SIDE, 8)
    assert clips["targets"].shape == (3, 8, SIDE, SIDE, 3)
    assert clips["head"].shape == (3, 8, SIDE // 2, SIDE // 2, 2)
    photos = read_groups(drawn, "photos")
    assert set(photos) == {"known", "person"}
    for groups in (clips, photos):
        middle = groups["person"][:, SIDE // 2, SIDE // 2]
        corner = groups["person"][:, 2, 2]
        assert (middle > 200).all()
        assert (corner < 100).all()
    with pytest.raises(FileNotFoundError, match="follow_pack"):
        read_groups(drawn / "nothing", "clips")


def test_the_flow_brings_the_photo_to_the_target(clips):
    # The targets were made by the geometric renderer, whose face moves with the head wholly.
    batch = batch_of(clips)
    face = batch.face > 0.9
    moved, still = batch.moved(answers(batch)), batch.sampled(torch.zeros_like(batch.head))
    far = ((one - batch.targets).abs().mean(2, keepdim=True)[face].mean() for one in (moved, still))
    near, unmoved = far
    assert near < 0.5 * unmoved


def test_tensors_and_arrays_move_alike(clips):
    batch = batch_of(clips)
    generator = torch.Generator().manual_seed(0)
    said = FollowAnswers(
        torch.rand(3, 2, SIDE, SIDE, generator=generator),
        torch.randn(3, 2, SIDE, SIDE, generator=generator) * 0.3,
        torch.randn(3, 24, SIDE, SIDE, generator=generator) * 0.1,
        torch.zeros(3, 1, SIDE, SIDE),
    )
    head, flat, face = (
        one[0, 0].permute(1, 2, 0).numpy() for one in (batch.head, batch.plane, batch.face)
    )
    drift = said.drift[0].view(2, 2, 6, SIDE, SIDE).permute(0, 2, 3, 4, 1)
    maps = FollowMaps(
        said.follow[0, ..., None].numpy(), said.plane[0, ..., None].numpy(), drift.numpy()
    )
    flow = maps.field(
        HeadFlow(head, flat, batch.motion[0, 0].numpy(), float(batch.far[0, 0]), face)
    )
    expected = batch.sampled(torch.from_numpy(flow).permute(2, 0, 1).expand_as(batch.head))
    torch.testing.assert_close(batch.moved(said)[0, 0], expected[0, 0], atol=1e-3, rtol=0)


def test_a_mirror_twice_changes_nothing_and_once_mirrors_the_answer(clips):
    batch = batch_of(clips)
    again = mirrored(mirrored(batch))
    for name in ("known", "targets", "head", "plane", "weight", "motion", "far", "person"):
        torch.testing.assert_close(getattr(again, name), getattr(batch, name))
    said = answers(batch)
    there = mirrored(batch).moved(said).flip(-1)
    torch.testing.assert_close(there, batch.moved(said), atol=2e-3, rtol=0)


def test_the_track_is_what_the_sources_camera_sees(clip_shard):
    cut = Cut.around(clip_shard.landmarks[1], side=SIDE)
    motion = track_from(clip_shard, 1, range(len(clip_shard)), cut)
    assert np.abs(motion.translation[1]).max() < 1e-5
    still = cut.camera(clip_shard.camera(1))
    for row in range(len(clip_shard)):
        own = cut.camera(clip_shard.camera(row))
        origin = still.project(motion.translation[row][None])[0, :2]
        np.testing.assert_allclose(origin, own.centre, atol=1e-2)
    assert isinstance(still, Camera)


def test_only_what_the_stored_picture_shows_counts(clip_shard):
    wide = reached(Cut.around(clip_shard.landmarks[0], 6.0, side=SIDE), (320, 320))
    assert 0 < wide.mean() < 0.5
    assert reached(Cut.around(clip_shard.landmarks[0], 1.0, side=SIDE), (320, 320)).all()


def test_a_batch_depends_on_seed_and_step_only(clips, drawn):
    photos = read_groups(drawn, "photos")
    first, again = (FollowBatches(clips, photos, 2, 4, 0) for _ in range(2))
    for step in (5, 3):
        assert first.draw(step).targets.equal(again.draw(step).targets)
        assert first.photos(step)[0].equal(again.photos(step)[0])
    assert not first.draw(5).targets.equal(first.draw(3).targets)


def test_the_loss_is_minus_the_decibels(clips):
    batch = batch_of(clips)
    assert error_decibels(batch.targets, batch).max() == pytest.approx(-40, abs=0.01)
    worse = error_decibels(batch.targets + 0.1, batch)
    assert worse.mean() == pytest.approx(-20, abs=0.1)


def test_training_learns_what_stays_behind(clips):
    # Targets in which nothing but the face moves: the network must stop following.
    stay = dict(clips)
    batch = batch_of(clips)
    still = batch.moved(answers(batch, follow=0.0))
    targets = (still.movedim(2, -1) * 255).round().clamp(0, 255).byte().numpy()
    stay["targets"] = np.concatenate([targets, targets], axis=1)
    for name in ("head", "plane", "face", "known_at", "motion", "far"):
        stay[name] = np.concatenate([clips[name][:, :4]] * 2, axis=1)
    trainer = Trainer(TrainingConfig("tiny", 3, 4, 1e-2, 60))
    batches = FollowBatches(stay, None, 3, 4, 0)
    for _ in range(40):
        trainer.train(batches)
    trainer.network.eval()
    measured = measure(trainer.network, stay)
    assert measured["psnr_learned"] > measured["psnr_ring"] + 3


def run(monkeypatch, drawn, out, *more):
    words = ["follow", "--follow", str(drawn), "--out", str(out), "--preset", "tiny"]
    monkeypatch.setattr("sys.argv", [*words, "--batch", "2", *more])
    follow.main()


def test_a_resumed_run_ends_like_an_uninterrupted_one(drawn, tmp_path, monkeypatch):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(monkeypatch, drawn, whole, "--steps", "4", "--kept", str(drawn))
    once, length = Trainer.train, []

    def two(self, batches):
        length.append(1)
        if len(length) == 2:
            monkeypatch.setattr(follow.Deadline, "passed", True)
        return once(self, batches)

    monkeypatch.setattr(Trainer, "train", two)
    run(monkeypatch, drawn, parts, "--steps", "4")
    monkeypatch.undo()
    assert json.loads((parts / "checkpoint" / "state.json").read_text())["step"] == 2
    run(monkeypatch, drawn, parts, "--steps", "4", "--resume")
    first, second = (Trainer(TrainingConfig("tiny")) for _ in range(2))
    first.load(whole / "checkpoint")
    second.load(parts / "checkpoint")
    assert first.step == second.step == 4
    for one, other in zip(
        first.average.module.parameters(), second.average.module.parameters(), strict=True
    ):
        torch.testing.assert_close(one, other)


def test_export_writes_weights(drawn, tmp_path, monkeypatch):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "manifest.json").write_text("[]")
    monkeypatch.setenv("EVOKE_WEIGHTS", str(tmp_path / "weights"))
    run(monkeypatch, drawn, tmp_path / "run", "--steps", "2")
    words = ["follow", "--out", str(tmp_path / "run"), "--preset", "tiny", "--export"]
    monkeypatch.setattr("sys.argv", words)
    follow.main()
    assert (tmp_path / "weights" / "follow_maps.safetensors").is_file()
