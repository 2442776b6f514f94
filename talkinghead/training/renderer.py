"""Train the generator.

python -m talkinghead.training.renderer --pack PACK --out RUN --preset base --minutes 60
python -m talkinghead.training.renderer --pack PACK --out RUN --minutes 60 --resume
"""

from __future__ import annotations

import argparse
import copy
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn, optim

from renderer.discriminator import FaceDiscriminator, Judgement, region_centres
from renderer.face_model import FaceModel
from renderer.generator import FaceGenerator
from renderer.layers import channels_last
from renderer.losses import (
    Regions,
    deceit,
    feature_matching,
    hinge,
    modesty,
    reconstruction,
    region_weight,
)
from renderer.networks import PRESETS
from talkinghead.training.batches import to_batch
from talkinghead.training.loop import Average, Deadline, JsonLog, Resumable
from talkinghead.training.shards import read_pack
from talkinghead.training.stream import PairStream, Sample, Sources, pair_loader
from talkinghead.training.validation import Validation
from talkinghead.weights import load_weights, save_weights

WARM_UP = 150
"""Steps over which the learning rate rises."""
GRADIENT_WEIGHT, FLOW_WEIGHT, TEXTURE_WEIGHT = 0.3, 0.2, 1.0
DECEIT_WEIGHT, FEATURE_WEIGHT = 0.01, 1.0
LARGEST_GRADIENT = 1.0
LOG_EVERY = 20
SAVE_EVERY_SECONDS = 180.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingConfig:
    """What a run depends on.

    Attributes:
        preset: widths of the generator, a name in `PRESETS`.
        batch: samples a step.
        learning_rate: after the warm-up.
        steady: steps after which the learning rate begins to fall as one over the square root.
        adversarial_after: step from which the discriminators judge; -1 = never.
        seed: of everything.
    """

    preset: str = "base"
    batch: int = 8
    learning_rate: float = 5e-4
    steady: int = 3000
    adversarial_after: int = -1
    seed: int = 0


class Trainer(Resumable):
    """Generator, discriminators, their optimisers and the average.

    Args:
        config: of the run.
        regions: mouth and eyes on the canonical code.
        device: "cpu" or "cuda".
    """

    def __init__(self, config: TrainingConfig, regions: Regions, device: str) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.device = device
        self._regions = regions
        self.generator = channels_last(FaceGenerator(PRESETS[config.preset]).to(device))
        self.judge = FaceDiscriminator(8 if config.preset == "tiny" else 48).to(device)
        self.average = Average(copy.deepcopy(self.generator))
        self._optimizer = optim.AdamW(
            self.generator.parameters(), config.learning_rate, (0.9, 0.99), weight_decay=1e-3
        )
        self._judge_optimizer = optim.AdamW(
            self.judge.parameters(), config.learning_rate, (0.5, 0.99)
        )
        super().__init__(
            {
                "average": self.average.module,
                "generator": self.generator,
                "judge": self.judge,
                "optimizer": self._optimizer,
                "judge_optimizer": self._judge_optimizer,
            }
        )

    def train(self, sample: Sample) -> dict[str, float]:
        """One step; returns the terms of the loss."""
        batch, target = to_batch(sample, self.device)
        closeness = self._regions.closeness(batch.maps)
        size = (target.shape[-2], target.shape[-1])
        weight = region_weight(batch.maps, closeness, size)
        self._set_learning_rate()
        with torch.autocast(self.device, torch.bfloat16):
            picture, change = self.generator(batch)
        absolute, gradient = reconstruction(picture, target, weight)
        flow, texture = modesty(change, batch.maps, batch.inner, closeness)
        loss = absolute + GRADIENT_WEIGHT * gradient + FLOW_WEIGHT * flow + TEXTURE_WEIGHT * texture
        with torch.no_grad():
            geometric, _ = reconstruction(batch.picture, target, weight)
        terms = {
            "l1": absolute,
            "l1_geometric": geometric,
            "gradient": gradient,
            "flow": flow,
            "texture": texture,
        }
        if 0 <= self.config.adversarial_after <= self.step:
            more, judged = self._adversarial(picture, target, region_centres(closeness))
            loss = loss + more
            terms.update(judged)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.generator.parameters(), LARGEST_GRADIENT)
        self._optimizer.step()
        self.step += 1
        self.average.update(self.generator, self.step)
        terms["norm"] = norm
        return {name: float(value.detach()) for name, value in terms.items()}

    def _adversarial(
        self, picture: Tensor, target: Tensor, centres: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Teach the discriminators, then ask them."""
        with torch.autocast(self.device, torch.bfloat16):
            real: Judgement = self.judge(target, centres)
            fake: Judgement = self.judge(picture.detach(), centres)
        wrong = hinge(real.scores, fake.scores)
        self._judge_optimizer.zero_grad(set_to_none=True)
        wrong.backward()  # type: ignore[no-untyped-call]
        self._judge_optimizer.step()
        self.judge.requires_grad_(requires_grad=False)
        with torch.autocast(self.device, torch.bfloat16):
            fake = self.judge(picture, centres)
        self.judge.requires_grad_(requires_grad=True)
        fooled = deceit(fake.scores)
        matching = feature_matching(real.features, fake.features)
        loss = DECEIT_WEIGHT * fooled + FEATURE_WEIGHT * matching
        return loss, {"judge": wrong, "deceit": fooled, "matching": matching}

    def _set_learning_rate(self) -> None:
        warm = min(1.0, (self.step + 1) / WARM_UP)
        rate = self.config.learning_rate * warm / max(1.0, self.step / self.config.steady) ** 0.5
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        for group in self._judge_optimizer.param_groups:
            group["lr"] = rate


def run(trainer: Trainer, pack: Path, out: Path, chosen: argparse.Namespace) -> None:
    """Train until the deadline."""
    deadline = Deadline(chosen.minutes)
    deadline.listen()
    model = FaceModel.from_tensors(load_weights("face_model"))
    shards = read_pack(pack)
    held_out = frozenset(chosen.held_out.split(",")) - {""}
    log = JsonLog(out / "log.jsonl")
    validation = Validation.of(shards, held_out, model, trainer.device)
    config = trainer.config
    stream = PairStream(
        Sources.of(shards, held_out), model, config.seed, trainer.step * config.batch
    )
    saved = last = time.monotonic()
    loader = pair_loader(stream, config.batch, chosen.workers, pinned=trainer.device == "cuda")
    for sample in loader:
        terms = trainer.train(sample)
        if trainer.step % LOG_EVERY == 0:
            now = time.monotonic()
            trainer.seconds += now - last
            rate = LOG_EVERY * config.batch / (now - last)
            counts = {"step": trainer.step, "samples": trainer.step * config.batch}
            log.write({**counts, "seconds": trainer.seconds, "samples_a_second": rate, **terms})
            last = now
        if validation is not None and trainer.step % chosen.validate_every == 0:
            sheet = out / f"sheet_{trainer.step:06d}.png"
            measured = validation.measure(trainer.average.module, sheet)
            log.write({"step": trainer.step, **measured})
            logger.info("step %d: %s", trainer.step, measured)
            last = time.monotonic()  # validating is not training
        if deadline.passed or time.monotonic() - saved > SAVE_EVERY_SECONDS:
            trainer.save(out / "checkpoint")
            saved = time.monotonic()
        if deadline.passed:
            logger.info("stopped at step %d", trainer.step)
            return


def export(trainer: Trainer) -> None:
    """Write the average as the weights that are shipped."""
    entry = save_weights(
        trainer.average.module.as_tensors(), "generator",
        "python -m talkinghead.training.renderer", "Apache-2.0",
    )  # fmt: skip
    logger.info("wrote %s, %.2f MB, step %d", entry.file, entry.size / 1e6, trainer.step)


def main() -> None:
    """Command line."""
    chosen = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    chosen.out.mkdir(parents=True, exist_ok=True)
    config = TrainingConfig(
        preset=chosen.preset, batch=chosen.batch, learning_rate=chosen.learning_rate,
        adversarial_after=chosen.adversarial_after, seed=chosen.seed,
    )  # fmt: skip
    model = FaceModel.from_tensors(load_weights("face_model"))
    trainer = Trainer(config, Regions.of(model), chosen.device)
    if chosen.resume or chosen.export:
        trainer.load(chosen.out / "checkpoint")
    if chosen.export:
        export(trainer)
    else:
        run(trainer, chosen.pack, chosen.out, chosen)


def _arguments() -> argparse.Namespace:
    defaults = TrainingConfig()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pack", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", choices=sorted(PRESETS), default=defaults.preset)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--export", action="store_true")
    parser.add_argument("--batch", type=int, default=defaults.batch)
    parser.add_argument("--learning-rate", type=float, default=defaults.learning_rate)
    parser.add_argument("--adversarial-after", type=int, default=-1, help="step; -1 = never")
    parser.add_argument("--held-out", default="", help="people kept for curves, by commas")
    parser.add_argument("--validate-every", type=int, default=250)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    chosen = parser.parse_args()
    if chosen.pack is None and not chosen.export:
        parser.error("--pack is missing: the folder that talkinghead.training.data made")
    return chosen


if __name__ == "__main__":
    main()
