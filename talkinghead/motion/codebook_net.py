"""CodeTalker's second stage on our coefficients: the autoregressive code query.

Row by row the network asks which codes of the motion books come next, given what is heard, felt
and was done before. Keys and values are kept (the published loop decodes the whole prefix for every
frame), the past that counts is bounded, so motion of any length costs the same per row, and
training looks at codes and at the motion they decode to.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.coefficients import ARKIT_NAMES
from talkinghead.motion.band_attention import BandAttention, FeedForward
from talkinghead.motion.emotion_code import CODE, PromptCode, VoiceCode
from talkinghead.motion.motion_vq import CODE_WIDTH, PARTS, MotionVQ
from talkinghead.motion.regression_net import GATES, ContentRows, Heard

ALPHABETS: tuple[int, ...] = tuple(part.size for part in PARTS.values() for _ in range(part.heads))
"""Codes in the book of every head."""
MEAN_TEMPERATURE = 2.0
"""Of the mean by probability that lips are decoded from: it weighs more neighbours than training's
mean does, and lips err less for it."""


@dataclass(frozen=True)
class CodebookConfig:
    """Sizes; see `RegressionConfig`.

    Attributes:
        width: D.
        layers: decoder layers.
        heads: of attention.
        back: rows of its own past that a layer sees.
        people: slots of speaking styles.
        dropout: in training.
    """

    width: int = 160
    layers: int = 3
    heads: int = 4
    back: int = 25
    people: int = 1
    dropout: float = 0.1


@dataclass
class Memory:
    """Keys and values of the rows that still count, one pair a layer; grows to `back` rows."""

    keys: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)


class _Layer(nn.Module):
    """Causal self-attention and feed-forward on normalised rows."""

    def __init__(self, config: CodebookConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.own = BandAttention(config.width, config.heads, config.back, 0)
        self.forward_part = FeedForward(config.width, 2 * config.width, config.dropout)

    def forward(self, rows: Tensor) -> Tensor:
        normed = self.norm(rows)
        rows = rows + self.own(normed, normed)
        changed: Tensor = rows + self.forward_part(rows)
        return changed

    def step(self, row: Tensor, memory: Memory, layer: int) -> Tensor:
        """The same for one more row (B, 1, D), with what is remembered of the earlier ones."""
        normed = self.norm(row)
        key, value = self.own.remembered(normed)
        if layer < len(memory.keys):
            key = torch.cat([memory.keys[layer][:, :, -self.own.back :], key], dim=2)
            value = torch.cat([memory.values[layer][:, :, -self.own.back :], value], dim=2)
            memory.keys[layer], memory.values[layer] = key, value
        else:
            memory.keys.append(key)
            memory.values.append(value)
        row = row + self.own.asked(normed, key, value)
        changed: Tensor = row + self.forward_part(row)
        return changed


class CodebookNet(nn.Module):
    """The code query with its motion books and emotion encoders.

    Args:
        config: sizes.
    """

    def __init__(self, config: CodebookConfig) -> None:
        super().__init__()
        self.config = config
        self.prompt, self.voice = PromptCode(), VoiceCode()
        self.books = MotionVQ()
        width, half = config.width, config.width // 2
        self.content = ContentRows(half, config.dropout)
        self.around = nn.Conv1d(half, half, 5, padding=2)
        self.base = nn.Linear(len(ARKIT_NAMES), half // 2)
        self.person = nn.Embedding(config.people, half // 4)
        self.join = nn.Linear(half + half // 2 + half // 4 + CODE, width)
        self.done = nn.Linear(len(ALPHABETS) * CODE_WIDTH, width)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.chosen = nn.ModuleList(nn.Linear(CODE_WIDTH, width) for _ in ALPHABETS)
        self.asks = nn.ModuleList(nn.Linear(width, size) for size in ALPHABETS)
        self.gates = nn.Linear(width, GATES)
        nn.init.zeros_(self.gates.weight)
        nn.init.zeros_(self.gates.bias)

    reach = 2 * ContentRows.reach
    """Rows of speech after a row that its answer depends on."""

    def known(self, heard: Heard) -> Tensor:
        """(B, T, D): all that does not depend on the motion made so far."""
        rows = heard.content.shape[1]
        style = self.person(heard.person)[:, None].expand(-1, rows, -1)
        content = self.content(heard.content)
        content = content + functional.gelu(self.around(content.transpose(1, 2))).transpose(1, 2)
        joined: Tensor = self.join(
            torch.cat([content, self.base(heard.base), style, heard.code], 2)
        )
        return joined

    def hidden(self, heard: Heard, codes: Tensor) -> Tensor:
        """Teacher forcing: (B, T, D) given the true codes (B, T, heads)."""
        before = functional.pad(self.vectors(codes).flatten(2), (0, 0, 1, 0))[:, :-1]
        rows = self.known(heard) + self.done(before)
        for layer in self.layers:
            rows = layer(rows)
        normed: Tensor = self.norm(rows)
        return normed

    def scores(self, hidden: Tensor, codes: Tensor) -> list[Tensor]:
        """(B, T, N) for every head; a head knows the choices of the heads before it.

        Args:
            hidden: (B, T, D).
            codes: (B, T, heads) the true codes, or as many heads as are chosen already.
        """
        vectors = self.vectors(codes)
        scores = []
        for head in range(min(len(ALPHABETS), codes.shape[2] + 1)):
            scores.append(self.asks[head](hidden))
            if head < codes.shape[2]:
                hidden = hidden + self.chosen[head](vectors[:, :, head])
        return scores

    def vectors(self, codes: Tensor) -> Tensor:
        """Codes (B, T, h) of the first h heads to (B, T, h, CODE_WIDTH)."""
        pairs = zip(self.books.alphabets, codes.unbind(2), strict=False)
        own = [book.codes[one] for book, one in pairs]
        return torch.stack(own, 2) if own else codes.new_zeros(*codes.shape, CODE_WIDTH).float()

    def choose(self, hidden: Tensor, noise: Tensor, warmth: Tensor) -> tuple[Tensor, Tensor]:
        """Choose one row's codes: the likeliest, or by chance (the Gumbel trick).

        Args:
            hidden: (1, 1, D).
            noise: (heads, largest alphabet) standard Gumbel.
            warmth: (heads,) temperature; 0 takes the likeliest.

        Returns:
            Codes (1, 1, heads) int64, which the next rows are told, and vectors
            (1, 1, heads, CODE_WIDTH), which are decoded: a chosen code's own, or, where nothing is
            left to chance, the mean by probability, which does not jump between neighbours.
        """
        codes: list[Tensor] = []
        vectors: list[Tensor] = []
        for head, size in enumerate(ALPHABETS):
            book = self.books.alphabets[head].codes
            scores = self.asks[head](hidden)[0, 0]
            codes.append((scores + warmth[head] * noise[head, :size]).argmax())
            own = book[codes[-1]]
            mean = (scores / MEAN_TEMPERATURE).softmax(dim=0) @ book
            vectors.append(own if warmth[head] > 0 else mean)
            hidden = hidden + self.chosen[head](own)
        return torch.stack(codes)[None, None], torch.stack(vectors)[None, None]

    def step(self, known: Tensor, before: Tensor, memory: Memory) -> Tensor:
        """`hidden` of one more row.

        Args:
            known: (1, 1, D) of this row.
            before: (1, 1, heads * CODE_WIDTH) vectors of the last row's codes; zeros at first.
            memory: of the rows so far; it is updated.
        """
        row = known + self.done(before)
        for index, layer in enumerate(self.layers):
            row = layer.step(row, memory, index)  # type: ignore[operator]
        normed: Tensor = self.norm(row)
        return normed
