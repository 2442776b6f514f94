"""The image tower's network; imported where it is used, because it needs torch and open_clip."""

from __future__ import annotations

import torch
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn
from torch.nn import functional

from renderer.coefficients import ARKIT_NAMES
from talkinghead.types import FACE_CROP

SPACE = 384
TRAITS = 128
FITTED = len(ARKIT_NAMES) + 3
_GREY_MEAN, _GREY_SPREAD = 0.45, 0.25
_POSE_SCALE = 3.0  # turns of a third of a radian count as much as a full channel


class FaceNetwork(nn.Module):
    """A face to a unit vector of the emotion space.

    An open_clip vision transformer (Dosovitskiy et al. 2021; 3 layers, 96 wide, patches of 16)
    looks at the crop, a small perceptron at the fitted expression and pose; both are joined.

    Args:
        dropout: share of traits dropped in training.
    """

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.look = VisionTransformer(
            image_size=FACE_CROP, patch_size=16, width=96, layers=3, heads=4, mlp_ratio=2.0,
            output_dim=64, pool_type="avg",
        )  # fmt: skip
        self.fit = nn.Sequential(
            nn.Linear(FITTED, TRAITS), nn.GELU(), nn.LayerNorm(TRAITS), nn.Linear(TRAITS, 64)
        )
        self.join = nn.Sequential(
            nn.LayerNorm(128), nn.Linear(128, TRAITS), nn.GELU(), nn.LayerNorm(TRAITS)
        )
        self.drop = nn.Dropout(dropout)
        self.to_space = nn.Linear(TRAITS, SPACE)

    def traits(self, crops: Tensor, fitted: Tensor) -> Tensor:
        """(N, 128) what the face shows, before the emotion space.

        Args:
            crops: (N, FACE_CROP, FACE_CROP) grey 0..1.
            fitted: (N, 55) expression 0..1 and pose in radians.
        """
        grey = (crops - _GREY_MEAN) / _GREY_SPREAD
        seen = self.look(grey[:, None].expand(-1, 3, -1, -1))
        expression, pose = fitted[:, :-3], fitted[:, -3:] * _POSE_SCALE
        known = self.fit(torch.cat([expression, pose], dim=1))
        both: Tensor = self.join(torch.cat([seen, known], dim=1))
        return both

    def forward(self, crops: Tensor, fitted: Tensor) -> Tensor:
        """(N, 384) unit rows; arguments as `traits`."""
        return functional.normalize(self.to_space(self.drop(self.traits(crops, fitted))), dim=-1)
