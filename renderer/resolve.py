"""Fine pixels to picture pixels: antialiasing that keeps two surfaces apart."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats

SUPERSAMPLING = 2
"""Fine pixels across one picture pixel."""


SEAM = 1.5
"""Offsets of neighbouring fine pixels further apart than this, in pixels, are two surfaces: shut
lids. Their mean would show what lies between them in the photo, the eye."""


@numba.njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def resolve(
    attributes: Floats, triangle: NDArray[np.int32], inner_start: int, allowed: NDArray[np.uint8]
) -> tuple[Floats, Floats]:
    """Average 2x2 fine pixels, skin and inner surface apart, and one side of a seam in the skin.

    Returns:
        (h, w, 3) skin: mean of attributes 0..1, share of fine pixels; (h, w, 7) inner: mean of
        attributes 0..5, share. 0 where the share is 0.
    """
    height, width = triangle.shape[0] // 2, triangle.shape[1] // 2
    skin = np.zeros((height, width, 3), np.float32)
    inner = np.zeros((height, width, 7), np.float32)
    other = np.zeros(3, np.float32)
    for row in range(height):
        for column in range(width):
            if _plain(attributes, triangle, inner_start, row, column, skin):
                continue
            cell, behind = skin[row, column], inner[row, column]
            other[:] = 0.0
            for fine_row in range(2 * row, 2 * row + 2):
                for fine_column in range(2 * column, 2 * column + 2):
                    index = triangle[fine_row, fine_column]
                    values = attributes[fine_row, fine_column]
                    if 0 <= index < inner_start:
                        same = cell[2] == 0.0 or _near(cell, values)
                        _add(cell if same else other, values, 2)
                    elif index >= inner_start and allowed[fine_row, fine_column]:
                        _add(behind, values, 6)
            total = cell[2] + other[2]
            if other[2] > cell[2]:
                cell[:] = other
            _divide(cell, total)
            _divide(behind, behind[6])
    return skin, inner


@numba.njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _plain(
    attributes: Floats, triangle: NDArray[np.int32], inner_start: int, row: int, column: int,
    skin: Floats,
) -> bool:  # fmt: skip
    """Settle a cell that shows nothing, or one piece of skin alone: nearly all of them."""
    y, x = 2 * row, 2 * column
    corners = (triangle[y, x], triangle[y, x + 1], triangle[y + 1, x], triangle[y + 1, x + 1])
    if max(corners) < 0:
        return True
    if min(corners) < 0 or max(corners) >= inner_start:
        return False
    for channel in range(2):
        a, b = attributes[y, x, channel], attributes[y, x + 1, channel]
        c, d = attributes[y + 1, x, channel], attributes[y + 1, x + 1, channel]
        if max(a, b, c, d) - min(a, b, c, d) >= SEAM:
            skin[row, column, 0] = 0.0
            return False
        skin[row, column, channel] = np.float32(0.25) * (a + b + c + d)
    skin[row, column, 2] = 1.0
    return True


@numba.njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _near(cell: Floats, values: Floats) -> bool:
    """Whether an offset belongs to the surface whose offsets are summed in a cell."""
    return bool(
        abs(cell[0] / cell[2] - values[0]) < SEAM and abs(cell[1] / cell[2] - values[1]) < SEAM
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _add(cell: Floats, values: Floats, channels: int) -> None:
    for channel in range(channels):
        cell[channel] += values[channel]
    cell[channels] += np.float32(1.0)


@numba.njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _divide(cell: Floats, count: float) -> None:
    """Sums to means, in place; the last channel is how many were summed and becomes a share."""
    last = len(cell) - 1
    if cell[last] > 0:
        for channel in range(last):
            cell[channel] /= cell[last]
    cell[last] = count * np.float32(0.25)
