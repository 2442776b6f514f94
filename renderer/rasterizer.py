"""Triangles to pixels: a z-buffer with interpolated vertex attributes, behind one function.

Backends: "numba" (CPU), "torch" (any device), "nvdiffrast" (CUDA, if it is installed). They agree
within 1e-3 on everything but the pixels that an edge passes through.

**Convention.** Points are in raster pixels, x right, y down; pixel (i, j) is sampled at its centre
(j + 0.5, i + 0.5). Only triangles that are counter-clockwise in the head frame, of negative
signed area on the y-down picture, face the camera; the others are culled. Smaller depth is nearer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats

Indices = NDArray[np.int32]


@dataclass(frozen=True)
class Raster:
    """What the camera sees.

    Attributes:
        attributes: (H, W, C) float32 interpolated vertex attributes; 0 where nothing is.
        triangle: (H, W) int32 index of the visible triangle; -1 where nothing is.
    """

    attributes: Floats
    triangle: Indices

    @property
    def covered(self) -> NDArray[np.bool_]:
        """(H, W) where there is a triangle."""
        return self.triangle >= 0


def rasterize(
    points: Floats,
    triangles: Indices,
    attributes: Floats,
    size: tuple[int, int],
    backend: str = "numba",
) -> Raster:
    """Draw triangles.

    Args:
        points: (V, 3) float32 x and y in raster pixels, depth in any unit.
        triangles: (F, 3) int32.
        attributes: (V, C) float32, interpolated linearly on the picture (the depth of a face is a
            tenth of its distance: perspective correction would change less than a pixel).
        size: (H, W).
        backend: "numba", "torch" or "nvdiffrast".

    Raises:
        ValueError: for an unknown backend.
    """
    points = np.ascontiguousarray(points, np.float32)
    attributes = np.ascontiguousarray(attributes, np.float32)
    if backend == "numba":
        image = np.zeros((*size, attributes.shape[1]), np.float32)
        triangle = np.full(size, -1, np.int32)
        depth = np.full(size, np.inf, np.float32)
        _fill(points, triangles, attributes, image, triangle, depth)
        return Raster(image, triangle)
    if backend == "torch":
        from renderer.rasterizer_torch import rasterize_torch

        return Raster(*rasterize_torch(points, triangles, attributes, size))
    if backend == "nvdiffrast":
        from renderer.rasterizer_nvdiffrast import rasterize_nvdiffrast

        return Raster(*rasterize_nvdiffrast(points, triangles, attributes, size))
    message = f"rasteriser backend is {backend!r}, expected numba, torch or nvdiffrast"
    raise ValueError(message)


EDGE = np.float32(1e-3)
"""Pixels that a span reaches over its edges: rounding must leave no crack between neighbours."""


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator, unused-ignore]
def _fill(
    points: Floats,
    triangles: Indices,
    attributes: Floats,
    image: Floats,
    triangle_map: Indices,
    depth: Floats,
) -> None:
    """Row by row over spans: depth and attributes are planes over the picture."""
    height, width, channels = image.shape
    zero, half, one = np.float32(0.0), np.float32(0.5), np.float32(1.0)
    here, along, down = np.empty((3, channels), np.float32)
    for index in range(len(triangles)):
        a, b, c = triangles[index]
        # Relative to the third corner: large coordinates would cost the digits of small triangles.
        cx, cy, cz = points[c]
        ax, ay, az = points[a, 0] - cx, points[a, 1] - cy, points[a, 2] - cz
        bx, by, bz = points[b, 0] - cx, points[b, 1] - cy, points[b, 2] - cz
        area = ax * by - ay * bx
        if area >= zero:
            continue
        left = max(int(np.ceil(cx + min(ax, bx, zero) - half)), 0)
        right = min(int(np.floor(cx + max(ax, bx, zero) - half)), width - 1)
        top = max(int(np.ceil(cy + min(ay, by, zero) - half)), 0)
        bottom = min(int(np.floor(cy + max(ay, by, zero) - half)), height - 1)
        if left > right or top > bottom:
            continue
        # Barycentric weights u of a and v of b, how they grow along a row and down the rows.
        u_along, u_down = by / area, -bx / area
        v_along, v_down = -ay / area, ax / area
        z_along = u_along * az + v_along * bz
        _slopes(attributes, a, b, c, u_along, v_along, along)
        _slopes(attributes, a, b, c, u_down, v_down, down)
        x = np.float32(left) + half - cx
        for row in range(top, bottom + 1):
            y = np.float32(row) + half - cy
            u, v = x * u_along + y * u_down, x * v_along + y * v_down
            first, last = _span(0, right - left, u, u_along)
            first, last = _span(first, last, v, v_along)
            first, last = _span(first, last, one - u - v, -u_along - v_along)
            z = cz + u * az + v * bz
            for channel in range(channels):
                here[channel] = attributes[c, channel] + along[channel] * x + down[channel] * y
            for step in range(first, last + 1):
                column, way = left + step, np.float32(step)
                nearness = z + way * z_along
                if nearness < depth[row, column]:
                    depth[row, column] = nearness
                    triangle_map[row, column] = index
                    for channel in range(channels):
                        image[row, column, channel] = here[channel] + way * along[channel]


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator, unused-ignore]
def _slopes(attributes: Floats, a: int, b: int, c: int, u: float, v: float, slopes: Floats) -> None:
    """Write how much each attribute grows where the weights of corners a and b grow by u and v."""
    for channel in range(len(slopes)):
        to_a = attributes[a, channel] - attributes[c, channel]
        to_b = attributes[b, channel] - attributes[c, channel]
        slopes[channel] = u * to_a + v * to_b


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator, unused-ignore]
def _span(first: int, last: int, start: float, growth: float) -> tuple[int, int]:
    """The steps from first to last at which start + step * growth is not negative."""
    if growth > 0:
        return max(first, int(np.ceil(-start / growth - EDGE))), last
    if growth < 0:
        return first, min(last, int(np.floor(-start / growth + EDGE)))
    return (first, last) if start >= 0 else (first, first - 1)
