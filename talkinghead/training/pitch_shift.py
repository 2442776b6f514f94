"""Another pitch at the same speed, sharp in time: TD-PSOLA (Moulines and Charpentier 1990).

Pieces of two periods are cut out at the voice's own pulses and laid down again at another distance.
Unlike a phase vocoder it keeps lip closures as short and silent as they were.
"""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.speech.pitch import pitch_hertz
from talkinghead.speech.spectrum import HOP
from talkinghead.types import SAMPLE_RATE

_UNVOICED_PERIOD = 80  # samples, 5 ms
_SEARCH = 0.2  # periods around the expected pulse in which the loudest sample is looked for


def shifted_pitch(waveform: Floats, semitones: float, *, formants: bool) -> Floats:
    """Move the pitch.

    Args:
        waveform: (N,) 16 kHz.
        semitones: up if positive.
        formants: whether the formants move along (a speaker of another size) or stay (the same
            speaker, another melody).

    Returns:
        (N,) float32.
    """
    ratio = 2.0 ** (semitones / 12)
    if not formants:
        return _relaid(waveform, len(waveform), ratio)
    faster = soxr.resample(waveform, SAMPLE_RATE * ratio, SAMPLE_RATE)
    return _relaid(faster, len(waveform), 1.0)


def _relaid(waveform: Floats, count: int, ratio: float) -> Floats:
    """(count,): the whole sound stretched over `count` samples, its pitch times `ratio`."""
    period, voiced = _periods(waveform)
    pulses = _pulses(waveform, period, voiced)
    speed = len(waveform) / count
    longest = int(period.max()) + 1
    padded = np.pad(waveform, longest)
    total = np.zeros(count + 2 * longest, np.float32)
    weight = np.full(len(total), 1e-3, np.float32)
    at = 0.0
    while at < count:
        place = min(int(at * speed), len(waveform) - 1)
        pulse = pulses[_nearest(pulses, place)]
        half = int(period[pulse])
        window = np.hanning(2 * half + 1)[:-1].astype(np.float32)
        start = int(at) + longest - half
        total[start : start + 2 * half] += padded[pulse + longest - half :][: 2 * half] * window
        weight[start : start + 2 * half] += window
        at += period[place] / ratio if voiced[place] else period[place]
    inside = slice(longest, longest + count)
    # More pieces than before must not be louder, fewer may not leave the sum below one.
    return np.asarray(total[inside] / np.maximum(weight[inside], 0.5), np.float32)


def _periods(waveform: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """(N,) period in samples, and whether the voice sounds there."""
    hertz, voiced, _ = pitch_hertz(waveform)
    rows = np.minimum(np.arange(len(waveform)) // HOP, len(hertz) - 1)
    period = np.where(voiced, SAMPLE_RATE / np.maximum(hertz, 1.0), _UNVOICED_PERIOD)
    return np.asarray(period[rows], np.float32), voiced[rows]


def _pulses(waveform: Floats, period: Floats, voiced: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Samples of the voice's pulses, and evenly spaced places between voiced parts."""
    places = [0]
    while True:
        here = places[-1]
        after = here + int(period[here])
        if after >= len(waveform):
            return np.array(places)
        reach = int(_SEARCH * period[here])
        if voiced[after] and here and reach:
            first = after - reach
            after = first + int(waveform[first : after + reach + 1].argmax())
        places.append(after)


def _nearest(pulses: NDArray[np.int64], place: int) -> int:
    after = int(np.searchsorted(pulses, place))
    if after == len(pulses):
        return after - 1
    return after - int(after > 0 and place - pulses[after - 1] < pulses[after] - place)
