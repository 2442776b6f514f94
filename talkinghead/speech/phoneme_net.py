"""A small convolutional network that names the phoneme in every 10 ms, run in NumPy.

A time-delay network (Waibel et al. 1989) with dilated residual layers: it hears ±160 ms. Trained
by `talkinghead.training.phonemes` on synthetic speech in twenty languages and on real English and
German, most of it disguised by noise, voices, music, telephones and other pitches.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.speech.phoneme_table import ARPABET_CONSONANTS, ARPABET_VOWELS, SILENCE
from talkinghead.weights import load_weights

SYMBOLS: tuple[str, ...] = (SILENCE, *sorted(ARPABET_VOWELS | ARPABET_CONSONANTS))
WEIGHTS_NAME = "phoneme_net"
_BLOCK = 2_000


@dataclass(frozen=True)
class PhonemeNet:
    """Weights of the network and of the decoder's phone bigram.

    Attributes:
        tensors: "first", "layer0".. (taps, inputs, outputs) and "last" (1, inputs, outputs), each
            with a "_bias"; "prior" (40,) log share of each symbol in the training speech;
            "transition" (40, 40) log probability of the symbol 10 ms later; "dilations" (layers,).
    """

    tensors: Mapping[str, Floats]

    @property
    def dilations(self) -> tuple[int, ...]:
        """Rows between the three taps of each layer."""
        return tuple(int(each) for each in self.tensors["dilations"])

    @property
    def reach(self) -> int:
        """Rows of 10 ms that it hears before and after each."""
        return len(self.tensors["first"]) // 2 + sum(self.dilations)

    @property
    def colour(self) -> Floats:
        """(40,) dB: mean mel spectrum of the training speech, relative to its loud rows."""
        return self.tensors["colour"]

    def log_posteriors(self, mel: Floats) -> Floats:
        """Log probability of every symbol.

        Args:
            mel: (T, 40) from `spectrum.normalised`.

        Returns:
            (T, 40) float32, order `SYMBOLS`.
        """
        rows = np.empty((len(mel), len(SYMBOLS)), np.float32)
        for start in range(0, len(mel), _BLOCK):
            stop = min(start + _BLOCK, len(mel))
            first, last = max(0, start - self.reach), min(len(mel), stop + self.reach)
            rows[start:stop] = self._forward(mel[first:last])[start - first : stop - first]
        return rows

    def _forward(self, mel: Floats) -> Floats:
        hidden = np.maximum(self._convolve(mel, "first", 1), 0.0)
        for index, dilation in enumerate(self.dilations):
            hidden = hidden + np.maximum(self._convolve(hidden, f"layer{index}", dilation), 0.0)
        scores = self._convolve(hidden, "last", 1)
        scores = scores - scores.max(axis=1, keepdims=True)
        return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)), np.float32)

    def _convolve(self, rows: Floats, name: str, dilation: int) -> Floats:
        """Zero-padded dilated convolution in time of (T, inputs)."""
        kernel = self.tensors[name]
        reach = (len(kernel) // 2) * dilation
        padded = np.pad(rows, ((reach, reach), (0, 0)))
        total = np.repeat(self.tensors[f"{name}_bias"][None], len(rows), axis=0)
        for tap, matrix in enumerate(kernel):
            total += padded[tap * dilation : tap * dilation + len(rows)] @ matrix
        return total


def net_from_tensors(tensors: Mapping[str, NDArray[np.generic]]) -> PhonemeNet:
    """Build from the tensors of the weight file (half precision is widened)."""
    return PhonemeNet({name: tensor.astype(np.float32) for name, tensor in tensors.items()})


@functools.cache
def phoneme_net() -> PhonemeNet:
    """The shipped network, loaded once.

    Raises:
        WeightsMissing: the weight file is not there.
        WeightsCorrupt: it is damaged.
    """
    return net_from_tensors(load_weights(WEIGHTS_NAME))
