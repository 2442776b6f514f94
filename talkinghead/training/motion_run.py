"""One run of a motion decoder's training: the command line and the loop that both share."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from renderer.face_model import FaceModel
from talkinghead.training.loop import Deadline, JsonLog
from talkinghead.training.motion_batches import MotionBatch, MotionBatches
from talkinghead.training.motion_lessons import Lesson, read_lessons
from talkinghead.training.motion_losses import Skin
from talkinghead.training.motion_validation import Course, validate
from talkinghead.weights import load_weights, save_weights

WARM_UP = 200
LOG_EVERY = 50
SAVE_EVERY_SECONDS = 120.0

logger = logging.getLogger(__name__)


class MotionTrainer(Protocol):
    """What a run needs of a trainer."""

    step: int

    @property
    def steps(self) -> int:
        """After which the run is done."""
        ...

    def train(self, batch: MotionBatch) -> dict[str, float]:
        """One step; returns the terms of the loss."""
        ...

    def courses(self, lessons: Sequence[Lesson]) -> list[Course]:
        """What the averaged network makes of whole clips."""
        ...

    def save(self, folder: Path) -> None:
        """Write everything that a resumed run needs."""
        ...

    def load(self, folder: Path) -> None:
        """Continue from what `save` wrote."""
        ...

    def as_tensors(self) -> dict[str, NDArray[np.generic]]:
        """The weights that are shipped."""
        ...


def run(
    trainer: MotionTrainer, batches: MotionBatches, unseen: Sequence[Lesson],
    chosen: argparse.Namespace,
) -> None:  # fmt: skip
    """Train until the steps are done or the time is over.

    Args:
        trainer: what is trained.
        batches: to learn from.
        unseen: clips of people who are not in the batches, for the curves.
        chosen: from `arguments`.
    """
    deadline = Deadline(chosen.minutes)
    deadline.listen()
    log = JsonLog(chosen.out / "log.jsonl")
    saved = time.monotonic()
    for batch in batches(chosen.seed, trainer.step):
        terms = trainer.train(batch)
        done = deadline.passed or trainer.step >= trainer.steps
        if trainer.step % LOG_EVERY == 0:
            log.write({"step": trainer.step, **terms})
        if unseen and (done or trainer.step % chosen.validate_every == 0):
            measured = validate(trainer.courses(unseen))
            log.write({"step": trainer.step, **measured})
            logger.info("step %d: %s", trainer.step, measured)
        if done or time.monotonic() - saved > SAVE_EVERY_SECONDS:
            trainer.save(chosen.out / "checkpoint")
            saved = time.monotonic()
        if done:
            logger.info("stopped at step %d", trainer.step)
            return


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up, then a cosine to a hundredth."""
    share = min(1.0, step / steps)
    fall = 0.01 + 0.99 * (0.5 + 0.5 * float(np.cos(np.pi * share)))
    return peak * fall * min(1.0, (step + 1) / WARM_UP)


def copy_statistics(average: nn.Module, trained: nn.Module) -> None:
    """Buffers (running means, codebooks) are taken over as they are."""
    with torch.no_grad():
        for mean, value in zip(average.buffers(), trained.buffers(), strict=True):
            mean.copy_(value)


def train_or_export(
    chosen: argparse.Namespace,
    build: Callable[[Sequence[Lesson], Skin], MotionTrainer],
    batches: Callable[[Sequence[Lesson]], MotionBatches],
    name: str,
) -> None:
    """What the command line of a decoder's training does.

    Args:
        chosen: from `arguments`.
        build: a fresh trainer.
        batches: of the lessons that may be learned from.
        name: of the weights.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    chosen.out.mkdir(parents=True, exist_ok=True)
    lessons = read_lessons(chosen.lessons)
    trainer = build(lessons, Skin.of(FaceModel.from_tensors(load_weights("face_model"))))
    if chosen.resume or chosen.export:
        trainer.load(chosen.out / "checkpoint")
    if chosen.export:
        made_by = f"python -m talkinghead.training.{name.removeprefix('motion_')}"
        entry = save_weights(trainer.as_tensors(), name, made_by, "Apache-2.0")
        logger.info("wrote %s, %.2f MB, step %d", entry.file, entry.size / 1e6, trainer.step)
        return
    held_out = frozenset(chosen.held_out.split(",")) - {""}
    unseen = [one for one in lessons if one.person in held_out and one.speaks]
    run(trainer, batches([one for one in lessons if one.person not in held_out]), unseen, chosen)


def arguments(description: str | None, steps: int) -> argparse.ArgumentParser:
    """The options that both trainings have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--lessons", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--held-out", default="", help="people kept for curves, by commas")
    parser.add_argument("--validate-every", type=int, default=500)
    parser.add_argument("--no-cross", action="store_true", help="without cross-reconstruction")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--export", action="store_true")
    return parser
