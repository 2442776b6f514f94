"""Train the content network.

python -m talkinghead.training.phonemes --corpus CORPUS --out RUN --steps 6000 --minutes 30
python -m talkinghead.training.phonemes --corpus CORPUS --out RUN --steps 6000 --resume --publish
python -m talkinghead.training.phonemes --corpus A --corpus B --out RUN --shipped --rate 5e-4

The corpus (`talkinghead.training.speech_corpus`) gives synthetic speech with exact times and real
speech aligned to its words; every round disguises fresh pieces of both. The run saves itself when
its time is over or somebody sends SIGTERM. `talkinghead.training.content_measure` judges it.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn, optim

from renderer.coefficients import Floats
from talkinghead.speech.phoneme_net import SYMBOLS, WEIGHTS_NAME
from talkinghead.speech.phoneme_table import BILABIALS, SILENCE
from talkinghead.speech.spectrum import BANDS, HOP, log_mel, loud_and_mean, normalised
from talkinghead.training.augmentation import Example, disguised
from talkinghead.training.content_examples import Corpus
from talkinghead.training.content_network import ContentNetwork, Tensors
from talkinghead.training.loop import (
    Deadline,
    JsonLog,
    load_checkpoint,
    load_module,
    load_optimizer,
    module_tensors,
    optimizer_tensors,
    save_checkpoint,
)
from talkinghead.types import SAMPLE_RATE
from talkinghead.weights import load_weights, save_weights

LOG = logging.getLogger(__name__)
MADE_BY = "python -m talkinghead.training.phonemes --corpus CORPUS --out RUN --steps 4000 --publish"

_ROWS = 200  # 2 s a training sequence
_BATCH = 24
_PASSES = 4  # over the pieces of a round; to disguise a sound costs more than to learn from it
_PEAK_RATE = 2e-3
_WARM_UP = 100
_LIP_WEIGHT = 1.5  # of the rows of /m b p/: the mouth must shut
_SAVE_EVERY_SECONDS = 120.0

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class TrainingConfig:
    """What a run depends on.

    Attributes:
        steps: of the whole schedule.
        round_seconds: sound that is disguised for each round.
        batch: sequences of 2 s in a step.
        rate: of AdamW at its peak.
        seed: of everything.
    """

    steps: int = 6000
    round_seconds: float = 480.0
    batch: int = _BATCH
    rate: float = _PEAK_RATE
    seed: int = 0


class Trainer:
    """Network, optimiser and the counts of neighbouring symbols.

    Args:
        config: of the run.
        network: what is trained.
    """

    def __init__(self, config: TrainingConfig, network: ContentNetwork | None = None) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.network = network or ContentNetwork()
        self._optimizer = optim.AdamW(self.network.parameters(), config.rate, weight_decay=1e-3)
        weights = torch.ones(len(SYMBOLS))
        weights[[SYMBOLS.index(symbol) for symbol in sorted(BILABIALS)]] = _LIP_WEIGHT
        self._loss = nn.CrossEntropyLoss(weights, label_smoothing=0.05)
        self.colour = torch.zeros(BANDS)
        self.transitions = torch.full((len(SYMBOLS), len(SYMBOLS)), 0.3, dtype=torch.float64)
        self.step = 0
        self.rounds = 0

    def save(self, folder: Path) -> None:
        """Write everything that a resumed run needs."""
        tensors = {
            **module_tensors("network", self.network),
            **optimizer_tensors("optimizer", self._optimizer),
            "transitions": self.transitions,
            "colour": self.colour,
        }
        save_checkpoint(folder, tensors, {"step": self.step, "rounds": self.rounds})

    def load(self, folder: Path) -> None:
        """Continue from what `save` wrote."""
        tensors, state = load_checkpoint(folder)
        load_module("network", self.network, tensors)
        load_optimizer("optimizer", self._optimizer, tensors)
        self.transitions, self.colour = tensors["transitions"], tensors["colour"]
        self.step, self.rounds = int(state["step"]), int(state["rounds"])

    def learn_round(self, examples: Sequence[Example]) -> float:
        """Disguise the examples and pass over them; returns the mean loss.

        A round is a function of the seed and its number, so a resumed run goes the same way.
        """
        self.network.train()
        generator = np.random.default_rng([self.config.seed, self.rounds, 1])
        voices = [waveform for waveform, _ in examples]
        if not self.rounds:
            self.colour = torch.from_numpy(usual_colour(voices))
        pairs = [labelled(disguised(each, voices, generator)) for each in examples]
        mel = np.concatenate([pair[0] for pair in pairs])
        labels = np.concatenate([pair[1] for pair in pairs])
        counts = np.zeros(self.transitions.shape)
        np.add.at(counts, (labels[:-1], labels[1:]), 1.0)
        self.transitions += torch.from_numpy(counts)
        losses: list[float] = []
        for _ in range(_PASSES):
            first = int(generator.integers(0, _ROWS))
            starts = first + _ROWS * np.arange((len(mel) - first) // _ROWS)
            parts = max(1, len(starts) // self.config.batch)
            for batch in np.array_split(generator.permutation(starts), parts):
                rows = batch[:, None] + np.arange(_ROWS)
                losses.append(self._learn(masked(mel[rows], generator), labels[rows]))
        self.rounds += 1
        return float(np.mean(losses))

    def _learn(self, mel: Floats, labels: Labels) -> float:
        """One step of AdamW on (B, T, 40) rows."""
        share = min(1.0, self.step / self.config.steps)
        rate = self.config.rate * max(0.005, 0.5 + 0.5 * float(np.cos(np.pi * share)))
        self._optimizer.param_groups[0]["lr"] = rate * min(1.0, (self.step + 1) / _WARM_UP)
        rows = torch.from_numpy(mel).transpose(1, 2).contiguous()
        with torch.autocast("cpu", torch.bfloat16):
            scores = self.network(rows)
        loss = self._loss(scores.float(), torch.from_numpy(labels))
        self._optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self._optimizer.step()
        self.step += 1
        return float(loss.detach())

    def exported(self) -> Tensors:
        """What `speech.phoneme_net.net_from_tensors` takes."""
        self.network.eval()
        counts = self.transitions.numpy()
        total = counts.sum(axis=1)
        return {
            **self.network.exported(),
            "colour": self.colour.numpy(),
            "prior": np.log(total / total.sum()).astype(np.float32),
            "transition": np.log(counts / total[:, None]).astype(np.float32),
        }


def labelled(example: Example) -> tuple[Floats, Labels]:
    """Normalised mel (T, 40) and the symbol index of every row (T,)."""
    waveform, phonemes = example
    mel = normalised(log_mel(waveform))
    labels = np.full(len(mel), SYMBOLS.index(SILENCE), np.int64)
    rows_a_second = SAMPLE_RATE / HOP
    for each in phonemes:
        span = slice(round(each.start * rows_a_second), round(each.end * rows_a_second))
        labels[span] = SYMBOLS.index(each.symbol)
    return mel, labels


def usual_colour(voices: Sequence[Floats]) -> Floats:
    """(40,) dB: mean spectrum of speech relative to its loud rows, for a sound's first second."""
    pairs = [loud_and_mean(log_mel(voice)) for voice in voices]
    return np.asarray(np.mean([mean - loud for loud, mean in pairs], axis=0), np.float32)


def masked(mel: Floats, generator: np.random.Generator) -> Floats:
    """(B, T, 40) with a band and some rows blanked in each (SpecAugment, Park et al. 2019)."""
    changed = mel.copy()
    changed += generator.normal(0.0, 0.1, (len(mel), 1, 1)).astype(np.float32)
    for sequence in changed:
        band = int(generator.integers(0, BANDS - 4))
        sequence[:, band : band + int(generator.integers(0, 7))] = 0.0
        row = int(generator.integers(0, len(sequence) - 8))
        sequence[row : row + int(generator.integers(0, 8))] = 0.0
    return changed


def main() -> None:
    """Train for some time; publish when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, action="append", required=True, help="or several")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--steps", type=int, default=TrainingConfig.steps)
    parser.add_argument("--minutes", type=float, default=30.0, help="stop after, and save")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=_PEAK_RATE, help="of learning, at its peak")
    parser.add_argument("--shipped", action="store_true", help="start from the shipped weights")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--publish", action="store_true", help="write the shipped weights")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    deadline = Deadline(asked.minutes)
    deadline.listen()
    corpus = Corpus(asked.corpus)
    config = TrainingConfig(asked.steps, rate=asked.rate, seed=asked.seed)
    trainer = Trainer(config, shipped(corpus, config) if asked.shipped else None)
    if asked.resume:
        trainer.load(asked.out / "checkpoint")
    asked.out.mkdir(parents=True, exist_ok=True)
    train(trainer, corpus, asked.out, deadline)
    if asked.publish:
        save_weights(trainer.exported(), WEIGHTS_NAME, MADE_BY, "Apache-2.0")


def shipped(corpus: Corpus, config: TrainingConfig) -> ContentNetwork:
    """The shipped network, to be trained further."""
    examples = corpus.examples(120.0, np.random.default_rng([config.seed, 2]))
    mel = np.concatenate([labelled(each)[0] for each in examples])
    rows = mel[: len(mel) // _ROWS * _ROWS].reshape(-1, _ROWS, BANDS)
    inputs = torch.from_numpy(rows).transpose(1, 2).contiguous()
    return ContentNetwork.from_tensors(load_weights(WEIGHTS_NAME), inputs)


def train(trainer: Trainer, corpus: Corpus, out: Path, deadline: Deadline) -> None:
    """Rounds until all steps are done or the deadline passes; saves at the end and in between."""
    log = JsonLog(out / "log.jsonl")
    saved = time.monotonic()
    while trainer.step < trainer.config.steps and not deadline.passed:
        started = time.process_time()
        generator = np.random.default_rng([trainer.config.seed, trainer.rounds, 0])
        loss = trainer.learn_round(corpus.examples(trainer.config.round_seconds, generator))
        spent = time.process_time() - started
        values = {"step": trainer.step, "round": trainer.rounds, "loss": loss, "seconds": spent}
        log.write(values)
        LOG.info("%s", values)
        if time.monotonic() - saved > _SAVE_EVERY_SECONDS:
            trainer.save(out / "checkpoint")
            saved = time.monotonic()
    trainer.save(out / "checkpoint")


if __name__ == "__main__":
    main()
