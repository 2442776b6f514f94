"""The `codebook` decoder: motion spelled in codes, one row after the other, sampled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from renderer.coefficients import Floats, IdentityCoefficients, MotionCoefficients
from talkinghead.motion.coarticulation import smoothstep
from talkinghead.motion.codebook_net import ALPHABETS, CodebookConfig, CodebookNet, Memory
from talkinghead.motion.head import limited
from talkinghead.motion.interface import HeadMotion, check_lengths
from talkinghead.motion.learned import (
    heard,
    load_net,
    net_tensors,
    one_thread,
    sizes,
    spoken,
    worn,
)
from talkinghead.motion.living import brought_to_life
from talkinghead.motion.motion_vq import CODE_WIDTH, HEAD, PARTS
from talkinghead.motion.regression_net import Heard
from talkinghead.motion.speech_rows import RATE, at_rate, speech_rows
from talkinghead.types import EmotionTrack, EyeControl, SpeechFeatures

WARMTH: Mapping[str, float] = {"lips": 0.0, "upper": 1.0, "head": 1.0}
"""Temperature of the choice: lips say what is heard, brows and head vary."""
_HEAD_EASE_SECONDS = 1.2
_HEAD_SMOOTHING_SECONDS = 0.1
"""Standard deviation: two codes that follow each other need not join, but a neck has inertia."""
_BLOCK = 500


@dataclass(frozen=True)
class Spelled:
    """Motion as the network spelled it, T rows at `RATE`.

    Attributes:
        codes: (T, heads) int64.
        motion: (T, MOTION) decoded.
        gates: (T, GATES).
    """

    codes: NDArray[np.int64]
    motion: Floats
    gates: Floats

    @property
    def change(self) -> Floats:
        """(T, len(SPOKEN)) the motion without the head."""
        return self.motion[:, :-HEAD]


class CodebookAudioToMotion:
    """`AudioToMotion` by code query (CodeTalker). Stateless between calls.

    Args:
        net: in inference mode.
    """

    def __init__(self, net: CodebookNet) -> None:
        self.net = net.eval()

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[np.generic]]) -> CodebookAudioToMotion:
        """Build from the tensors of a weight file."""
        net = CodebookNet(CodebookConfig(**sizes(tensors)))
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
        """Animate; see `AudioToMotion`.

        Raises:
            ValueError: if the emotion has another length than the features.
        """
        check_lengths(features, emotion)
        fps = features.fps
        known = heard(self.net, speech_rows(features), emotion, resting, fps)
        spelled = self.spell(known, generator)
        base = worn(resting, emotion, fps)
        expression = spoken(base, spelled.change, spelled.gates, fps)
        motion = brought_to_life(expression, features, emotion, resting, eyes, head, generator)
        if head.kind != "natural":
            return motion
        return MotionCoefficients(
            motion.expression,
            resting.rotation[:1] + _turned(spelled.motion[:, -HEAD:], emotion, fps),
            motion.translation,
            fps,
        )

    def spell(self, known: Heard, generator: np.random.Generator) -> Spelled:
        """Query the codes of a whole speech, then decode them."""
        with one_thread:
            return self.spelling(generator).write(known, 0, known.content.shape[1])

    def spelling(self, generator: np.random.Generator) -> Spelling:
        """A speech that is spelled piece by piece."""
        return Spelling(self, generator)

    @property
    def back(self) -> int:
        """Codes of the past that a decoded row depends on."""
        return max(self.net.books.part(name).back for name in PARTS)

    @torch.inference_mode()
    def decoded(self, vectors: Tensor, block: int = _BLOCK) -> Floats:
        """(T, heads, CODE_WIDTH) to (T, MOTION), in blocks whose size changes nothing."""
        parts = []
        for start in range(0, len(vectors), block):
            first = max(0, start - self.back)
            motion = self.net.books.decode_vectors(vectors[None, first : start + block])
            parts.append(motion[0, start - first :].numpy())
        return np.concatenate(parts)


class Spelling:
    """Codes row by row, with remembered keys and values; pieces join without a seam.

    Args:
        decoder: whose network is asked.
        generator: of the choices.
    """

    ahead = CodebookNet.reach

    def __init__(self, decoder: CodebookAudioToMotion, generator: np.random.Generator) -> None:
        self._decoder, self._generator = decoder, generator
        self._memory = Memory()
        self._before = torch.zeros(1, 1, len(ALPHABETS) * CODE_WIDTH)
        self._tail = torch.zeros(0, len(ALPHABETS), CODE_WIDTH)
        warmth = [WARMTH[name] for name, one in PARTS.items() for _ in range(one.heads)]
        self._warmth = torch.tensor(warmth)

    @torch.inference_mode()
    def write(self, known: Heard, first: int, stop: int) -> Spelled:
        """Spell the rows first..stop, which follow the ones spelled before.

        Args:
            known: holds these rows and what is heard around them.
            first: row of `known`.
            stop: row of `known`.
        """
        net = self._decoder.net
        fixed = net.known(known)
        codes, vectors, gates = [], [], []
        for row in range(first, stop):
            noise = self._generator.gumbel(size=(len(ALPHABETS), max(ALPHABETS)))
            hidden = net.step(fixed[:, row : row + 1], self._before, self._memory)
            drawn = torch.from_numpy(noise.astype(np.float32))
            chosen, spoken_vectors = net.choose(hidden, drawn, self._warmth)
            self._before = net.vectors(chosen).flatten(2)
            codes.append(chosen[0, 0])
            vectors.append(spoken_vectors[0, 0])
            gates.append(net.gates(hidden)[0, 0])
        whole = torch.cat([self._tail, torch.stack(vectors)])
        motion = self._decoder.decoded(whole)[len(self._tail) :]
        self._tail = whole[-self._decoder.back :]
        return Spelled(torch.stack(codes).numpy(), motion, torch.stack(gates).numpy())


def _turned(rotation: Floats, emotion: EmotionTrack, fps: float) -> Floats:
    """(T, 3): spelled head rotation that starts at 0, with the feeling's own tilt."""
    frames = len(emotion)
    seconds = np.arange(frames, dtype=np.float32) / fps
    ease = smoothstep(seconds / _HEAD_EASE_SECONDS)[:, None]
    smooth = gaussian_filter1d(rotation, _HEAD_SMOOTHING_SECONDS * RATE, axis=0, mode="nearest")
    turned = limited(at_rate(smooth, frames, fps) + emotion.head)
    return np.asarray(ease * turned, np.float32)
