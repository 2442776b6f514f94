"""All decoders by name; the learned ones are loaded when they are first used."""

from __future__ import annotations

import threading

import numpy as np

from renderer.coefficients import IdentityCoefficients, MotionCoefficients
from talkinghead.motion.interface import AudioToMotion, HeadMotion
from talkinghead.motion.rules import RulesAudioToMotion
from talkinghead.types import EmotionTrack, EyeControl, SpeechFeatures
from talkinghead.weights import load_weights, read_manifest

LEARNED = ("regression", "codebook")
"""Names of the learned decoders."""


def all_decoders() -> dict[str, AudioToMotion]:
    """The rules, and the learned decoders whose weights the manifest names.

    Raises:
        WeightsMissing, WeightsCorrupt: the manifest cannot be read.
    """
    manifest = read_manifest()
    learned = {name: StoredDecoder(name) for name in LEARNED if _weights(name) in manifest}
    return {"rules": RulesAudioToMotion(), **learned}


class StoredDecoder:
    """`AudioToMotion` whose network is read at the first call; safe to share by threads.

    Args:
        name: one of `LEARNED`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._decoder: AudioToMotion | None = None
        self._loading = threading.Lock()

    def load(self) -> AudioToMotion:
        """The decoder itself.

        Raises:
            WeightsMissing, WeightsCorrupt: its weights are not as the manifest says.
        """
        with self._loading:
            if self._decoder is None:
                self._decoder = _read(self._name)
            return self._decoder

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
        """Animate; see `AudioToMotion` and `load`."""
        return self.load()(features, emotion, identity, resting, eyes, head, generator)


def _read(name: str) -> AudioToMotion:
    tensors = load_weights(_weights(name))
    if name == "regression":
        from talkinghead.motion.regression import RegressionAudioToMotion

        return RegressionAudioToMotion.from_tensors(tensors)
    from talkinghead.motion.codebook import CodebookAudioToMotion

    return CodebookAudioToMotion.from_tensors(tensors)


def _weights(name: str) -> str:
    return f"motion_{name}"
