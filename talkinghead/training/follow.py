"""Train the network that says what goes along with the head (`renderer.follow_network`).

python -m talkinghead.training.follow --follow FOLLOW --kept HELD --out RUN [--resume]
python -m talkinghead.training.follow --out RUN --export
"""

from __future__ import annotations

import argparse
import copy
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn, optim
from torch.nn import functional

from renderer.follow_network import CONFIGS, FollowAnswers, FollowNetwork
from renderer.layers import channels_last, upsampled
from renderer.precision import mixed_precision
from talkinghead.training.follow_batches import Arrays, FollowBatch, FollowBatches, as_batch
from talkinghead.training.follow_pack import read_groups
from talkinghead.training.loop import Average, Deadline, JsonLog, Resumable
from talkinghead.weights import save_weights

WEIGHTS_NAME = "follow_maps"
WARM_UP = 100
LEVELS = 3
"""The pictures are compared at so many sizes, each half the one before: edges that lie far apart
pull on each other only in the small ones."""
LEAST_ERROR = 1e-4
"""Mean square below which a picture is as good as it needs to be, of 1."""
PERSON_WEIGHT, SMOOTH_WEIGHT = 0.1, 0.3
LARGEST_GRADIENT = 1.0
LAYOUT = torch.channels_last
LOG_EVERY = 50
SAVE_EVERY_SECONDS = 180.0
SHEET_ROWS = 16

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingConfig:
    """What a run depends on.

    Attributes:
        preset: widths, a name in `CONFIGS`.
        batch: photos a step; as many photos without targets come beside them.
        targets: of each photo.
        learning_rate: after the warm-up; falls to nothing along a cosine until `steps`.
        steps: length of the run.
        decay: of the weights.
        seed: of everything.
    """

    preset: str = "base"
    batch: int = 8
    targets: int = 4
    learning_rate: float = 1e-3
    steps: int = 4000
    decay: float = 0.05
    seed: int = 0


class Trainer(Resumable):
    """Network, optimiser and average.

    Args:
        config: of the run.
    """

    def __init__(self, config: TrainingConfig) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.network = channels_last(FollowNetwork(CONFIGS[config.preset]))
        self.average = Average(copy.deepcopy(self.network), 0.998)
        self._optimizer = optim.AdamW(
            self.network.parameters(), config.learning_rate, weight_decay=config.decay
        )
        super().__init__(
            {
                "average": self.average.module,
                "network": self.network,
                "optimizer": self._optimizer,
            }
        )

    def train(self, batches: FollowBatches) -> dict[str, float]:
        """One step; returns the terms of the loss."""
        rate = self.config.learning_rate * min(1.0, (self.step + 1) / WARM_UP)
        rate *= 0.5 * (1 + float(np.cos(np.pi * min(1.0, self.step / self.config.steps))))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        batch, photos = batches.draw(self.step), batches.photos(self.step)
        answers = self._answers(batch.known)
        decibels = error_decibels(batch.moved(answers), batch).mean()
        person = person_loss(answers, batch.person)
        if photos is not None:
            person = person + person_loss(self._answers(photos[0]), photos[1])
        smooth = roughness(answers.drift)
        loss = decibels / 10 + PERSON_WEIGHT * person + SMOOTH_WEIGHT * smooth
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self._optimizer.step()
        self.step += 1
        self.average.update(self.network, self.step)
        terms = {"decibels": decibels, "person": person, "smooth": smooth}
        return {name: float(value.detach()) for name, value in terms.items()}

    def _answers(self, known: Tensor) -> FollowAnswers:
        with mixed_precision("cpu"):
            answers: FollowAnswers = self.network(known.contiguous(memory_format=LAYOUT))
        return answers


def error_decibels(pictures: Tensor, batch: FollowBatch) -> Tensor:
    """(B, K) 10 log10 of the mean square outside the face, a mean over sizes: minus PSNR."""
    weight = batch.weight.flatten(0, 1)
    error = (pictures - batch.targets).flatten(0, 1)
    total = torch.zeros(len(error))
    for _ in range(LEVELS):
        square = (error.square().mean(1, keepdim=True) * weight).sum((1, 2, 3))
        mean = square / weight.sum((1, 2, 3)).clamp_min(1.0)
        total = total + 10 * torch.log10(mean + LEAST_ERROR)
        error, weight = functional.avg_pool2d(error * weight, 2), functional.avg_pool2d(weight, 2)
        error = error / weight.clamp_min(1e-3)
    return (total / LEVELS).view(batch.targets.shape[:2])


def person_loss(answers: FollowAnswers, person: Tensor) -> Tensor:
    """Cross-entropy of where the person is: few people move here, many stand still."""
    return functional.binary_cross_entropy_with_logits(answers.person, person)


def roughness(drift: Tensor) -> Tensor:
    """Mean square of the steps between neighbours of (B, C, h, w)."""
    across, down = drift.diff(dim=3), drift.diff(dim=2)
    return across.square().mean() + down.square().mean()


@torch.no_grad()
def measure(network: FollowNetwork, kept: Arrays, sheet: Path | None = None) -> dict[str, float]:
    """PSNR in dB outside the face on people that are kept out: still, ring, learned."""
    values: dict[str, list[Tensor]] = {}
    strips = []
    count, targets = kept["targets"].shape[:2]
    wanted = set(np.linspace(0, count - 1, SHEET_ROWS).astype(int).tolist())
    for row in range(count):
        batch = as_batch(kept, np.array([row]), np.arange(targets)[None])
        answers = network(batch.known)
        still = batch.sampled(torch.zeros_like(batch.head))
        made = {"still": still, "ring": batch.ring(), "learned": batch.moved(answers)}
        for name, picture in made.items():
            values.setdefault(name, []).append(_psnr(picture, batch))
        if row in wanted:
            strips.append(_strip(batch, answers, made))
    if sheet is not None:
        rows = (torch.cat(strips, dim=1).clamp(0, 1).permute(1, 2, 0) * 255).byte().numpy()
        cv2.imwrite(str(sheet), rows[..., ::-1])
    return {f"psnr_{name}": float(torch.cat(one).mean()) for name, one in values.items()}


def _psnr(picture: Tensor, batch: FollowBatch) -> Tensor:
    """(B K,) dB."""
    square = (picture - batch.targets).square().mean(2, keepdim=True) * batch.weight
    mean = square.sum((2, 3, 4)) / batch.weight.sum((2, 3, 4)).clamp_min(1.0)
    return (-10 * torch.log10(mean.clamp_min(1e-7))).flatten()


def _strip(batch: FollowBatch, answers: FollowAnswers, made: dict[str, Tensor]) -> Tensor:
    """(3, S, W) photo, follow near and far, person; ring, learned and target of the last."""
    size = (batch.known.shape[-1], batch.known.shape[-1])
    near, far = answers.follow[:, :1], answers.follow[:, 1:]
    maps = [near, far, answers.person.sigmoid()]
    shown = [upsampled(one, size)[0].expand(3, -1, -1) for one in maps]
    last = [made["ring"][0, -1], made["learned"][0, -1], batch.targets[0, -1]]
    return torch.cat([batch.known[0, :3], *shown, *last], dim=-1)


def run(trainer: Trainer, batches: FollowBatches, kept: Arrays | None, out: Path,
        deadline: Deadline, validate_every: int = 500) -> None:  # fmt: skip
    """Train until the deadline or the last step."""
    log = JsonLog(out / "log.jsonl")
    saved = last = time.monotonic()
    while not deadline.passed and trainer.step < trainer.config.steps:
        terms = trainer.train(batches)
        if trainer.step % LOG_EVERY == 0:
            now = time.monotonic()
            log.write({"step": trainer.step, "seconds": now - last, **terms})
            last = now
        if kept is not None and trainer.step % validate_every == 0:
            measured = measure(trainer.average.module, kept, out / f"sheet_{trainer.step:06d}.png")
            log.write({"step": trainer.step, **measured})
            logger.info("step %d: %s", trainer.step, measured)
            last = time.monotonic()
        if time.monotonic() - saved > SAVE_EVERY_SECONDS:
            trainer.save(out / "checkpoint")
            saved = time.monotonic()
    trainer.save(out / "checkpoint")
    logger.info("stopped at step %d", trainer.step)


def export(trainer: Trainer) -> None:
    """Write the average as the weights that are shipped."""
    tensors = trainer.average.module.as_tensors()
    command = "python -m talkinghead.training.follow"
    entry = save_weights(tensors, WEIGHTS_NAME, command, "Apache-2.0")
    logger.info("wrote %s, %.2f MB, step %d", entry.file, entry.size / 1e6, trainer.step)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    option = parser.add_argument
    option("--follow", type=Path, help="of talkinghead.training.follow_pack")
    option("--kept", type=Path, help="groups that are kept out, for the curves")
    option("--preset", choices=sorted(CONFIGS), default=TrainingConfig.preset)
    option("--out", type=Path, required=True)
    option("--minutes", type=float, default=60.0)
    option("--steps", type=int, default=TrainingConfig.steps)
    option("--batch", type=int, default=TrainingConfig.batch)
    option("--learning-rate", type=float, default=TrainingConfig.learning_rate)
    option("--decay", type=float, default=TrainingConfig.decay)
    option("--threads", type=int, default=1)
    option("--seed", type=int, default=0)
    option("--resume", action="store_true")
    option("--export", action="store_true")
    chosen = parser.parse_args()
    if chosen.follow is None and not chosen.export:
        parser.error("--follow is missing: the folder that talkinghead.training.follow_pack made")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    chosen.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(
        TrainingConfig(
            chosen.preset, chosen.batch, learning_rate=chosen.learning_rate, steps=chosen.steps,
            decay=chosen.decay, seed=chosen.seed,
        )
    )  # fmt: skip
    if chosen.resume or chosen.export:
        trainer.load(chosen.out / "checkpoint")
    if chosen.export:
        export(trainer)
        return
    clips, photos = (read_groups(chosen.follow, kind) for kind in ("clips", "photos"))
    batches = FollowBatches(clips, photos, chosen.batch, trainer.config.targets, chosen.seed)
    kept = read_groups(chosen.kept, "clips") if chosen.kept else None
    deadline = Deadline(chosen.minutes)
    deadline.listen()
    run(trainer, batches, kept, chosen.out, deadline)


if __name__ == "__main__":
    main()
