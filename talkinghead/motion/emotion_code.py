"""The feeling as a small code: from a prompt, or from the voice itself.

EmoTalk's and A2ENet's emotion encoder, kept apart from what is said by cross-reconstruction (see
`talkinghead.training.motion`). Both sources end in one space, so a decoder need not know which it
got.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.coefficients import ARKIT_NAMES
from talkinghead.motion.speech_rows import VOICE_COLUMNS

CODE = 16
CLASSES = 8
"""MEAD's."""
PROMPT_COLUMNS = len(ARKIT_NAMES) + 2
"""Channel offsets of the feeling, arousal, intensity."""
MEMORY = 50
"""Rows (2 s) over which a voice is judged; feelings live in phrases."""
_WIDTH = 64
_KERNEL = 5


class PromptCode(nn.Module):
    """A prompt's effect on the face, arousal and intensity to a code; no feeling is code 0."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(PROMPT_COLUMNS, _WIDTH, bias=False)
        self.second = nn.Linear(_WIDTH, CODE, bias=False)

    def forward(self, prompt: Tensor) -> Tensor:
        """(B, T, PROMPT_COLUMNS) to (B, T, CODE) in -1..1."""
        return torch.tanh(self.second(torch.tanh(self.first(prompt))))


class VoiceCode(nn.Module):
    """What a voice betrays, causal: each row hears itself and what came before."""

    back = 3 * (_KERNEL - 1) + MEMORY - 1
    """Rows before the own one that are heard."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(VOICE_COLUMNS, _WIDTH, _KERNEL)
        self.second = nn.Conv1d(_WIDTH, _WIDTH, _KERNEL, dilation=2)
        self.out = nn.Linear(_WIDTH, CODE)
        self.judge = nn.Linear(CODE, CLASSES)

    def forward(self, voice: Tensor) -> Tensor:
        """(B, T, VOICE_COLUMNS) to (B, T, CODE) in -1..1."""
        heard = functional.pad(voice.transpose(1, 2), (_KERNEL - 1, 0))
        heard = functional.gelu(self.first(heard))
        heard = functional.gelu(self.second(functional.pad(heard, (2 * (_KERNEL - 1), 0))))
        return torch.tanh(self.out(_recent_mean(heard).transpose(1, 2)))

    def scores(self, code: Tensor) -> Tensor:
        """(B, T, CODE) to (B, CLASSES) of the whole: the classification loss of EmoTalk."""
        judged: Tensor = self.judge(code).mean(dim=1)
        return judged


def _recent_mean(rows: Tensor) -> Tensor:
    """(B, C, T): the mean of each row and the `MEMORY` - 1 before it, as many as there are."""
    padded = functional.pad(rows, (MEMORY - 1, 0))
    total = functional.avg_pool1d(padded, MEMORY, 1) * MEMORY
    known = torch.arange(1, rows.shape[2] + 1, device=rows.device).clamp(max=MEMORY)
    return total / known
