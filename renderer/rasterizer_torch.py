"""The rasteriser's readable twin in torch: runs on any device, the truth for the fast ones.

For every pixel of every triangle's bounding box the barycentric weights are computed at once; the
nearest hit per pixel wins by a scatter-minimum on depth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats

if TYPE_CHECKING:
    from torch import Tensor

_BATCH = 2_000_000  # pixel tests at a time


def rasterize_torch(
    points: Floats, triangles: NDArray[np.int32], attributes: Floats, size: tuple[int, int]
) -> tuple[Floats, NDArray[np.int32]]:
    """See `renderer.rasterizer.rasterize`.

    Returns:
        (H, W, C) float32 attributes and (H, W) int32 triangle indices.
    """
    import torch

    height, width = size
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    vertices = torch.as_tensor(points, dtype=torch.float64, device=device)
    corners = torch.as_tensor(triangles, dtype=torch.long, device=device)
    a, b, c = (vertices[corners[:, index]] for index in range(3))
    area = _cross(b - a, c - a)
    low = torch.ceil(torch.minimum(torch.minimum(a, b), c)[:, :2] - 0.5).clamp_min(0).long()
    high = torch.floor(torch.maximum(torch.maximum(a, b), c)[:, :2] - 0.5).long()
    high = torch.minimum(high, torch.tensor([width - 1, height - 1], device=device))
    extent = (high - low + 1).clamp_min(0)
    count = extent.prod(1) * (area < 0)
    depth = torch.full((height * width,), torch.inf, dtype=torch.float64, device=device)
    winner = torch.full((height * width,), -1, dtype=torch.long, device=device)
    weights = torch.zeros((height * width, 3), dtype=torch.float64, device=device)
    for index in _batches(count):
        owner = torch.repeat_interleave(index, count[index])
        start = torch.cumsum(count[index], 0) - count[index]
        local = torch.arange(len(owner), device=device) - torch.repeat_interleave(
            start, count[index]
        )
        column = low[owner, 0] + local % extent[owner, 0]
        row = low[owner, 1] + local // extent[owner, 0]
        centre = torch.stack([column + 0.5, row + 0.5], 1)
        u = _cross(b[owner, :2] - centre, c[owner, :2] - centre) / area[owner]
        v = _cross(c[owner, :2] - centre, a[owner, :2] - centre) / area[owner]
        share = torch.stack([u, v, 1 - u - v], 1)
        hit = (share >= 0).all(1)
        owner, share, pixel = owner[hit], share[hit], (row * width + column)[hit]
        z = (share * torch.stack([a[owner, 2], b[owner, 2], c[owner, 2]], 1)).sum(1)
        before = depth.clone()
        depth.scatter_reduce_(0, pixel, z, "amin")
        best = (z == depth[pixel]) & (z < before[pixel])
        winner[pixel[best]] = owner[best]
        weights[pixel[best]] = share[best]
    covered = winner >= 0
    values = torch.as_tensor(attributes, dtype=torch.float64, device=device)
    image = torch.zeros((height * width, attributes.shape[1]), dtype=torch.float64, device=device)
    chosen = values[corners[winner[covered]]]
    image[covered] = (chosen * weights[covered, :, None]).sum(1)
    return (
        image.reshape(height, width, -1).float().cpu().numpy(),
        winner.reshape(height, width).int().cpu().numpy(),
    )


def _cross(first: Tensor, second: Tensor) -> Tensor:
    return first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]


def _batches(count: Tensor) -> list[Tensor]:
    """Groups of triangles whose pixel tests stay below the batch size."""
    import torch

    useful = torch.nonzero(count)[:, 0]
    group = torch.div(torch.cumsum(count[useful], 0), _BATCH, rounding_mode="floor")
    return [useful[group == number] for number in torch.unique(group)]
