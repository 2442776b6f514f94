"""Faces as other cameras would show them, for the image tower."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from renderer.coefficients import ARKIT_INDEX, mirrored_name

COVERED = 0.2
"""Share of faces with a patch before them: a hand, hair, a microphone."""
MIRROR = [ARKIT_INDEX[mirrored_name(name)] for name in ARKIT_INDEX] + [52, 53, 54]


def disguised(crops: Tensor, fitted: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Other light, sharpness and framing; sides exchanged; something before the face.

    Args:
        crops: (N, 96, 96) grey 0..1.
        fitted: (N, 55) expression and pose.
        generator: chooses.
    """
    count = len(crops)
    flip = _uniform(generator, count, 0, 1) < 0.5
    mirrored = fitted[:, MIRROR] * torch.tensor([1.0] * 53 + [-1.0, -1.0])
    fitted = torch.where(flip[:, None], mirrored, fitted)
    crops = torch.where(flip[:, None, None], crops.flip(2), crops)
    crops = _moved(crops, generator)
    soft = functional.interpolate(
        functional.avg_pool2d(crops[:, None], 3, 2, 1), scale_factor=2.0, mode="bilinear"
    )[:, 0]
    crops = torch.where(_uniform(generator, count, 0, 1, 1, 1) < 0.3, soft, crops)
    crops = crops.clamp(1e-3, 1.0) ** _uniform(generator, count, 0.6, 1.6, 1, 1)
    crops = (crops - 0.5) * _uniform(generator, count, 0.6, 1.3, 1, 1) + 0.5
    crops = _lit(crops + _uniform(generator, count, -0.12, 0.12, 1, 1), generator)
    crops = _covered(crops, generator)
    crops = crops + 0.03 * torch.randn(crops.shape, generator=generator)
    fitted = fitted + 0.04 * torch.randn(fitted.shape, generator=generator)
    return crops.clamp(0.0, 1.0), fitted


def _uniform(generator: torch.Generator, count: int, low: float, high: float, *rest: int) -> Tensor:
    return low + (high - low) * torch.rand(count, *rest, generator=generator)


def _moved(crops: Tensor, generator: torch.Generator) -> Tensor:
    """A little turned, shifted, larger or smaller."""
    count = len(crops)
    turn, size = _uniform(generator, count, -0.12, 0.12), _uniform(generator, count, 0.88, 1.12)
    right, down = (_uniform(generator, count, -0.08, 0.08) for _ in range(2))
    matrix = torch.stack(
        [size * turn.cos(), -size * turn.sin(), right, size * turn.sin(), size * turn.cos(), down],
        dim=1,
    ).view(-1, 2, 3)
    grid = functional.affine_grid(matrix, [count, 1, *crops.shape[1:]], align_corners=False)
    return functional.grid_sample(
        crops[:, None], grid, align_corners=False, padding_mode="border"
    )[:, 0]  # fmt: skip


def _lit(crops: Tensor, generator: torch.Generator) -> Tensor:
    """Light that falls off to one side."""
    count, side = len(crops), crops.shape[1]
    place = torch.linspace(-1.0, 1.0, side)
    across = _uniform(generator, count, -0.3, 0.3, 1, 1) * place[None, None, :]
    down = _uniform(generator, count, -0.2, 0.2, 1, 1) * place[None, :, None]
    return crops * (1.0 + across + down)


def _covered(crops: Tensor, generator: torch.Generator) -> Tensor:
    """A plain patch of up to a third of the side before some faces."""
    count, side = len(crops), crops.shape[1]
    place = (torch.arange(side) + 0.5) / side
    middle = _uniform(generator, count, 0.1, 0.9, 2)
    half = _uniform(generator, count, 0.05, 0.16, 2)
    inside = [(place[None] - middle[:, axis, None]).abs() < half[:, axis, None] for axis in (0, 1)]
    patch = inside[0][:, :, None] & inside[1][:, None, :]
    patch &= _uniform(generator, count, 0, 1, 1, 1) < COVERED
    return torch.where(patch, _uniform(generator, count, 0.05, 0.95, 1, 1), crops)
