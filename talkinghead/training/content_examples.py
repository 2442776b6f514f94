"""What the content network learns from: rows of the speech corpus, evenly drawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from talkinghead.errors import BadOption
from talkinghead.speech.phoneme_table import SILENCE
from talkinghead.training.augmentation import Example
from talkinghead.training.corpus import CorpusRow, read_corpus, read_utterance
from talkinghead.types import SAMPLE_RATE, Phoneme

_REAL_SHARE = 0.45
_SHORTEST = 0.3  # seconds


Place = tuple[Path, CorpusRow]
"""A row and the folder of its corpus."""


class Corpus:
    """Training rows of corpora, drawn evenly over languages and speakers.

    Args:
        folders: of `talkinghead.training.speech_corpus`; a speaker of two is one speaker.

    Raises:
        BadOption: there is no speech with phoneme times in them.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        rows = [
            (folder, row)
            for folder in folders
            for row in read_corpus(folder, train_only=True)
            if row.seconds > _SHORTEST
        ]
        self._real = _groups((at, row) for at, row in rows if row.kind == "recording")
        self._synthetic = _groups((at, row) for at, row in rows if row.kind == "synthetic")
        if not self._real and not self._synthetic:
            names = ", ".join(str(folder) for folder in folders)
            message = f"{names}: no training speech with phoneme times; build the corpus again"
            raise BadOption(message)

    def examples(self, seconds: float, generator: np.random.Generator) -> list[Example]:
        """Random speech, real and synthetic, at least `seconds` of it, and a hiss of 2 s."""
        examples: list[Example] = []
        left = seconds
        while left > 0:
            real = generator.random() < _REAL_SHARE
            groups = (self._real if real else self._synthetic) or self._synthetic or self._real
            rows = groups[generator.integers(len(groups))]
            utterance = read_utterance(*rows[generator.integers(len(rows))])
            left -= utterance.row.seconds
            if utterance.phonemes:
                examples.append((utterance.waveform, utterance.phonemes))
        hiss = generator.normal(0.0, 0.01, 2 * SAMPLE_RATE).astype(np.float32)
        return [*examples, (hiss, (Phoneme(SILENCE, 0.0, 2.0),))]


def _groups(rows: Iterable[Place]) -> list[list[Place]]:
    """Rows by language and speaker; a group comes as often as the square root of its length."""
    groups: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for folder, row in rows:
        groups[row.language, row.speaker].append((folder, row))
    lengths = {key: sum(row.seconds for _, row in each) for key, each in groups.items()}
    shortest = min(lengths.values(), default=1.0)
    times = {key: max(1, round((length / shortest) ** 0.5)) for key, length in lengths.items()}
    return [group for key, group in sorted(groups.items()) for _ in range(times[key])]
