"""Pitch and voicing by the autocorrelation of windowed frames.

Boersma 1993, "Accurate short-term analysis of the fundamental frequency": the autocorrelation of
the frame divided by that of the window, so that a periodic sound peaks at 1 whatever the lag.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from renderer.coefficients import Floats
from talkinghead.speech.spectrum import HOP
from talkinghead.types import SAMPLE_RATE

LARGEST_INTERVAL = 12.0
"""Semitones from the median beyond which the pitch is cut off."""
_LOWEST, _HIGHEST = 65.0, 500.0  # Hz
_DECIMATION = 2
_RATE = SAMPLE_RATE // _DECIMATION
_WINDOW = 384  # 48 ms, three periods of the lowest voice
_FOURIER = 1024
_BLOCK = 2_000
_VOICED = 0.5
_OCTAVE_COST = 0.02  # per octave; prefers the shorter of two equally good periods


def pitch_track(waveform: Floats) -> tuple[Floats, Floats]:
    """Pitch in semitones above the speaker's median, and voicing.

    Args:
        waveform: (N,) 16 kHz.

    Returns:
        semitones: (ceil(N / HOP),) float32, 0 where unvoiced.
        voiced: same shape, 1 or 0.
    """
    hertz, voiced, _ = pitch_hertz(waveform)
    count = len(hertz)
    if not voiced.any():
        return np.zeros(count, np.float32), np.zeros(count, np.float32)
    semitones = 12.0 * np.log2(np.maximum(hertz, _LOWEST) / np.median(hertz[voiced]))
    semitones = np.where(voiced, median_filter(semitones, size=5, mode="nearest"), 0.0)
    return np.clip(semitones, -LARGEST_INTERVAL, LARGEST_INTERVAL).astype(
        np.float32
    ), voiced.astype(np.float32)


def pitch_hertz(waveform: Floats) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """Pitch, voicing, and how periodic the sound is.

    Args:
        waveform: (N,) 16 kHz.

    Returns:
        hertz: (ceil(N / HOP),) float32; says nothing where unvoiced.
        voiced: same shape, bool.
        strength: same shape, float32 0..1, share of the energy that is periodic.
    """
    count = max(1, -(-len(waveform) // HOP))
    hop = HOP // _DECIMATION
    before = (_WINDOW - hop) // 2
    padded = np.zeros((count - 1) * hop + _WINDOW, np.float32)
    halved = _halved(waveform)[: len(padded) - before]
    padded[before : before + len(halved)] = halved
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::hop]
    hertz, strength = np.zeros(count, np.float32), np.zeros(count, np.float32)
    for start in range(0, count, _BLOCK):
        part = slice(start, start + _BLOCK)
        hertz[part], strength[part] = _best_periods(frames[part])
    voiced = median_filter(strength > _VOICED, size=5, mode="nearest")
    voiced &= strength > _VOICED
    return hertz, voiced, strength


def _halved(waveform: Floats) -> Floats:
    """Half the sample rate; a two-point mean is filter enough below 500 Hz."""
    even = waveform[: len(waveform) // 2 * 2]
    return np.asarray((even[0::2] + even[1::2]) / 2, np.float32)


def _best_periods(frames: Floats) -> tuple[Floats, Floats]:
    """Frequency in Hz and strength (0..1) of the best period of each (B, _WINDOW) frame."""
    window = np.hanning(_WINDOW).astype(np.float32)
    centred = (frames - frames.mean(axis=1, keepdims=True)) * window
    correlation = _autocorrelation(centred)
    correlation /= np.maximum(correlation[:, :1], 1e-9)
    correlation /= np.maximum(_autocorrelation(window[None]) / (window**2).sum(), 0.05)
    shortest, longest = int(_RATE / _HIGHEST), int(_RATE / _LOWEST)
    lags = np.arange(shortest, longest + 1)
    left, inside, right = (
        correlation[:, shortest + step : longest + 1 + step] for step in (-1, 0, 1)
    )
    # The true peak lies between samples; without this a double period often looks better.
    bend = np.minimum(left - 2 * inside + right, -1e-9)
    top = inside - (left - right) ** 2 / (8 * bend)
    peak = (inside >= left) & (inside > right)
    score = np.where(peak, top - _OCTAVE_COST * np.log2(lags / shortest), -1.0)
    chosen = (np.arange(len(frames)), score.argmax(axis=1))
    period = lags[chosen[1]] + np.clip(0.5 * (left - right)[chosen] / bend[chosen], -0.5, 0.5)
    strength = np.where(score[chosen] > 0.0, np.clip(top[chosen], 0.0, 1.0), 0.0)
    return (_RATE / period).astype(np.float32), strength.astype(np.float32)


def _autocorrelation(frames: Floats) -> Floats:
    """(B, N) to (B, _FOURIER / 2) by Wiener and Khinchin."""
    power = np.abs(np.fft.rfft(frames, _FOURIER)) ** 2
    return np.asarray(np.fft.irfft(power)[:, : _FOURIER // 2], np.float32)
