"""Odd and bad sounds."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from talkinghead.evaluation.odd_inputs import Case
from talkinghead.video.ffmpeg import ffmpeg_path

Samples = NDArray[np.float32]
SHORT = 0.6
"""Seconds; long enough for some sounds, short enough for two hundred videos."""


def sound_cases(folder: Path, good: Path) -> Iterator[Case]:
    """All cases with another sound."""
    samples, rate = soundfile.read(good, dtype="float32")
    speech = np.asarray(samples[: int(SHORT * rate)], np.float32)
    yield from _formats(folder, speech, rate)
    yield from _contents(folder, speech, rate)
    yield from _damaged(folder, speech, rate)
    yield from _no_files(folder, good)


def _formats(folder: Path, speech: Samples, rate: int) -> Iterator[Case]:
    import soxr

    for other in (8000, 11025, 22050, 32000, 44100, 48000, 96000, 192000):
        path = folder / f"rate_{other}.wav"
        soundfile.write(path, soxr.resample(speech, rate, other), other)
        yield Case(f"sound {other} Hz", "video", sound=path)
    for channels in (2, 4, 6, 8):
        path = folder / f"channels_{channels}.wav"
        soundfile.write(path, np.repeat(speech[:, None], channels, axis=1), rate)
        yield Case(f"sound {channels} channels", "video", sound=path)
    for kind in ("PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM"):
        path = folder / f"{kind}.wav"
        soundfile.write(path, speech, rate, subtype=kind)
        yield Case(f"sound WAV {kind}", "video", sound=path)
    for suffix in ("flac", "ogg", "aiff", "au", "mp3", "caf"):
        path = folder / f"sound.{suffix}"
        soundfile.write(path, speech, rate)
        yield Case(f"sound {suffix}", "video", sound=path)
    wave = folder / "rate_44100.wav"
    for suffix in ("m4a", "webm", "mka", "wma", "opus", "mov"):
        path = folder / f"made.{suffix}"
        _ffmpeg("-i", str(wave), str(path))
        yield Case(f"sound {suffix} by ffmpeg", "video", sound=path)
    (folder / "no_suffix").write_bytes((folder / "sound.flac").read_bytes())
    yield Case("sound without suffix", "video", sound=folder / "no_suffix")
    (folder / "wrong.mp3").write_bytes((folder / "sound.flac").read_bytes())
    yield Case("sound with a wrong suffix", "video", sound=folder / "wrong.mp3")


def _contents(folder: Path, speech: Samples, rate: int) -> Iterator[Case]:
    time = np.arange(len(speech)) / rate
    generator = np.random.default_rng(3)
    contents: dict[str, Samples] = {
        "silent": np.zeros(len(speech), np.float32),
        "almost silent": speech * 1e-5,
        "clipped": np.clip(speech * 50, -1, 1),
        "constant": np.full(len(speech), 0.5, np.float32),
        "with an offset": speech * 0.3 + 0.5,
        "sine": np.sin(2 * np.pi * 440 * time).astype(np.float32),
        "subsonic": np.sin(2 * np.pi * 5 * time).astype(np.float32),
        "white noise": generator.normal(0, 0.3, len(speech)).astype(np.float32),
        "click": np.eye(1, len(speech), 500, dtype=np.float32)[0],
        "very short": speech[: rate // 50],
        "one sample": speech[:1],
        "backwards": speech[::-1].copy(),
        "phone band": _band(speech, rate, 300, 3400),
        "speech in noise": speech + generator.normal(0, 0.05, len(speech)).astype(np.float32),
        "far too loud": speech * 1e6,
        "opposite channels": speech,
    }
    for name, samples in contents.items():
        path = folder / f"{name.replace(' ', '_')}.wav"
        stereo = np.stack([samples, -samples], axis=1) if name == "opposite channels" else samples
        soundfile.write(path, stereo, rate, subtype="FLOAT")
        yield Case(f"sound {name}", "video", sound=path)
    for name, value in {"not a number": np.nan, "infinite": np.inf}.items():
        broken = speech.copy()
        broken[100:200] = value
        soundfile.write(folder / f"{name.replace(' ', '_')}.wav", broken, rate, subtype="FLOAT")
        yield Case(f"sound {name}", "video", sound=folder / f"{name.replace(' ', '_')}.wav")
    soundfile.write(folder / "none.wav", speech[:0], rate)
    yield Case("sound of no length", "error", sound=folder / "none.wav")
    soundfile.write(folder / "long.wav", np.zeros(8000 * 601, np.int16), 8000, subtype="PCM_U8")
    yield Case("sound over ten minutes", "error", sound=folder / "long.wav", says=("600",))


def _band(speech: Samples, rate: int, low: float, high: float) -> Samples:
    spectrum = np.fft.rfft(speech)
    frequency = np.fft.rfftfreq(len(speech), 1 / rate)
    spectrum[(frequency < low) | (frequency > high)] = 0
    return np.asarray(np.fft.irfft(spectrum, len(speech)), np.float32)


def _damaged(folder: Path, speech: Samples, rate: int) -> Iterator[Case]:
    data = (folder / "PCM_24.wav").read_bytes()
    coded = (folder / "sound.ogg").read_bytes()
    generator = np.random.default_rng(4)
    contents: dict[str, bytes] = {
        "empty.wav": b"", "text.wav": b"hello\n" * 50, "header.wav": data[:12],
        "picture.wav": b"\xff\xd8\xff\xe0" + bytes(300), "zeros.mp3": bytes(4000),
        "random.wav": bytes(generator.integers(0, 256, 4000, np.uint8)),
        "start_of.ogg": coded[:50], "playlist.m3u8": b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n",
        "concat.txt": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        "description.sdp": b"v=0\nm=audio 5004 RTP/AVP 0\nc=IN IP4 127.0.0.1\n",
        "page.html": b"<html></html>", "no_data.wav": _wave(rate, b"")[:36],
    }  # fmt: skip
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        yield Case(f"sound {name}", "error", sound=folder / name)
    samples = (speech * 32767).astype("<i2").tobytes()
    half = data[: len(data) // 2]
    for name, content in {"half.wav": half, "claims_nothing.wav": _wave(rate, samples, 0),
                          "claims_all.wav": _wave(rate, samples, 0xFFFFFFFF),
                          "behind.wav": data + bytes(1000)}.items():  # fmt: skip
        (folder / name).write_bytes(content)
    yield Case("sound cut in half", "video", sound=folder / "half.wav")
    yield Case("sound whose header claims 4 GB", "video", sound=folder / "claims_all.wav")
    yield Case("sound with something behind it", "video", sound=folder / "behind.wav")


def _wave(rate: int, samples: bytes, claimed: int | None = None) -> bytes:
    length = len(samples) if claimed is None else claimed
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    whole = min(36 + length, 0xFFFFFFFF)
    return (
        struct.pack("<4sI4s", b"RIFF", whole, b"WAVE")
        + form
        + struct.pack("<4sI", b"data", length)
        + samples
    )


def _no_files(folder: Path, good: Path) -> Iterator[Case]:
    (folder / "a folder").mkdir()
    os.mkfifo(folder / "pipe")
    for name, path in {
        "missing": folder / "missing.wav", "folder": folder / "a folder",
        "named pipe": folder / "pipe", "null device": Path("/dev/null"),
        "endless device": Path("/dev/zero"), "address": Path("http://127.0.0.1:9/a.wav"),
        "name of 400 letters": folder / ("x" * 400), "list of files": Path("concat:/etc/passwd"),
    }.items():  # fmt: skip
        yield Case(f"sound {name}", "error", sound=path)
    silent = folder / "silent_video.mp4"
    _ffmpeg("-f", "lavfi", "-i", "color=size=64x64:duration=1", str(silent))
    yield Case("sound of a video without any", "error", sound=silent)
    spoken = folder / "video.mp4"
    _ffmpeg("-f", "lavfi", "-i", "color=size=64x64:duration=1", "-i", str(good), "-t", "0.6",
            str(spoken))  # fmt: skip
    yield Case("sound of a video", "video", sound=spoken)


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([ffmpeg_path(), "-y", "-loglevel", "error", *arguments], check=True)
