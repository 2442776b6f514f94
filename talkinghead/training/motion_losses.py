"""How far predicted motion is from the true one, in millimetres of skin and in channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from renderer.coefficients import Floats
from renderer.face_model import FaceModel
from renderer.landmark_groups import LIPS
from talkinghead.motion.motion_vq import PARTS
from talkinghead.motion.regression_net import SPOKEN, Said
from talkinghead.motion.visemes import gap_vector
from talkinghead.training.motion_batches import MotionBatch

MM = 10.0
EYE_DISTANCE_MM = 90.0
"""Outer eye distance of the mean face, about: makes millimetres of an aperture."""
_BROWS = (70, 63, 105, 66, 107, 300, 293, 334, 296, 336, 46, 276, 50, 280, 101, 330)
"""MediaPipe landmarks on brows and cheeks."""
LIP_WEIGHT, UPPER_WEIGHT, APERTURE_WEIGHT = 1.0, 0.3, 2.0
CHANNEL_WEIGHT, GATE_WEIGHT, SPEED_WEIGHT, COURSE_WEIGHT = 10.0, 8.0, 2.0, 1.0
SIZE_WEIGHT = 1.0


@dataclass(frozen=True)
class Skin:
    """How channels move skin; all linear.

    Attributes:
        lips: (len(SPOKEN), 3 * landmarks) mm.
        upper: the same for brows and cheeks.
        aperture: (len(SPOKEN),) mm.
    """

    lips: Tensor
    upper: Tensor
    aperture: Tensor

    @classmethod
    def of(cls, model: FaceModel) -> Skin:
        """Read from the face model."""
        return cls(
            _basis(model, LIPS), _basis(model, _BROWS),
            torch.from_numpy(gap_vector()[SPOKEN] * np.float32(EYE_DISTANCE_MM)),
        )  # fmt: skip


def motion_losses(said: Said, batch: MotionBatch, skin: Skin) -> dict[str, Tensor]:
    """The terms of the loss, weighted; their sum is to be minimised.

    The teacher's channels are learned as channels; a tracked face's only through the skin that they
    move, because a fit can say the same lips in many ways.

    Args:
        said: the network's answer.
        batch: what it was asked.
        skin: from `Skin.of`.
    """
    error = said.change - batch.change
    lips_matter = batch.known * batch.speaks[:, None]
    upper_matters = batch.known
    taught = batch.known * (1 - batch.real)[:, None]
    wrong_gap = error @ skin.aperture
    speed = error[:, 1:] - error[:, :-1]
    lower = list(PARTS["lips"].columns)
    gate_error = torch.nan_to_num(said.gates - batch.gates).square().mean(2)
    return {
        "lips": LIP_WEIGHT * _mean(_moved(error[..., lower], skin.lips[lower]), lips_matter),
        "upper": UPPER_WEIGHT * _mean(_moved(error, skin.upper), upper_matters),
        "aperture": APERTURE_WEIGHT * _mean(wrong_gap.square(), lips_matter),
        "channels": CHANNEL_WEIGHT * _mean(error.square().mean(2), taught),
        "gates": GATE_WEIGHT * _mean(gate_error, taught),
        "speed": SPEED_WEIGHT * _mean(_moved(speed, skin.lips), lips_matter[:, 1:]),
        "size": SIZE_WEIGHT * _size(said.change[..., lower], batch, skin.lips[lower], lower),
        "course": COURSE_WEIGHT * _course(said.change, batch, skin, lips_matter),
    }


def _course(change: Tensor, batch: MotionBatch, skin: Skin, matter: Tensor) -> Tensor:
    """1 - r of the mouth's opening over each window: timing counts whoever speaks how widely."""
    made, true = (
        _centred(one @ skin.aperture, matter) for one in (change, batch.change)
    )  # fmt: skip
    lengths = made.norm(dim=1) * true.norm(dim=1)
    r = (made * true).sum(1) / (lengths + 1.0)
    speaks = (matter.sum(1) > 0).to(r)
    apart: Tensor = ((1 - r) * speaks).sum() / speaks.sum().clamp(min=1)
    return apart


def _size(change: Tensor, batch: MotionBatch, basis: Tensor, lower: list[int]) -> Tensor:
    """How far the lips' landmarks move less, or more, than the true ones over each window, mm².

    Whoever minimises squared errors moves too little where it is unsure; people see that.
    """
    matter = (batch.known * batch.speaks[:, None])[..., None]
    made, true = (
        _deviation(one @ basis, matter) for one in (change, batch.change[..., lower])
    )  # fmt: skip
    speaks = (matter.sum((1, 2)) > 1).to(made)
    apart = (made - true).square().mean(1) * 3
    return (apart * speaks).sum() / speaks.sum().clamp(min=1)


def _deviation(moved: Tensor, matter: Tensor) -> Tensor:
    """(B, T, C) to (B, C): standard deviation over the rows that matter."""
    count = matter.sum(1).clamp(min=1)
    mean = (moved * matter).sum(1, keepdim=True) / count[:, None]
    return (((moved - mean) * matter).square().sum(1) / count + 1e-4).sqrt()


def _centred(track: Tensor, matter: Tensor) -> Tensor:
    mean = (track * matter).sum(1, keepdim=True) / matter.sum(1, keepdim=True).clamp(min=1)
    return (track - mean) * matter


def _moved(error: Tensor, basis: Tensor) -> Tensor:
    """(B, T, C) to (B, T): mean squared distance of the landmarks, mm²."""
    moved: Tensor = (error @ basis).square().mean(2) * 3
    return moved


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / weights.sum().clamp(min=1)


def _basis(model: FaceModel, landmarks: tuple[int, ...]) -> Tensor:
    """(len(SPOKEN), 3 * landmarks) mm."""
    neutral = model.landmarks.on(model.neutral)
    moved = [
        (model.landmarks.on(model.neutral + one) - neutral)[list(landmarks)].reshape(-1)
        for one in model.expression_basis[SPOKEN]
    ]
    basis: Floats = np.stack(moved).astype(np.float32) * MM
    return torch.from_numpy(basis)


def code_loss(scores: list[Tensor], codes: Tensor, matter: list[Tensor]) -> Tensor:
    """Cross-entropy of the code query over all heads.

    Args:
        scores: (B, T, N) for every head.
        codes: (B, T, heads).
        matter: (B, T) weight for every head.
    """
    terms = [
        _mean(functional.cross_entropy(one.transpose(1, 2), true, reduction="none"), weight)
        for one, true, weight in zip(scores, codes.unbind(2), matter, strict=True)
    ]
    return torch.stack(terms).mean()
