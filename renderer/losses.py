"""What the generator is trained to minimise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from renderer.coefficients import Floats
from renderer.conditions import CODE_SPAN_CM, canonical_code
from renderer.face_model import FaceModel
from renderer.generator import Change
from renderer.landmark_groups import LIDS, LIPS
from renderer.layers import upsampled

REGION_GAIN = 5.0
"""Mouth and eyes count this much more than the rest."""
BACKGROUND = 0.3
"""Weight far from the head."""
HEAD_RIM = 13
"""Map pixels over which the head's outline fades into the background's weight."""
MOUTH_RADIUS_CM, EYE_RADIUS_CM = 2.6, 1.5
GRADIENT_SCALES = 3
VISIBLE = 0.03
"""Difference of colour, of 1, that begins to be seen."""


@dataclass(frozen=True)
class Regions:
    """Mouth, left eye and right eye on the canonical code.

    Attributes:
        centres: (3, 3) float32 code.
        radii: (3,) float32 code.
    """

    centres: Floats
    radii: Floats

    @classmethod
    def of(cls, model: FaceModel) -> Regions:
        """Where lips and lids lie."""
        places = model.landmarks.on(canonical_code(model))
        groups = (LIPS, LIDS["left"], LIDS["right"])
        centres = np.stack([places[list(group)].mean(0) for group in groups])
        radii = np.array([MOUTH_RADIUS_CM, EYE_RADIUS_CM, EYE_RADIUS_CM]) / CODE_SPAN_CM
        return cls(centres.astype(np.float32), radii.astype(np.float32))

    def closeness(self, maps: Tensor) -> Tensor:
        """How near each pixel is to mouth and eyes.

        Args:
            maps: (B, 7, s, s) of the target, see `Conditions`.

        Returns:
            (B, 3, s, s) 0..1, 1 at the centre of mouth, left eye, right eye.
        """
        covered, code = maps[:, 3:4].float(), maps[:, 4:7].float()
        centres = torch.from_numpy(self.centres).to(code.device)
        radii = torch.from_numpy(self.radii).to(code.device)
        squared = (code[:, None] - centres[None, :, :, None, None]).square().sum(2)
        return torch.exp(-squared / radii[None, :, None, None].square()) * covered


def region_weight(maps: Tensor, closeness: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, 1, H, W) weight of each pixel: 1 on the head, more on mouth and eyes.

    Args:
        maps: (B, 7, s, s) of the target.
        closeness: (B, 3, s, s) from `Regions.closeness`.
        size: (H, W).
    """
    head = functional.avg_pool2d(maps[:, 3:4].float(), HEAD_RIM, 1, HEAD_RIM // 2)
    # A background that moves by itself, as a hand-held camera makes it, cannot be predicted.
    ground = BACKGROUND + (1 - BACKGROUND) * (2 * head).clamp(max=1)
    return upsampled(ground + REGION_GAIN * closeness.amax(1, keepdim=True), size)


def reconstruction(picture: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted soft L1, and that of the gradients at three scales.

    Args:
        picture: (B, 3, H, W).
        target: (B, 3, H, W).
        weight: (B, 1, H, W).

    Returns:
        Two scalars; sums over pixels divided by the sum of the weights.
    """
    error = picture - target
    absolute = (soft(error) * weight).sum() / (weight.sum() * error.shape[1])
    gradient = error.new_zeros(())
    for _ in range(GRADIENT_SCALES):
        across = soft(error[..., 1:] - error[..., :-1]) * weight[..., 1:]
        down = soft(error[..., 1:, :] - error[..., :-1, :]) * weight[..., 1:, :]
        gradient = gradient + (across.sum() + down.sum()) / (weight.sum() * error.shape[1])
        error, weight = functional.avg_pool2d(error, 2), functional.avg_pool2d(weight, 2)
    return absolute, gradient


def soft(error: Tensor) -> Tensor:
    """L1 whose gradient vanishes for errors too small to see (Charbonnier et al., ICIP 1994)."""
    return (error.square() + VISIBLE**2).sqrt() - VISIBLE


def modesty(
    change: Change, maps: Tensor, inner: Tensor, closeness: Tensor
) -> tuple[Tensor, Tensor]:
    """Size and roughness of the residual flow, and texture where the moved photo would do.

    What is painted where the photo shows the surface costs as much as it can gain by blurring, and
    less than it gains by being right: else hair is averaged away. It is free where geometry paints,
    near mouth and eyes, and where a surface turns into view.

    Args:
        change: from the generator.
        maps: (B, 7, s, s) of the target, see `Conditions`.
        inner: (B, 2, S, S) where geometry paints.
        closeness: (B, 3, s, s) from `Regions.closeness`.

    Returns:
        Two scalars.
    """
    flow = change.flow
    rough = (flow[..., 1:] - flow[..., :-1]).abs().mean() + (
        flow[..., 1:, :] - flow[..., :-1, :]
    ).abs().mean()
    size = (inner.shape[-2], inner.shape[-1])
    shown = 1 - maps[:, 3:4].float() * (1 - maps[:, 2:3].float())
    plain = upsampled(shown * (1 - closeness.amax(1, keepdim=True)), size)
    plain = plain * (1 - inner.amax(1, keepdim=True))
    weight = region_weight(maps, torch.zeros_like(closeness), size)
    painted = change.texture.abs().mean(1, keepdim=True)
    return flow.square().mean() + 0.1 * rough, (painted * plain * weight).sum() / weight.sum()


def hinge(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """The discriminators' loss (Lim and Ye 2017); one tensor of patch scores each."""
    terms = [
        functional.relu(1 - good).mean() + functional.relu(1 + bad).mean()
        for good, bad in zip(real, fake, strict=True)
    ]
    return torch.stack(terms).mean()


def deceit(fake: list[Tensor]) -> Tensor:
    """The generator's adversarial loss."""
    return -torch.stack([scores.mean() for scores in fake]).mean()


def feature_matching(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Mean L1 between the discriminators' features (Wang et al., CVPR 2018)."""
    terms = [
        functional.l1_loss(bad.float(), good.detach().float())
        for good, bad in zip(real, fake, strict=True)
    ]
    return torch.stack(terms).mean()


def psnr(picture: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """(B,) decibels of pictures in 0..1, weighted if weights (B, 1, H, W) are given."""
    squared = (picture.clamp(0, 1) - target).square().mean(1, keepdim=True)
    if weight is None:
        error = squared.mean((1, 2, 3))
    else:
        error = (squared * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3)).clamp_min(1e-6)
    return -10 * torch.log10(error.clamp_min(1e-10))
