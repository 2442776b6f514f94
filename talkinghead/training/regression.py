"""Train the `regression` decoder with its emotion encoders.

python -m talkinghead.training.motion_data --corpus CORPUS -o FILE makes the lessons; then
python -m talkinghead.training.regression --lessons FILE --out RUN --minutes 20 [--resume]
python -m talkinghead.training.regression --lessons FILE --out RUN --export
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn, optim
from torch.nn import functional

from talkinghead.motion.codebook_net import CodebookNet
from talkinghead.motion.emotion_code import CODE
from talkinghead.motion.learned import UNKNOWN_PERSON
from talkinghead.motion.regression import RegressionAudioToMotion
from talkinghead.motion.regression_net import Heard, RegressionConfig, RegressionNet
from talkinghead.training.loop import Average, Resumable
from talkinghead.training.motion_batches import MotionBatch, MotionBatches, people_of
from talkinghead.training.motion_lessons import Lesson
from talkinghead.training.motion_losses import Skin, motion_losses
from talkinghead.training.motion_run import (
    arguments,
    copy_statistics,
    learning_rate,
    train_or_export,
)
from talkinghead.training.motion_validation import Course

VOICE_CLASS_WEIGHT = 0.5
LARGEST_GRADIENT = 5.0


@dataclass(frozen=True)
class RegressionTraining:
    """What a run depends on.

    Attributes:
        learning_rate: at its peak.
        steps: after which the learning rate has fallen to a hundredth.
        seed: of everything.
    """

    learning_rate: float = 1e-3
    steps: int = 6000
    seed: int = 0


class RegressionTrainer(Resumable):
    """Network, optimiser and average.

    Args:
        config: of the run.
        people: speaking styles in the lessons.
        skin: how channels move skin.
    """

    def __init__(self, config: RegressionTraining, people: int, skin: Skin) -> None:
        torch.manual_seed(config.seed)
        self.config, self._skin = config, skin
        self.net = RegressionNet(RegressionConfig(people=people))
        self.average = Average(copy.deepcopy(self.net))
        self._optimizer = optim.AdamW(
            self.net.parameters(), config.learning_rate, (0.9, 0.98), weight_decay=0.02
        )
        super().__init__(
            {"average": self.average.module, "net": self.net, "optimizer": self._optimizer}
        )

    @property
    def steps(self) -> int:
        """After which the run is done."""
        return self.config.steps

    def as_tensors(self) -> dict[str, NDArray[np.generic]]:
        """The average, as it is shipped."""
        return RegressionAudioToMotion(self.average.module).as_tensors()

    def train(self, batch: MotionBatch) -> dict[str, float]:
        """One step; returns the terms of the loss."""
        self.net.train()
        self._set_learning_rate()
        felt, judged = emotion_code(self.net, batch)
        said = self.net(Heard(batch.content, batch.base, felt, batch.person))
        terms = {**motion_losses(said, batch, self._skin), "voice": VOICE_CLASS_WEIGHT * judged}
        loss = torch.stack(list(terms.values())).sum()
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), LARGEST_GRADIENT)
        self._optimizer.step()
        self.step += 1
        self.average.update(self.net, self.step)
        copy_statistics(self.average.module, self.net)
        return {name: float(value.detach()) for name, value in terms.items()}

    def courses(self, lessons: Sequence[Lesson]) -> list[Course]:
        """What the averaged network makes of whole clips."""
        decoder = RegressionAudioToMotion(self.average.module)
        made = []
        for lesson in lessons:
            content = torch.from_numpy(lesson.content.astype(np.float32))[None]
            rows = content.shape[1]
            resting = torch.from_numpy(lesson.target[:1].astype(np.float32))[None]
            known = Heard(
                content, resting.expand(-1, rows, -1), torch.zeros(1, rows, CODE),
                torch.full((1,), UNKNOWN_PERSON),
            )  # fmt: skip
            change, gates = decoder.answer(known)
            made.append(Course(lesson, resting[0, 0].numpy(), change, gates))
        return made

    def _set_learning_rate(self) -> None:
        rate = learning_rate(self.step, self.config.steps, self.config.learning_rate)
        for group in self._optimizer.param_groups:
            group["lr"] = rate


def emotion_code(
    net: RegressionNet | CodebookNet, batch: MotionBatch
) -> tuple[torch.Tensor, torch.Tensor]:
    """The code of prompts and voices together, and how badly voices are told apart.

    A window has a voice or a prompt or both; a voice that is absent adds nothing.
    """
    heard = net.voice(batch.voice)
    has_voice = (batch.voiced >= 0).to(heard)
    code = net.prompt(batch.prompt) + has_voice[:, None, None] * heard
    if not bool(has_voice.any()):
        return code, heard.sum() * 0.0
    named = batch.voiced >= 0
    judged = functional.cross_entropy(net.voice.scores(heard[named]), batch.voiced[named])
    return code, judged


def main() -> None:
    """Command line."""
    chosen = arguments(__doc__, RegressionTraining.steps).parse_args()
    config = RegressionTraining(steps=chosen.steps, seed=chosen.seed)
    train_or_export(
        chosen,
        lambda lessons, skin: RegressionTrainer(config, 2 + len(people_of(lessons)), skin),
        lambda lessons: MotionBatches(lessons, chosen.batch, cross=not chosen.no_cross),
        "motion_regression",
    )


if __name__ == "__main__":
    main()
