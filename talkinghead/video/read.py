"""Read a clip frame by frame through ffmpeg, upright, with square pixels, at a constant rate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from talkinghead.config import MAX_PHOTO_PIXELS
from talkinghead.video.ffmpeg import Ffmpeg, input_arguments, rate_argument
from talkinghead.video.unreadable import check_is_file, unreadable

_USUAL_FPS = 30.0  # for browsers' recordings, which state a time base of 1/1000 s and no rate
_MOST_FPS = 250.0


@dataclass(frozen=True)
class VideoFrames:
    """A clip that can be iterated, any number of times; each time it is decoded anew.

    Iterating yields (height, width, 3) uint8 RGB, each a fresh array, and raises `UnreadableVideo`
    if decoding fails. Closing the iterator early ends the decoder; so does leaving a `with` block.

    Attributes:
        path: the file.
        width: pixels, as displayed: after rotation, with square pixels, within `max_side`.
        height: pixels.
        fps: the nominal rate; frames come at exactly this rate, whatever the file's time stamps.
        frame_count: an estimate from the stated length, at least 1; 0 if the file states none.
    """

    path: Path
    width: int
    height: int
    fps: float
    frame_count: int
    _running: list[Ffmpeg] = field(default_factory=list, repr=False, compare=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the decoders of iterators that were left unfinished; they yield nothing more."""
        while self._running:
            self._running.pop().kill()

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """Decode from the start."""
        shape = (self.height, self.width, 3)
        size = self.width * self.height * 3
        filters = f"fps={rate_argument(self.fps)},scale={self.width}:{self.height}:flags=area"
        arguments = [*_decode(self.path), "-vf", filters, "-f", "rawvideo", "-pix_fmt", "rgb24"]
        with Ffmpeg([*arguments, "pipe:1"]) as program:
            program.stdin.close()
            self._running.append(program)
            try:
                while len(data := program.stdout.read(size)) == size:
                    yield np.frombuffer(bytearray(data), np.uint8).reshape(shape)
                if program in self._running and program.wait() != 0:
                    raise unreadable(self.path)
            finally:
                if program in self._running:
                    self._running.remove(program)


def read_video(path: Path, max_side: int | None = None) -> VideoFrames:
    """Open a clip; its first frame is decoded at once, so that a broken file fails here.

    Args:
        path: the file.
        max_side: frames are scaled down so that neither side exceeds this many pixels.

    Raises:
        UnreadableVideo: if the file is missing, empty, no video, damaged, or has frames of more
            than `MAX_PHOTO_PIXELS`.
    """
    path = Path(path)
    check_is_file(path)
    shrink = f"min(1,{max_side}/max(iw*sar,ih))" if max_side else "1"
    scale = f"scale='max(1,round(iw*sar*{shrink}))':'max(1,round(ih*{shrink}))':flags=area"
    # PPM states its size: what rotation marks and pixel shapes make of it need not be guessed.
    first = ["-frames:v", "1", "-vf", scale, "-f", "image2pipe", "-c:v", "ppm", "pipe:1"]
    with Ffmpeg([*_decode(path), *first]) as program:
        program.stdin.close()
        picture = program.stdout.read()
        program.wait()
        header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", picture)
        if header is None:
            raise unreadable(path)
        log = program.log()
    fps = _nominal_fps(log)
    return VideoFrames(path, int(header[1]), int(header[2]), fps, _frame_count(log, fps))


def _decode(path: Path) -> list[str]:
    """Input arguments; "V" is a moving picture, not the cover of an album."""
    return ["-max_pixels", str(MAX_PHOTO_PIXELS), *input_arguments(path), "-map", "0:V:0"]


def _nominal_fps(log: str) -> float:
    stream = re.search(r"Stream #0.*? Video: .*", log)
    for unit in ("fps", "tbr"):
        found = re.search(rf" (\d+(?:\.\d+)?)(k?) {unit}\b", stream[0]) if stream else None
        if found:
            fps = float(found[1]) * (1000.0 if found[2] else 1.0)
            if 1.0 <= fps <= _MOST_FPS:
                return fps
    return _USUAL_FPS


def _frame_count(log: str, fps: float) -> int:
    found = re.search(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", log)
    if found is None:
        return 0
    seconds = 3600 * int(found[1]) + 60 * int(found[2]) + float(found[3])
    return max(1, round(seconds * fps))
