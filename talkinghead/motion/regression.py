"""The `regression` decoder: one answer for every row, no sampling."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from renderer.coefficients import Floats, IdentityCoefficients, MotionCoefficients
from talkinghead.motion.interface import HeadMotion, check_lengths
from talkinghead.motion.learned import heard, load_net, net_tensors, sizes, spoken, worn
from talkinghead.motion.living import brought_to_life
from talkinghead.motion.regression_net import Heard, RegressionConfig, RegressionNet
from talkinghead.motion.speech_rows import speech_rows
from talkinghead.types import EmotionTrack, EyeControl, SpeechFeatures

BLOCK = 500
"""Rows that are answered at a time; memory does not grow with the speech."""


class RegressionAudioToMotion:
    """`AudioToMotion` by regression (EmoTalk, A2ENet). Stateless between calls.

    Args:
        net: in inference mode.
    """

    def __init__(self, net: RegressionNet) -> None:
        self.net = net.eval()

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[np.generic]]) -> RegressionAudioToMotion:
        """Build from the tensors of a weight file."""
        net = RegressionNet(RegressionConfig(**sizes(tensors)))
        load_net(net, tensors)
        return cls(net)

    def as_tensors(self) -> dict[str, NDArray[np.generic]]:
        """The tensors of a weight file."""
        return net_tensors(self.net, self.net.config)

    def __call__(
        self,
        features: SpeechFeatures,
        emotion: EmotionTrack,
        identity: IdentityCoefficients,
        resting: MotionCoefficients,
        eyes: EyeControl,
        head: HeadMotion,
        generator: np.random.Generator,
    ) -> MotionCoefficients:
        """Animate; see `AudioToMotion`. The identity plays no part: the resting face does.

        Raises:
            ValueError: if the emotion has another length than the features.
        """
        check_lengths(features, emotion)
        known = heard(self.net, speech_rows(features), emotion, resting, features.fps)
        change, gates = self.answer(known)
        base = worn(resting, emotion, features.fps)
        expression = spoken(base, change, gates, features.fps)
        return brought_to_life(expression, features, emotion, resting, eyes, head, generator)

    @torch.inference_mode()
    def answer(self, known: Heard, block: int = BLOCK) -> tuple[Floats, Floats]:
        """Change and gates of every row, block by block; the size of the block changes nothing."""
        back, ahead = self.net.reach
        rows = known.content.shape[1]
        changes, gates = [], []
        for start in range(0, rows, block):
            stop = min(start + block, rows)
            first, last = max(0, start - back), min(rows, stop + ahead)
            part = Heard(
                known.content[:, first:last], known.base[:, first:last],
                known.code[:, first:last], known.person,
            )  # fmt: skip
            said = self.net(part)
            own = slice(start - first, stop - first)
            changes.append(said.change[0, own].numpy())
            gates.append(said.gates[0, own].numpy())
        return np.concatenate(changes), np.concatenate(gates)
