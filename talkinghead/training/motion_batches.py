"""Lessons in batches: windows of rows, tensors, and the pairs of cross-reconstruction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.coefficients import Floats
from talkinghead.motion.emotion_code import PROMPT_COLUMNS
from talkinghead.motion.learned import UNKNOWN_PERSON
from talkinghead.motion.regression_net import SPOKEN
from talkinghead.motion.wearing import wear
from talkinghead.training.motion_lessons import WARM_UP_ROWS, Lesson

ROWS = 64
"""In a window."""
TEACHER = 1
"""Slot of the teacher's way to speak; people follow it."""
SHARES: Mapping[str, float] = {"taught": 0.4, "pairs": 0.15, "clips": 0.45}
"""Of a batch."""
_UNKNOWN_SHARE = 0.5
_PAIR_BASE_SHARE = 0.35
"""Pairs whose feeling is already worn, so that a heard feeling is not put on twice."""


@dataclass(frozen=True)
class MotionBatch:
    """B windows of T rows.

    Attributes:
        content: (B, T, CONTENT_COLUMNS).
        voice: (B, T, VOICE_COLUMNS) whose feeling the target wears; zeros where only a prompt is.
        prompt: (B, T, PROMPT_COLUMNS); zeros where only a voice is.
        base: (B, T, 52).
        change: (B, T, len(SPOKEN)) target minus base.
        gates: (B, T, GATES), NaN where unknown.
        head: (B, T, 3), NaN where unknown.
        person: (B,) int64.
        voiced: (B,) int64 emotion class of the voice; -1 = none.
        real: (B,) 1 for clips.
        speaks: (B,) 1 where the lips belong to the sound.
        known: (B, T) 1 where the window has rows.
    """

    content: Tensor
    voice: Tensor
    prompt: Tensor
    base: Tensor
    change: Tensor
    gates: Tensor
    head: Tensor
    person: Tensor
    voiced: Tensor
    real: Tensor
    speaks: Tensor
    known: Tensor


class MotionBatches:
    """An endless stream of batches, the same for the same seed and start.

    Args:
        lessons: to learn from.
        size: windows a batch.
        cross: whether a heard feeling may come from another utterance than what is said.
        around_median: whether clips move around their median face, not around any frame of theirs.
    """

    def __init__(
        self, lessons: Sequence[Lesson], size: int, cross: bool = True, around_median: bool = False
    ) -> None:
        self._size, self._cross, self._around_median = size, cross, around_median
        self.people = people_of(lessons)
        long = [one for one in lessons if len(one) >= 2 * WARM_UP_ROWS]
        self._groups = {
            "taught": [one for one in long if not one.person],
            "pairs": [one for one in long if not one.person and one.voiced_emotion >= 0],
            "clips": [one for one in long if one.person],
        }
        self._groups = {name: group for name, group in self._groups.items() if group}
        self._shares = np.array([SHARES[name] for name in self._groups])
        self._voices: dict[int, list[Lesson]] = {}
        for one in self._groups.get("pairs", []):
            self._voices.setdefault(one.voiced_emotion, []).append(one)
        self._chances = {name: _chances(group) for name, group in self._groups.items()}

    def __call__(self, seed: int, start: int) -> Iterator[MotionBatch]:
        """Batches from number `start` on."""
        number = start
        names = list(self._groups)
        while True:
            generator = np.random.default_rng([seed, number])
            kinds = generator.choice(names, self._size, p=self._shares / self._shares.sum())
            yield stacked([self._window(str(kind), generator) for kind in kinds])
            number += 1

    def _window(self, kind: str, generator: np.random.Generator) -> MotionBatch:
        group = self._groups[kind]
        lesson = group[generator.choice(len(group), p=self._chances[kind])]
        start = int(generator.integers(WARM_UP_ROWS, max(WARM_UP_ROWS + 1, len(lesson) - ROWS + 1)))
        part = slice(start, min(len(lesson), start + ROWS))
        heard_feeling = kind == "pairs" and lesson.emotion in self._voices
        voice = np.zeros(lesson.voice[part].shape, np.float32)
        felt, prompt = lesson.felt, _prompt(lesson)
        voiced = -1
        if heard_feeling:
            voice, voiced = self._voice(lesson, part, generator)
            if generator.random() > _PAIR_BASE_SHARE:
                felt, prompt = np.zeros_like(felt), np.zeros_like(prompt)
        base = wear(self._resting(lesson, generator), felt)
        target = lesson.target[part].astype(np.float32)
        return MotionBatch(
            content=_padded(lesson.content[part]), voice=_padded(voice),
            prompt=_padded(np.repeat(prompt[None], len(target), axis=0)),
            base=_padded(np.repeat(base[None], len(target), axis=0)),
            change=_padded((target - base)[:, SPOKEN]),
            gates=_padded(lesson.gates[part]), head=_padded(lesson.head[part]),
            person=torch.tensor(self._slot(lesson, generator)), voiced=torch.tensor(voiced),
            real=torch.tensor(float(bool(lesson.person))),
            speaks=torch.tensor(float(lesson.speaks)),
            known=_padded(np.ones(len(target), np.float32)),
        )  # fmt: skip

    def _voice(
        self, lesson: Lesson, part: slice, generator: np.random.Generator
    ) -> tuple[Floats, int]:
        """A voice with the feeling that the target wears: the own one, or somebody else's."""
        own = lesson.voiced_emotion == lesson.emotion
        if own and (not self._cross or generator.random() < 0.5):
            return lesson.voice[part].astype(np.float32), lesson.emotion
        if not self._cross:
            return np.zeros(lesson.voice[part].shape, np.float32), -1
        others = self._voices[lesson.emotion]
        other = others[int(generator.integers(len(others)))].voice
        count = min(len(lesson), part.stop) - part.start
        rows = np.arange(count) % len(other)
        return other[rows].astype(np.float32), lesson.emotion

    def _resting(self, lesson: Lesson, generator: np.random.Generator) -> Floats:
        if not np.isnan(lesson.resting).any():
            return lesson.resting
        if self._around_median:
            return np.asarray(np.median(lesson.target, axis=0), np.float32)
        return np.asarray(lesson.target[int(generator.integers(len(lesson)))], np.float32)

    def _slot(self, lesson: Lesson, generator: np.random.Generator) -> int:
        if generator.random() < _UNKNOWN_SHARE:
            return UNKNOWN_PERSON
        return self.people.get(lesson.person, TEACHER)


def people_of(lessons: Sequence[Lesson]) -> dict[str, int]:
    """Slot of everybody who moves in the lessons, after "unknown" and the teacher."""
    names = sorted({one.person for one in lessons if one.person})
    return {name: TEACHER + 1 + index for index, name in enumerate(names)}


def stacked(windows: Sequence[MotionBatch]) -> MotionBatch:
    """Windows to a batch."""
    return MotionBatch(**{
        one.name: torch.stack([getattr(window, one.name) for window in windows])
        for one in fields(MotionBatch)
    })  # fmt: skip


def _chances(group: Sequence[Lesson]) -> Floats:
    """By length, but nobody takes more than four times what the median person takes."""
    lengths = np.array([len(one) for one in group], float)
    people = np.array([one.person for one in group])
    totals = {name: lengths[people == name].sum() for name in set(people)}
    most = 4.0 * float(np.median(list(totals.values())))
    share = np.array([min(1.0, most / totals[name]) for name in people])
    chances = lengths * (share if len(totals) > 1 else 1.0)
    return np.asarray(chances / chances.sum())


def _prompt(lesson: Lesson) -> Floats:
    """(PROMPT_COLUMNS,)."""
    prompt = np.concatenate([lesson.felt, [lesson.arousal, lesson.intensity]])
    return np.asarray(prompt.reshape(PROMPT_COLUMNS), np.float32)


def _padded(rows: NDArray[np.floating[Any]]) -> Tensor:
    """(T, ...) to ROWS rows, zeros behind."""
    missing = ROWS - len(rows)
    widths = ((0, missing), *((0, 0) for _ in rows.shape[1:]))
    return torch.from_numpy(np.pad(np.asarray(rows, np.float32), widths))
