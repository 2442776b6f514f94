"""Mel spectra, the front end of the phoneme recogniser and of loudness."""

from __future__ import annotations

import functools

import numpy as np
from scipy.ndimage import uniform_filter1d

from renderer.coefficients import Floats
from talkinghead.types import SAMPLE_RATE

HOP = 160
"""Samples between two spectra: 10 ms."""
BANDS = 40
DIGITAL_SILENCE = -75.0
"""dB of full scale; the quietest usable microphone is far above."""
SILENT_LEVEL = -1.1
"""What `normalised` gives for the pauses of a clean recording; a silent one has it throughout."""
SPEECH_DECIBELS = 35.0
"""Below the loud rows; what is quieter counts as no speech."""
FLOOR_DECIBELS = 60.0
"""Below the loud rows; what is quieter is lifted to this."""
_WINDOW = 400  # 25 ms
_FOURIER = 512
_BLOCK = 2_000  # spectra at a time, so that memory does not grow with the sound


def log_mel(waveform: Floats) -> Floats:
    """Log energies in mel bands, one row per 10 ms, row t centred on t * HOP + HOP / 2.

    Args:
        waveform: (N,) 16 kHz.

    Returns:
        (ceil(N / HOP), 40) float32, decibels, -100 for digital silence.
    """
    count = max(1, -(-len(waveform) // HOP))
    before = (_WINDOW - HOP) // 2
    padded = np.zeros((count - 1) * HOP + _WINDOW, np.float32)
    padded[before : before + len(waveform)] = waveform[: len(padded) - before]
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP]
    window = np.hanning(_WINDOW).astype(np.float32)
    rows = np.empty((count, BANDS), np.float32)
    for start in range(0, count, _BLOCK):
        block = frames[start : start + _BLOCK] * window
        power = np.abs(np.fft.rfft(block, _FOURIER)).astype(np.float32) ** 2 / _WINDOW
        rows[start : start + _BLOCK] = 10 * np.log10(power @ _mel_filters() + 1e-10)
    return rows


def normalised(mel: Floats) -> Floats:
    """Remove level and colour of the recording, so that only the speech is left.

    Bands lose their mean over the frames that hold speech (cepstral mean subtraction, Atal 1974,
    done on log bands); what is 60 dB below the loud frames is floored.

    Args:
        mel: (T, 40) from `log_mel`.

    Returns:
        (T, 40) float32, about -3..2.
    """
    loud, mean = loud_and_mean(mel)
    return np.asarray((np.maximum(mel, loud - FLOOR_DECIBELS) - mean) / 20.0, np.float32)


def loud_and_mean(mel: Floats) -> tuple[float, Floats]:
    """Level of the loudest band in the loud rows, and (40,) mean of the rows that hold speech."""
    level = mel.max(axis=1)
    loud = float(np.percentile(level, 98))
    return loud, np.asarray(mel[level > loud - SPEECH_DECIBELS].mean(axis=0), np.float32)


def level_track(waveform: Floats) -> Floats:
    """Root mean square in dB of full scale over 30 ms, every 10 ms: (ceil(N / HOP),) float32."""
    count = max(1, -(-len(waveform) // HOP))
    padded = np.zeros(count * HOP, np.float32)
    padded[: len(waveform)] = waveform
    power = np.square(padded).reshape(count, HOP).mean(axis=1)
    power = uniform_filter1d(power, 3, mode="constant")
    return np.asarray(10.0 * np.log10(power + 1e-12), np.float32)


@functools.cache
def _mel_filters() -> Floats:
    """(257, 40) triangles, evenly spaced in mel between 60 and 7600 Hz."""
    mels = np.linspace(_mel(60.0), _mel(7600.0), BANDS + 2)
    edges = 700.0 * (10 ** (mels / 2595.0) - 1.0)
    bins = np.fft.rfftfreq(_FOURIER, 1 / SAMPLE_RATE)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


def _mel(hertz: float) -> float:
    """O'Shaughnessy 1987."""
    return float(2595.0 * np.log10(1.0 + hertz / 700.0))
