"""CodeTalker's first stage on our coefficients: a vector-quantised autoencoder of motion.

One autoencoder for each part of the face, so that brows and head vary freely of the lips. Mended
against the published code (papers.md, section 4): causal in time, normalised row by row (not over
time), an EMA codebook started from data whose dead codes are revived, motion relative to the
resting face and z-scored by channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.coefficients import ARKIT_NAMES, UPPER_FACE_CHANNELS
from talkinghead.motion.regression_net import SPOKEN

CODE_WIDTH = 16
_WIDTH = 64
_KERNEL = 5
_LAYERS = 2
_DECAY = 0.98
_DEAD = 0.03
"""A code that is chosen less often than this share of its fair share is revived."""

_UPPER = tuple(
    place for place, channel in enumerate(SPOKEN) if ARKIT_NAMES[channel] in UPPER_FACE_CHANNELS
)
_LOWER = tuple(place for place in range(len(SPOKEN)) if place not in _UPPER)
HEAD = 3
"""Pitch, yaw, roll, behind the channels in `MOTION`."""
MOTION = len(SPOKEN) + HEAD


@dataclass(frozen=True)
class Part:
    """One part of the face and its alphabet.

    Attributes:
        columns: of a motion row (MOTION wide).
        heads: codes a row.
        size: codes in the book.
    """

    columns: tuple[int, ...]
    heads: int
    size: int


PARTS: dict[str, Part] = {
    "lips": Part(_LOWER, 3, 256),
    "upper": Part(_UPPER, 2, 128),
    "head": Part(tuple(range(len(SPOKEN), MOTION)), 1, 128),
}


class Codebook(nn.Module):
    """N code vectors, moved by exponential averages (van den Oord et al. 2017, appendix A.1).

    Args:
        size: N.
    """

    codes: Tensor
    counts: Tensor
    sums: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("codes", torch.randn(size, CODE_WIDTH) * 0.1)
        self.register_buffer("counts", torch.zeros(size))
        self.register_buffer("sums", torch.zeros(size, CODE_WIDTH))

    def nearest(self, latent: Tensor) -> Tensor:
        """(..., C) to (...,) int64."""
        flat = latent.reshape(-1, CODE_WIDTH)
        return torch.cdist(flat, self.codes).argmin(dim=1).reshape(latent.shape[:-1])

    @torch.no_grad()
    def learn(self, latent: Tensor, chosen: Tensor) -> None:
        """Move the codes to what chose them; revive those that nothing chooses.

        Args:
            latent: (M, C).
            chosen: (M,) their codes.
        """
        if not self.counts.any():  # the first batch: start from data
            self._revive(torch.ones_like(self.counts, dtype=torch.bool), latent)
            chosen = self.nearest(latent)
        hits = functional.one_hot(chosen, len(self.codes)).to(latent.dtype)
        self.counts.mul_(_DECAY).add_(hits.sum(0), alpha=1 - _DECAY)
        self.sums.mul_(_DECAY).add_(hits.T @ latent, alpha=1 - _DECAY)
        self.codes.copy_(self.sums / self.counts.clamp(min=1e-5)[:, None])
        fair = self.counts.mean()
        dead = self.counts < _DEAD * fair
        if dead.any():
            self._revive(dead, latent)

    def _revive(self, dead: Tensor, latent: Tensor) -> None:
        """Put codes on rows of data, with weight enough to live on."""
        rows = latent[torch.randint(len(latent), (int(dead.sum()),), device=latent.device)]
        weight = max(float(self.counts.mean()), 1.0)
        self.codes[dead] = rows
        self.counts[dead] = weight
        self.sums[dead] = rows * weight


class CausalLayer(nn.Module):
    """x + W gelu(conv(norm(x))), the convolution looking back only."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(_WIDTH)
        self.conv = nn.Conv1d(_WIDTH, _WIDTH, _KERNEL)
        self.out = nn.Linear(_WIDTH, _WIDTH)

    def forward(self, rows: Tensor) -> Tensor:
        """(B, T, _WIDTH) to the same."""
        past = functional.pad(self.norm(rows).transpose(1, 2), (_KERNEL - 1, 0))
        changed: Tensor = rows + self.out(functional.gelu(self.conv(past)).transpose(1, 2))
        return changed


@dataclass(frozen=True)
class Quantised:
    """What the autoencoder makes of motion.

    Attributes:
        motion: (B, T, C) made again from the codes.
        codes: (B, T, heads) int64.
        commitment: () how far the encoder is from its codes.
    """

    motion: Tensor
    codes: Tensor
    commitment: Tensor


class PartAutoencoder(nn.Module):
    """Encoder, one codebook a head, decoder; all causal.

    Args:
        part: the part.
    """

    scale: Tensor
    back = _LAYERS * (_KERNEL - 1)
    """Rows of the past that a decoded row depends on."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        width = len(part.columns)
        self.part = part
        self.register_buffer("scale", torch.ones(width))
        self.enter = nn.Linear(width, _WIDTH)
        self.encoder = nn.Sequential(*(CausalLayer() for _ in range(_LAYERS)))
        self.to_latent = nn.Linear(_WIDTH, part.heads * CODE_WIDTH)
        self.books = nn.ModuleList(Codebook(part.size) for _ in range(part.heads))
        self.from_latent = nn.Linear(part.heads * CODE_WIDTH, _WIDTH)
        self.decoder = nn.Sequential(*(CausalLayer() for _ in range(_LAYERS)))
        self.leave = nn.Linear(_WIDTH, width)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    @property
    def alphabets(self) -> list[Codebook]:
        """One codebook a head."""
        return cast(list[Codebook], list(self.books))

    def forward(self, motion: Tensor) -> Quantised:
        """(B, T, C) of this part; in training mode the codebooks learn."""
        latent = self._latent(motion)
        chosen, rounded = [], []
        for book, own in zip(self.alphabets, latent.unbind(2), strict=True):
            codes = book.nearest(own)
            if self.training:
                book.learn(own.detach().reshape(-1, CODE_WIDTH), codes.reshape(-1))
                codes = book.nearest(own)
            chosen.append(codes)
            rounded.append(book.codes[codes])
        near = torch.stack(rounded, dim=2)
        commitment = functional.mse_loss(latent, near)
        through = latent + (near - latent).detach()
        return Quantised(self.decode_latent(through), torch.stack(chosen, 2), commitment)

    def encode(self, motion: Tensor) -> Tensor:
        """(B, T, C) to codes (B, T, heads)."""
        latent = self._latent(motion)
        pairs = zip(self.alphabets, latent.unbind(2), strict=True)
        return torch.stack([book.nearest(own) for book, own in pairs], 2)

    def decode_latent(self, latent: Tensor) -> Tensor:
        """(B, T, heads, CODE_WIDTH) to motion (B, T, C)."""
        rows = self.decoder(self.from_latent(latent.flatten(2)))
        motion: Tensor = self.leave(rows) * self.scale
        return motion

    def _latent(self, motion: Tensor) -> Tensor:
        rows = self.encoder(self.enter(motion / self.scale))
        latent: Tensor = self.to_latent(rows).unflatten(2, (self.part.heads, CODE_WIDTH))
        return latent


class MotionVQ(nn.ModuleDict):
    """One `PartAutoencoder` for each of `PARTS`."""

    def __init__(self) -> None:
        super().__init__({name: PartAutoencoder(part) for name, part in PARTS.items()})

    def part(self, name: str) -> PartAutoencoder:
        """The autoencoder of a part."""
        return cast(PartAutoencoder, self[name])

    @property
    def alphabets(self) -> list[Codebook]:
        """The codebooks of all heads, parts in the order of `PARTS`."""
        return [book for name in PARTS for book in self.part(name).alphabets]

    def encode(self, motion: Tensor) -> Tensor:
        """(B, T, MOTION) to codes (B, T, all heads), parts in the order of `PARTS`."""
        return torch.cat(
            [self.part(name).encode(motion[..., one.columns]) for name, one in PARTS.items()], 2
        )

    def decode(self, codes: Tensor) -> Tensor:
        """(B, T, all heads) to motion (B, T, MOTION)."""
        pairs = zip(self.alphabets, codes.unbind(2), strict=True)
        return self.decode_vectors(torch.stack([book.codes[own] for book, own in pairs], 2))

    def decode_vectors(self, vectors: Tensor) -> Tensor:
        """(B, T, all heads, CODE_WIDTH) to motion (B, T, MOTION)."""
        motion = vectors.new_zeros(*vectors.shape[:2], MOTION)
        for name, heads in head_slices().items():
            own = self.part(name).decode_latent(vectors[:, :, heads])
            motion[..., list(PARTS[name].columns)] = own
        return motion


def head_slices() -> dict[str, slice]:
    """Which of all code heads belong to which part."""
    slices, start = {}, 0
    for name, part in PARTS.items():
        slices[name] = slice(start, start + part.heads)
        start += part.heads
    return slices
