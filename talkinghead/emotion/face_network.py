"""The image tower's network; imported where it is used, because it needs torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.coefficients import ARKIT_NAMES
from talkinghead.emotion.expression_eye import NAMED, SEEN, ExpressionEye

SPACE = 384
TRAITS = 128
KNOWN = 64
FITTED = len(ARKIT_NAMES) + 3
NAME_SHARE = 3.0
"""Length of the way towards what the eye names, where the way by the traits has length 1. Of 0 to 8
the best in five-fold validation on training people, with its teacher for an eye."""
_POSE_SCALE = 3.0  # turns of a third of a radian count as much as a full channel


class FaceNetwork(nn.Module):
    """A face to a unit vector of the emotion space.

    An eye looks at the crop and at its mirror image, a perceptron at the fitted expression and
    pose. Two ways lead on, and their sum is the answer: what the eye names, as the mean of the
    places of the names; and what both together tell, wherever that is.

    Args:
        dropout: share of traits dropped in training.
    """

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.look = ExpressionEye()
        self.name = nn.Linear(SEEN, NAMED)
        self.places = nn.Linear(NAMED, SPACE, bias=False)
        self.settle = nn.LayerNorm(SEEN)
        self.fit = nn.Sequential(
            nn.Linear(FITTED, TRAITS), nn.GELU(), nn.LayerNorm(TRAITS), nn.Linear(TRAITS, KNOWN)
        )
        self.join = nn.Sequential(
            nn.LayerNorm(SEEN + KNOWN), nn.Linear(SEEN + KNOWN, TRAITS), nn.GELU(),
            nn.LayerNorm(TRAITS),
        )  # fmt: skip
        self.drop = nn.Dropout(dropout)
        self.to_space = nn.Linear(TRAITS, SPACE)

    def see(self, crops: Tensor) -> Tensor:
        """(N, 256) what the crop and its mirror image show on average.

        Args:
            crops: (N, FACE_CROP, FACE_CROP) grey 0..1.
        """
        both: Tensor = self.look(torch.cat([crops, crops.flip(2)]))
        return (both[: len(crops)] + both[len(crops) :]) / 2

    def traits(self, seen: Tensor, fitted: Tensor) -> Tensor:
        """(N, 128) what the face shows, before the emotion space.

        Args:
            seen: (N, 256) of `see`.
            fitted: (N, 55) expression 0..1 and pose in radians.
        """
        expression, pose = fitted[:, :-3], fitted[:, -3:] * _POSE_SCALE
        known = self.fit(torch.cat([expression, pose], dim=1))
        both: Tensor = self.join(torch.cat([self.settle(seen), known], dim=1))
        return both

    def named(self, seen: Tensor) -> Tensor:
        """(N, 384) rows of length 1 or less: where the names of (N, 256) `see` lie."""
        where: Tensor = self.places(self.name(seen).softmax(dim=1))
        return where

    def led(self, traits: Tensor, named: Tensor) -> Tensor:
        """(N, 384) unit rows: where both ways together lead.

        Args:
            traits: (N, 128) of `traits`.
            named: (N, 384) of `named`.
        """
        told = functional.normalize(self.to_space(self.drop(traits)), dim=-1)
        return functional.normalize(told + NAME_SHARE * named, dim=-1)

    def forward(self, crops: Tensor, fitted: Tensor) -> Tensor:
        """(N, 384) unit rows; arguments as `see` and `traits`."""
        seen = self.see(crops)
        return self.led(self.traits(seen, fitted), self.named(seen))
