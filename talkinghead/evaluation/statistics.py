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


def paired(first: Sequence[float], second: Sequence[float]) -> dict[str, object]:
    """`summary` of the differences first - second of two methods on the same units.

    Adds `better_on`: on how many units the first is larger, of `of` known ones.
    """
    differences = [one - other for one, other in zip(first, second, strict=True)]
    known = [one for one in differences if np.isfinite(one)]
    return {**summary(differences), "better_on": sum(one > 0 for one in known), "of": len(known)}


Tally = tuple[float, float]
"""A sum and a count of one independent unit: a sentence, never a frame."""


def pooled(tallies: Sequence[Tally]) -> dict[str, object]:
    """Share of two sums over all units, with the interval of resampled units.

    Returns:
        `mean` (sum / count, None if nothing was counted), `interval` (95 %), `count` and `units`:
        how many of them counted anything.
    """
    return _resampled(np.array(tallies, np.float64).reshape(-1, 2), _share)


def pooled_difference(first: Sequence[Tally], second: Sequence[Tally]) -> dict[str, object]:
    """The first `pooled` share less the second, over the same units."""
    table = np.hstack([np.array(one, np.float64).reshape(-1, 2) for one in (first, second)])
    return _resampled(table, lambda sums: _share(sums[..., :2]) - _share(sums[..., 2:]))


def pooled_quotient(first: Sequence[Tally], second: Sequence[Tally]) -> dict[str, object]:
    """The first `pooled` share by the second, over the same units."""
    table = np.hstack([np.array(one, np.float64).reshape(-1, 2) for one in (first, second)])
    return _resampled(table, lambda sums: _share(sums[..., :2]) / _share(sums[..., 2:]))


def _share(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(sums[..., 0] / sums[..., 1])


def _resampled(
    table: NDArray[np.float64],
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    draws: int = 2000,
) -> dict[str, object]:
    """A statistic of the column sums of (units, columns); draws without events are left out."""
    counts = table[:, 1::2]
    result: dict[str, object] = {
        "count": round(float(counts.sum()), 3), "units": int((counts > 0).any(axis=1).sum()),
    }  # fmt: skip
    if not len(table):
        return {"mean": None, "interval": None, **result}
    generator = np.random.default_rng(0)
    chosen = generator.integers(len(table), size=(draws, len(table)))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = float(statistic(table.sum(axis=0)))
        drawn = statistic(table[chosen].sum(axis=1))
    if not np.isfinite(mean):
        return {"mean": None, "interval": None, **result}
    low, high = np.percentile(drawn[np.isfinite(drawn)], [2.5, 97.5])
    interval = [round(float(low), 5), round(float(high), 5)]
    return {"mean": round(mean, 5), "interval": interval, **result}
