"""nvdiffrast (Laine et al., ACM ToG 2020) as a rasteriser: CUDA, optional, research licence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats


def rasterize_nvdiffrast(
    points: Floats, triangles: NDArray[np.int32], attributes: Floats, size: tuple[int, int]
) -> tuple[Floats, NDArray[np.int32]]:
    """See `renderer.rasterizer.rasterize`.

    Returns:
        (H, W, C) float32 attributes and (H, W) int32 triangle indices.

    Raises:
        ImportError: if nvdiffrast is not installed.
    """
    import nvdiffrast.torch as dr
    import torch

    height, width = size
    facing = _facing(points, triangles)
    shown = np.ascontiguousarray(triangles[facing])
    depth = points[:, 2]
    span = max(float(np.ptp(depth)), 1e-6)
    # Clip space: x right, y up, z towards far; row 0 of nvdiffrast's picture is y = -1.
    clip = np.stack(
        [
            points[:, 0] / width * 2 - 1,
            points[:, 1] / height * 2 - 1,
            (depth - depth.min()) / span * 1.8 - 0.9,
            np.ones_like(depth),
        ],
        axis=1,
    )
    context = dr.RasterizeCudaContext()
    position = torch.as_tensor(clip, dtype=torch.float32, device="cuda")[None].contiguous()
    faces = torch.as_tensor(shown, dtype=torch.int32, device="cuda").contiguous()
    raster, _ = dr.rasterize(context, position, faces, (height, width))
    values = torch.as_tensor(attributes, dtype=torch.float32, device="cuda")[None].contiguous()
    image, _ = dr.interpolate(values, raster, faces)
    index = raster[0, :, :, 3].int().cpu().numpy() - 1
    original = np.flatnonzero(facing).astype(np.int32)
    return image[0].cpu().numpy(), np.where(index >= 0, original[index], -1).astype(np.int32)


def _facing(points: Floats, triangles: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(F,) the triangles that face the camera; nvdiffrast itself culls nothing."""
    a, b, c = (points[triangles[:, corner], :2] for corner in range(3))
    first, second = b - a, c - a
    facing: NDArray[np.bool_] = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0] < 0
    return facing
