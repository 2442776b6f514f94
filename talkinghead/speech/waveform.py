"""Any sound or video file to 16 kHz mono."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.config import MAX_SOUND_SECONDS
from talkinghead.errors import SoundTooLong, UnreadableSound
from talkinghead.types import SAMPLE_RATE, Speech

_BLOCK_SECONDS = 10
_RATES = (4_000, 384_000)
"""Hz; a header outside this range is damaged."""

_DEMUXERS = (
    "aac,ac3,aiff,amr,asf,au,avi,caf,eac3,flac,flv,gif,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,"
    "mpeg,mpegts,ogg,rm,w64,wav"
)
"""Containers that hold their own data; playlists could name other files of this machine."""
_TO_MONO = f"aresample=osr={SAMPLE_RATE}:ochl=mono:rematrix_maxval=1.0"
"""maxval 1 makes the weights of the channels sum to 1; ffmpeg's own sum is above full scale."""


def load_speech(path: Path, max_seconds: float = MAX_SOUND_SECONDS) -> Speech:
    """Read a sound file, or the sound track of a video.

    Args:
        path: wav, flac, ogg or mp3 (by libsndfile), or anything that ffmpeg reads: m4a, webm, mp4.
        max_seconds: the longest sound that is accepted.

    Returns:
        Speech with this path; channels averaged, 16 kHz. Louder than full scale is scaled down.

    Raises:
        UnreadableSound: if there is no such file, or no sound in it that can be decoded.
        SoundTooLong: if it lasts longer than `max_seconds`.
    """
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "not a file that exists"
        message = f"{path} is {kind}: give a sound or video file"
        raise UnreadableSound(message)
    waveform = _by_soundfile(path, max_seconds)
    if waveform is None:
        waveform = _by_ffmpeg(path, max_seconds)
    if not len(waveform):
        message = f"{path.name} holds no sound (0 samples): record or export it again"
        raise UnreadableSound(message)
    clean = _finished(waveform)
    # A file with NaN, or louder than full scale, would go into the video as it is.
    return Speech(clean, path if _decodes_cleanly(path) else None)


def _decodes_cleanly(path: Path) -> bool:
    """Whether a sound file holds only finite samples within full scale; only floats can fail."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            if file.subtype not in {"FLOAT", "DOUBLE"}:
                return True
            blocks = file.blocks(_BLOCK_SECONDS * file.samplerate, dtype="float32", always_2d=True)
            return all(bool((np.abs(block) <= 1.0).all()) for block in blocks)
    except (soundfile.LibsndfileError, TypeError):  # not a format of libsndfile: no float file
        return True


def speech_from_array(samples: NDArray[np.generic], sample_rate: int) -> Speech:
    """Make a Speech from samples in memory.

    Args:
        samples: (N,) or (N, C); floats in -1..1, or integers over their type's whole range.
        sample_rate: Hz.

    Raises:
        UnreadableSound: for 0 samples, another shape, or an impossible rate.
    """
    array = np.asarray(samples)
    if array.ndim not in {1, 2} or not array.size:
        message = f"the sound has shape {array.shape}, expected (samples,) or (samples, channels)"
        raise UnreadableSound(message)
    _check_rate(sample_rate, "the sound")
    mono = _mono(_as_float(array).reshape(len(array), -1))
    return Speech(_finished(_resampled(iter([mono]), sample_rate)))


def _by_soundfile(path: Path, max_seconds: float) -> Floats | None:
    """Decode by libsndfile, block by block; None if it does not know the format."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            _check_rate(file.samplerate, path.name)
            _check_length(path, file.frames / file.samplerate, max_seconds)
            blocks = file.blocks(_BLOCK_SECONDS * file.samplerate, dtype="float32", always_2d=True)
            return _resampled((_mono(block) for block in blocks), file.samplerate)
    except (soundfile.LibsndfileError, TypeError):  # TypeError: headerless formats by their suffix
        return None


def _by_ffmpeg(path: Path, max_seconds: float) -> Floats:
    """Decode by the ffmpeg binary of imageio-ffmpeg, at most a little over the limit."""
    import imageio_ffmpeg

    head = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-protocol_whitelist"]
    head += ["file,pipe", "-format_whitelist", _DEMUXERS, "-i", f"file:{path.absolute()}"]
    decode = [*head, "-map", "0:a:0", "-t", f"{max_seconds + 1:.3f}", "-af", _TO_MONO]
    decode += ["-f", "f32le", "pipe:1"]
    done = subprocess.run(decode, capture_output=True, check=False, timeout=60 + max_seconds)
    report = done.stderr.decode("utf-8", "replace")
    waveform = np.frombuffer(done.stdout[: len(done.stdout) // 4 * 4], "<f4")
    if not len(waveform):
        raise UnreadableSound(_why_no_sound(path, report))
    measured = len(waveform) / SAMPLE_RATE
    if measured > max_seconds:
        _check_length(path, max(measured, _stated_seconds(report)), max_seconds)
    return waveform


def _why_no_sound(path: Path, report: str) -> str:
    """Say in one sentence what ffmpeg found instead of sound."""
    if "Stream #" not in report:
        return f"{path.name} is not a sound or video file, or is damaged: give wav, mp3, m4a, mp4"
    if "Audio:" not in report:
        return f"{path.name} has no sound track: give a sound file, or a video with sound"
    return f"the sound in {path.name} is damaged or empty: record or export it again"


def _stated_seconds(report: str) -> float:
    """The length in ffmpeg's report ("Duration: 00:12:03.45"); 0 if it states none."""
    _, _, rest = report.partition("Duration: ")
    try:
        hours, minutes, seconds = rest.split(",")[0].split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return 0.0


def _check_length(path: Path, seconds: float, max_seconds: float) -> None:
    if seconds > max_seconds:
        message = (
            f"{path.name} lasts {seconds:.1f} seconds, the limit is {max_seconds:g} seconds: "
            "cut it into parts"
        )
        raise SoundTooLong(message)


def _check_rate(sample_rate: int, name: str) -> None:
    if not _RATES[0] <= sample_rate <= _RATES[1]:
        message = (
            f"{name} claims {sample_rate} samples a second, expected {_RATES[0]} to {_RATES[1]}"
        )
        raise UnreadableSound(message)


def _as_float(samples: NDArray[np.generic]) -> Floats:
    """Integers over their whole range to -1..1; unsigned ones are centred."""
    if not np.issubdtype(samples.dtype, np.integer):
        return samples.astype(np.float32)
    limits = np.iinfo(samples.dtype.name)
    half = (float(limits.max) - float(limits.min) + 1) / 2
    centre = half if limits.min == 0 else 0.0
    return ((samples.astype(np.float64) - centre) / half).astype(np.float32)


def _mono(block: Floats) -> Floats:
    """(N, C) to (N,): the mean of the channels; NaN and infinity count as silence."""
    with np.errstate(over="ignore"):
        mean = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0).mean(axis=1)
    return np.asarray(np.nan_to_num(mean, nan=0.0, posinf=0.0, neginf=0.0), np.float32)


def _resampled(blocks: Iterator[Floats], sample_rate: int) -> Floats:
    """Join blocks at 16 kHz."""
    stream = soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, dtype="float32")
    parts = [stream.resample_chunk(block) for block in blocks]
    parts.append(stream.resample_chunk(np.zeros(0, np.float32), last=True))
    return np.concatenate(parts)


def _finished(waveform: Floats) -> Floats:
    """Bring what is louder than full scale (float files, resampling overshoot) into -1..1."""
    clean = np.nan_to_num(waveform, nan=0.0, posinf=0.0, neginf=0.0)
    peak = float(np.abs(clean).max())
    return (clean / peak if peak > 1.0 else clean).astype(np.float32)
