"""Train the phoneme network: `python -m talkinghead.training.phonemes --index SPEECH/index.csv`.

Synthetic speech (pseudo-words and transcripts, many languages and voices, exact times) teaches the
sounds; real speech with transcripts, force-aligned, teaches real voices.
The run saves its state, so it can be cut into parts: `--seconds 110` each.
"""

from __future__ import annotations

import argparse
import csv
import logging
import pickle
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.errors import TalkingHeadError
from talkinghead.speech.alignment import align_phonemes
from talkinghead.speech.phoneme_net import (
    DILATIONS,
    SYMBOLS,
    WEIGHTS_NAME,
    PhonemeNet,
    net_from_tensors,
)
from talkinghead.speech.phoneme_table import SILENCE
from talkinghead.speech.spectrum import BANDS, log_mel, normalised
from talkinghead.speech.synthesis import synthesise
from talkinghead.speech.waveform import load_speech
from talkinghead.training.augmentation import Example, augmented
from talkinghead.training.pseudo_words import pseudo_text
from talkinghead.training.transcripts import align_english, english_aligner
from talkinghead.types import SAMPLE_RATE, Phoneme, Speech
from talkinghead.weights import save_weights

LOG = logging.getLogger(__name__)
MADE_BY = "python -m talkinghead.training.phonemes --index SPEECH/index.csv"

_VOICES = (
    "en-us en-us en-gb-x-rp en-us-nyc en-gb-scotland de de fr fr es es es-419 it pt pt-br nl sv"
    " pl cs tr id ro hu fi"
).split()
_VARIANTS = ["", *(f"+m{n}" for n in range(1, 9)), *(f"+f{n}" for n in range(1, 6))]
_VARIANTS += [f"+klatt{n}" for n in range(1, 5)]
_LANGUAGE_VOICES = {"en": "en-us", "de": "de"}

_WIDTH = 128
_ROWS = 200  # 2 s a training sequence
_BATCH = 24
_SYNTHETIC_SECONDS = 420.0  # fresh in every round
_REAL_SECONDS = 420.0
_ROUND_PASSES = 2
_PEAK_RATE = 2e-3
_ALIGN_AFTER = (0.0, 0.5, 0.75)  # shares of all steps after which real speech is aligned (again)
_WORST_ALIGNMENT = -1.5  # mean log probability; worse means another text, or noise


@dataclass
class _State:
    """All that a later part of the run needs."""

    network: Any
    optimiser: Any
    step: int = 0
    round: int = 0
    alignments: int = 0
    real: list[Example] = field(default_factory=list)
    transitions: NDArray[np.float64] = field(
        default_factory=lambda: np.full((len(SYMBOLS), len(SYMBOLS)), 0.3)
    )


def main() -> None:
    """Train for some time; write the weights when all steps are done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", type=Path, required=True, help="csv: file, transcript, ...")
    parser.add_argument("--state", type=Path, default=Path("outputs/phoneme_net.state"))
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after, and save")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    until = time.process_time() + asked.seconds
    rows = _usable_rows(asked.index)
    words = sorted({word for row in rows for word in row["transcript"].split()})
    state = _new_state() if not asked.state.exists() else pickle.loads(asked.state.read_bytes())  # noqa: S301
    while state.step < asked.steps and time.process_time() < until:
        due = sum(state.step >= share * asked.steps for share in _ALIGN_AFTER)
        if state.alignments < due:
            state.real = _aligned(rows, asked.index.parent, state)
            state.alignments = due
            LOG.info("aligned %d of %d recordings", len(state.real), len(rows))
        _round(state, words, asked.steps)
    asked.state.parent.mkdir(parents=True, exist_ok=True)
    asked.state.write_bytes(pickle.dumps(state))
    if state.step >= asked.steps:
        tensors = {**tensors_of(state.network), **_bigram(state.transitions)}
        save_weights(tensors, WEIGHTS_NAME, MADE_BY, "Apache-2.0")


def build_network() -> Any:  # noqa: ANN401
    """The torch twin of `PhonemeNet`, with batch normalisation that export folds away."""
    from torch import nn

    layers = [nn.Conv1d(BANDS, _WIDTH, 5, padding=2), nn.BatchNorm1d(_WIDTH)]
    for dilation in DILATIONS:
        layers.append(nn.Conv1d(_WIDTH, _WIDTH, 3, padding=dilation, dilation=dilation))
        layers.append(nn.BatchNorm1d(_WIDTH))
    return nn.ModuleList([*layers, nn.Conv1d(_WIDTH, len(SYMBOLS), 1)])


def forward(network: Any, mel: Any) -> Any:  # noqa: ANN401
    """(B, 40, T) normalised mel to (B, 40, T) scores."""
    hidden = network[1](network[0](mel)).relu()
    for index in range(2, len(network) - 1, 2):
        hidden = hidden + network[index + 1](network[index](hidden)).relu()
    return network[-1](hidden)


def tensors_of(network: Any) -> dict[str, NDArray[np.generic]]:  # noqa: ANN401
    """Weights as `PhonemeNet` wants them, in half precision, normalisation folded in."""
    names = ["first", *(f"layer{index}" for index in range(len(DILATIONS)))]
    tensors: dict[str, NDArray[np.generic]] = {}
    for index, name in enumerate(names):
        convolution, norm = network[2 * index], network[2 * index + 1]
        scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach()
        kernel = (convolution.weight.detach() * scale[:, None, None]).permute(2, 1, 0)
        bias = (convolution.bias.detach() - norm.running_mean) * scale + norm.bias.detach()
        tensors[name], tensors[f"{name}_bias"] = _half(kernel), _half(bias)
    tensors["last"] = _half(network[-1].weight.detach().permute(2, 1, 0))
    tensors["last_bias"] = _half(network[-1].bias.detach())
    return tensors


def _synthetic(generator: np.random.Generator, words: list[str]) -> list[Example]:
    examples: list[Example] = []
    seconds = 0.0
    while seconds < _SYNTHETIC_SECONDS:
        voice = str(generator.choice(_VOICES)) + str(generator.choice(_VARIANTS))
        rate, pitch = int(generator.integers(120, 260)), int(generator.integers(20, 90))
        speech, phonemes = synthesise(pseudo_text(generator, words), voice, rate, pitch)
        examples.append((speech.waveform, phonemes))
        seconds += speech.seconds
    hiss = generator.normal(0.0, 0.01, 2 * SAMPLE_RATE).astype(np.float32)
    return [*examples, (hiss, (Phoneme(SILENCE, 0.0, 2.0),))]


def _usable_rows(index: Path) -> list[dict[str, str]]:
    """Training rows whose licence lets weights ship, with words in a language that we can read."""
    with index.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [
        row
        for row in rows
        if row["split"] == "train" and row["tier"] == "clean" and row["transcript"]
        and row["language"] in _LANGUAGE_VOICES and float(row["seconds"]) > 1.2
        and "BY-SA" not in row["licence"]
    ]  # fmt: skip


def _aligned(rows: list[dict[str, str]], folder: Path, state: _State) -> list[Example]:
    """English from the start; other languages once the network knows real voices."""
    aligner = english_aligner()
    net = net_from_tensors(tensors_of(state.network)) if state.alignments else None
    examples: list[Example] = []
    for row in rows:
        if row["language"] != "en" and net is None:
            continue
        try:
            speech = load_speech(folder / row["split"] / row["file"])
            phonemes = (
                align_english(aligner, speech, row["transcript"])
                if row["language"] == "en" or net is None
                else _aligned_by(net, speech, row)
            )
        except TalkingHeadError as error:
            LOG.warning("left out: %s", error)
            continue
        if phonemes:
            examples.append((speech.waveform, phonemes))
    return examples


def _aligned_by(net: PhonemeNet, speech: Speech, row: dict[str, str]) -> tuple[Phoneme, ...]:
    """Alignment of a language that only our own network knows; empty if it is doubtful."""
    _, said = synthesise(row["transcript"], _LANGUAGE_VOICES[row["language"]])
    symbols = [each.symbol for each in said if each.symbol != SILENCE]
    phonemes, quality = align_phonemes(speech, symbols, net)
    return phonemes if quality > _WORST_ALIGNMENT else ()


def _round(state: _State, words: list[str], steps: int) -> None:
    """Make fresh material, pass over it twice."""
    generator = np.random.default_rng(state.round)
    examples = _synthetic(generator, words)
    budget = _REAL_SECONDS * SAMPLE_RATE
    for index in generator.permutation(len(state.real)):
        budget -= len(state.real[index][0])
        if budget < 0:
            break
        examples.append(state.real[index])
    order = generator.permutation(len(examples))
    pairs = [_rows_of(augmented(examples[index], generator)) for index in order]
    mel = np.concatenate([pair[0] for pair in pairs])
    labels = np.concatenate([pair[1] for pair in pairs])
    np.add.at(state.transitions, (labels[:-1], labels[1:]), 1.0)
    losses: list[float] = []
    for _ in range(_ROUND_PASSES):
        starts = generator.integers(0, _ROWS) + _ROWS * np.arange(len(mel) // _ROWS - 1)
        for batch in np.array_split(generator.permutation(starts), max(1, len(starts) // _BATCH)):
            part = batch[:, None] + np.arange(_ROWS)
            losses.append(_step(state, mel[part], labels[part], generator, steps))
    state.round += 1
    LOG.info("round %d step %d loss %.3f", state.round, state.step, np.mean(losses))


def _rows_of(example: Example) -> tuple[Floats, NDArray[np.int64]]:
    """Normalised mel (T, 40) and the symbol index of every row (T,)."""
    waveform, phonemes = example
    mel = normalised(log_mel(waveform))
    labels = np.zeros(len(mel), np.int64)
    for each in phonemes:
        labels[round(each.start * 100) : round(each.end * 100)] = SYMBOLS.index(each.symbol)
    return mel, labels


def _step(
    state: _State,
    mel: Floats,
    labels: NDArray[np.int64],
    generator: np.random.Generator,
    steps: int,
) -> float:
    """One step of AdamW on (B, T, 40) rows; a few random bands are blanked (SpecAugment)."""
    import torch

    rows = torch.from_numpy(mel).transpose(1, 2).contiguous()
    blank = int(generator.integers(0, BANDS - 4))
    rows[:, blank : blank + int(generator.integers(0, 6))] = 0.0
    share = min(1.0, state.step / steps)
    rate = _PEAK_RATE * min(1.0, state.step / 100) * max(0.01, 0.5 + 0.5 * np.cos(np.pi * share))
    state.optimiser.param_groups[0]["lr"] = float(rate)
    scores = forward(state.network, rows)
    loss = torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels), label_smoothing=0.05)
    state.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), 2.0)
    state.optimiser.step()
    state.step += 1
    return float(loss.detach())


def _new_state() -> _State:
    import torch

    torch.manual_seed(0)
    network = build_network()
    optimiser = torch.optim.AdamW(network.parameters(), _PEAK_RATE, weight_decay=1e-3)
    return _State(network, optimiser)


def _bigram(transitions: NDArray[np.float64]) -> dict[str, NDArray[np.generic]]:
    """Log prior and log transition probabilities from counts of neighbouring rows."""
    total = transitions.sum(axis=1)
    return {
        "prior": np.log(total / total.sum()).astype(np.float32),
        "transition": np.log(transitions / total[:, None]).astype(np.float32),
    }


def _half(tensor: Any) -> NDArray[np.generic]:  # noqa: ANN401
    return np.ascontiguousarray(tensor.numpy(), np.float16)


if __name__ == "__main__":
    main()
