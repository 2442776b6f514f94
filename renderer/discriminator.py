"""Patch discriminators on the face and on crops of mouth and eyes; only training uses them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from renderer.layers import GROUPS, SLOPE, Convolution

CROP_SIDE = 64
"""Pixels of a crop of mouth or eye at the network's 256."""


class PatchDiscriminator(nn.Module):
    """Scores overlapping patches (Isola et al., CVPR 2017).

    Args:
        unshuffle: the picture is folded by this first, so that it is cheap.
        channels: of the layers; each but the first halves the size.
        inputs: channels of the picture and of what is shown beside it.
        spectral: normalise the weights (Miyato et al., ICLR 2018); else the features, in groups,
            which judges small pictures harder and sooner (Wang et al., CVPR 2018).
    """

    def __init__(
        self, unshuffle: int, channels: tuple[int, ...], inputs: int = 3, *, spectral: bool = True
    ) -> None:
        super().__init__()
        self.unshuffle = unshuffle
        inputs = inputs * unshuffle**2
        self.layers = nn.ModuleList()
        for index, outputs in enumerate(channels):
            layer: nn.Module = Convolution(inputs, outputs, stride=2 if index else 1)
            if spectral:
                layer = spectral_norm(layer)
            elif index:
                layer = nn.Sequential(layer, nn.GroupNorm(GROUPS, outputs))
            self.layers.append(layer)
            inputs = outputs
        # Not normalised: with a bound on it the scores would stay near 0 and teach little.
        self.score = Convolution(inputs, 1)

    def forward(self, picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Scores (B, 1, h, w) and the features of all layers of pictures in 0..1."""
        values = functional.pixel_unshuffle(picture * 2 - 1, self.unshuffle)
        features = []
        for layer in self.layers:
            values = functional.leaky_relu(layer(values), SLOPE)
            features.append(values)
        scores: Tensor = self.score(values)
        return scores.float(), features


@dataclass(frozen=True)
class Judgement:
    """What all discriminators say: scores and features."""

    scores: list[Tensor]
    features: list[Tensor]


class FaceDiscriminator(nn.Module):
    """One discriminator for the face, one for mouths, one for eyes.

    Args:
        width: channels of the first layer.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = (width, 2 * width, 3 * width)
        self.face = PatchDiscriminator(4, channels)
        self.mouth = PatchDiscriminator(2, channels)
        self.eye = PatchDiscriminator(2, channels)

    def forward(self, picture: Tensor, centres: Tensor) -> Judgement:
        """Judge.

        Args:
            picture: (B, 3, S, S) 0..1.
            centres: (B, 3, 2) of mouth, left and right eye, x and y in half sides.
        """
        scores, features = [], []
        parts = ((self.mouth, 0), (self.eye, 1), (self.eye, 2))
        pictures = [(self.face, picture)]
        pictures += [(judge, crop_around(picture, centres[:, index])) for judge, index in parts]
        for judge, part in pictures:
            score, inside = judge(part)
            scores.append(score)
            features += inside
        return Judgement(scores, features)


def crop_around(picture: Tensor, centre: Tensor, side: int = CROP_SIDE) -> Tensor:
    """(B, 3, side, side) cut around (B, 2) centres given in half sides; differentiable."""
    span = side / picture.shape[-1]
    steps = (torch.arange(side, device=picture.device, dtype=torch.float32) * 2 + 1) / side - 1
    x = centre[:, 0, None, None] + span * steps[None, None, :]
    y = centre[:, 1, None, None] + span * steps[None, :, None]
    grid = torch.stack([x.expand(-1, side, -1), y.expand(-1, -1, side)], dim=-1)
    return functional.grid_sample(picture, grid, padding_mode="border", align_corners=False)


def region_centres(closeness: Tensor) -> Tensor:
    """(B, R, 2) x and y in half sides of where each of R (B, R, s, s) maps has its weight."""
    side = closeness.shape[-1]
    steps = (torch.arange(side, device=closeness.device, dtype=torch.float32) * 2 + 1) / side - 1
    weight = closeness.pow(4)
    total = weight.sum((2, 3)).clamp_min(1e-6)
    x = (weight.sum(2) * steps).sum(-1) / total
    y = (weight.sum(3) * steps).sum(-1) / total
    return torch.stack([x, y], dim=-1)
