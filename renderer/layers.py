"""Building blocks of the generator."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

Module = TypeVar("Module", bound=nn.Module)

SLOPE = 0.2
GROUPS = 4
_BRANCH_START = 0.3
"""A residual branch starts weak: without normalisation the signal would grow block by block."""


class Convolution(nn.Conv2d):
    """3x3 (or 1x1) convolution that keeps the size, or halves it with stride 2.

    Args:
        inputs: channels in.
        outputs: channels out.
        size: 1 or 3.
        stride: 1 or 2.
        start: factor on He's standard deviation (He et al. 2015); 0 starts the layer at zero.
    """

    def __init__(
        self, inputs: int, outputs: int, size: int = 3, stride: int = 1, start: float = 1.0
    ) -> None:
        super().__init__(inputs, outputs, size, stride, size // 2)
        nn.init.kaiming_normal_(self.weight, a=SLOPE)
        nn.init.zeros_(self.bias)  # type: ignore[arg-type]
        self.weight.data.mul_(start)


class ResidualBlock(nn.Module):
    """x + conv2(act(conv1(act(x)))), its middle scaled and shifted by a style if there is one.

    The second convolution takes the first one's output, which several published renderers forget
    (PIRenderer issue 14).

    Args:
        channels: in and out.
        style: width of the style vector; 0 = none.
    """

    def __init__(self, channels: int, style: int = 0) -> None:
        super().__init__()
        self.normal = nn.GroupNorm(GROUPS, channels)
        self.first = Convolution(channels, channels)
        self.second = Convolution(channels, channels, start=_BRANCH_START)
        self.modulation = nn.Linear(style, 2 * channels) if style else None
        if self.modulation is not None:
            nn.init.normal_(self.modulation.weight, std=0.02)
            nn.init.zeros_(self.modulation.bias)

    def forward(self, values: Tensor, style: Tensor | None = None) -> Tensor:
        """(B, C, h, w) to the same shape; style is (B, style)."""
        changed = self.first(functional.leaky_relu(self.normal(values), SLOPE))
        if self.modulation is not None and style is not None:
            scale, shift = self.modulation(style)[:, :, None, None].chunk(2, dim=1)
            changed = changed * (1 + scale) + shift
        branch: Tensor = self.second(functional.leaky_relu(changed, SLOPE))
        return values + branch


class MotionEncoder(nn.Module):
    """A window of motion coefficients to a style vector (PIRenderer's mapping network).

    Args:
        inputs: coefficients a frame.
        hidden: channels.
        outputs: width of the style vector.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(inputs, hidden, 7)
        self.middle = nn.ModuleList(nn.Conv1d(hidden, hidden, 3, dilation=3) for _ in range(3))
        self.last = nn.Linear(hidden, outputs)

    def forward(self, window: Tensor) -> Tensor:
        """(B, 27, inputs) to (B, outputs)."""
        values = self.first(window.transpose(1, 2))
        for layer in self.middle:
            # 21 frames, six fewer after each layer; the middle is kept.
            values = layer(functional.leaky_relu(values, SLOPE)) + values[:, :, 3:-3]
        style: Tensor = self.last(functional.leaky_relu(values.mean(2), SLOPE))
        return style


def upsampled(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear, pixel centres kept in place."""
    return functional.interpolate(values, size=size, mode="bilinear", align_corners=False)


def channels_last(module: Module) -> Module:
    """Lay its weights out as bf16 convolutions on a CPU like them: twice as fast."""
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return module
