"""The ffmpeg program that comes with imageio-ffmpeg, run as a child that cannot dead-lock us.

Always an argument list, never a shell. Its log is read by a thread all the time: a full log pipe
would stop ffmpeg, and with it whoever feeds it.
"""

from __future__ import annotations

import subprocess
import threading
from collections import deque
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

# Demuxers of files that people record or download. Left out: playlists (HLS, concat, DASH), which
# name other files of this machine, and still pictures.
_SAFE_FORMATS = (
    "mov,mp4,m4a,3gp,matroska,webm,avi,gif,mpeg,mpegts,flv,asf,rm,mjpeg,ogg,wav,w64,mp3,aac,flac,"
    "aiff,amr,caf,au,ac3,eac3,iff,voc,nistsphere,ircam,paf,pvf"
)
_LOG_LINES = 200
_LAST_WORDS = 3


def ffmpeg_path() -> str:
    """The program's path; `IMAGEIO_FFMPEG_EXE` overrides the bundled one."""
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def input_arguments(path: Path) -> list[str]:
    """Arguments that open a file of the user, and let it reach for nothing but itself."""
    return [
        "-protocol_whitelist", "file,pipe", "-format_whitelist", _SAFE_FORMATS,
        "-i", f"file:{path.absolute()}",
    ]  # fmt: skip


def rate_argument(fps: float) -> str:
    """Frames per second as ffmpeg wants it: exact, NTSC rates as n/1001."""
    for rate in (24, 30, 48, 60, 120):
        if abs(fps - rate / 1.001) < 0.006:
            return f"{rate}000/1001"
    return str(Fraction(fps).limit_denominator(1000))


class Ffmpeg:
    """A running ffmpeg; use it as a context manager, which ends it whatever happens.

    Args:
        arguments: everything after the program's name.
    """

    def __init__(self, arguments: list[str]) -> None:
        # A session of its own: Ctrl-C must reach only us, and we decide what becomes of the file.
        self._process = subprocess.Popen(
            [ffmpeg_path(), "-hide_banner", "-nostdin", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.stdin = cast("IO[bytes]", self._process.stdin)
        self.stdout = cast("IO[bytes]", self._process.stdout)
        self._lines: deque[str] = deque(maxlen=_LOG_LINES)
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the program if it still runs, and free its pipes."""
        self.kill()
        self.wait()
        self.stdout.close()

    def kill(self) -> None:
        """End the program at once; harmless if it has ended."""
        if self._process.poll() is None:
            self._process.kill()

    def wait(self) -> int:
        """Wait for the end and for the whole log; returns the exit status."""
        status = self._process.wait()
        self._reader.join()
        return status

    def log(self) -> str:
        """The last lines of the log."""
        return "\n".join(self._lines)

    def last_words(self) -> str:
        """What ffmpeg said last, on one line: the reason when it failed."""
        words = [line.strip() for line in self._lines if line.strip()]
        return " / ".join(words[-_LAST_WORDS:]) or f"exit status {self._process.poll()}"

    def _read_log(self) -> None:
        with cast("IO[bytes]", self._process.stderr) as log:
            for line in log:
                self._lines.append(line.decode(errors="replace").rstrip())
