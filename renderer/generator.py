"""The learned generator: residual flow, shading and texture on top of the geometric picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from renderer.layers import upsampled
from renderer.networks import GeneratorConfig, Hierarchy, warp_by

_WIDTHS = "widths"


@dataclass(frozen=True)
class Batch:
    """What the generator is given; S = 256, s = 64.

    Attributes:
        source: (B, 3, S, S) float32 0..1.
        picture: (B, 3, S, S) float32 0..1, the geometric picture.
        inner: (B, 2, S, S) float32 0..1, inside of the mouth and eyeballs.
        maps: (B, 7, s, s) float32, see `Conditions`.
        source_maps: (B, 4, s, s) float32 covered and code of the source.
        motion: (B, 27, 110) float32 the window of expression and rotation, beside it the source's.
    """

    source: Tensor
    picture: Tensor
    inner: Tensor
    maps: Tensor
    source_maps: Tensor
    motion: Tensor


@dataclass(frozen=True)
class Change:
    """What the generator wants changed; it can be applied at any resolution.

    Attributes:
        flow: (B, 2, s, s) residual backward flow in half sides, on the geometric picture.
        shading: (B, 3, s, s) added to the colours 0..1; smooth.
        texture: (B, 3, S, S) added to the colours at the network's resolution.
        visibility: (B, 1, s, s) 0..1 how far the warped source was believed; 1 = fully.
    """

    flow: Tensor
    shading: Tensor
    texture: Tensor
    visibility: Tensor


class FaceGenerator(nn.Module):
    """Hierarchical flow fields and residual faces (Xu et al., CVPR 2023), geometry first.

    Untrained it changes nothing: all heads start at zero.

    Args:
        config: widths.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.hierarchy = Hierarchy(config)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[np.generic]]) -> FaceGenerator:
        """Build from the tensors of a weight file; see `as_tensors`."""
        *channels, style, motion = (int(width) for width in np.asarray(tensors[_WIDTHS]))
        first, second, third, fourth = channels
        generator = cls(GeneratorConfig((first, second, third, fourth), style, motion))
        generator.load_state_dict(
            {
                name: torch.from_numpy(np.asarray(values, np.float32))
                for name, values in tensors.items()
                if name != _WIDTHS
            }
        )
        return generator

    def as_tensors(self) -> dict[str, NDArray[np.generic]]:
        """The tensors of a weight file: half precision, and the widths."""
        config = self.config
        tensors: dict[str, NDArray[np.generic]] = {
            name: values.detach().cpu().half().numpy() for name, values in self.state_dict().items()
        }
        tensors[_WIDTHS] = np.array([*config.channels, config.style, config.motion], np.int32)
        return tensors

    def encode_source(self, source: Tensor, source_maps: Tensor) -> list[Tensor]:
        """Features of a source; at inference they are worked out once."""
        features: list[Tensor] = self.hierarchy.source(source * 2 - 1, source_maps)
        return features

    def change(self, features: list[Tensor], batch: Batch) -> Change:
        """What to change, given the source's features."""
        known = torch.cat([batch.picture * 2 - 1, batch.inner], dim=1)
        fields, texture = self.hierarchy(features, known, batch.maps, batch.motion)
        return Change(
            fields[:, :2], fields[:, 3:], texture, torch.sigmoid(fields[:, 2:3] + 2)
        )  # fmt: skip

    def forward(self, batch: Batch) -> tuple[Tensor, Change]:
        """Picture (B, 3, S, S), not clipped, and the change that made it."""
        change = self.change(self.encode_source(batch.source, batch.source_maps), batch)
        return applied(batch.picture, change), change


def applied(picture: Tensor, change: Change) -> Tensor:
    """Apply a change at the network's resolution.

    Args:
        picture: (B, 3, S, S) the geometric picture.
        change: what to change.
    """
    size = (picture.shape[-2], picture.shape[-1])
    moved = warp_by(picture, upsampled(change.flow, size), "bicubic")
    return moved + upsampled(change.shading, size) + change.texture
