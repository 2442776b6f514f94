"""Averages with an honest width."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]


def bootstrap(
    values: Sequence[float],
    statistic: Callable[[NDArray[np.float64]], float] = lambda sample: float(np.mean(sample)),
    draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """95 % percentile interval of a statistic by resampling (Efron 1979).

    Args:
        values: one an independent unit: a clip or a speaker, never a frame.
        statistic: of a sample; the mean by default.
        draws: resamplings.
        seed: same seed, same interval.
    """
    sample = np.asarray(values, np.float64)
    generator = np.random.default_rng(seed)
    drawn = [
        statistic(sample[generator.integers(len(sample), size=len(sample))]) for _ in range(draws)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def summary(values: Sequence[float]) -> dict[str, object]:
    """Mean, median, 95 % interval of the mean and count; NaN values are left out and counted."""
    known = [float(one) for one in values if np.isfinite(one)]
    if not known:
        return {"mean": None, "median": None, "interval": None, "count": 0, "missing": len(values)}
    low, high = bootstrap(known)
    return {
        "mean": round(float(np.mean(known)), 5),
        "median": round(float(np.median(known)), 5),
        "interval": [round(low, 5), round(high, 5)],
        "count": len(known),
        "missing": len(values) - len(known),
    }
