"""Backward flow: target pixel to source pixel. The only place that samples pictures by a flow.

**Convention.** An offset (dx, dy) in pixels at target pixel p says: take the source at p + offset.
Zero offset is the identity, exactly.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats


def pixel_grid(height: int, width: int, start: tuple[float, float] = (0, 0)) -> Floats:
    """(H, W, 2) the x and y index of every pixel, as `warp` wants it, counted from `start`."""
    columns = np.arange(width, dtype=np.float32) + np.float32(start[0])
    rows = np.arange(height, dtype=np.float32) + np.float32(start[1])
    return np.stack(np.meshgrid(columns, rows), axis=-1)


def warp(
    source: NDArray[np.uint8] | Floats, grid: Floats, offset: Floats, where: Floats | None = None
) -> NDArray[np.uint8]:
    """Sample a picture at grid + offset, bicubic; beyond the border the edge pixel repeats.

    Args:
        source: (H, W, C) uint8 or float32.
        grid: (h, w, 2) from `pixel_grid`, or a window of it.
        offset: (h, w, 2) pixels.
        where: (h, w, 2) float32, overwritten with their sum: fresh memory for every frame of a
            large picture takes longer than the sum itself.

    Returns:
        (h, w, C) of the source's type.
    """
    where = cv2.add(grid, offset, where)
    sampled: NDArray[np.uint8] = cv2.remap(
        source, where, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return sampled


def resize_offset(offset: Floats, size: tuple[int, int], into: Floats | None = None) -> Floats:
    """Bring offsets (in pixels of the final picture) from a coarse grid to (H, W); see `warp`."""
    shape = (size[1], size[0])
    resized: Floats = cv2.resize(offset, shape, dst=into, interpolation=cv2.INTER_LINEAR)
    return resized


def extend(values: Floats, known: Floats) -> Floats:
    """Continue a field smoothly beyond where it is known (push-pull, Gortler et al. 1996).

    Args:
        values: (H, W, C) float32.
        known: (H, W) float32 confidence 0..1; 1 keeps a value exactly.

    Returns:
        (H, W, C) float32.
    """
    if min(known.shape) <= 2:
        weight = max(float(known.sum()), 1e-6)
        mean = (values * known[..., None]).sum((0, 1)) / weight
        return np.asarray(values * known[..., None] + mean * (1 - known[..., None]), np.float32)
    stacked = np.dstack([values * known[..., None], known])
    half = cv2.resize(
        stacked, ((known.shape[1] + 1) // 2, (known.shape[0] + 1) // 2),
        interpolation=cv2.INTER_AREA,
    )  # fmt: skip
    weight = half[..., -1]
    mean = half[..., :-1] / np.maximum(weight, 1e-6)[..., None]
    coarse = extend(mean.astype(np.float32, copy=False), np.minimum(weight * 4.0, 1.0))
    fine = cv2.resize(coarse, (known.shape[1], known.shape[0]), interpolation=cv2.INTER_LINEAR)
    fine = fine.reshape(values.shape)
    return np.asarray(fine + (values - fine) * known[..., None], np.float32)
