import json

import pytest
import torch
from torch import nn
from torch.utils.data import default_collate

from renderer.losses import Regions
from talkinghead.errors import TalkingHeadError
from talkinghead.training.loop import Average, Deadline, JsonLog, load_checkpoint, save_checkpoint
from talkinghead.training.pairs import PairMaker
from talkinghead.training.renderer import Trainer, TrainingConfig
from talkinghead.training.scenes import Cut
from talkinghead.training.stream import as_sample
from talkinghead.training.validation import Validation


@pytest.fixture(scope="module")
def regions(face_model):
    return Regions.of(face_model)


@pytest.fixture(scope="module")
def sample(face_model, clip_shard):
    maker = PairMaker(face_model, clip_shard.expression)
    cut = Cut.around(clip_shard.landmarks[0])
    pairs = maker.from_clip(clip_shard, 0, [2, len(clip_shard) - 1], cut)
    return default_collate([as_sample(pair) for pair in pairs])


def config(**changes):
    return TrainingConfig(**{"preset": "tiny", "batch": 2, "learning_rate": 3e-3, **changes})


def test_a_resumed_run_continues_with_the_same_numbers(tmp_path, regions, sample):
    settings = config(adversarial_after=1)
    whole = Trainer(settings, regions, "cpu")
    expected = [whole.train(sample) for _ in range(4)]
    first = Trainer(settings, regions, "cpu")
    for _ in range(2):
        first.train(sample)
    first.save(tmp_path / "checkpoint")
    second = Trainer(config(adversarial_after=1, seed=9), regions, "cpu")
    second.load(tmp_path / "checkpoint")
    for step in (2, 3):
        assert second.train(sample) == pytest.approx(expected[step], rel=1e-4, abs=1e-6)
    for path in (tmp_path / "checkpoint").iterdir():
        assert path.stat().st_size <= 16_000_000


def test_one_batch_is_learned(regions, sample):
    trainer = Trainer(config(), regions, "cpu")
    losses = [trainer.train(sample)["l1"] for _ in range(16)]
    assert losses[-1] < 0.95 * losses[0]


def test_discriminators_do_not_learn_from_the_generators_step(regions, sample):
    trainer = Trainer(config(adversarial_after=0), regions, "cpu")
    trainer.train(sample)
    before = [one.detach().clone() for one in trainer.judge.parameters()]
    terms = trainer.train(sample)
    assert {"judge", "deceit", "matching"} <= set(terms)
    assert all(one.requires_grad for one in trainer.judge.parameters())
    changed = [not a.equal(b) for a, b in zip(before, trainer.judge.parameters(), strict=True)]
    assert any(changed)


def test_validation_measures_and_draws(tmp_path, face_model, clip_shard, regions):
    validation = Validation.of([clip_shard], frozenset({"grace"}), face_model, "cpu")
    sheet = tmp_path / "sheet.png"
    measured = validation.measure(Trainer(config(), regions, "cpu").generator, sheet)
    assert sheet.stat().st_size > 10_000
    assert measured["psnr_learned"] == pytest.approx(measured["psnr_geometric"], abs=0.01)
    assert measured["psnr_geometric_mouth"] > measured["psnr_still_mouth"]


def test_nobody_held_out_no_validation(face_model, clip_shard):
    assert Validation.of([clip_shard], frozenset({"nobody"}), face_model, "cpu") is None


def test_a_checkpoint_comes_back_in_several_files(tmp_path):
    tensors = {f"t{index}": torch.rand(2_000_000) for index in range(4)}
    save_checkpoint(tmp_path / "one", tensors, {"step": 7})
    assert len(list((tmp_path / "one").glob("*.safetensors"))) == 4
    read, state = load_checkpoint(tmp_path / "one")
    assert state == {"step": 7}
    assert all(read[name].equal(tensor) for name, tensor in tensors.items())


def test_an_interrupted_save_leaves_the_old_checkpoint(tmp_path):
    folder = tmp_path / "one"
    save_checkpoint(folder, {"a": torch.ones(2)}, {"step": 1})
    folder.rename(tmp_path / "one.old")  # killed between the two renames
    assert load_checkpoint(folder)[1] == {"step": 1}


def test_no_checkpoint_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(TalkingHeadError, match="without --resume"):
        load_checkpoint(tmp_path / "none")


def test_the_average_follows_slowly():
    trained, mean = nn.Linear(1, 1), nn.Linear(1, 1)
    average = Average(mean, decay=0.9)
    start = float(mean.weight)
    for step in range(1000, 1003):
        average.update(trained, step)
    expected = float(trained.weight) + (start - float(trained.weight)) * 0.9**3
    assert float(mean.weight) == pytest.approx(expected, abs=1e-5)


def test_the_deadline_passes():
    assert Deadline(0.0).passed
    assert not Deadline(5.0).passed


def test_the_log_has_one_object_a_line(tmp_path):
    log = JsonLog(tmp_path / "log.jsonl")
    log.write({"step": 1, "loss": 0.123456789})
    log.write({"step": 2, "loss": 0.1})
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]
    assert json.loads(lines[0])["loss"] == 0.12346
