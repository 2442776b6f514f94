"""The network that reads off a photo what goes along when the head moves.

It looks at the photo once, before the first frame: hair, ears and hats follow the head, neck and
shoulders half, walls not at all. What it answers is linear in the motion, so a still head leaves
everything still, and nothing flickers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from renderer.layers import GROUPS, SLOPE, Convolution, ResidualBlock, upsampled

SIDE = 128
"""Pixels of what the network sees, and half of them of what it answers."""
KNOWN = 8
"""Channels: the photo 3, where the face is 1, the place on the face 3, the ring around it 1."""
DRIFT = 24
PLANE_SCALE, DRIFT_SCALE = 0.5, 0.3
MOST_CERTAIN = 0.02
"""The ring is a first guess of what follows the head; not even its ends are certain."""
_WIDTHS = "widths"


@dataclass(frozen=True)
class FollowConfig:
    """Widths of the network at a half, a quarter, an eighth and a 16th of its side."""

    channels: tuple[int, int, int, int]


CONFIGS = {
    "tiny": FollowConfig((8, 8, 8, 8)),
    "base": FollowConfig((32, 64, 96, 128)),
}


@dataclass(frozen=True)
class FollowAnswers:
    """What the network says of N photos; s = `SIDE` / 2.

    Attributes:
        follow: (N, 2, s, s) 0..1, this and the next two as in `FollowMaps`: near, then far.
        plane: (N, 2, s, s).
        drift: (N, 24, s, s): x for the six numbers of the motion, then y; near, then far.
        person: (N, 1, s, s) log odds that the place shows the person.
    """

    follow: Tensor
    plane: Tensor
    drift: Tensor
    person: Tensor


class FollowNetwork(nn.Module):
    """A U-Net from photo and face to `FollowAnswers`.

    Args:
        config: widths.
    """

    def __init__(self, config: FollowConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.channels
        self.stem = Convolution(KNOWN * 4, channels[0])
        self.blocks = nn.ModuleList(ResidualBlock(width) for width in channels)
        self.down = nn.ModuleList(
            Convolution(fine, coarse, stride=2) for fine, coarse in pairwise(channels)
        )
        # What is far away matters too: where the shoulders are tells what is hair.
        self.whole = nn.Linear(channels[-1], channels[-1])
        self.narrow = nn.ModuleList(
            Convolution(coarse, fine, size=1) for fine, coarse in pairwise(channels)
        )
        self.merge = nn.ModuleList(ResidualBlock(width) for width in channels[:-1])
        self.normal = nn.GroupNorm(GROUPS, channels[0])
        self.head = Convolution(channels[0], 4 + DRIFT + 1, start=0.0)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[np.generic]]) -> FollowNetwork:
        """Build from what `as_tensors` gave."""
        first, second, third, fourth = (int(width) for width in np.asarray(tensors[_WIDTHS]))
        network = cls(FollowConfig((first, second, third, fourth)))
        network.load_state_dict(
            {
                name: torch.from_numpy(np.asarray(values, np.float32))
                for name, values in tensors.items()
                if name != _WIDTHS
            }
        )
        return network

    def as_tensors(self) -> dict[str, NDArray[np.generic]]:
        """The tensors of a weight file: half precision, and the widths."""
        tensors: dict[str, NDArray[np.generic]] = {
            name: values.detach().cpu().half().numpy() for name, values in self.state_dict().items()
        }
        tensors[_WIDTHS] = np.array(self.config.channels, np.int32)
        return tensors

    def forward(self, known: Tensor) -> FollowAnswers:
        """Look at photos.

        Args:
            known: (N, 8, SIDE, SIDE), see `KNOWN`; all 0..1 but the places, which are about -1..1.

        Returns:
            Untrained: the ring, and no drift.
        """
        values = self.stem(functional.pixel_unshuffle(known * 2 - 1, 2))
        skips = []
        for index, block in enumerate(self.blocks):
            values = block(values)
            if index < len(self.down):
                skips.append(values)
                values = self.down[index](functional.leaky_relu(values, SLOPE))
        whole = self.whole(functional.leaky_relu(values.mean((2, 3)), SLOPE))
        values = values + whole[:, :, None, None]
        for index in reversed(range(len(self.merge))):
            size = (skips[index].shape[-2], skips[index].shape[-1])
            values = skips[index] + upsampled(self.narrow[index](values), size)
            values = self.merge[index](values)
        answer = self.head(functional.leaky_relu(self.normal(values), SLOPE)).float()
        ring = functional.avg_pool2d(known[:, -1:], 2).clamp(MOST_CERTAIN, 1 - MOST_CERTAIN)
        person = answer[:, 4 + DRIFT :]  # only who is alive drifts: walls do not
        return FollowAnswers(
            torch.sigmoid(torch.logit(ring) + answer[:, :2]),
            answer[:, 2:4] * PLANE_SCALE,
            answer[:, 4 : 4 + DRIFT] * DRIFT_SCALE * person.sigmoid().detach(),
            person,
        )
