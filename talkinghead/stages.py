"""What happens around the stages of the pipeline: timing, progress, the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import MotionCoefficients
from talkinghead.errors import BadOption
from talkinghead.motion.interface import HeadMotion
from talkinghead.motion.track_file import read_motion
from talkinghead.portrait.fitter import Portrait
from talkinghead.types import EmotionEmbedding, EmotionTrack, Progress, Speech, Video, Watch

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
        renderer: that drew the frames.
        fit_error: of the portrait, see `Portrait`.
        notices: sentences for the user.
    """

    video: Video
    emotion: EmotionEmbedding
    motion: MotionCoefficients
    seconds: dict[str, float]
    recogniser: str
    renderer: str
    fit_error: float
    notices: tuple[str, ...]


@dataclass(frozen=True)
class Acted:
    """Everything before the first picture: who, what is said, what is felt, and how it moves."""

    portrait: Portrait
    speech: Speech
    recogniser: str
    emotion: EmotionTrack
    motion: MotionCoefficients

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the user, each once."""
        felt = (notice for one in self.emotion.understood for notice in one.notices)
        return self.portrait.notices + tuple(dict.fromkeys(felt))


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
    frames: Iterator[NDArray[np.uint8]],
    total: int,
    progress: Progress,
    stage: str = "frames",
    watch: Watch | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """Pass frames on, show each to `watch`, tell how many; `progress` may raise to stop."""
    for index, frame in enumerate(frames):
        if index % PROGRESS_EVERY == 0:
            progress(stage, index, total)
        if watch is not None:
            watch(frame)
        yield frame


def length_notices(frames: int, speech: Speech | None, fps: float) -> tuple[str, ...]:
    """What `write_video` does where a motion is not as long as its sound, in words.

    Args:
        frames: of the motion.
        speech: the sound of the video, if it has one.
        fps: frames per second.
    """
    total = frames if speech is None else speech.frame_count(fps)
    if frames == total:
        return ()
    lengths = f"the motion has {frames} frames, the sound lasts {total} (at {fps:g} a second)"
    if frames > total:
        return (f"{lengths}: {frames - total} of the motion are cut off at its end",)
    return (f"{lengths}: its last frame is held for {total - frames} more",)


def head_motion(head: str, track: Callable[[Path], MotionCoefficients]) -> HeadMotion:
    """What the option `head` means.

    Args:
        head: "natural", "still", or the path of a clip or a motion file.
        track: fits a clip.

    Raises:
        BadOption: it is none of these.
        UnreadableMotion, UnreadableVideo: the file cannot be read.
    """
    if head == "natural":
        return HeadMotion("natural")
    if head == "still":
        return HeadMotion("still")
    path = Path(head)
    if not path.is_file():
        message = (
            f"head is {head!r}, expected natural, still, or the path of a clip or a "
            "motion CSV; no such file exists"
        )
        raise BadOption(message)
    if path.suffix.lower() in {".csv", ".json"}:
        return HeadMotion("copied", read_motion(path))
    return HeadMotion("copied", track(path))
