"""Encoders and the hierarchical decoder; all of them work at a quarter of the picture's size."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.conditions import MOTION_WIDTH, SOURCE_MAPS, TARGET_MAPS
from renderer.layers import GROUPS, SLOPE, Convolution, MotionEncoder, ResidualBlock, upsampled

UNSHUFFLE = 4
FLOW_SCALE, VISIBILITY_SCALE, SHADING_SCALE, TEXTURE_SCALE = 0.01, 0.2, 0.05, 0.1
"""What a head's answer of 1 means. Adam moves every weight by as much: without these scales the
first steps throw the flow across the picture."""


@dataclass(frozen=True)
class GeneratorConfig:
    """Widths of the generator.

    Attributes:
        channels: of the levels at a quarter, an eighth, a 16th and a 32nd of the picture's size.
        style: width of the style vector.
        motion: channels of the motion encoder.
    """

    channels: tuple[int, int, int, int]
    style: int
    motion: int


PRESETS = {
    "tiny": GeneratorConfig((8, 8, 12, 12), 8, 8),
    "base": GeneratorConfig((64, 128, 208, 256), 128, 96),
}


class Encoder(nn.Module):
    """A picture and its maps to features at several levels.

    Args:
        inputs: channels of the unshuffled picture and the maps together.
        channels: of the levels, finest first.
    """

    def __init__(self, inputs: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.stem = Convolution(inputs, channels[0])
        self.blocks = nn.ModuleList(ResidualBlock(width) for width in channels)
        self.normal = nn.ModuleList(nn.GroupNorm(GROUPS, width) for width in channels)
        self.down = nn.ModuleList(
            Convolution(fine, coarse, stride=2) for fine, coarse in pairwise(channels)
        )

    def forward(self, picture: Tensor, maps: Tensor) -> list[Tensor]:
        """(B, C, S, S) and (B, M, S/4, S/4) to one (B, c, h, w) a level, finest first."""
        values = torch.cat([functional.pixel_unshuffle(picture, UNSHUFFLE), maps], dim=1)
        values = self.stem(values)
        levels = []
        for index, block in enumerate(self.blocks):
            values = functional.leaky_relu(self.normal[index](block(values)), SLOPE)
            levels.append(values)
            if index < len(self.down):
                values = self.down[index](values)
        return levels


class Level(nn.Module):
    """One step of the hierarchy: better flow, visibility and shading, and features.

    Args:
        inputs: channels from the coarser level.
        channels: of this level's encoders and its output.
        style: width of the style vector.
    """

    scales: Tensor

    def __init__(self, inputs: int, channels: int, style: int) -> None:
        super().__init__()
        self.merge = Convolution(2 * channels, channels, size=1)
        self.narrow = Convolution(inputs, channels, size=1)
        self.block = ResidualBlock(channels, style)
        self.normal = nn.GroupNorm(GROUPS, channels)
        self.head = Convolution(channels, 6, start=0.0)
        scales = [FLOW_SCALE] * 2 + [VISIBILITY_SCALE] + [SHADING_SCALE] * 3
        self.register_buffer("scales", torch.tensor(scales)[:, None, None], persistent=False)

    def forward(
        self, coarser: Tensor, known: Tensor, source: Tensor, flow: Tensor, fields: Tensor,
        style: Tensor,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Refine.

        Args:
            coarser: (B, inputs, h/2, w/2) features.
            known: (B, c, h, w) features of the conditions.
            source: (B, c, h, w) features of the source.
            flow: (B, 2, h, w) the geometric flow in half sides.
            fields: (B, 6, h/2, w/2) residual flow (2), visibility logit (1), shading (3) so far.
            style: (B, style).

        Returns:
            Features (B, c, h, w) and fields (B, 6, h, w).
        """
        size = (known.shape[-2], known.shape[-1])
        fields = upsampled(fields.float(), size)
        warped = warp_by(source.float(), flow + fields[:, :2]) * torch.sigmoid(fields[:, 2:3] + 2)
        # A 1x1 convolution and a resize change places: narrow first, it is cheaper.
        merged = self.merge(torch.cat([known, warped.to(known.dtype)], dim=1))
        merged = merged + upsampled(self.narrow(coarser), size)
        values = self.block(merged, style)
        values = functional.leaky_relu(self.normal(values), SLOPE)
        return values, fields + self.head(values).float() * self.scales


class Hierarchy(nn.Module):
    """From the coarsest level to the quarter of the picture's size, residually (HEF).

    Args:
        config: widths.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        channels = config.channels
        self.style = MotionEncoder(2 * MOTION_WIDTH, config.motion, config.style)
        self.source = Encoder(3 * UNSHUFFLE**2 + SOURCE_MAPS, channels[:-1])
        self.known = Encoder(5 * UNSHUFFLE**2 + TARGET_MAPS, channels)
        self.bottom = ResidualBlock(channels[-1], config.style)
        self.levels = nn.ModuleList(
            Level(coarse, fine, config.style)
            for coarse, fine in zip(channels[:0:-1], channels[-2::-1], strict=True)
        )
        self.last = ResidualBlock(channels[0], config.style)
        self.normal = nn.GroupNorm(GROUPS, channels[0])
        self.texture = Convolution(channels[0], 3 * UNSHUFFLE**2, start=0.0)

    def forward(
        self, source: list[Tensor], picture: Tensor, maps: Tensor, motion: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Predict what to change.

        Args:
            source: features from `self.source`.
            picture: (B, 5, S, S) the geometric picture and inner masks.
            maps: (B, 7, s, s), see `Conditions`.
            motion: (B, 27, 110) the window, and beside it the source's coefficients.

        Returns:
            Fields (B, 6, s, s) and texture (B, 3, S, S).
        """
        style = self.style(motion)
        known = self.known(picture, maps)
        values = self.bottom(known[-1], style)
        fields = values.new_zeros((len(values), 6, *values.shape[-2:]), dtype=torch.float32)
        for index, level in enumerate(self.levels):
            depth = len(self.levels) - 1 - index
            size = (known[depth].shape[-2], known[depth].shape[-1])
            flow = functional.interpolate(maps[:, :2], size=size, mode="area")
            values, fields = level(values, known[depth], source[depth], flow, fields, style)
        values = functional.leaky_relu(self.normal(self.last(values, style)), SLOPE)
        texture = functional.pixel_shuffle(self.texture(values).float(), UNSHUFFLE)
        return fields, texture * TEXTURE_SCALE


def warp_by(values: Tensor, offset: Tensor, mode: str = "bilinear") -> Tensor:
    """Sample at every pixel's own place plus an offset; beyond the border the edge repeats.

    Args:
        values: (B, C, h, w) float32.
        offset: (B, 2, h, w) x and y in half sides of the picture; zero is the identity to 1e-6.
        mode: "bilinear" or "bicubic".

    Returns:
        (B, C, h, w).
    """
    height, width = offset.shape[-2:]
    # Pixel centres (align_corners=False): -1 and 1 are the picture's edges.
    x = (torch.arange(width, device=offset.device, dtype=torch.float32) * 2 + 1) / width - 1
    y = (torch.arange(height, device=offset.device, dtype=torch.float32) * 2 + 1) / height - 1
    grid = torch.stack(
        [offset[:, 0].float() + x[None, None], offset[:, 1].float() + y[None, :, None]], dim=-1
    )
    return functional.grid_sample(
        values, grid, mode=mode, padding_mode="border", align_corners=False
    )
