"""wav2vec2, HuBERT and WavLM with a CTC head, for who has a checkpoint.

Baevski et al. 2020 (wav2vec 2.0), Hsu et al. 2021 (HuBERT), Chen et al. 2022 (WavLM), fine-tuned by
connectionist temporal classification (Graves et al. 2006) on phones in IPA, such as
facebook/wav2vec2-lv-60-espeak-cv-ft (Xu et al. 2021), or on letters. Nothing is downloaded: the
checkpoint is a folder, or lies in the Hugging Face cache already.
"""

from __future__ import annotations

import importlib.util
import json
import string
from pathlib import Path
from typing import Any

import numpy as np

from renderer.coefficients import Floats
from talkinghead.errors import BackendMissing
from talkinghead.speech.listener import EmbeddedListener
from talkinghead.speech.phoneme_net import SYMBOLS, phoneme_net
from talkinghead.speech.phoneme_table import SILENCE, arpabet_from_ipa
from talkinghead.speech.spectrum import HOP
from talkinghead.torchvision_operators import define_missing_operators
from talkinghead.types import SAMPLE_RATE

_BLOCK_SECONDS = 20.0
_OVERLAP_SECONDS = 1.0  # at each side; what the network's context needs, and is thrown away
_LEAST_SOUNDS = 15  # tokens with a mouth; a vocabulary of words or pieces has hardly any
_HOLD_SECONDS = 0.03  # a CTC network names a sound in one or two frames; this is how it fades
_HOLD_REACH = 0.12
_NOTHING_HEARD = 0.12  # evidence below which it is silence
_LEAST = 1e-6
_SILENT_TOKENS = frozenset({"|", " ", "SIL", "sil", "<sil>", "sp"})
_LETTERS = {
    "c": ("K",), "h": ("HH",), "j": ("JH",), "q": ("K",), "r": ("R",), "x": ("K", "S"), "y": ("Y",),
}  # fmt: skip
"""English letters that IPA reads otherwise."""
_BAD_CHECKPOINT = (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError)


class CheckpointListener:
    """A `Listener` on a public checkpoint.

    Args:
        source: folder with config.json, vocab.json and weights, or a hub name in the cache.

    Raises:
        BackendMissing: the package or the checkpoint is not there, is no CTC model for 16 kHz, or
            its vocabulary is neither phones in IPA nor letters.
    """

    def __init__(self, source: str) -> None:
        if importlib.util.find_spec("transformers") is None:
            message = "transformers is not installed; run: pip install transformers==5.23.0"
            raise BackendMissing(message)
        self.name = f"transformers: {source}"
        self._sounds = sounds_of(_read_json(source, "vocab.json"), source)
        preparation = _read_json(source, "preprocessor_config.json")
        rate = preparation.get("sampling_rate", SAMPLE_RATE)
        if rate != SAMPLE_RATE:
            message = f"{source} hears {rate} samples a second, expected a model for {SAMPLE_RATE}"
            raise BackendMissing(message)
        self._normalise = bool(preparation.get("do_normalize", True))
        self._network = _load(source)
        self._stride = int(self._network.config.inputs_to_logits_ratio)
        width = int(self._network.config.vocab_size)
        if width < len(self._sounds):
            message = f"{source} has {width} outputs for {len(self._sounds)} tokens of vocab.json"
            raise BackendMissing(message)
        self._sounds = np.pad(self._sounds, ((0, width - len(self._sounds)), (0, 0)))

    @property
    def prior(self) -> Floats:
        """As `Listener.prior`; none is known."""
        return np.zeros(len(SYMBOLS), np.float32)

    @property
    def transition(self) -> Floats:
        """As `Listener.transition`: how long sounds last does not depend on who hears them."""
        return EmbeddedListener(phoneme_net()).transition

    def log_posteriors(self, waveform: Floats, mel: Floats) -> Floats:
        """As `Listener.log_posteriors`; the spectrum is not needed."""
        mean, spread = float(waveform.mean()), float(waveform.std())
        if not self._normalise:
            mean, spread = 0.0, 1.0
        evidence = self._evidence(waveform, mean, spread)
        frames_a_second = SAMPLE_RATE / self._stride
        held = _held(evidence, frames_a_second)
        # Frame k of the convolutions is centred on the sample (k + 1/2) stride, to 2 ms.
        rows = (np.arange(len(mel)) + 0.5) * HOP / self._stride - 0.5
        places = np.arange(len(held))
        resampled = np.stack([np.interp(rows, places, column) for column in held.T], axis=1)
        return np.asarray(np.log(np.maximum(resampled, _LEAST)), np.float32)

    def _evidence(self, waveform: Floats, mean: float, spread: float) -> Floats:
        """(F, 40) probability mass of every symbol, blanks left out; block by block."""
        import torch

        core = int(_BLOCK_SECONDS * SAMPLE_RATE) // self._stride
        overlap = int(_OVERLAP_SECONDS * SAMPLE_RATE) // self._stride
        frames = max(1, len(waveform) // self._stride)
        parts: list[Floats] = []
        for first in range(0, frames, core):
            begin = max(0, first - overlap)
            stop = min(frames, first + core)
            samples = waveform[begin * self._stride : (stop + overlap) * self._stride]
            # The convolutions swallow 80 samples; so much silence keeps the count of frames.
            samples = np.pad((samples - mean) / (spread + 1e-7), (40, 440)).astype(np.float32)
            with torch.inference_mode():
                logits = self._network(torch.from_numpy(samples)[None]).logits[0]
                shares = torch.softmax(logits.float(), dim=-1).numpy()
            parts.append((shares @ self._sounds)[first - begin : stop - begin])
        return np.concatenate(parts).astype(np.float32)


def sounds_of(vocabulary: dict[str, Any], source: str) -> Floats:
    """What every token looks like.

    Args:
        vocabulary: token to index.
        source: for the message.

    Returns:
        (highest index + 1, 40) float32: shares of the symbols in each token; zero rows for blanks,
        marks and whatever is no sound.

    Raises:
        BackendMissing: if too few tokens are sounds.
    """
    tokens = {str(token): index for token, index in vocabulary.items() if isinstance(index, int)}
    lower = {token.lower() for token in tokens}
    letters = len(lower & set(string.ascii_lowercase)) >= 20 and not any(
        len(token) == 1 and not token.isascii() and arpabet_from_ipa(token) for token in tokens
    )
    sounds = np.zeros((max(tokens.values(), default=0) + 1, len(SYMBOLS)), np.float32)
    for token, index in tokens.items():
        for symbol in (symbols := _symbols(token, letters)):
            sounds[index, SYMBOLS.index(symbol)] += 1.0 / len(symbols)
    found = int((sounds.sum(axis=1) > 0).sum())
    if found < _LEAST_SOUNDS or found < 0.3 * len(tokens):
        message = (
            f"{source} has a vocabulary of {len(tokens)} tokens of which {found} are phones or "
            "letters; use a CTC model on IPA phones, such as "
            "transformers:facebook/wav2vec2-lv-60-espeak-cv-ft, or on letters"
        )
        raise BackendMissing(message)
    return sounds


def _symbols(token: str, letters: bool) -> tuple[str, ...]:
    if token in _SILENT_TOKENS:
        return (SILENCE,)
    if token.startswith(("<", "[")):
        return ()
    if not letters:
        symbols = arpabet_from_ipa(token)
        return symbols if len(symbols) <= 2 else ()  # a word or a piece of one is no phone
    small = token.lower()
    if len(small) != 1:
        return ()
    return _LETTERS.get(small) or arpabet_from_ipa(small)


def _held(evidence: Floats, frames_a_second: float) -> Floats:
    """(F, 40) probabilities from CTC's spikes: every sound lasts until the next is nearer."""
    spread = evidence.copy()
    for frames in range(1, min(round(_HOLD_REACH * frames_a_second), len(evidence) - 1) + 1):
        fading = np.float32(np.exp(-frames / frames_a_second / _HOLD_SECONDS))
        spread[frames:] = np.maximum(spread[frames:], evidence[:-frames] * fading)
        spread[:-frames] = np.maximum(spread[:-frames], evidence[frames:] * fading)
    spread[:, SYMBOLS.index(SILENCE)] += _NOTHING_HEARD
    return np.asarray(spread / spread.sum(axis=1, keepdims=True), np.float32)


def _read_json(source: str, name: str) -> dict[str, Any]:
    """A file of the checkpoint; {} if it is an optional one that is not there."""
    folder = Path(source)
    path: Path | None = folder / name
    if not folder.is_dir():
        path = _cached(source, name)
    if path is None or not path.is_file():
        if name != "vocab.json":
            return {}
        raise BackendMissing(_missing(source))
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as problem:
        message = f"{path} is damaged ({problem}); get the checkpoint {source} again"
        raise BackendMissing(message) from problem
    if not isinstance(content, dict):
        message = f"{path} holds no object; get the checkpoint {source} again"
        raise BackendMissing(message)
    return content


def _cached(source: str, name: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(source, name)
    except HFValidationError:  # a path that does not exist
        return None
    return Path(found) if isinstance(found, str) else None


def _missing(source: str) -> str:
    if Path(source).exists() or source.startswith((".", "/", "~")) or source.count("/") > 1:
        return f"no vocab.json in {source}; give the folder of a CTC checkpoint of transformers"
    return f"the checkpoint {source} is not on this machine; run: hf download {source}"


def _load(source: str) -> Any:  # noqa: ANN401
    define_missing_operators()
    from safetensors import SafetensorError
    from transformers import AutoModelForCTC
    from transformers.utils import logging

    logging.disable_progress_bar()  # standard error belongs to our own messages
    try:
        network, report = AutoModelForCTC.from_pretrained(
            source, local_files_only=True, output_loading_info=True
        )
    except (*_BAD_CHECKPOINT, SafetensorError) as problem:
        message = (
            f"{source} cannot be loaded ({type(problem).__name__}): expected a wav2vec2, HuBERT or "
            f"WavLM model with a CTC head; a complete copy comes with: hf download {source}"
        )
        raise BackendMissing(message) from problem
    missing = [name for name in report["missing_keys"] if not name.endswith("masked_spec_embed")]
    if missing:  # transformers would fill them with random numbers
        message = (
            f"{source} has no weights for {', '.join(sorted(missing)[:3])}: it is not fine-tuned "
            "by CTC; use one that is, such as transformers:facebook/wav2vec2-lv-60-espeak-cv-ft"
        )
        raise BackendMissing(message)
    return network.eval()
