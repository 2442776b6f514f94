"""The network of the `regression` decoder: EmoTalk's and A2ENet's, with their defects mended.

Content and feeling in, change of expression out. The output head starts at zero, so an untrained
network returns the face it was given (A2ENet's initial expression coefficients); attention is a
band, not EmoTalk's diagonal; any batch size works; any length works, because every row sees a
bounded number of neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from renderer.coefficients import ARKIT_NAMES, channel_indices
from talkinghead.motion.band_attention import BandAttention, FeedForward
from talkinghead.motion.emotion_code import CODE, PromptCode, VoiceCode
from talkinghead.motion.speech_rows import CONTENT_COLUMNS

SPOKEN = channel_indices(
    name for name in ARKIT_NAMES if not name.startswith(("eyeBlink", "eyeLook"))
)
"""Channels that speech and feeling move; blinks and gaze belong to eye control alone."""
GATES = 3
"""Lips together, lip to teeth, mouth at rest."""


@dataclass(frozen=True)
class RegressionConfig:
    """Sizes.

    Attributes:
        width: D.
        layers: decoder layers.
        heads: of attention.
        back: rows of the past that a layer sees.
        people: slots of speaking styles; slot 0 is "unknown".
        dropout: in training.
    """

    width: int = 160
    layers: int = 2
    heads: int = 4
    back: int = 12
    people: int = 1
    dropout: float = 0.1


@dataclass(frozen=True)
class Heard:
    """What a decoder network is given; B sequences of T rows at `speech_rows.RATE`.

    Attributes:
        content: (B, T, CONTENT_COLUMNS).
        base: (B, T, 52) the portrait's own expression with the feeling worn.
        code: (B, T, CODE) the feeling.
        person: (B,) int64 slot of the speaking style.
    """

    content: Tensor
    base: Tensor
    code: Tensor
    person: Tensor


@dataclass(frozen=True)
class Said:
    """What a decoder network answers.

    Attributes:
        change: (B, T, len(SPOKEN)) to be added to the base.
        gates: (B, T, GATES) about 0..1, not clipped.
    """

    change: Tensor
    gates: Tensor


class ContentRows(nn.Module):
    """Speech to D / 2 features a row; hears two rows to each side.

    Args:
        outputs: features.
        dropout: of the input in training.
    """

    reach = 2

    def __init__(self, outputs: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(CONTENT_COLUMNS, affine=False)
        self.drop = nn.Dropout(dropout)
        self.mix = nn.Conv1d(CONTENT_COLUMNS, outputs, 2 * self.reach + 1, padding=self.reach)

    def forward(self, content: Tensor) -> Tensor:
        """(B, T, CONTENT_COLUMNS) to (B, T, outputs)."""
        rows = self.drop(self.norm(content.transpose(1, 2)))
        return nn.functional.gelu(self.mix(rows)).transpose(1, 2)


class _Layer(nn.Module):
    """Self-attention, attention to the feeling, feed-forward; each on normalised rows."""

    def __init__(self, config: RegressionConfig) -> None:
        super().__init__()
        width = config.width
        self.own_norm, self.felt_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.own = BandAttention(width, config.heads, config.back, 1)
        self.felt = BandAttention(width, config.heads, config.back, 0)
        self.forward_part = FeedForward(width, 2 * width, config.dropout)

    def forward(self, rows: Tensor, feeling: Tensor) -> Tensor:
        normed = self.own_norm(rows)
        rows = rows + self.own(normed, normed)
        rows = rows + self.felt(self.felt_norm(rows), feeling)
        changed: Tensor = rows + self.forward_part(rows)
        return changed


class RegressionNet(nn.Module):
    """The decoder and both emotion encoders.

    Args:
        config: sizes.
    """

    def __init__(self, config: RegressionConfig) -> None:
        super().__init__()
        self.config = config
        self.prompt, self.voice = PromptCode(), VoiceCode()
        half = config.width // 2
        self.content = ContentRows(half, config.dropout)
        self.base = nn.Linear(len(ARKIT_NAMES), half // 2)
        self.person = nn.Embedding(config.people, half // 4)
        self.join = nn.Linear(half + half // 2 + half // 4 + CODE, config.width)
        self.memory = nn.Linear(CODE, config.width)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, len(SPOKEN) + GATES)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    @property
    def reach(self) -> tuple[int, int]:
        """Rows before and after a row that its answer depends on."""
        ahead = ContentRows.reach + self.config.layers
        return ContentRows.reach + 2 * self.config.layers * self.config.back, ahead

    def forward(self, heard: Heard) -> Said:
        """See `Heard` and `Said`."""
        rows = heard.content.shape[1]
        style = self.person(heard.person)[:, None].expand(-1, rows, -1)
        known = [self.content(heard.content), self.base(heard.base), style, heard.code]
        hidden, memory = self.join(torch.cat(known, dim=2)), self.memory(heard.code)
        for layer in self.layers:
            hidden = layer(hidden, memory)
        answer = self.out(self.norm(hidden))
        return Said(answer[..., : len(SPOKEN)], answer[..., len(SPOKEN) :])
