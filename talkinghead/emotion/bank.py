"""The emotion bank: named feelings with their words, faces and times, read from bank.json."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from renderer.coefficients import Floats
from talkinghead.emotion.facs import recipe_expression

BANK_PATH = Path(__file__).with_name("bank.json")
MEAD_CLASSES = (
    "angry", "contempt", "disgusted", "fear", "happy", "neutral", "sad", "surprised",
)  # fmt: skip
"""The eight emotions of MEAD (Wang et al., ECCV 2020)."""
MAX_HEAD_TURN = 0.25
"""Radians. A feeling tilts the head, it does not turn the face away."""


@dataclass(frozen=True)
class TimeBehaviour:
    """How a feeling moves in time.

    Attributes:
        onset: seconds from rest to full strength.
        variation: 0..1, how much it waxes and wanes.
        blink: factor on the natural blink rate.
    """

    onset: float
    variation: float
    blink: float


@dataclass(frozen=True)
class Feeling:
    """One entry of the bank.

    Attributes:
        name: unique, lower case.
        mead_class: the nearest of `MEAD_CLASSES`.
        intensity: 0..1, how strong a person is who says this name without further words.
        synonyms: word to its usual strength 0..1.
        translations: the name in other languages.
        prompts: sentences that express or imply the feeling.
        valence: -1..1. The three dimensions are rounded tendencies of the literature.
        arousal: -1..1.
        dominance: -1..1.
        opposite: name of the feeling that "not NAME" is taken to mean.
        expression: (52,) float32 ARKit weights 0..1 at full strength.
        head: (3,) float32 pitch, yaw, roll in radians at full strength.
        time: onset, variation and blink rate.
        source: keys of the bank's table of sources.
    """

    name: str
    mead_class: str
    intensity: float
    synonyms: Mapping[str, float]
    translations: tuple[str, ...]
    prompts: tuple[str, ...]
    valence: float
    arousal: float
    dominance: float
    opposite: str
    expression: Floats
    head: Floats
    time: TimeBehaviour
    source: tuple[str, ...]


@dataclass(frozen=True)
class Bank:
    """All feelings, in the order of the file.

    Attributes:
        feelings: at least one for each of MEAD's eight classes, and one named "neutral".
        background: sentences without any feeling; what is like them is not understood.
        sources: key to citation.
    """

    feelings: tuple[Feeling, ...]
    background: tuple[str, ...]
    sources: Mapping[str, str]

    @functools.cached_property
    def by_name(self) -> Mapping[str, Feeling]:
        """Feeling by its name."""
        return {feeling.name: feeling for feeling in self.feelings}

    @functools.cached_property
    def words(self) -> Mapping[str, tuple[Feeling, float]]:
        """Every name, synonym and translation to its feeling and the word's usual strength."""
        table = {}
        for feeling in self.feelings:
            for word in (feeling.name, *feeling.translations):
                table[word] = (feeling, feeling.intensity)
            table.update({word: (feeling, much) for word, much in feeling.synonyms.items()})
        return table


def read_bank(path: Path) -> Bank:
    """Read and check a bank file.

    Raises:
        ValueError: naming the entry and what is wrong with it. The file is ours, not the user's,
            so this is no `TalkingHeadError`.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    sources = content["sources"]
    feelings = tuple(_feeling(entry, sources) for entry in content["feelings"])
    bank = Bank(feelings, tuple(content["background"]), MappingProxyType(sources))
    _check_words(bank)
    return bank


@functools.cache
def load_bank() -> Bank:
    """The bank of this program; read once."""
    return read_bank(BANK_PATH)


def time_behaviour(feelings: tuple[tuple[str, float], ...]) -> TimeBehaviour:
    """Mean time behaviour of a weighted mix.

    Args:
        feelings: (name, weight), as in `EmotionEmbedding.feelings`; names that the bank does not
            know count as neutral.
    """
    by_name = load_bank().by_name
    times = [(by_name.get(name, by_name["neutral"]).time, weight) for name, weight in feelings]
    total = sum(weight for _, weight in times)
    return TimeBehaviour(
        onset=sum(time.onset * weight for time, weight in times) / total,
        variation=sum(time.variation * weight for time, weight in times) / total,
        blink=sum(time.blink * weight for time, weight in times) / total,
    )


def _feeling(entry: dict[str, Any], sources: Mapping[str, str]) -> Feeling:
    name = entry["name"]
    try:
        feeling = Feeling(
            name=name,
            mead_class=entry["mead_class"],
            intensity=_within(entry, "intensity", 0.0, 1.0),
            synonyms=MappingProxyType(entry["synonyms"]),
            translations=tuple(entry.get("translations", ())),
            prompts=tuple(entry["prompts"]),
            valence=_within(entry, "valence", -1.0, 1.0),
            arousal=_within(entry, "arousal", -1.0, 1.0),
            dominance=_within(entry, "dominance", -1.0, 1.0),
            opposite=entry["opposite"],
            expression=recipe_expression(entry["units"]),
            head=np.array(entry["head"], np.float32),
            time=TimeBehaviour(
                _within(entry, "onset", 0.3, 0.8),
                _within(entry, "variation", 0.0, 1.0),
                _within(entry, "blink", 0.25, 3.0),
            ),
            source=tuple(entry["source"]),
        )
    except KeyError as missing:
        message = f"feeling {name!r} lacks {missing}"
        raise ValueError(message) from missing
    _check_feeling(feeling, sources)
    return feeling


def _within(entry: dict[str, Any], key: str, low: float, high: float) -> float:
    value = float(entry[key])
    if not low <= value <= high:
        message = f"{key} of {entry['name']!r} is {value}, expected {low:g} to {high:g}"
        raise ValueError(message)
    return value


def _check_feeling(feeling: Feeling, sources: Mapping[str, str]) -> None:
    problem = ""
    if feeling.mead_class not in MEAD_CLASSES:
        problem = f"has mead_class {feeling.mead_class!r}, expected one of {MEAD_CLASSES}"
    elif feeling.head.shape != (3,) or np.abs(feeling.head).max() > MAX_HEAD_TURN:
        problem = f"has a head pose other than three angles within {MAX_HEAD_TURN} radians"
    elif not feeling.source or not set(feeling.source) <= set(sources):
        problem = f"cites {feeling.source}, expected keys of 'sources'"
    elif not all(0.0 <= strength <= 1.0 for strength in feeling.synonyms.values()):
        problem = "has a synonym whose strength is not in 0..1"
    if problem:
        message = f"feeling {feeling.name!r} {problem}"
        raise ValueError(message)


def _check_words(bank: Bank) -> None:
    words = [
        word
        for feeling in bank.feelings
        for word in (feeling.name, *feeling.synonyms, *feeling.translations)
    ]
    repeated = {word for word in words if words.count(word) > 1}
    unknown = {feeling.opposite for feeling in bank.feelings} - set(bank.by_name)
    if repeated or unknown:
        message = f"the bank names {sorted(repeated)} twice, opposites {sorted(unknown)} never"
        raise ValueError(message)
    if {feeling.mead_class for feeling in bank.feelings} != set(MEAD_CLASSES):
        message = f"every one of {MEAD_CLASSES} needs at least one feeling"
        raise ValueError(message)
