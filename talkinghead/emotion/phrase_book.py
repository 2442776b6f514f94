"""Idioms and everyday phrases whose feeling is known by heart.

An idiom means what it means whatever its words do: what stands in `emotional_phrases.tsv` is looked
up, all else is left to the text tower, which was trained on the same file.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from talkinghead.emotion.phrase_table import PhraseTable
from talkinghead.emotion.plain_forms import WORD, content_count, plain_forms, plain_words
from talkinghead.emotion.word_lists import NEGATIONS
from talkinghead.errors import TalkingHeadError
from talkinghead.weights import Tensors, load_weights

WEIGHTS_NAME = "phrase_book"
PHRASES_PATH = Path(__file__).with_name("emotional_phrases.tsv")
BACKGROUND = "background"
"""Label of text that is about no feeling at all."""
HELD_OUT = "held-out"
SECOND_SHARE = 0.35
"""Weight of the second of two feelings that a phrase is labelled with, the first having 1."""
LEAST_CONTENT = 2
"""Words with meaning in a phrase that is recognised inside a longer text."""
MOST_WORDS = 32
"""Of a phrase; longer runs of a long text need not be looked up."""
LEAST_COVER = 0.5
"""Share of the text's words with meaning that it must make up. Both were chosen on the held-out
lines with a book of the others: 76 % of what is then found has the right class."""

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


@functools.cache
def shares(labels: tuple[str, ...]) -> Weights:
    """Feeling to weight, summing to 1; nothing for background."""
    named = dict(zip(labels, (1.0, SECOND_SHARE), strict=False))
    named.pop(BACKGROUND, None)
    total = sum(named.values())
    return {name: weight / total for name, weight in named.items()}


def look_up(text: str) -> Weights | None:
    """The feelings of a text that is, or for the most part is made up of, a known phrase.

    First as it stands, then without inflection, person and articles. A phrase inside a text that
    negates something else is not taken for the whole.
    """
    return _book().look_up(text)


class Known(Protocol):
    """What is looked up in: texts to weights."""

    def get(self, text: str, /) -> Weights | None:
        """The weights of a text; None if it is not known."""
        ...


@dataclass(frozen=True)
class PhraseBook:
    """Phrases by their words and by their plain forms.

    Attributes:
        exact: by the words in lower case.
        plain: by the plain forms.
    """

    exact: Known
    plain: Known

    @classmethod
    def of(cls, phrases: Iterable[Phrase]) -> PhraseBook:
        """Of a phrase file's phrases, but for those labelled as background."""
        return cls(*known_phrases(phrases))

    def look_up(self, text: str) -> Weights | None:
        """As the function of this name."""
        exact, plain = WORD.findall(text.lower()), plain_words(text)
        whole = self.exact.get(" ".join(exact)) or self.plain.get(" ".join(plain))
        if whole is not None:
            return whole
        negations = len(NEGATIONS.findall(text.lower()))
        inside = _inside(exact, self.exact, negations)
        return inside or _inside(plain, self.plain, negations)


def known_phrases(phrases: Iterable[Phrase]) -> tuple[dict[str, Weights], dict[str, Weights]]:
    """Weights by words and by plain forms.

    Phrases that agree in their plain forms but not in their feelings are known only as they stand.
    """
    exact: dict[str, Weights] = {}
    plain: dict[str, Weights] = {}
    unclear = set()
    for phrase in phrases:
        if phrase.labels == (BACKGROUND,):
            continue
        weights = shares(phrase.labels)
        words = WORD.findall(phrase.text.lower())
        exact[" ".join(words)] = weights
        forms = plain_forms(words)
        known = " ".join(forms)
        # One form alone says too little: "car" may be "caring".
        if len(forms) > 1 and plain.setdefault(known, weights) != weights:
            unclear.add(known)
    for known in unclear:
        del plain[known]
    return exact, plain


def _inside(words: Sequence[str], book: Known, negations: int) -> Weights | None:
    """The longest run of words that is a known phrase and covers enough of the text.

    Args:
        words: of the text.
        book: what is known.
        negations: in the text; a phrase that has fewer stands in a text that negates.
    """
    least = max(LEAST_CONTENT, content_count(words) * LEAST_COVER)
    for length in range(min(len(words) - 1, MOST_WORDS), LEAST_CONTENT - 1, -1):
        for start in range(len(words) - length + 1):
            run = words[start : start + length]
            found = book.get(" ".join(run))
            if found is None or content_count(run) < least:
                continue
            if len(NEGATIONS.findall(" ".join(run))) >= negations:
                return found
    return None


def stored_tensors(path: Path = PHRASES_PATH) -> Tensors:
    """A phrase file as it is stored: `python -m talkinghead.training.feelings` does it."""
    phrases = read_phrases(path)
    labels = sorted({phrase.labels for phrase in phrases} - {(BACKGROUND,)})
    values = [shares(one) for one in labels]
    names = "\n".join("+".join(one) for one in labels)
    tensors: Tensors = {
        "digest": np.frombuffer(_digest(path), np.uint8),
        "labels": np.frombuffer(names.encode(), np.uint8),
    }
    for kind, known in zip(("exact", "plain"), known_phrases(phrases), strict=True):
        table = PhraseTable.of(known, values)
        tensors |= {f"{kind}_hashes": table.hashes, f"{kind}_rows": table.rows.astype(np.int16)}
    return tensors


def stored_book(path: Path = PHRASES_PATH) -> PhraseBook | None:
    """The stored phrases; None if they are not those of the phrase file.

    Raises:
        WeightsMissing, WeightsCorrupt: the weights are not as the manifest says.
    """
    tensors = load_weights(WEIGHTS_NAME)
    if bytes(tensors["digest"]) != _digest(path):
        return None
    names = bytes(tensors["labels"]).decode().split("\n")
    values = [shares(tuple(name.split("+"))) for name in names]
    exact, plain = (
        PhraseTable(
            tensors[f"{kind}_hashes"].astype(np.uint64),
            tensors[f"{kind}_rows"].astype(np.int32),
            values,
        )
        for kind in ("exact", "plain")
    )
    return PhraseBook(exact, plain)


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


@functools.cache
def _book() -> PhraseBook:
    return stored_book() or PhraseBook.of(read_phrases())
