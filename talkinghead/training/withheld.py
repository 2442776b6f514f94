"""Words that no training text of the emotion space may hold, so that tests on them are honest.

The rule was fixed before any training: a content word is a run of two letters or more outside the
stop list; two words agree if their stems do (inflections stripped), or if both have five letters or
more and the first five agree. `withheld_words.txt` holds the content words of the 200 phrases of
tests/talkinghead/emotion/unseen_200.json; a line with a word that agrees with one of them is out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

WORDS_PATH = Path(__file__).with_name("withheld_words.txt")
STOP_WORDS = frozenset(
    """
a an and any are as at away be been being but by can could did do does for from had has have he her
hers him his how i if in into is it its just like may me mine must my no not of off on or our out
over she should so than that the their them then they this these those to up us was we were what
when which while who why will with would you your yours am about after all again both each either
every more most nor only own same some such through too under until very there here feel feeling
face look voice person im its way though
""".split()
)
ENDINGS = tuple(
    """ations ation ingly edly iness ness ments ment fully ful ously ous ings ing ies ied ily
ers er est ed es ly s y e""".split()
)
BEGINNING = 5
"""Letters after which two longer words are taken for relatives."""


def content_words(text: str) -> set[str]:
    """The words that carry meaning, lower case, apostrophes dropped."""
    words = re.findall(r"[a-z]+", text.lower().replace("'", ""))
    return {word for word in words if word not in STOP_WORDS and len(word) > 1}


def stem(word: str) -> str:
    """A word without its inflection; crude, but the same for all."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


class Relatives:
    """Finds words that agree with one of a set, by the rule of this module.

    Args:
        words: content words.
    """

    def __init__(self, words: Iterable[str]) -> None:
        known = set(words)
        self._stems = {stem(word) for word in known}
        self._beginnings = {word[:BEGINNING] for word in known if len(word) >= BEGINNING}

    def among(self, text: str) -> set[str]:
        """The content words of a text that agree with one of the set."""
        return {
            word
            for word in content_words(text)
            if stem(word) in self._stems
            or (len(word) >= BEGINNING and word[:BEGINNING] in self._beginnings)
        }


def withheld() -> Relatives:
    """The words of the frozen test list."""
    return Relatives(WORDS_PATH.read_text(encoding="utf-8").split())
