"""Idioms and everyday phrases whose feeling is known by heart.

An idiom means what it means whatever its words do: what stands in `emotional_phrases.tsv` is looked
up, all else is left to the text tower, which was trained on the same file.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from talkinghead.emotion.word_lists import NEGATIONS
from talkinghead.errors import TalkingHeadError

PHRASES_PATH = Path(__file__).with_name("emotional_phrases.tsv")
BACKGROUND = "background"
"""Label of text that is about no feeling at all."""
HELD_OUT = "held-out"
SECOND_SHARE = 0.35
"""Weight of the second of two feelings that a phrase is labelled with, the first having 1."""
SHORTEST_INSIDE = 3
"""Words of a phrase that is recognised inside a longer text."""
LEAST_COVER = 0.5
"""Share of the text's words that such a phrase must make up."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")

Weights = Mapping[str, float]


@dataclass(frozen=True)
class Phrase:
    """One line of the file.

    Attributes:
        labels: one or two feelings, or `BACKGROUND`.
        text: the phrase.
        held_out: never trains the tower; constants are chosen on such phrases.
    """

    labels: tuple[str, ...]
    text: str
    held_out: bool = False


def read_phrases(path: Path = PHRASES_PATH) -> list[Phrase]:
    """The rows of a phrase file.

    Raises:
        TalkingHeadError: naming the line that is not 'feeling<TAB>phrase[<TAB>held-out]'.
    """
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        label, *rest = line.split("\t")
        if not rest or not rest[0].strip() or rest[1:] not in ([], [HELD_OUT]):
            message = f"{path}, line {number}: expected 'feeling<TAB>phrase', got {line!r}"
            raise TalkingHeadError(message)
        rows.append(Phrase(tuple(label.split("+")), rest[0].strip(), rest[1:] == [HELD_OUT]))
    return rows


def shares(labels: tuple[str, ...]) -> Weights:
    """Feeling to weight, summing to 1; nothing for background."""
    named = dict(zip(labels, (1.0, SECOND_SHARE), strict=False))
    named.pop(BACKGROUND, None)
    total = sum(named.values())
    return {name: weight / total for name, weight in named.items()}


def look_up(text: str) -> Weights | None:
    """The feelings of a text that is, or for the most part is made up of, a known phrase.

    A phrase inside a text that negates something else is not taken for the whole.
    """
    book = _book()
    words = _WORD.findall(text.lower())
    found = book.get(" ".join(words))
    if found is not None:
        return found
    for part in _parts(words):
        inside = book.get(part)
        if inside is not None and not NEGATIONS.search(text.lower().replace(part, " ", 1)):
            return inside
    return None


def _parts(words: list[str]) -> Iterator[str]:
    """Runs of words, longest first, that cover enough of the text."""
    least = max(SHORTEST_INSIDE, -(-len(words) * LEAST_COVER // 1))
    for length in range(len(words) - 1, int(least) - 1, -1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


@functools.cache
def _book() -> Mapping[str, Weights]:
    return {
        " ".join(_WORD.findall(phrase.text.lower())): shares(phrase.labels)
        for phrase in read_phrases()
        if phrase.labels != (BACKGROUND,)
    }
