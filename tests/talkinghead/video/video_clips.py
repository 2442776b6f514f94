"""What the tests of this room share: small pictures that move, and what ffmpeg says of a file."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

import numpy as np

from talkinghead.types import SAMPLE_RATE, Speech
from talkinghead.video.ffmpeg import ffmpeg_path


def moving_frames(count, height=64, width=96):
    """A bright square that walks over a smooth ground; every frame differs."""
    y, x = np.mgrid[0:height, 0:width]
    ground = np.stack([40 + x, 60 + y, np.full_like(x, 120)], -1).clip(0, 255).astype(np.uint8)
    for index in range(count):
        frame = ground.copy()
        left = 4 + index * 2 % (width - 20)
        frame[20:36, left : left + 16] = (230, 200, 40)
        yield frame


def tone(seconds, rate=SAMPLE_RATE):
    """A beep that swells: (N,) float32."""
    time = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * 440 * time) * np.linspace(0.2, 1, len(time))).astype("f4")


def speech_of(seconds, path=None):
    return Speech(tone(seconds), path)


@dataclass
class Facts:
    log: str
    frames: int
    picture_seconds: float
    sound_seconds: float
    sound_rate: int
    sound_channels: int


def facts_of(path):
    """Decode everything and count, rather than believe what the container states."""
    picture = _run("-i", path, "-map", "0:v", "-f", "framemd5", "-")
    rows = [row.split(",") for row in picture.stdout.splitlines() if not row.startswith("#")]
    base = re.search(r"#tb 0: (\d+)/(\d+)", picture.stdout)
    tick = int(base[1]) / int(base[2])
    end = max((int(row[2]) + int(row[3])) * tick for row in rows)
    stream = re.search(r"Audio: .*?, (\d+) Hz, (mono|stereo)", picture.stderr)
    if stream is None:
        return Facts(picture.stderr, len(rows), end, 0.0, 0, 0)
    rate, channels = int(stream[1]), {"mono": 1, "stereo": 2}[stream[2]]
    samples = sound_of(path, rate, channels)
    return Facts(picture.stderr, len(rows), end, len(samples) / rate, rate, channels)


def sound_of(path, rate, channels=1):
    command = ["-i", str(path), "-map", "0:a", "-f", "f32le", "-ar", str(rate)]
    program = subprocess.run(
        [ffmpeg_path(), "-v", "error", *command, "-ac", str(channels), "-"],
        capture_output=True, check=True,
    )  # fmt: skip
    return np.frombuffer(program.stdout, "<f4").reshape(-1, channels)


def make(path, *arguments):
    """Let ffmpeg make a clip of its own test picture."""
    _run("-y", *arguments, path).check_returncode()
    return path


def _run(*arguments):
    command = [ffmpeg_path(), "-hide_banner", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
