"""Frames and sound to an MP4 file: H.264 and AAC, streamed, exact in length, whole or not at all.

Preset and quality were chosen on a real talking head at 512x512 and CRF 18, in CPU time a frame:
x264's "superfast" takes 4.1 ms and reaches SSIM 0.986; "veryfast" 7.2 ms and 0.986 in 21 % fewer
bytes; "ultrafast" 2.2 ms and 0.982 in 73 % more.
"""

from __future__ import annotations

import os
import queue
import secrets
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice, repeat
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from talkinghead import __version__
from talkinghead.errors import BadOption, OutputNotWritable, TalkingHeadError, UnreadableSound
from talkinghead.files import check_writable
from talkinghead.types import SAMPLE_RATE, Speech, Video
from talkinghead.video.content_credentials import check_credentials, sign
from talkinghead.video.ffmpeg import Ffmpeg, input_arguments, rate_argument
from talkinghead.video.interruption import Interruption, interruption
from talkinghead.video.watermark import marked

_PATIENCE_SECONDS = 0.2
_QUEUE_FRAMES = 4  # rendering and encoding overlap; more would only hold memory
_ENCODER_THREADS = (
    "4"  # fixed: x264's bits depend on it, and the same input shall give the same file
)
_SECONDS_PER_KEY_FRAME = 2.0


def check_output_path(path: Path) -> None:
    """Refuse an output that cannot work, before any work is done.

    Raises:
        BadOption: if the name does not end in ".mp4", or videos are to be signed and the
            environment does not say rightly with what.
        OutputNotWritable: if the folder is missing or not writable, or the path is a folder.
        BackendMissing: if videos are to be signed and c2pa-python is not installed.
    """
    if path.suffix.lower() != ".mp4":
        message = f"the output {path.name!r} should end in .mp4, the one format that is written"
        raise BadOption(message)
    check_writable(path)
    check_credentials()


def write_video(
    frames: Iterable[NDArray[np.uint8]],
    path: Path,
    fps: float,
    speech: Speech | None = None,
    note: str = "",
    *,
    mark: bool = True,
) -> Video:
    """Encode frames and sound into an MP4 that appears under its name only when it is complete.

    With speech the video has exactly `speech.frame_count(fps)` frames, so that picture and sound
    end within one frame of each other: frames beyond that are not taken, and if there are fewer
    the last one is held. The sound is that of `speech.path` (its own rate and stereo, up to 48 kHz)
    or, without a path, the waveform. A side of odd length gets its last row or column
    twice, since H.264 needs even sides and nothing shall be stretched or lost.

    Args:
        frames: (H, W, 3) uint8 RGB, all of one size; taken one by one, at the encoder's pace.
        path: the output, ending in ".mp4"; an existing file is replaced.
        fps: frames per second.
        speech: None makes a silent video of all frames.
        note: added to the comment that marks the file as synthetic, such as the options used.
        mark: whether frames get the invisible mark of `talkinghead.video.watermark`.

    Returns:
        What was written; width and height are the even ones.

    Raises:
        BadOption: if the name does not end in ".mp4".
        OutputNotWritable: if the folder is missing or closed to us, or the disk is full.
        UnreadableSound: if ffmpeg cannot read the sound of `speech.path`.
        ValueError: if there are no frames, or they differ in size.
    """
    path = Path(path)
    check_output_path(path)
    total = speech.frame_count(fps) if speech else None
    with interruption() as stop, _unfinished(path) as unfinished, _sound(speech) as sound:
        iterator = iter(frames)
        first = next(iterator, None)
        if first is None:
            message = "there are no frames to write"
            raise ValueError(message)
        height, width = first.shape[:2]
        arguments = [
            *_picture_arguments(width + width % 2, height + height % 2, fps),
            *sound,
            *_output_arguments(fps, None if total is None else total / fps, note),
            f"file:{unfinished.absolute()}",
        ]
        exact = chain([first], iterator) if total is None else _held(first, iterator, total)
        count = _encode(marked(exact) if mark else exact, first.shape, arguments, path, stop)
        sign(unfinished)
        os.replace(unfinished, path)
    return Video(path, width + width % 2, height + height % 2, fps, count)


def _held(
    first: NDArray[np.uint8], rest: Iterator[NDArray[np.uint8]], total: int
) -> Iterator[NDArray[np.uint8]]:
    """Exactly `total` frames, the last one held where they end early."""
    count, last = 0, first
    for last in islice(chain([first], rest), total):
        count += 1
        yield last
    yield from repeat(last, total - count)


def _picture_arguments(width: int, height: int, fps: float) -> list[str]:
    return [
        "-v", "error", "-y",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{width}x{height}",
        "-framerate", rate_argument(fps), "-i", "pipe:0",
    ]  # fmt: skip


@contextmanager
def _sound(speech: Speech | None) -> Iterator[list[str]]:
    """The input arguments of the sound; a waveform in memory becomes a raw file for that long."""
    if speech is None:
        yield []
    elif speech.path is not None and speech.path.is_file():
        yield input_arguments(speech.path)
    else:
        with tempfile.NamedTemporaryFile(prefix="evoke-", suffix=".f32") as raw:
            try:
                raw.write(np.ascontiguousarray(speech.waveform, "<f4").tobytes())
                raw.flush()
            except OSError as error:
                message = f"the temporary folder {tempfile.gettempdir()} is full: {error.strerror}"
                raise OutputNotWritable(message) from error
            yield ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1", "-i", f"file:{raw.name}"]


def _output_arguments(fps: float, sound_end: float | None, note: str) -> list[str]:
    """Codecs, colours, determinism and marks; without `sound_end` (seconds) there is no sound."""
    picture = [
        "-map", "0:v:0",
        "-vf", "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd",
        "-c:v", "libx264", "-preset", "superfast", "-crf", "18", "-pix_fmt", "yuv420p",
        "-threads:v", _ENCODER_THREADS, "-g", str(round(_SECONDS_PER_KEY_FRAME * fps)),
        "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
        "-color_range", "tv",
    ]  # fmt: skip
    # Samples are counted from the first, as the decoder of the speech room does: a late start or
    # gaps in the file's time stamps must not shift the lips.
    cleaned = (
        f"asetpts=N/SR/TB,atrim=end={sound_end},"
        "aformat=sample_rates=48000|44100:channel_layouts=mono|stereo"
    )
    sound = ["-map", "1:a:0", "-af", cleaned, "-c:a", "aac", "-b:a", "160k"]
    comment = f"Synthetic video, made by Evoke {__version__}: not a recording of a real event."
    return [
        *picture,
        *(sound if sound_end is not None else ["-an"]),
        "-map_metadata", "-1", "-map_chapters", "-1",
        "-metadata", "title=Synthetic video made by Evoke",
        "-metadata", f"comment={f'{comment} {note}'.strip()}",
        "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
        "-movflags", "+faststart", "-f", "mp4",
    ]  # fmt: skip


def _encode(
    frames: Iterable[NDArray[np.uint8]],
    shape: tuple[int, ...],
    arguments: list[str],
    path: Path,
    stop: Interruption,
) -> int:
    """Feed ffmpeg through a thread; returns the number of frames."""
    count = 0
    with Ffmpeg(arguments) as program:
        feeder = _Feeder(program.stdin)
        try:
            for frame in frames:
                stop.check()
                if feeder.broken:
                    break
                feeder.put(_bytes(frame, shape), stop)
                count += 1
            stop.check()
        except BaseException:
            program.kill()  # first, or the feeder would wait for an encoder that nobody wants
            raise
        finally:
            feeder.finish()
        if program.wait() != 0:
            raise _failure(program.last_words(), path)
    return count


def _bytes(frame: NDArray[np.uint8], shape: tuple[int, ...]) -> bytes:
    """The frame's own copy (renderers may reuse their buffer), padded to even sides."""
    if frame.dtype != np.uint8 or frame.shape != shape or len(shape) != 3 or shape[2] != 3:
        message = f"a frame is {frame.shape} {frame.dtype}, expected (H, W, 3) uint8 like {shape}"
        raise ValueError(message)
    height, width = shape[:2]
    if height % 2 or width % 2:
        frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return frame.tobytes()


class _Feeder:
    """Writes to a pipe from its own thread; a broken pipe is noted and the rest is swallowed."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.broken = False
        self._pipe = pipe
        self._queue: queue.Queue[bytes | None] = queue.Queue(_QUEUE_FRAMES)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, data: bytes, stop: Interruption) -> None:
        """Hand over one frame; waits while the queue is full, unless a signal comes."""
        while True:
            try:
                return self._queue.put(data, timeout=_PATIENCE_SECONDS)
            except queue.Full:
                stop.check()

    def finish(self) -> None:
        """Write what is queued, close the pipe."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            if not self.broken:
                try:
                    self._pipe.write(data)
                except OSError:
                    self.broken = True
        with suppress(OSError):
            self._pipe.close()


def _failure(words: str, path: Path) -> TalkingHeadError:
    if "No space left on device" in words:
        return OutputNotWritable(
            f"the disk of {path.parent} is full; free some space and try again"
        )
    if "Error opening input" in words or "matches no streams" in words:
        return UnreadableSound(f"the sound cannot be put into the video: {words}")
    return OutputNotWritable(f"{path} could not be written, ffmpeg says: {words}")


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """A fresh file beside the output, which is gone afterwards unless it was renamed."""
    unfinished = path.with_name(f".{path.stem[:32]}.{secrets.token_hex(6)}.unfinished.mp4")
    try:
        with unfinished.open("xb"):  # fails now, and in our words, rather than in ffmpeg's later
            pass
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise OutputNotWritable(message) from error
    try:
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)
