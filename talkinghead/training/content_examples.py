"""What the content network learns from: rows of the speech corpus, evenly drawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from talkinghead.errors import BadOption
from talkinghead.speech.phoneme_table import SILENCE
from talkinghead.training.augmentation import Example
from talkinghead.training.corpus import CorpusRow, read_corpus, read_utterance
from talkinghead.types import SAMPLE_RATE, Phoneme

_REAL_SHARE = 0.45
_SHORTEST = 0.3  # seconds


Doubles = NDArray[np.float64]
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
        self._real = _Voices((at, row) for at, row in rows if row.kind == "recording")
        self._synthetic = _Voices((at, row) for at, row in rows if row.kind == "synthetic")
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
            voices = (self._real if real else self._synthetic) or self._synthetic or self._real
            utterance = read_utterance(*voices.drawn(generator))
            left -= utterance.row.seconds
            if utterance.phonemes:
                examples.append((utterance.waveform, utterance.phonemes))
        hiss = generator.normal(0.0, 0.01, 2 * SAMPLE_RATE).astype(np.float32)
        return [*examples, (hiss, (Phoneme(SILENCE, 0.0, 2.0),))]


class _Voices:
    """Rows by language and speaker.

    Within a language a speaker comes as often as the square root of the length, and a language as
    often as the fourth: a source of three hundred people of one does not drown the others.
    """

    def __init__(self, rows: Iterable[Place]) -> None:
        languages: dict[str, dict[str, list[Place]]] = defaultdict(lambda: defaultdict(list))
        for folder, row in rows:
            languages[row.language][row.speaker].append((folder, row))
        self._groups = [
            [speakers[name] for name in sorted(speakers)]
            for _, speakers in sorted(languages.items())
        ]
        lengths = [
            [sum(row.seconds for _, row in one) for one in groups] for groups in self._groups
        ]
        self._languages = _shares([sum(each) ** 0.5 for each in lengths])
        self._speakers = [_shares(each) for each in lengths]

    def __bool__(self) -> bool:
        return bool(self._groups)

    def drawn(self, generator: np.random.Generator) -> Place:
        """One row."""
        language = int(generator.choice(len(self._groups), p=self._languages))
        groups = self._groups[language]
        rows = groups[int(generator.choice(len(groups), p=self._speakers[language]))]
        return rows[int(generator.integers(len(rows)))]


def _shares(lengths: Sequence[float]) -> Doubles:
    roots = np.sqrt(np.asarray(lengths, np.float64))
    return np.asarray(roots / max(roots.sum(), 1e-9))
