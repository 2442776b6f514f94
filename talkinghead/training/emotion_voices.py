"""Voices with feelings, for the sound tower: labelled recordings, and these in disguise.

The label set is small (315 recordings of six speakers), so every recording is heard in several
disguises: a longer or shorter throat, another room and microphone, noise, a telephone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.emotion.bank import load_bank
from talkinghead.speech.prosody import voice_cues
from talkinghead.speech.waveform import load_speech
from talkinghead.training.augmentation import augmented
from talkinghead.training.emotion_labels import SHIPPABLE, class_of, read_index
from talkinghead.types import Speech

LOG = logging.getLogger(__name__)
FEELING_WORDS: Mapping[str, str] = {"disgust": "disgusted", "fearful": "fear"}


@dataclass(frozen=True)
class VoiceExamples:
    """N recordings and what they betray.

    Attributes:
        statistics: (N, S) float32, see `VoiceCues`.
        feeling: (N,) row of the bank.
        person: (N,) the speaker.
        original: (N,) False for a disguise.
    """

    statistics: Floats
    feeling: NDArray[np.intp]
    person: NDArray[np.str_]
    original: NDArray[np.bool_]

    def __len__(self) -> int:
        """N."""
        return len(self.feeling)

    def chosen(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> VoiceExamples:
        """Some of the recordings."""
        return VoiceExamples(*(getattr(self, field.name)[rows] for field in fields(self)))


def labelled_voices(folder: Path, disguises: int, seed: int, split: str = "train") -> VoiceExamples:
    """Read all labelled recordings that weights may learn from.

    Args:
        folder: with index.csv (file, split, tier, licence, speaker, emotion) and a folder a split.
        disguises: further versions of each recording.
        seed: of the disguises.
        split: which rows.
    """
    names = [feeling.name for feeling in load_bank().feelings]
    statistics, feelings, persons, originals = [], [], [], []
    rows = [row for row in read_index(folder / "index.csv", split, SHIPPABLE) if usable(row)]
    for number, row in enumerate(rows):
        speech = load_speech(folder / split / row["file"])
        generator = np.random.default_rng([seed, number])
        for version, waveform in enumerate(versions(speech.waveform, disguises, generator)):
            cues = voice_cues(Speech(waveform))
            if cues.speech_seconds == 0.0:
                continue
            statistics.append(cues.statistics)
            feelings.append(names.index(FEELING_WORDS.get(row["emotion"], row["emotion"])))
            persons.append(row["speaker"])
            originals.append(version == 0)
    LOG.info("%d labelled recordings, %d with their disguises", len(rows), len(feelings))
    return VoiceExamples(
        np.stack(statistics), np.array(feelings, np.intp), np.array(persons), np.array(originals)
    )


def usable(row: Mapping[str, str]) -> bool:
    """Whether a row has a feeling, and a licence under which weights may ship."""
    return bool(class_of(row["emotion"])) and "BY-SA" not in row["licence"]


def versions(waveform: Floats, disguises: int, generator: np.random.Generator) -> Iterator[Floats]:
    """The recording itself, then its disguises."""
    yield waveform
    for _ in range(disguises):
        yield augmented((waveform, ()), generator)[0]


def save_voices(path: Path, voices: VoiceExamples) -> None:
    """Write `.npz`, complete or not at all."""
    part = path.with_suffix(".part.npz")
    np.savez(part, **{field.name: getattr(voices, field.name) for field in fields(voices)})
    part.replace(path)


def load_voices(path: Path) -> VoiceExamples:
    """Read what `save_voices` wrote."""
    with np.load(path) as stored:
        return VoiceExamples(*(stored[field.name] for field in fields(VoiceExamples)))
