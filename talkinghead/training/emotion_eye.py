"""Teach the image tower's eye: from fresh weights to what its teacher answers.

Distillation (Hinton et al. 2015, arXiv 1503.02531): cross entropy with the teacher's softened
names, and a hint (Romero et al. 2015, arXiv 1412.6550): a layer that is thrown away afterwards
tells what the teacher sees from what the eye sees.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from talkinghead.emotion.expression_eye import NAMED, SEEN, ExpressionEye, folded
from talkinghead.training.emotion_alignment import balanced
from talkinghead.training.emotion_disguise import disguised
from talkinghead.training.emotion_faces import FaceExamples
from talkinghead.training.emotion_frames import Crops
from talkinghead.training.emotion_teacher import Teacher
from talkinghead.training.loop import Average, Deadline, JsonLog, Resumable

LOG = logging.getLogger(__name__)
AT_ONCE = 48
"""Faces of a step."""
RATE, DECAY, WARM_UP = 2e-3, 0.05, 100
SOFTNESS = 1.5
"""Temperature of names."""
HINT = 1.0
KEPT_OUT = 0.1
"""Share of people whose faces only measure."""
EVENNESS = 0.6
"""1 = all of the teacher's names equally often; it sees disgust in some thirty faces."""
MEASURE_EVERY, SAVE_EVERY = 500, 250
SETTLING = 20
"""Batches that the average's normalisation is read from."""
FIT = 55


@dataclass(frozen=True)
class Lessons:
    """N faces and what the teacher answers on them and on their mirror images, on average.

    Attributes:
        crops: (N, S, S) uint8 grey.
        seen: (N, 256) float32.
        logits: (N, 7) float32.
        person: (N,) who it is.
    """

    crops: NDArray[np.uint8]
    seen: Tensor
    logits: Tensor
    person: NDArray[np.str_]

    def __len__(self) -> int:
        """N."""
        return len(self.crops)

    def chosen(self, rows: NDArray[np.bool_]) -> Lessons:
        """Some of the faces."""
        picked = torch.from_numpy(rows)
        return Lessons(self.crops[rows], self.seen[picked], self.logits[picked], self.person[rows])


@dataclass(frozen=True)
class EyePlan:
    """How to teach.

    Attributes:
        steps: of `AT_ONCE` faces.
        seed: of everything.
        folder: checkpoint and log go here.
    """

    steps: int
    seed: int
    folder: Path


def lessons(teacher: Teacher, parts: list[FaceExamples | Crops]) -> Lessons:
    """Ask the teacher about every face."""
    crops = np.concatenate([part.crops for part in parts])
    seen = []
    for batch in _batches(crops):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            both = [teacher(one)[0].float() for one in (batch, batch.flip(2))]
        seen.append((both[0] + both[1]) / 2)
    average = torch.cat(seen)
    with torch.no_grad():
        logits = teacher.name(average)
    return Lessons(crops, average, logits, np.concatenate([part.person for part in parts]))


def apart(given: Lessons, seed: int) -> tuple[Lessons, Lessons]:
    """Lessons to learn, and those of people who only measure."""
    persons = np.unique(given.person)
    held = np.random.default_rng(seed).permutation(persons)[: round(KEPT_OUT * len(persons))]
    inside = np.isin(given.person, held)
    return given.chosen(~inside), given.chosen(inside)


class Learner(nn.Module):
    """An eye, what names what it sees, and what tells the teacher's view from it."""

    def __init__(self) -> None:
        super().__init__()
        self.look = ExpressionEye(learning=True)
        self.name = nn.Linear(SEEN, NAMED)
        self.hint = nn.Linear(SEEN, SEEN)

    def see(self, crops: Tensor) -> Tensor:
        """(N, 256) of (N, S, S) grey 0..1, in half precision where that is quick."""
        with torch.autocast("cpu", torch.bfloat16):
            seen: Tensor = self.look(crops)
        return seen.float()


class EyeTrainer(Resumable):
    """The state of a training.

    Args:
        plan: how.
        given: what to learn.
    """

    def __init__(self, plan: EyePlan, given: Lessons) -> None:
        torch.manual_seed(plan.seed)
        learner = Learner()
        learner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.learner, self._plan, self._given = learner, plan, given
        self.average = Average(copy.deepcopy(learner), 0.995)
        self._optimiser = torch.optim.AdamW(learner.parameters(), RATE, weight_decay=DECAY)
        self._named = given.logits.argmax(1).numpy()
        self._spread = given.seen.std(0) + 1e-3
        super().__init__(
            {"learner": learner, "average": self.average.module, "optimiser": self._optimiser}
        )

    def advance(self) -> float:
        """One step; its loss."""
        generator = torch.Generator().manual_seed(self._plan.seed * 1_000_003 + self.step)
        for group in self._optimiser.param_groups:
            group["lr"] = RATE * _pace(self.step, self._plan.steps)
        rows, crops = self._draw(generator)
        seen = self.learner.train().see(crops)
        wanted = (self._given.logits[rows] / SOFTNESS).softmax(1)
        named = (self.learner.name(seen) / SOFTNESS).log_softmax(1)
        loss = -(wanted * named).sum(1).mean() * SOFTNESS**2
        away = (self.learner.hint(seen) - self._given.seen[rows]) / self._spread
        loss = loss + HINT * away.square().mean()
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.learner.parameters(), 1.0)
        self._optimiser.step()
        self.average.update(self.learner, self.step)
        self.step += 1
        return float(loss.item())

    def settled(self) -> Learner:
        """The average of the parameters, its normalisation read from faces anew."""
        learner = copy.deepcopy(self.average.module).train()
        for part in learner.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.reset_running_stats()
                part.momentum = None  # the plain mean over all batches
        generator = torch.Generator().manual_seed(self._plan.seed)
        with torch.no_grad():
            for _ in range(SETTLING):
                learner.see(self._draw(generator)[1])
        return learner.eval()

    def _draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        rows = balanced(self._named, AT_ONCE, generator, EVENNESS)
        crops = torch.from_numpy(self._given.crops[rows.numpy()]).float() / 255.0
        return rows, disguised(crops, torch.zeros(AT_ONCE, FIT), generator)[0]


def teach_eye(given: Lessons, plan: EyePlan, deadline: Deadline) -> dict[str, Tensor] | None:
    """Teach, or go on where the checkpoint in the plan's folder stands.

    Returns:
        The parameters "look." and "name." of `talkinghead.emotion.face_network.FaceNetwork`, or
        None if there is more to do.
    """
    learn, held = apart(given, plan.seed)
    trainer = EyeTrainer(plan, learn)
    folder = plan.folder / "eye"
    if folder.exists():
        trainer.load(folder)
        LOG.info("eye: goes on at step %d", trainer.step)
    log = JsonLog(plan.folder / "eye.jsonl")
    while trainer.step < plan.steps:
        if deadline.passed:
            trainer.save(folder)
            return None
        loss = trainer.advance()
        if trainer.step % 20 == 0:
            log.write({"step": trainer.step, "loss": loss})
        if trainer.step % MEASURE_EVERY == 0 or trainer.step == plan.steps:
            log.write({"step": trainer.step, **agreement(trainer.settled(), held)})
        if trainer.step % SAVE_EVERY == 0:
            trainer.save(folder)
    trainer.save(folder)
    settled = trainer.settled()
    look = folded(settled.look).state_dict()
    state = {f"look.{name}": value.contiguous() for name, value in look.items()}
    return state | {f"name.{name}": value for name, value in settled.name.state_dict().items()}


def agreement(learner: Learner, held: Lessons) -> dict[str, float]:
    """How often eye and teacher name the same; the second figure weighs the names alike."""
    if not len(held):
        return {}
    seen = []
    with torch.no_grad():
        for batch in _batches(held.crops):
            seen.append((learner.see(batch) + learner.see(batch.flip(2))) / 2)
        names = learner.name(torch.cat(seen))
    meant = held.logits.argmax(1)
    same = (names.argmax(1) == meant).float()
    loss = functional.cross_entropy(names, held.logits.softmax(1))
    by_name = [same[meant == name].mean().item() for name in np.unique(meant.numpy())]
    return {
        "agreement": same.mean().item(),
        "average_agreement": float(np.mean(by_name)),
        "held_out_loss": loss.item(),
    }


def _pace(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine to nothing."""
    return min(1.0, (step + 1) / WARM_UP) * 0.5 * (1.0 + float(np.cos(np.pi * step / steps)))


def _batches(crops: NDArray[np.uint8]) -> Iterator[Tensor]:
    """(n, S, S) grey 0..1."""
    for start in range(0, len(crops), AT_ONCE):
        yield torch.from_numpy(crops[start : start + AT_ONCE]).float() / 255.0
