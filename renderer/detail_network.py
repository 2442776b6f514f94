"""The network that paints the fine views of mouth and eyes (design section 4, point 3)."""

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

UNSHUFFLE = 2
KNOWN = 7
"""Channels: the geometric picture 3, its inner mask 1, the same place of the source 3."""
MOTION = 110
"""Expression and rotation of the frame, and those of the source."""
PAINT_SCALE, SHARE_START = 0.3, -2.0
SOFT = 9
"""Pixels over which the geometric picture is averaged below the paint."""
_WIDTHS = "widths"


@dataclass(frozen=True)
class PainterConfig:
    """Widths of a painter.

    Attributes:
        channels: of the levels at a half, a quarter, an eighth and a 16th of the view's side.
        style: width of the style vector.
    """

    channels: tuple[int, int, int, int]
    style: int


PAINTERS = {
    "tiny": PainterConfig((8, 8, 8, 8), 8),
    "mouth": PainterConfig((48, 96, 144, 192), 96),
    "eye": PainterConfig((32, 64, 96, 128), 64),
}


class DetailPainter(nn.Module):
    """A U-Net with style: what the geometric picture of a mouth or an eye should look like.

    Args:
        config: widths.
    """

    def __init__(self, config: PainterConfig) -> None:
        super().__init__()
        self.config = config
        channels, style = config.channels, config.style
        self.style = nn.Sequential(
            nn.Linear(MOTION, 128), nn.LeakyReLU(SLOPE), nn.Linear(128, style)
        )
        self.stem = Convolution(KNOWN * UNSHUFFLE**2, channels[0])
        self.blocks = nn.ModuleList(ResidualBlock(width, style) for width in channels)
        self.down = nn.ModuleList(
            Convolution(fine, coarse, stride=2) for fine, coarse in pairwise(channels)
        )
        self.narrow = nn.ModuleList(
            Convolution(coarse, fine, size=1) for fine, coarse in pairwise(channels)
        )
        self.merge = nn.ModuleList(ResidualBlock(width, style) for width in channels[:-1])
        self.normal = nn.GroupNorm(GROUPS, channels[0])
        self.head = Convolution(channels[0], 4 * UNSHUFFLE**2, start=0.0)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[np.generic]]) -> DetailPainter:
        """Build from what `as_tensors` gave."""
        *channels, style = (int(width) for width in np.asarray(tensors[_WIDTHS]))
        first, second, third, fourth = channels
        painter = cls(PainterConfig((first, second, third, fourth), style))
        painter.load_state_dict(
            {
                name: torch.from_numpy(np.asarray(values, np.float32))
                for name, values in tensors.items()
                if name != _WIDTHS
            }
        )
        return painter

    def as_tensors(self) -> dict[str, NDArray[np.generic]]:
        """The tensors of a weight file: half precision, and the widths."""
        tensors: dict[str, NDArray[np.generic]] = {
            name: values.detach().cpu().half().numpy() for name, values in self.state_dict().items()
        }
        tensors[_WIDTHS] = np.array([*self.config.channels, self.config.style], np.int32)
        return tensors

    def forward(self, known: Tensor, motion: Tensor) -> tuple[Tensor, Tensor]:
        """Paint.

        Args:
            known: (B, 7, S, S) 0..1, see `KNOWN`; S a multiple of 16.
            motion: (B, 110), see `MOTION`.

        Returns:
            Paint (B, 3, S, S), not clipped, and share (B, 1, S, S) 0..1: how far it covers the
            geometric picture. Untrained, the paint is the softened geometric picture.
        """
        style = self.style(motion)
        values = self.stem(functional.pixel_unshuffle(known * 2 - 1, UNSHUFFLE))
        skips = []
        for index, block in enumerate(self.blocks):
            values = block(values, style)
            if index < len(self.down):
                skips.append(values)
                values = self.down[index](functional.leaky_relu(values, SLOPE))
        for index in reversed(range(len(self.merge))):
            size = (skips[index].shape[-2], skips[index].shape[-1])
            values = skips[index] + upsampled(self.narrow[index](values), size)
            values = self.merge[index](values, style)
        values = self.head(functional.leaky_relu(self.normal(values), SLOPE))
        answer = functional.pixel_shuffle(values.float(), UNSHUFFLE)
        # On the softened picture: the edges of what geometry painted must not shine through.
        paint = softened(known[:, :3]) + answer[:, :3] * PAINT_SCALE
        return paint, torch.sigmoid(answer[:, 3:] + SHARE_START)


def softened(pictures: Tensor) -> Tensor:
    """(B, C, S, S) mean over `SOFT` pixels each way, of those that are there."""
    reach = SOFT // 2
    pictures = pictures.contiguous()  # channel by channel it is five times faster
    down = functional.avg_pool2d(pictures, (SOFT, 1), 1, (reach, 0), count_include_pad=False)
    return functional.avg_pool2d(down, (1, SOFT), 1, (0, reach), count_include_pad=False)
