import json

import numpy as np
import pytest
import torch

from renderer.coefficients import mirrored_motion
from talkinghead.errors import TalkingHeadError
from talkinghead.training import detail_pack, details
from talkinghead.training.detail_batches import DetailBatches
from talkinghead.training.detail_measures import measure
from talkinghead.training.detail_pack import Details, SceneSources, read_details
from talkinghead.training.details import Trainer, TrainingConfig


@pytest.fixture(scope="module")
def folder(tmp_path_factory, clip_shard, photo_shard):
    pack = tmp_path_factory.mktemp("pack")
    clip_shard.write(pack / "clip_grace.npz")
    photo_shard.write(pack / "photos_00000.npz")
    return pack


@pytest.fixture(scope="module")
def drawn(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("details")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detail_pack, "SAMPLES_A_SHARD", 8)
        patch.setattr(
            "sys.argv", ["detail_pack", "--pack", str(folder), "-o", str(out), "--samples", "12"]
        )
        detail_pack.main()
    return out


def trainer(painter="mouth", **changes):
    settings = {"batch": 2, "learning_rate": 3e-3, "adversarial_after": -1, **changes}
    return Trainer(TrainingConfig(painter, "tiny", **settings), "cpu")


def test_shards_hold_what_they_say(drawn):
    assert sorted(path.name for path in drawn.iterdir()) == [
        "details_0_0000.npz",
        "details_0_0001.npz",
    ]
    mouth, eye = read_details(drawn, "mouth"), read_details(drawn, "eye")
    assert mouth.views.shape == (12, 112, 112, 10)
    assert eye.views.shape == (24, 64, 64, 10)
    assert mouth.motion.shape == (12, 110)
    np.testing.assert_allclose(eye.motion[8:16, :55], mirrored_motion(mouth.motion[:8, :55]))


def test_the_geometric_picture_is_nearer_to_the_target_than_the_source_is(drawn):
    views = read_details(drawn, "mouth").views.astype(np.float32)
    geometric, source, target = views[..., :3], views[..., 4:7], views[..., 7:]
    assert np.abs(geometric - target).mean() < 0.7 * np.abs(source - target).mean()


def test_who_is_kept_out_is_not_trained_on(clip_shard, photo_shard):
    held_out = frozenset({"grace"})
    trained = SceneSources.of([clip_shard, photo_shard], held_out, kept=False)
    kept = SceneSources.of([clip_shard, photo_shard], held_out, kept=True)
    assert not trained.clips
    assert len(kept.clips) == 1
    assert {index for _, index in trained.photos}.isdisjoint(index for _, index in kept.photos)
    with pytest.raises(TalkingHeadError, match="nobody"):
        SceneSources.of([clip_shard], held_out, kept=False)


def test_a_batch_depends_on_seed_and_step_only(drawn):
    samples = read_details(drawn, "mouth")
    first, again = (DetailBatches(samples, 4, 0, mirror=True) for _ in range(2))
    for step in (5, 3):
        one, other = first.draw(step), again.draw(step)
        assert one.known.equal(other.known)
        assert one.target.equal(other.target)
    assert not first.draw(5).known.equal(first.draw(3).known)
    assert one.known.shape == (4, 7, 112, 112)
    assert one.known.min() >= 0
    assert one.known.max() <= 1


def test_a_mirrored_sample_is_mirrored_whole(drawn):
    samples = read_details(drawn, "mouth")
    one = Details(samples.views[:1], samples.motion[:1])
    masks = [DetailBatches(one, 1, 0, mirror=True).draw(step).known[0, 3] for step in range(12)]
    mirrored = [not mask.equal(masks[0]) for mask in masks]
    assert any(mirrored)
    assert all(mask.equal(masks[0]) or mask.flip(1).equal(masks[0]) for mask in masks)


def test_one_batch_is_learned(drawn):
    training = trainer()
    batch = DetailBatches(read_details(drawn, "mouth"), 2, 0, mirror=True).draw(0)
    losses = [training.train(batch)["l1"] for _ in range(30)]
    assert losses[-1] < 0.97 * losses[0]


def test_a_resumed_run_continues_with_the_same_numbers(tmp_path, drawn):
    batches = DetailBatches(read_details(drawn, "eye"), 2, 0, mirror=False)
    whole = trainer("eye", adversarial_after=1)
    expected = [whole.train(batches.draw(step)) for step in range(4)]
    first = trainer("eye", adversarial_after=1)
    for step in range(2):
        first.train(batches.draw(step))
    first.save(tmp_path / "checkpoint")
    second = trainer("eye", adversarial_after=1, seed=5)
    second.load(tmp_path / "checkpoint")
    for step in (2, 3):
        assert second.train(batches.draw(step)) == pytest.approx(expected[step], rel=1e-3, abs=1e-5)


def test_measuring_gives_both_and_draws(tmp_path, drawn):
    sheet = tmp_path / "sheet.png"
    painter = trainer().painter
    with torch.no_grad():
        painter.head.bias[12:] = -60.0  # it covers nothing
    measured = measure(painter, read_details(drawn, "mouth"), sheet)
    assert measured["psnr_learned"] == pytest.approx(measured["psnr_geometric"], abs=0.01)
    with torch.no_grad():
        painter.head.bias[12:] = 60.0  # it covers everything with the softened picture
    covered = measure(painter, read_details(drawn, "mouth"))
    assert covered["psnr_learned"] < measured["psnr_learned"] - 1
    assert sheet.stat().st_size > 10_000


def test_the_command_trains_resumes_and_exports(tmp_path, monkeypatch, drawn):
    monkeypatch.setenv("EVOKE_WEIGHTS", str(tmp_path))
    (tmp_path / "manifest.json").write_text("[]")
    run = tmp_path / "run"
    command = ["details", "--painter", "eye", "--preset", "tiny", "--out", str(run)]
    train = [*command, "--details", str(drawn), "--kept", str(drawn), "--batch", "2"]
    train += ["--minutes", "0.03", "--validate-every", "1"]
    for more in ([], ["--resume"]):
        monkeypatch.setattr("sys.argv", train + more)
        details.main()
    monkeypatch.setattr("sys.argv", [*command, "--export"])
    details.main()
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    steps = [row["step"] for row in rows]
    assert steps == sorted(steps)
    assert len(steps) >= 2
    assert [row["name"] for row in json.loads((tmp_path / "manifest.json").read_text())] == [
        "detail_eye"
    ]


def test_missing_shards_are_named(tmp_path):
    with pytest.raises(TalkingHeadError, match="detail_pack"):
        read_details(tmp_path, "mouth")
