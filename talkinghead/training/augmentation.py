"""Make clean speech sound like other speakers, rooms, microphones and places, for training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import soxr
from scipy.signal import butter, fftconvolve, sosfilt

from renderer.coefficients import Floats
from talkinghead.training.disturbances import (
    babble,
    clipped,
    coloured_noise,
    mixed,
    music,
    phone_band,
)
from talkinghead.training.pitch_shift import shifted_pitch
from talkinghead.types import SAMPLE_RATE, Phoneme

Example = tuple[Floats, tuple[Phoneme, ...]]
"""A waveform (N,) at 16 kHz and what is spoken in it."""

_KINDS = ("noise", "babble", "music")
_KIND_SHARES = (0.5, 0.2, 0.3)


def augmented(example: Example, generator: np.random.Generator) -> Example:
    """Change size of the speaker, colour, room, bandwidth and noise, each by chance.

    Args:
        example: clean speech.
        generator: source of all randomness.

    Returns:
        The changed speech, with phoneme times that follow the change of speed.
    """
    waveform, phonemes = _recorded(example, generator)
    if generator.random() < 0.8:
        waveform = _noisy(waveform, generator)
    return np.asarray(waveform, np.float32), phonemes


def disguised(
    example: Example, voices: Sequence[Floats], generator: np.random.Generator
) -> Example:
    """As `augmented`, and worse: another pitch, other voices, music, a telephone, an overdrive.

    One in five stays as clean as it was, so that good recordings are not forgotten.

    Args:
        example: clean speech.
        voices: waveforms of which babble is made.
        generator: source of all randomness.

    Returns:
        The changed speech, with phoneme times that follow the change of speed.
    """
    if generator.random() < 0.2:
        return example
    waveform, phonemes = example
    if generator.random() < 0.35:
        semitones, formants = generator.uniform(-5.0, 5.0), bool(generator.random() < 0.5)
        waveform = shifted_pitch(waveform, semitones, formants=formants)
    waveform, phonemes = _recorded((waveform, phonemes), generator)
    if generator.random() < 0.7:
        kind = generator.choice(_KINDS, p=_KIND_SHARES)
        level = generator.uniform(2.0, 32.0)
        waveform = mixed(waveform, _bed(str(kind), len(waveform), voices, generator), level)
    if generator.random() < 0.12:
        waveform = phone_band(waveform)
    if generator.random() < 0.1:
        waveform = clipped(waveform, generator.uniform(0.15, 0.6))
    if generator.random() < 0.15:  # a quiet recording, with the steps of its 16 bits
        steps = 32767.0 * 10 ** (-generator.uniform(20.0, 50.0) / 20)
        waveform = np.rint(waveform / max(1e-6, float(np.abs(waveform).max())) * steps) / steps
    return np.asarray(waveform, np.float32), phonemes


def _recorded(example: Example, generator: np.random.Generator) -> Example:
    """Size of the speaker, colour of the microphone, room and bandwidth."""
    waveform, phonemes = example
    if generator.random() < 0.6:
        waveform, phonemes = _stretched(waveform, phonemes, generator.uniform(0.88, 1.14))
    if generator.random() < 0.5:
        waveform = _coloured(waveform, generator)
    if generator.random() < 0.3:
        waveform = _in_a_room(waveform, generator)
    if generator.random() < 0.15:
        edge = generator.uniform(3200.0, 6500.0)  # telephone, strong MP3
        filters = butter(6, edge, fs=SAMPLE_RATE, output="sos")
        waveform = np.asarray(sosfilt(filters, waveform), np.float32)
    return waveform, phonemes


def _bed(kind: str, count: int, voices: Sequence[Floats], generator: np.random.Generator) -> Floats:
    if kind == "music":
        return music(count, generator)
    if kind == "babble" and voices:
        return babble(voices, count, generator)
    return coloured_noise(count, generator.uniform(0.0, 1.0), generator)


def _stretched(waveform: Floats, phonemes: tuple[Phoneme, ...], factor: float) -> Example:
    """Play slower by `factor`: a longer vocal tract, a deeper voice."""
    slower = soxr.resample(waveform, SAMPLE_RATE, int(SAMPLE_RATE * factor))
    return slower, tuple(
        Phoneme(each.symbol, each.start * factor, each.end * factor) for each in phonemes
    )


def _coloured(waveform: Floats, generator: np.random.Generator) -> Floats:
    """A random equaliser, 5 dB standard deviation at six frequencies."""
    spectrum = np.fft.rfft(waveform)
    kilohertz = np.linspace(0.0, SAMPLE_RATE / 2000, len(spectrum))
    decibels = np.interp(kilohertz, [0, 0.3, 1, 2, 4, 8], generator.normal(0.0, 5.0, 6))
    return np.asarray(np.fft.irfft(spectrum * 10 ** (decibels / 20), len(waveform)), np.float32)


def _in_a_room(waveform: Floats, generator: np.random.Generator) -> Floats:
    """Exponentially dying echo of 0.1 to 0.4 s behind the direct sound."""
    length = int(generator.uniform(0.1, 0.4) * SAMPLE_RATE)
    echo = generator.normal(0.0, 1.0, length) * np.exp(-np.arange(length) / (length / 5))
    echo *= generator.uniform(0.02, 0.25) / np.sqrt((echo**2).sum())
    echo[0] = 1.0
    return np.asarray(fftconvolve(waveform, echo)[: len(waveform)], np.float32)


def _noisy(waveform: Floats, generator: np.random.Generator) -> Floats:
    """Noise 5 to 45 dB below the speech, white or with falling spectrum."""
    noise = generator.normal(0.0, 1.0, len(waveform))
    if generator.random() < 0.7:
        spectrum = np.fft.rfft(noise)
        fall = np.maximum(1.0, np.linspace(0.0, 50.0, len(spectrum)))
        noise = np.fft.irfft(spectrum / fall ** generator.uniform(0.2, 1.0), len(waveform))
    level = np.sqrt(np.mean(waveform**2) / max(float(np.mean(noise**2)), 1e-12))
    gain = 10 ** (-generator.uniform(5.0, 45.0) / 20)
    return np.asarray(waveform + noise * level * gain, np.float32)
