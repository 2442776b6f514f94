"""Who tells the sounds apart: one Protocol whichever network is behind it.

A listener is chosen by name and never silently replaced by another:

- "embedded": the small network of this repository (`talkinghead.speech.phoneme_net`);
- "transformers:NAME_OR_PATH": a wav2vec2, HuBERT or WavLM model with a CTC head, from a folder or
  from the Hugging Face cache (`talkinghead.speech.public_checkpoint`).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from renderer.coefficients import Floats
from talkinghead.config import EMBEDDED_SPEECH, PUBLIC_SPEECH, check_speech
from talkinghead.speech.phoneme_net import PhonemeNet, phoneme_net

EMBEDDED_NAME = "phoneme_net"


class Listener(Protocol):
    """What gives every 10 ms the probability of each sound."""

    @property
    def name(self) -> str:
        """As the JSON report names it."""
        ...

    @property
    def prior(self) -> Floats:
        """(40,) log share of each symbol that its probabilities take for granted; 0 if none."""
        ...

    @property
    def transition(self) -> Floats:
        """(40, 40) log probability of the symbol 10 ms later."""
        ...

    def log_posteriors(self, waveform: Floats, mel: Floats) -> Floats:
        """Hear.

        Args:
            waveform: (N,) 16 kHz.
            mel: (T, 40) `spectrum.normalised` of it, T = ceil(N / HOP).

        Returns:
            (T, 40) float32 log probabilities in the order of `phoneme_net.SYMBOLS`.
        """
        ...


@dataclass(frozen=True)
class EmbeddedListener:
    """The network that this repository trains and carries."""

    net: PhonemeNet
    name: str = EMBEDDED_NAME

    @property
    def prior(self) -> Floats:
        """As `Listener.prior`: the shares in the training speech."""
        return self.net.tensors["prior"]

    @property
    def transition(self) -> Floats:
        """As `Listener.transition`."""
        return self.net.tensors["transition"]

    def log_posteriors(self, waveform: Floats, mel: Floats) -> Floats:
        """As `Listener.log_posteriors`; the waveform is not needed."""
        del waveform
        return np.asarray(self.net.log_posteriors(mel), np.float32)


def load_listener(backend: str = EMBEDDED_SPEECH) -> Listener:
    """The listener that a backend string names, loaded once.

    Raises:
        BadOption: for a string that names no backend.
        BackendMissing: if the package or checkpoint is not there or cannot be used; the message
            says which command gets it.
        WeightsMissing, WeightsCorrupt: the embedded network is not as the manifest says.
    """
    check_speech(backend)
    return _loaded(backend)


@functools.lru_cache(maxsize=2)
def _loaded(backend: str) -> Listener:
    if backend == EMBEDDED_SPEECH:
        return EmbeddedListener(phoneme_net())
    from talkinghead.speech.public_checkpoint import CheckpointListener

    return CheckpointListener(backend.removeprefix(PUBLIC_SPEECH))
