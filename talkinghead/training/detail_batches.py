"""Batches for the painters: drawn at random, in another light, another softness, mirrored.

Every batch is a function of the seed and the step, so a resumed run sees what an uninterrupted one
would have seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from renderer.coefficients import Floats, mirrored_motion
from talkinghead.training.detail_pack import Details

SOFT_SHARE, SOFTEST = 0.3, 2.4
"""How often all pictures of a sample are softened, and by how much at most."""
MOTION_NOISE = 0.03
SHUT, WIDE = 0.3, 0.03
"""How often a sample is drawn where nothing is painted, against one whose inside takes so large a
share of the view; wider ones are drawn still more often, up to four times."""


@dataclass(frozen=True)
class DetailBatch:
    """What a painter is given, and what it should paint.

    Attributes:
        known: (B, 7, S, S) float32 0..1, see `renderer.detail_network.KNOWN`.
        motion: (B, 110) float32.
        target: (B, 3, S, S) float32 0..1.
    """

    known: Tensor
    motion: Tensor
    target: Tensor

    def to(self, device: str) -> DetailBatch:
        """The same on a device."""
        return DetailBatch(self.known.to(device), self.motion.to(device), self.target.to(device))


def as_batch(views: NDArray[np.uint8], motion: Floats) -> DetailBatch:
    """(B, S, S, 10) uint8 and (B, 110) to tensors, channels last in memory."""
    values = torch.from_numpy(np.ascontiguousarray(views)).permute(0, 3, 1, 2).float() / 255
    return DetailBatch(values[:, :7], torch.from_numpy(np.array(motion)), values[:, 7:])


class DetailBatches:
    """Draws batches.

    Args:
        details: samples in memory.
        batch: samples a batch.
        seed: of all draws.
        mirror: whether left and right are exchanged half of the time.
    """

    def __init__(self, details: Details, batch: int, seed: int, *, mirror: bool) -> None:
        self._details = details
        self._batch = batch
        self._seed = seed
        self._mirror = mirror
        inside = np.stack([one[..., 3].mean() for one in details.views]) / 255
        weights = SHUT + np.minimum(inside / WIDE, 4.0)
        self._chances = np.cumsum(weights / weights.sum())

    def draw(self, step: int) -> DetailBatch:
        """The batch of a step."""
        generator = np.random.default_rng([self._seed, step])
        rows = np.searchsorted(self._chances, generator.random(self._batch))
        rows = np.minimum(rows, len(self._details) - 1)
        views, motion = self._details.views[rows], self._details.motion[rows].copy()
        if self._mirror:
            turned = generator.random(self._batch) < 0.5
            views[turned] = views[turned, :, ::-1]
            motion[turned, :55] = mirrored_motion(motion[turned, :55])
            motion[turned, 55:] = mirrored_motion(motion[turned, 55:])
        motion += generator.normal(0, MOTION_NOISE, motion.shape).astype(np.float32)
        batch = as_batch(views, motion)
        known, target = batch.known, batch.target
        mask = known[:, 3:4]
        pictures = torch.stack([known[:, :3], known[:, 4:], target], dim=1)
        pictures = softened(relit(pictures, generator), generator)
        known = torch.cat([pictures[:, 0], mask, pictures[:, 1]], dim=1)
        layout = torch.channels_last
        return DetailBatch(
            known.contiguous(memory_format=layout),
            batch.motion,
            pictures[:, 2].contiguous(memory_format=layout),
        )


def relit(pictures: Tensor, generator: np.random.Generator) -> Tensor:
    """(B, P, 3, S, S) in another light for each sample: gamma, contrast, brightness, colour."""
    count = len(pictures)
    gamma = np.exp(generator.normal(0, 0.12, (count, 1)))
    gain = np.exp(generator.normal(0, 0.12, (count, 1)) + generator.normal(0, 0.06, (count, 3)))
    level = generator.normal(0, 0.02, (count, 1))
    lit = pictures.clamp_min(1e-4) ** _beside(gamma) * _beside(gain) + _beside(level)
    return lit.clamp(0, 1)


def _beside(values: NDArray[np.float64]) -> Tensor:
    """(B, C) as (B, 1, C, 1, 1)."""
    return torch.from_numpy(values.astype(np.float32))[:, None, :, None, None]


def softened(pictures: Tensor, generator: np.random.Generator) -> Tensor:
    """(B, P, 3, S, S) some of the samples as a smaller picture would show them."""
    chosen = np.flatnonzero(generator.random(len(pictures)) < SOFT_SHARE)
    if not len(chosen):
        return pictures
    side = pictures.shape[-1]
    small = round(side / float(generator.uniform(1.2, SOFTEST)))
    part = pictures[chosen].flatten(0, 1)
    part = functional.interpolate(part, size=(small, small), mode="area")
    part = functional.interpolate(part, size=(side, side), mode="bicubic", align_corners=False)
    pictures = pictures.clone()
    pictures[chosen] = part.clamp(0, 1).reshape(pictures[chosen].shape)
    return pictures
