"""Level and colour of a recording that is still going on, in memory that does not grow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.speech.spectrum import BANDS, FLOOR_DECIBELS, SPEECH_DECIBELS

_LOWEST, _HIGHEST, _STEP = -130.0, 60.0, 0.25  # dB
_BINS = round((_HIGHEST - _LOWEST) / _STEP)
_USUAL_LOUD = 0.0
"""dB of the loudest mel band in the loud vowels of an ordinary recording."""
_USUAL_ROWS = 4.0
"""Rows of that level that count as heard: they set the 98th percentile of the first 2 s."""
_COLOUR_ROWS = 50.0
"""Rows of speech of the usual colour that count as heard."""


class RunningHistogram:
    """Counts in steps of a quarter, for percentiles of all that was heard (decibels, semitones)."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BINS)

    def add(self, values: Floats, weight: float = 1.0) -> NDArray[np.int64]:
        """Count values from -130 to 60; returns the bin of each."""
        places = ((values - _LOWEST) / _STEP).astype(np.int64)
        places = np.clip(places, 0, _BINS - 1)
        np.add.at(self._counts, places, weight)
        return places

    def percentile(self, share: float, above: float = -np.inf) -> float:
        """Value below which `share` per cent lie, of those greater than `above`; -130 if none."""
        counts = np.where(_CENTRES > above, self._counts, 0.0)
        total = counts.cumsum()
        if not total[-1]:
            return _LOWEST
        place = int(np.searchsorted(total, share / 100 * total[-1]))
        return float(_CENTRES[min(place, _BINS - 1)])


class RunningSpectrum:
    """`spectrum.normalised` by what has been heard so far.

    Args:
        colour: (40,) dB, the mean of an ordinary recording's speech, relative to its loud rows.
    """

    def __init__(self, colour: Floats) -> None:
        self._colour = colour
        self._levels = RunningHistogram()
        self._levels.add(np.array([_USUAL_LOUD], np.float32), _USUAL_ROWS)
        self._sums = np.zeros((_BINS, BANDS))
        self._rows = np.zeros(_BINS)

    def add(self, mel: Floats) -> None:
        """Hear (T, 40) rows of `spectrum.log_mel`."""
        places = self._levels.add(mel.max(axis=1))
        np.add.at(self._sums, places, mel)
        np.add.at(self._rows, places, 1.0)

    def normalised(self, mel: Floats) -> Floats:
        """(T, 40) rows as `spectrum.normalised` gives them, were the recording over now."""
        loud = self._levels.percentile(98)
        spoken = _CENTRES > loud - SPEECH_DECIBELS
        prior = (self._colour + loud) * _COLOUR_ROWS
        total = self._sums[spoken].sum(axis=0) + prior
        mean = total / (self._rows[spoken].sum() + _COLOUR_ROWS)
        return np.asarray((np.maximum(mel, loud - FLOOR_DECIBELS) - mean) / 20.0, np.float32)


_CENTRES = _LOWEST + _STEP * (np.arange(_BINS) + 0.5)
