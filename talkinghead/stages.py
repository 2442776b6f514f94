"""What happens around the stages of the pipeline: timing, progress, the result."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import MotionCoefficients
from talkinghead.types import EmotionEmbedding, Progress, Video

PROGRESS_EVERY = 5  # frames


@dataclass(frozen=True)
class Result:
    """What `generate` made.

    Attributes:
        video: the file.
        emotion: what was understood, one for each keyframe of a timeline.
        motion: the track that was rendered.
        seconds: wall clock of each stage; "frames" holds rendering and encoding, which overlap.
        recogniser: what found the phonemes.
        fit_error: of the portrait, see `Portrait`.
        notices: sentences for the user.
    """

    video: Video
    emotion: EmotionEmbedding
    motion: MotionCoefficients
    seconds: dict[str, float]
    recogniser: str
    fit_error: float
    notices: tuple[str, ...]


@dataclass
class Clock:
    """Wall clock by stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, progress: Progress) -> Iterator[None]:
        """Time what happens inside, and tell that it begins and ends."""
        progress(name, 0, 1)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start
        progress(name, 1, 1)


def reported(
    frames: Iterator[NDArray[np.uint8]], total: int, progress: Progress, stage: str = "frames"
) -> Iterator[NDArray[np.uint8]]:
    """Pass frames on and tell how many; the callback may raise to stop the work."""
    for index, frame in enumerate(frames):
        if index % PROGRESS_EVERY == 0:
            progress(stage, index, total)
        yield frame
