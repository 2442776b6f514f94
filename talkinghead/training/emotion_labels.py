"""Which pictures and recordings may teach a feeling, and what they show."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from talkinghead.emotion.bank import MEAD_CLASSES

LABELS_PATH = Path(__file__).with_name("emotion_labels.csv")
"""Seen by us (Apache-2.0): file, seconds in a clip (empty: a photo), class of MEAD; an empty class
means that the face shows none clearly and the index is not to be believed."""
CLASS_WORDS: Mapping[str, str] = {
    "fearful": "fear", "disgust": "disgusted", "calm": "neutral", "bored": "neutral",
}  # fmt: skip
"""Labels of data sets that are not a class of MEAD by themselves."""
SHIPPABLE = frozenset({"clean", "repo"})
"""Tiers of data that weights which ship may learn from."""
MEASURABLE = SHIPPABLE | {"research"}


def class_of(word: str) -> str:
    """The class of MEAD that a data set's label means; "" if none."""
    named = CLASS_WORDS.get(word, word)
    return named if named in MEAD_CLASSES else ""


def read_index(path: Path, split: str, tiers: frozenset[str]) -> list[dict[str, str]]:
    """The rows of an index.csv of one split and of the given tiers."""
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [row for row in rows if row["split"] == split and row["tier"] in tiers]


def photo_labels(path: Path = LABELS_PATH) -> dict[str, str]:
    """Photo to class; "" = shows none clearly."""
    return {row["file"]: row["class"] for row in _rows(path) if not row["seconds"]}


def clip_labels(path: Path = LABELS_PATH) -> dict[tuple[str, float], str]:
    """(clip, seconds) to class."""
    return {
        (row["file"], float(row["seconds"])): row["class"] for row in _rows(path) if row["seconds"]
    }


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))
