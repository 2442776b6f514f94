"""Idioms and everyday phrases whose feeling is known by heart.

An idiom means what it means whatever its words do: what stands in `emotional_phrases.tsv` is looked
up, all else is left to the text tower, which was trained on the same file.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from talkinghead.emotion.plain_forms import WORD, content_count, plain_words
from talkinghead.emotion.word_lists import NEGATIONS
from talkinghead.errors import TalkingHeadError

PHRASES_PATH = Path(__file__).with_name("emotional_phrases.tsv")
BACKGROUND = "background"
"""Label of text that is about no feeling at all."""
HELD_OUT = "held-out"
SECOND_SHARE = 0.35
"""Weight of the second of two feelings that a phrase is labelled with, the first having 1."""
LEAST_CONTENT = 2
"""Words with meaning in a phrase that is recognised inside a longer text."""
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


class PhraseBook:
    """Phrases by their words and by their plain forms.

    Args:
        phrases: of a phrase file; those labelled as background are passed over. Phrases that agree
            in their plain forms but not in their feelings are known only as they stand.
    """

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._exact: dict[str, Weights] = {}
        self._plain: dict[str, Weights] = {}
        unclear = set()
        for phrase in phrases:
            if phrase.labels == (BACKGROUND,):
                continue
            weights = shares(phrase.labels)
            self._exact[" ".join(WORD.findall(phrase.text.lower()))] = weights
            forms = plain_words(phrase.text)
            plain = " ".join(forms)
            # One form alone says too little: "car" may be "caring".
            if len(forms) > 1 and self._plain.setdefault(plain, weights) != weights:
                unclear.add(plain)
        for plain in unclear:
            del self._plain[plain]

    def look_up(self, text: str) -> Weights | None:
        """As the function of this name."""
        exact, plain = WORD.findall(text.lower()), plain_words(text)
        whole = self._exact.get(" ".join(exact)) or self._plain.get(" ".join(plain))
        if whole is not None:
            return whole
        negations = len(NEGATIONS.findall(text.lower()))
        inside = _inside(exact, self._exact, negations)
        return inside or _inside(plain, self._plain, negations)


def _inside(words: Sequence[str], book: Mapping[str, Weights], negations: int) -> Weights | None:
    """The longest run of words that is a known phrase and covers enough of the text.

    Args:
        words: of the text.
        book: what is known.
        negations: in the text; a phrase that has fewer stands in a text that negates.
    """
    least = max(LEAST_CONTENT, content_count(words) * LEAST_COVER)
    for length in range(len(words) - 1, LEAST_CONTENT - 1, -1):
        for start in range(len(words) - length + 1):
            run = words[start : start + length]
            found = book.get(" ".join(run))
            if found is None or content_count(run) < least:
                continue
            if len(NEGATIONS.findall(" ".join(run))) >= negations:
                return found
    return None


@functools.cache
def _book() -> PhraseBook:
    return PhraseBook(read_phrases())
