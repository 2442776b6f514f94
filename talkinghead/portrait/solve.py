"""Least squares with bounds: the inner step of the face fit."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


@numba.njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def bounded_least_squares(
    normal: Doubles, target: Doubles, lower: Doubles, upper: Doubles, start: Doubles, sweeps: int
) -> Doubles:
    """Minimise ½xᵀHx − gᵀx with lower ≤ x ≤ upper by projected coordinate descent.

    Exact for a positive definite H as the sweeps go on; a hundred coefficients need some tens.

    Args:
        normal: H, (N, N) symmetric positive definite.
        target: g, (N,).
        lower: (N,) bounds.
        upper: (N,) bounds; lower = upper pins a variable.
        start: (N,) first guess.
        sweeps: passes over all variables.
    """
    solution = np.minimum(np.maximum(start, lower), upper)
    gradient = normal @ solution - target
    for _ in range(sweeps):
        largest = 0.0
        for index in range(len(solution)):
            old = solution[index]
            new = old - gradient[index] / normal[index, index]
            new = min(max(new, lower[index]), upper[index])
            change = new - old
            if change != 0.0:
                solution[index] = new
                gradient += change * normal[index]
                largest = max(largest, abs(change))
        if largest < 1e-6:
            break
    return solution
