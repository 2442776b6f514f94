"""The sound tower: a voice with a feeling to a vector of the emotion space; plain NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.emotion.anchors import read_anchors, without_anchors
from talkinghead.emotion.bank import Bank
from talkinghead.types import VoiceCues
from talkinghead.weights import Tensors, load_weights

WEIGHTS_NAME = "sound_tower"
NAME = "evoke: embedded voice perceptron"
CLIP = 3.0
"""Statistics further than this many standard deviations from the training voices' are held there:
an unusual microphone must not outvote all else."""


class SoundTower:
    """Voices to unit vectors, 384 wide, and to arousal.

    Args:
        tensors: `first`, `second`, `to_space`, `to_arousal` (weight (out, in) and bias), `mean` and
            `spread` of the statistics; None = those that the repository carries.

    Raises:
        WeightsMissing, WeightsCorrupt: the weights are not as the manifest says.
    """

    name = NAME

    def __init__(self, tensors: Tensors | None = None) -> None:
        stored = load_weights(WEIGHTS_NAME) if tensors is None else tensors
        self._stored = stored
        self._tensors: dict[str, NDArray[np.float32]] = {
            name: value.astype(np.float32) for name, value in without_anchors(stored).items()
        }

    def anchors(self, bank: Bank) -> Floats:
        """(F, 384) the bank's feelings in this tower's space, see `read_anchors`."""
        return read_anchors(self._stored, bank)

    def encode(self, voices: Sequence[VoiceCues]) -> tuple[Floats, Floats]:
        """Vectors and arousal of voices.

        Returns:
            (N, 384) float32 unit rows, and (N,) float32 arousal in -1..1.
        """
        statistics = np.stack([voice.statistics for voice in voices])
        normal = (statistics - self._tensors["mean"]) / self._tensors["spread"]
        hidden = np.maximum(self._layer("first", np.clip(normal, -CLIP, CLIP)), 0.0)
        traits = np.maximum(self._layer("second", hidden), 0.0)
        vectors = self._layer("to_space", traits)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors, np.clip(self._layer("to_arousal", traits)[:, 0], -1.0, 1.0)

    def _layer(self, name: str, rows: Floats) -> Floats:
        weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
        return np.asarray(rows @ weight.T + bias, np.float32)
