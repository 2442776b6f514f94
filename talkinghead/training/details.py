"""Train the painters of mouths and eyes (`renderer.detail_network`).

python -m talkinghead.training.details --details DETAILS --kept HELD --painter mouth --out RUN
python -m talkinghead.training.details --details DETAILS --kept HELD --painter mouth --out RUN \
    --resume --minutes 60
python -m talkinghead.training.details --painter mouth --out RUN --export
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
from torch.nn import functional

from renderer.detail_network import PAINTERS, DetailPainter
from renderer.discriminator import PatchDiscriminator
from renderer.layers import channels_last
from renderer.losses import deceit, feature_matching, reconstruction
from talkinghead.training.detail_batches import DetailBatch, DetailBatches
from talkinghead.training.detail_measures import measure, nearness, painted
from talkinghead.training.detail_pack import Details, read_details
from talkinghead.training.loop import Average, Deadline, JsonLog, Resumable
from talkinghead.weights import save_weights

WARM_UP = 200
GRADIENT_WEIGHT, MODESTY_WEIGHT = 0.2, 0.02
"""Modest: what is painted should be painted wholly, and little else."""
DECEIT_WEIGHT, FEATURE_WEIGHT = 0.03, 0.3
JUDGE_PACE = 5.0
"""The discriminator learns this much faster than the painter (Heusel et al., NeurIPS 2017)."""
LARGEST_GRADIENT = 1.0
INNER_GAIN, JUDGED_GAIN = 3.0, 1.0
"""What geometry paints counts this much more than the skin around it: before, and once the
discriminator judges. What cannot be known would be averaged to grey."""
JUDGED = 4
"""The discriminator sees views folded by this: a quarter of the work of folding by two."""
LOG_EVERY = 50
SAVE_EVERY_SECONDS = 180.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingConfig:
    """What a run depends on.

    Attributes:
        painter: "mouth" or "eye": what is painted.
        preset: widths, a name in `PAINTERS`.
        batch: samples a step.
        learning_rate: after the warm-up.
        steady: steps after which the learning rate begins to fall as one over the square root.
        adversarial_after: step from which the discriminator judges; -1 = never.
        seed: of everything.
    """

    painter: str
    preset: str
    batch: int = 16
    learning_rate: float = 4e-4
    steady: int = 6000
    adversarial_after: int = 2000
    seed: int = 0


class Trainer(Resumable):
    """Painter, discriminator, their optimisers and the average.

    Args:
        config: of the run.
        device: "cpu" or "cuda".
    """

    def __init__(self, config: TrainingConfig, device: str) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.device = device
        widths = PAINTERS[config.preset]
        self.painter = channels_last(DetailPainter(widths).to(device))
        judging = tuple(width for width in widths.channels[:3])
        self.judge = channels_last(
            PatchDiscriminator(JUDGED, judging, inputs=4, spectral=False).to(device)
        )
        self.average = Average(copy.deepcopy(self.painter))
        self._optimizer = optim.AdamW(
            self.painter.parameters(), config.learning_rate, (0.9, 0.99), weight_decay=1e-3
        )
        self._judge_optimizer = optim.AdamW(
            self.judge.parameters(), config.learning_rate, (0.5, 0.99)
        )
        super().__init__(
            {
                "average": self.average.module,
                "painter": self.painter,
                "judge": self.judge,
                "optimizer": self._optimizer,
                "judge_optimizer": self._judge_optimizer,
            }
        )

    def train(self, batch: DetailBatch) -> dict[str, float]:
        """One step; returns the terms of the loss."""
        near = nearness(batch)
        self._set_learning_rate()
        with torch.autocast(self.device, torch.bfloat16):
            paint, share = self.painter(batch.known, batch.motion)
        picture = painted(batch, paint, share)
        judged = 0 <= self.config.adversarial_after <= self.step
        gain = JUDGED_GAIN if judged else INNER_GAIN
        absolute, gradient = reconstruction(picture, batch.target, 1 + gain * near)
        modest = (share * (1 - near)).mean() + ((1 - share) * batch.known[:, 3:4]).mean()
        loss = absolute + GRADIENT_WEIGHT * gradient + MODESTY_WEIGHT * modest
        terms = {"l1": absolute, "gradient": gradient, "share": modest}
        if judged:
            more, judgement = self._adversarial(picture, batch)
            loss = loss + more
            terms.update(judgement)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.painter.parameters(), LARGEST_GRADIENT)
        self._optimizer.step()
        self.step += 1
        self.average.update(self.painter, self.step)
        terms["norm"] = norm
        return {name: float(value.detach()) for name, value in terms.items()}

    def _adversarial(self, picture: Tensor, batch: DetailBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Teach the discriminator, then ask it; it sees the inner mask beside a picture."""
        mask = batch.known[:, 3:4]
        right, wrong = (torch.cat([one, mask], 1) for one in (batch.target, picture.detach()))
        with torch.autocast(self.device, torch.bfloat16):
            scores, features = self.judge(torch.cat([right, wrong]))
        # Skin is the photo's own on both sides: where nothing is painted, nothing is to be judged.
        weight = functional.adaptive_avg_pool2d(nearness(batch), scores.shape[-2:])
        weight = weight / weight.mean().clamp_min(1e-3)
        real, fake = scores.chunk(2)
        error = ((1 - real).relu() * weight + (1 + fake).relu() * weight).mean()
        self._judge_optimizer.zero_grad(set_to_none=True)
        error.backward()
        self._judge_optimizer.step()
        self.judge.requires_grad_(requires_grad=False)
        with torch.autocast(self.device, torch.bfloat16):
            fake, shown = self.judge(torch.cat([picture, mask], 1))
        self.judge.requires_grad_(requires_grad=True)
        fooled = deceit([fake * weight])
        wanted = [one.detach().chunk(2)[0] for one in features]
        matching = feature_matching(wanted, shown)
        loss = DECEIT_WEIGHT * fooled + FEATURE_WEIGHT * matching
        return loss, {"judge": error, "deceit": fooled, "matching": matching}

    def _set_learning_rate(self) -> None:
        warm = min(1.0, (self.step + 1) / WARM_UP)
        rate = self.config.learning_rate * warm / max(1.0, self.step / self.config.steady) ** 0.5
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        for group in self._judge_optimizer.param_groups:
            group["lr"] = JUDGE_PACE * rate


def run(
    trainer: Trainer, details: Details, kept: Details | None, chosen: argparse.Namespace
) -> None:
    """Train until the deadline."""
    deadline = Deadline(chosen.minutes)
    deadline.listen()
    config, out = trainer.config, chosen.out
    log = JsonLog(out / "log.jsonl")
    batches = DetailBatches(details, config.batch, config.seed, mirror=config.painter == "mouth")
    saved = last = time.monotonic()
    while not deadline.passed:
        terms = trainer.train(batches.draw(trainer.step).to(trainer.device))
        if trainer.step % LOG_EVERY == 0:
            now = time.monotonic()
            trainer.seconds += now - last
            rate = LOG_EVERY * config.batch / (now - last)
            counts = {"step": trainer.step, "samples": trainer.step * config.batch}
            log.write({**counts, "seconds": trainer.seconds, "samples_a_second": rate, **terms})
            last = now
        if kept is not None and trainer.step % chosen.validate_every == 0:
            sheet = out / f"sheet_{trainer.step:06d}.png"
            measured = measure(trainer.average.module, kept, sheet)
            log.write({"step": trainer.step, **measured})
            logger.info("step %d: %s", trainer.step, measured)
            last = time.monotonic()  # measuring is not training
        if time.monotonic() - saved > SAVE_EVERY_SECONDS:
            trainer.save(out / "checkpoint")
            saved = time.monotonic()
    trainer.save(out / "checkpoint")
    logger.info("stopped at step %d", trainer.step)


def export(trainer: Trainer) -> None:
    """Write the average as the weights that are shipped."""
    name = f"detail_{trainer.config.painter}"
    tensors = trainer.average.module.as_tensors()
    entry = save_weights(tensors, name, "python -m talkinghead.training.details", "Apache-2.0")
    logger.info("wrote %s, %.2f MB, step %d", entry.file, entry.size / 1e6, trainer.step)


def main() -> None:
    """Command line."""
    chosen = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    chosen.out.mkdir(parents=True, exist_ok=True)
    preset = chosen.preset or chosen.painter
    config = TrainingConfig(
        chosen.painter, preset, chosen.batch, chosen.learning_rate,
        adversarial_after=chosen.adversarial_after, seed=chosen.seed,
    )  # fmt: skip
    trainer = Trainer(config, chosen.device)
    if chosen.resume or chosen.export:
        trainer.load(chosen.out / "checkpoint")
    if chosen.export:
        export(trainer)
        return
    kept = read_details(chosen.kept, chosen.painter) if chosen.kept else None
    run(trainer, read_details(chosen.details, chosen.painter), kept, chosen)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--details", type=Path, help="of talkinghead.training.detail_pack")
    parser.add_argument("--kept", type=Path, help="samples that are kept out, for the curves")
    parser.add_argument("--painter", choices=["mouth", "eye"], required=True)
    parser.add_argument("--preset", choices=sorted(PAINTERS), help="widths; the painter's own")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--export", action="store_true")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=4e-4)
    parser.add_argument("--adversarial-after", type=int, default=2000, help="step; -1 = never")
    parser.add_argument("--validate-every", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    chosen = parser.parse_args()
    if chosen.details is None and not chosen.export:
        parser.error("--details is missing: the folder that talkinghead.training.detail_pack made")
    return chosen


if __name__ == "__main__":
    main()
