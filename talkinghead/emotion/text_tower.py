"""The embedded text tower: a small open_clip text transformer whose weights this repository trains.

`talkinghead.training.text_tower` makes it. Its space is that of all-MiniLM-L6-v2 (Wang et al.
2020), which it was taught to follow, pulled towards the feelings of the bank.

The network is `open_clip.transformer.TextTransformer` (`make_network`). One prompt needs 0.2 GFLOP,
but importing open_clip takes seconds: at run time the same arithmetic is done in NumPy, and a test
holds the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.torchvision_operators import define_missing_operators
from talkinghead.weights import Tensors, load_weights

if TYPE_CHECKING:
    from open_clip.transformer import TextTransformer
    from tokenizers import Tokenizer

WEIGHTS_NAME = "text_tower"
NAME = "embedded: open_clip text transformer of Evoke"
WIDTH = 384
LAYERS = 5
HEADS = 12
MAX_TOKENS = 64
BATCH = 64
EPSILON = 1e-5
"""Of every layer norm, as in torch."""
FIRST, LAST, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
LARGEST_INTEGER = 127
VOCABULARY = "vocabulary"
_SCALE = ".scale"


class EmbeddedTower:
    """Words to unit vectors, 384 wide, on the CPU.

    Args:
        tensors: of a weight file; None = the shipped one.

    Raises:
        WeightsMissing, WeightsCorrupt: the weights are not as the manifest says.
    """

    name = NAME
    template = "{}"

    def __init__(self, tensors: Tensors | None = None) -> None:
        tensors = load_weights(WEIGHTS_NAME) if tensors is None else tensors
        self._tokenizer = make_tokenizer(read_vocabulary(tensors))
        self._state = unpacked(tensors)

    def encode(self, texts: Sequence[str]) -> Floats:
        """As `TextTower.encode`; E = 384. Texts of one length go together: nothing is padded."""
        rows = token_rows(self._tokenizer, texts)
        vectors = np.zeros((len(rows), WIDTH), np.float32)
        lengths = np.array([len(row) for row in rows])
        for length in np.unique(lengths):
            chosen = np.flatnonzero(lengths == length)
            for part in np.array_split(chosen, -(-len(chosen) // BATCH)):
                vectors[part] = forward(self._state, np.array([rows[index] for index in part]))
        return vectors


def make_network(vocabulary: int) -> TextTransformer:
    """The untrained open_clip transformer: reads in both directions, a state for each token.

    Args:
        vocabulary: number of wordpieces.
    """
    define_missing_operators()
    from open_clip.transformer import TextTransformer

    return TextTransformer(
        context_length=MAX_TOKENS,
        vocab_size=vocabulary,
        width=WIDTH,
        heads=HEADS,
        layers=LAYERS,
        output_dim=None,
        no_causal_mask=True,
        pool_type="none",
    ).eval()


def make_tokenizer(words: Sequence[str]) -> Tokenizer:
    """WordPiece (Schuster & Nakajima 2012) over lower-case words, as the teacher reads."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    table = {word: row for row, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(table, unk_token=UNKNOWN, max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def token_rows(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Token numbers of each text between the marks of beginning and end, at most `MAX_TOKENS`."""
    first, last = (tokenizer.token_to_id(mark) or 0 for mark in (FIRST, LAST))
    rows = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [[first, *row.ids[: MAX_TOKENS - 2], last] for row in rows]


def forward(state: Mapping[str, Floats], tokens: NDArray[np.intp]) -> Floats:
    """The network in NumPy, its last states' mean over the tokens, as the teacher pools.

    Args:
        state: open_clip's state dict as float32 arrays.
        tokens: (N, L) token numbers, L <= `MAX_TOKENS`.

    Returns:
        (N, 384) float32 unit rows.
    """
    stream = state["token_embedding.weight"][tokens]
    stream = stream + state["positional_embedding"][: tokens.shape[1]]
    for layer in range(LAYERS):
        block = f"transformer.resblocks.{layer}"
        stream = stream + _attention(state, block, _normalised(state, f"{block}.ln_1", stream))
        hidden = _linear(state, f"{block}.mlp.c_fc", _normalised(state, f"{block}.ln_2", stream))
        stream = stream + _linear(state, f"{block}.mlp.c_proj", _gelu(hidden))
    mean = _normalised(state, "ln_final", stream).mean(axis=1)
    return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)


def _attention(state: Mapping[str, Floats], block: str, stream: Floats) -> Floats:
    """Multi-head self-attention (Vaswani et al. 2017, eq. 1) of (N, L, 384)."""
    count, length, _ = stream.shape
    parts = _times(stream, state[f"{block}.attn.in_proj_weight"])
    parts += state[f"{block}.attn.in_proj_bias"]
    parts = parts.reshape(count, length, 3, HEADS, WIDTH // HEADS).transpose(2, 0, 3, 1, 4)
    query, key, value = parts
    scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(WIDTH // HEADS))
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    mixed = (shares @ value).transpose(0, 2, 1, 3).reshape(count, length, WIDTH)
    return _linear(state, f"{block}.attn.out_proj", mixed)


def _linear(state: Mapping[str, Floats], name: str, stream: Floats) -> Floats:
    product = _times(stream, state[f"{name}.weight"])
    product += state[f"{name}.bias"]
    return product


def _times(stream: Floats, weight: Floats) -> Floats:
    """(N, L, C) by (D, C) as one product: NumPy would make N small ones, at a quarter the speed."""
    rows: Floats = stream.reshape(-1, stream.shape[-1]) @ weight.T
    return rows.reshape(*stream.shape[:-1], -1)


def _normalised(state: Mapping[str, Floats], name: str, stream: Floats) -> Floats:
    centred = stream - stream.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    scaled: Floats = centred / np.sqrt(variance + np.float32(EPSILON))
    return scaled * state[f"{name}.weight"] + state[f"{name}.bias"]


def _gelu(stream: Floats) -> Floats:
    """Hendrycks & Gimpel 2016, eq. 1: x times the Gaussian's distribution function."""
    from scipy.special import erf

    activated: Floats = erf(stream * np.float32(np.sqrt(0.5)))
    activated += 1
    activated *= stream
    activated *= np.float32(0.5)
    return activated


def packed(state: Mapping[str, Floats], words: Sequence[str]) -> Tensors:
    """The weight file: matrices as int8 rows with a float16 scale each, all else float16.

    Args:
        state: open_clip's state dict as arrays.
        words: the wordpieces, in the order of the embedding's rows.
    """
    tensors: Tensors = {VOCABULARY: np.frombuffer("\n".join(words).encode(), np.uint8).copy()}
    for name, value in state.items():
        if value.ndim == 2 and name != "positional_embedding":
            scale = np.abs(value).max(axis=1, keepdims=True) / LARGEST_INTEGER
            scale = np.maximum(scale, 1e-6).astype(np.float16)
            integers = np.rint(value / scale.astype(np.float32))
            tensors[name] = integers.clip(-LARGEST_INTEGER, LARGEST_INTEGER).astype(np.int8)
            tensors[name + _SCALE] = scale
        else:
            tensors[name] = value.astype(np.float16)
    return tensors


def unpacked(tensors: Mapping[str, NDArray[np.generic]]) -> dict[str, Floats]:
    """Inverse of `packed` but for the rounding, float32; without the wordpieces."""
    state = {}
    for name, value in tensors.items():
        if name == VOCABULARY or name.endswith(_SCALE):
            continue
        rows = value.astype(np.float32)
        if name + _SCALE in tensors:
            rows *= tensors[name + _SCALE].astype(np.float32)
        state[name] = rows
    return state


def read_vocabulary(tensors: Mapping[str, NDArray[np.generic]]) -> list[str]:
    """The wordpieces of a weight file, in the order of the embedding's rows."""
    return bytes(tensors[VOCABULARY]).decode().split("\n")
