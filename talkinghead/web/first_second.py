"""The first second of a video, to look at while the rest is made."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from talkinghead.errors import TalkingHeadError
from talkinghead.types import SAMPLE_RATE, Progress, Speech
from talkinghead.video.write import write_video

_MOST_PIXELS_A_SIDE = 256
_LEAST_SECONDS = 2.5
"""A video shorter than this is finished before its first second could be watched."""


class FirstSecond:
    """Watches the frames of a job and makes a small video of the first second of them.

    The frames are shrunk, and encoding runs in a thread: 256 pixels cost about 1 ms a frame.

    Args:
        folder: where "first-second.mp4" and "thumbnail.jpg" appear.
        sound: the file whose first second goes along; None = silent.
        fps: frames a second; may be set anew until the first frame is seen.
    """

    def __init__(self, folder: Path, sound: Path | None, fps: float) -> None:
        self._folder, self._sound, self.fps = folder, sound, fps
        self._wanted = False
        self._frames: list[NDArray[np.uint8]] = []
        self._count = 0
        self._thumbnail: NDArray[np.uint8] | None = None
        self._thread: threading.Thread | None = None

    def listening(self, progress: Progress) -> Progress:
        """The same `Progress`, from which this one learns how long the video will be."""

        def report(stage: str, done: int, total: int) -> None:
            if stage == "frames":
                self._wanted = total >= _LEAST_SECONDS * self.fps
            progress(stage, done, total)

        return report

    def watch(self, frame: NDArray[np.uint8]) -> None:
        """See one frame (H, W, 3) uint8; it is copied."""
        self._count += 1
        second = round(self.fps)
        if self._count > second:
            return
        small = _small(frame)
        self._thumbnail = small
        if self._wanted:
            self._frames.append(small)
        if self._count == second and self._wanted:
            self._thread = threading.Thread(target=self._write, daemon=True)
            self._thread.start()

    @property
    def video(self) -> Path | None:
        """The small video, once it is there."""
        path = self._folder / "first-second.mp4"
        return path if path.is_file() else None

    def finish(self) -> Path | None:
        """Wait for the encoder; write and return the thumbnail, if any frame was seen."""
        if self._thread is not None:
            self._thread.join()
        if self._thumbnail is None:
            return None
        path = self._folder / "thumbnail.jpg"
        cv2.imwrite(str(path), cv2.cvtColor(self._thumbnail, cv2.COLOR_RGB2BGR))
        return path

    def _write(self) -> None:
        silence = np.zeros(round(len(self._frames) / self.fps * SAMPLE_RATE), np.float32)
        speech = None if self._sound is None else Speech(silence, self._sound)  # says how long
        try:
            write_video(self._frames, self._folder / "first-second.mp4", self.fps, speech)
        except TalkingHeadError:
            return  # the whole video will meet the same trouble, and say so
        finally:
            self._frames.clear()


def _small(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = _MOST_PIXELS_A_SIDE / max(frame.shape[:2])
    if scale >= 1:
        return frame.copy()
    size = (round(frame.shape[1] * scale), round(frame.shape[0] * scale))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
