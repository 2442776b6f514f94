"""Train the `codebook` decoder: first the motion books, then the code query.

python -m talkinghead.training.codebook --lessons FILE --out RUN --minutes 30 [--resume]
python -m talkinghead.training.codebook --lessons FILE --out RUN --export
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn, optim

from renderer.coefficients import Floats
from talkinghead.motion.codebook import CodebookAudioToMotion
from talkinghead.motion.codebook_net import CodebookConfig, CodebookNet
from talkinghead.motion.emotion_code import CODE
from talkinghead.motion.learned import UNKNOWN_PERSON
from talkinghead.motion.motion_vq import HEAD, PARTS
from talkinghead.motion.regression_net import SPOKEN, Heard, Said
from talkinghead.training.loop import Average, Resumable
from talkinghead.training.motion_batches import MotionBatch, MotionBatches, people_of
from talkinghead.training.motion_lessons import Lesson
from talkinghead.training.motion_losses import Skin, code_loss, motion_losses
from talkinghead.training.motion_run import (
    arguments,
    copy_statistics,
    learning_rate,
    train_or_export,
)
from talkinghead.training.motion_validation import Course
from talkinghead.training.regression import LARGEST_GRADIENT, VOICE_CLASS_WEIGHT, emotion_code

COMMITMENT_WEIGHT = 0.25
SPEED_WEIGHT = 0.5
SMALLEST_SPREAD = 0.02
"""Of a column; what moves less is not worth a code."""
MOTION_WEIGHT = 0.1
"""Of the motion that the expected codes decode to, beside the cross-entropy of the codes."""


@dataclass(frozen=True)
class CodebookTraining:
    """What a run depends on.

    Attributes:
        learning_rate: at its peak, in both stages.
        book_steps: of the first stage.
        query_steps: of the second.
        own_share: share of past codes, in the second half, that the network chose itself in every
            second step (scheduled sampling, Bengio et al. 2015).
        seed: of everything.
    """

    learning_rate: float = 1e-3
    book_steps: int = 2500
    query_steps: int = 5000
    own_share: float = 0.5
    seed: int = 0


class CodebookTrainer(Resumable):
    """Both stages, one optimiser each.

    Args:
        config: of the run.
        people: speaking styles in the lessons.
        skin: how channels move skin.
        spread: (MOTION,) standard deviation of every column of motion.
    """

    def __init__(self, config: CodebookTraining, people: int, skin: Skin, spread: Tensor) -> None:
        torch.manual_seed(config.seed)
        self.config, self._skin = config, skin
        self.net = CodebookNet(CodebookConfig(people=people))
        for name, part in PARTS.items():
            self.net.books.part(name).scale.copy_(spread[list(part.columns)])
        self.average = Average(copy.deepcopy(self.net))
        books = set(self.net.books.parameters())
        query = [one for one in self.net.parameters() if one not in books]
        rate, betas = config.learning_rate, (0.9, 0.98)
        self._optimizers = {
            "books": optim.AdamW(self.net.books.parameters(), rate, betas, weight_decay=0.0),
            "query": optim.AdamW(query, rate, betas, weight_decay=0.02),
        }
        super().__init__({"average": self.average.module, "net": self.net, **self._optimizers})

    def as_tensors(self) -> dict[str, NDArray[np.generic]]:
        """The average, as it is shipped."""
        return CodebookAudioToMotion(self.average.module).as_tensors()

    @property
    def steps(self) -> int:
        """Of both stages."""
        return self.config.book_steps + self.config.query_steps

    def train(self, batch: MotionBatch) -> dict[str, float]:
        """One step of the stage that is due."""
        self.net.train()
        first = self.step < self.config.book_steps
        stage = "books" if first else "query"
        self.net.books.train(mode=first)
        terms = self._book_terms(batch) if first else self._query_terms(batch)
        own_step = self.step if first else self.step - self.config.book_steps
        length = self.config.book_steps if first else self.config.query_steps
        optimizer = self._optimizers[stage]
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(own_step, length, self.config.learning_rate)
        loss = torch.stack(list(terms.values())).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        self.step += 1
        self.average.update(self.net, own_step + 1)
        copy_statistics(self.average.module, self.net)
        return {name: float(value.detach()) for name, value in terms.items()}

    def _book_terms(self, batch: MotionBatch) -> dict[str, Tensor]:
        """Rebuild motion: z-scored difference, its speed, and the commitment to codes."""
        motion, known = motion_of(batch)
        terms: dict[str, Tensor] = {}
        for name, part in PARTS.items():
            columns = list(part.columns)
            own = known[:, PARTS_KNOWN.index(name)] > 0
            if not bool(own.any()):
                continue
            true = motion[own][..., columns]
            book = self.net.books.part(name)
            made = book(true)
            error = (made.motion - true) / book.scale
            terms[name] = error.square().mean() + SPEED_WEIGHT * error.diff(dim=1).square().mean()
            terms[f"{name}_commitment"] = COMMITMENT_WEIGHT * made.commitment
        return terms

    def _query_terms(self, batch: MotionBatch) -> dict[str, Tensor]:
        """Name the next codes, and be near the motion when the expected codes are decoded."""
        motion, known = motion_of(batch)
        with torch.no_grad():
            codes = self.net.books.encode(motion)
        felt, judged = emotion_code(self.net, batch)
        heard = Heard(batch.content, batch.base, felt, batch.person)
        hidden = self.net.hidden(heard, self._past(heard, codes))
        scores = self.net.scores(hidden, codes)
        matter = [
            batch.known * known[:, index : index + 1]
            for index, part in enumerate(PARTS.values()) for _ in range(part.heads)
        ]  # fmt: skip
        expected = self._expected(scores)
        losses = motion_losses(
            Said(expected[..., :-HEAD], self.net.gates(hidden)), batch, self._skin
        )
        return {
            "codes": code_loss(scores, codes, matter),
            "gates": losses.pop("gates"),
            "motion": MOTION_WEIGHT * torch.stack(list(losses.values())).sum(),
            "voice": VOICE_CLASS_WEIGHT * judged,
        }

    def _past(self, heard: Heard, codes: Tensor) -> Tensor:
        """True codes of which a growing share is replaced by the network's own choices.

        Only in every second step, because it costs a second look at the batch.
        """
        if self.step % 2:
            return codes
        done = (self.step - self.config.book_steps) / max(1, self.config.query_steps)
        share = self.config.own_share * min(1.0, 2 * done)
        with torch.no_grad():
            scores = self.net.scores(self.net.hidden(heard, codes), codes)
            own = torch.stack([_drawn(one) for one in scores], 2)
            swap = torch.rand(codes.shape[:2])[..., None] < share
        return torch.where(swap, own, codes)

    def _expected(self, scores: list[Tensor]) -> Tensor:
        """(B, T, MOTION): what the probable codes decode to on average."""
        vectors = torch.stack([
            one.softmax(dim=2) @ book.codes
            for one, book in zip(scores, self.net.books.alphabets, strict=True)
        ], 2)  # fmt: skip
        return self.net.books.decode_vectors(vectors)

    def courses(self, lessons: Sequence[Lesson]) -> list[Course]:
        """What the averaged network makes of whole clips."""
        decoder = CodebookAudioToMotion(self.average.module)
        made = []
        for index, lesson in enumerate(lessons):
            rows = len(lesson)
            resting = torch.from_numpy(lesson.target[:1].astype(np.float32))[None]
            known = Heard(
                torch.from_numpy(lesson.content.astype(np.float32))[None],
                resting.expand(-1, rows, -1), torch.zeros(1, rows, CODE),
                torch.full((1,), UNKNOWN_PERSON),
            )  # fmt: skip
            spelled = decoder.spell(known, np.random.default_rng(index))
            change = spelled.motion[:, :-HEAD]
            made.append(Course(lesson, resting[0, 0].numpy(), change, spelled.gates))
        return made


PARTS_KNOWN = list(PARTS)


def _drawn(scores: Tensor) -> Tensor:
    """One code for every row, by its probability: (B, T, N) to (B, T)."""
    noise = -torch.log(-torch.log(torch.rand_like(scores).clamp(1e-6, 1 - 1e-6)))
    return (scores + noise).argmax(dim=2)


def motion_of(batch: MotionBatch) -> tuple[Tensor, Tensor]:
    """(B, T, MOTION) and (B, parts) 1 where a part of it is known.

    The teacher has no life in brows and head; silent clips have no lips that belong to a sound.
    """
    head = torch.nan_to_num(batch.head)
    motion = torch.cat([batch.change, head], dim=2)
    real = batch.real
    return motion, torch.stack([batch.speaks, real, real], dim=1)


def spread_of(lessons: Sequence[Lesson]) -> Tensor:
    """(MOTION,) how much every column of motion varies: lips in all lessons, all else in clips."""
    clips = [one for one in lessons if one.person]
    lower = list(PARTS["lips"].columns)
    spread = np.concatenate([_moved(clips).std(0), _heads(clips).std(0)])
    spread[lower] = _moved(lessons)[:, lower].std(0)
    return torch.from_numpy(np.maximum(spread, SMALLEST_SPREAD).astype(np.float32))


def _moved(lessons: Sequence[Lesson]) -> Floats:
    targets = [one.target[:, SPOKEN].astype(np.float32) for one in lessons]
    return np.concatenate([one - np.median(one, axis=0) for one in targets])


def _heads(lessons: Sequence[Lesson]) -> Floats:
    return np.concatenate([one.head.astype(np.float32) for one in lessons])


def main() -> None:
    """Command line."""
    defaults = CodebookTraining()
    parser = arguments(__doc__, defaults.query_steps)
    parser.add_argument("--book-steps", type=int, default=defaults.book_steps)
    chosen = parser.parse_args()
    config = CodebookTraining(
        book_steps=chosen.book_steps, query_steps=chosen.steps, seed=chosen.seed
    )
    train_or_export(
        chosen,
        lambda lessons, skin: CodebookTrainer(
            config, 2 + len(people_of(lessons)), skin, spread_of(lessons)
        ),
        lambda lessons: MotionBatches(
            lessons, chosen.batch, cross=not chosen.no_cross, around_median=True
        ),
        "motion_codebook",
    )


if __name__ == "__main__":
    main()
