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


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator, unused-ignore]
def _fill(
    points: Floats,
    triangles: Indices,
    attributes: Floats,
    image: Floats,
    triangle_map: Indices,
    depth: Floats,
) -> None:
    height, width, channels = image.shape
    zero, half, one = np.float32(0.0), np.float32(0.5), np.float32(1.0)
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
        inverse = one / area
        for row in range(top, bottom + 1):
            y = (np.float32(row) + half - cy) * inverse
            for column in range(left, right + 1):
                x = (np.float32(column) + half - cx) * inverse
                u = x * by - y * bx
                v = y * ax - x * ay
                w = one - u - v
                if u < zero or v < zero or w < zero:
                    continue
                z = cz + u * az + v * bz
                if z < depth[row, column]:
                    depth[row, column] = z
                    triangle_map[row, column] = index
                    for channel in range(channels):
                        image[row, column, channel] = (
                            u * attributes[a, channel]
                            + v * attributes[b, channel]
                            + w * attributes[c, channel]
                        )
