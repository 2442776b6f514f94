"""Attention that looks a fixed number of rows back and ahead, so that a stream equals the whole.

EmoTalk's cross-attention sees exactly one key, which makes it a linear map (papers.md, section 2);
a band of rows lets the feeling of the last moments act. Distance costs linearly in the score
(ALiBi, Press et al. 2022), which is also the only sense of position that is needed.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class BandAttention(nn.Module):
    """Multi-head attention within a band of rows.

    Args:
        width: D, a multiple of `heads`.
        heads: number of heads.
        back: rows before the own one that are seen.
        ahead: rows after it.
    """

    def __init__(self, width: int, heads: int, back: int, ahead: int) -> None:
        super().__init__()
        self.heads, self.back, self.ahead = heads, back, ahead
        self.ask = nn.Linear(width, width)
        self.tell = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, query: Tensor, memory: Tensor) -> Tensor:
        """(B, T, D) queries over (B, T, D) memory, row by row beside each other."""
        key, value = self.remembered(memory)
        bias = band_bias(query.shape[1], self.heads, self.back, self.ahead).to(query)
        return self._seen(query, key, value, bias)

    def remembered(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values (B, H, T, C) of (B, T, D), to be kept by who goes row by row."""
        key, value = self.tell(memory).chunk(2, dim=-1)
        return self._split(key), self._split(value)

    def asked(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """One row (B, 1, D) over remembered rows, of which the last is its own."""
        distance = torch.arange(key.shape[2] - 1, -1, -1).to(query)
        bias = -slopes(self.heads).to(query)[:, None, None] * distance
        return self._seen(query, key, value, bias)

    def _seen(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        seen = functional.scaled_dot_product_attention(
            self._split(self.ask(query)), key, value, attn_mask=bias
        )
        joined: Tensor = self.out(seen.transpose(1, 2).flatten(2))
        return joined

    def _split(self, rows: Tensor) -> Tensor:
        """(B, T, H * C) to (B, H, T, C)."""
        return rows.reshape(*rows.shape[:2], self.heads, -1).transpose(1, 2)


def band_bias(rows: int, heads: int, back: int, ahead: int) -> Tensor:
    """(H, T, T): minus the distance times the head's slope; minus infinity outside the band."""
    place = torch.arange(rows)
    offset = place[None] - place[:, None]
    bias = -slopes(heads)[:, None, None] * offset.abs()
    return bias.masked_fill((offset < -back) | (offset > ahead), float("-inf"))


def slopes(heads: int) -> Tensor:
    """(H,) ALiBi's slopes 2^-1 .. 2^-8 spread over the heads."""
    return 2.0 ** (-8.0 * torch.arange(1, heads + 1) / heads)


class FeedForward(nn.Sequential):
    """Norm, widen, GELU, narrow.

    Args:
        width: D.
        inner: width in the middle.
        dropout: share of the middle that is dropped in training.
    """

    def __init__(self, width: int, inner: int, dropout: float) -> None:
        super().__init__(
            nn.LayerNorm(width), nn.Linear(width, inner), nn.GELU(), nn.Dropout(dropout),
            nn.Linear(inner, width),
        )  # fmt: skip
