"""Fine pixels to picture pixels: antialiasing that keeps two surfaces apart."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats

SUPERSAMPLING = 2
"""Fine pixels across one picture pixel."""


@numba.njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def resolve(
    attributes: Floats, triangle: NDArray[np.int32], inner_start: int, allowed: NDArray[np.uint8]
) -> tuple[Floats, Floats]:
    """Average 2x2 fine pixels, skin and inner surface apart.

    Returns:
        (h, w, 3) skin: mean of attributes 0..1, share of fine pixels; (h, w, 7) inner: mean of
        attributes 0..5, share. 0 where the share is 0.
    """
    height, width = triangle.shape[0] // 2, triangle.shape[1] // 2
    skin = np.zeros((height, width, 3), np.float32)
    inner = np.zeros((height, width, 7), np.float32)
    for row in range(2 * height):
        for column in range(2 * width):
            index = triangle[row, column]
            if index < 0:
                continue
            values = attributes[row, column]
            if index < inner_start:
                cell = skin[row // 2, column // 2]
                cell[0] += values[0]
                cell[1] += values[1]
                cell[2] += np.float32(1.0)
            elif allowed[row, column]:
                cell = inner[row // 2, column // 2]
                for channel in range(6):
                    cell[channel] += values[channel]
                cell[6] += np.float32(1.0)
    _divide_by_last(skin)
    _divide_by_last(inner)
    return skin, inner


@numba.njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _divide_by_last(cells: Floats) -> None:
    """Sums to means, in place; the last channel is the count and becomes a share of four."""
    last = cells.shape[2] - 1
    for row in range(cells.shape[0]):
        for column in range(cells.shape[1]):
            count = cells[row, column, last]
            if count > 0:
                for channel in range(last):
                    cells[row, column, channel] /= count
                cells[row, column, last] = count * np.float32(0.25)
