"""Sentences for the speech corpus: words of many languages, drawn so that splits never meet."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from talkinghead.training.pseudo_words import pseudo_text

WORDS_PATH = Path(__file__).with_name("corpus_words.txt")

_EVAL_ONE_IN = 6
_RICH_SHARE = 0.2
_PSEUDO_SHARE = 0.15
_TRANSCRIPT_SHARE = 0.2
_NUMBER_SHARE = 0.05
_PAUSE_SHARE = 0.1
_RICHEST = 0.25  # share of a language's words that a sentence rich in lip sounds draws from
_OWN_SCRIPT = frozenset({"ru", "hi", "cmn", "ja", "el"})
"""Languages whose voices would spell Latin pseudo words letter by letter."""

_LIP_LETTERS = frozenset(
    "mbpwuoúóöüőű"
    "мбпуо" "μπβουωύόώ" "मबपभफुूोौ"
    "まみむめもばびぶべぼぱぴぷぺぽうおこそとのほよろマミムメモバビブベボパピプペポ"
    "不木马妈爸朋苹面怕八米普母父跑妹报葡暴门明白冰"
)  # fmt: skip
"""What is written for /m b p/ and /u o w/."""


@functools.cache
def word_lists() -> Mapping[str, tuple[str, ...]]:
    """Common words by language."""
    lines = WORDS_PATH.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(":", 1) for line in lines if not line.startswith("#"))
    return {language: tuple(dict.fromkeys(words.split())) for language, words in pairs}


def split_of(sentence: str) -> str:
    """The split that a sentence belongs to, whoever speaks it: a hash of its letters decides."""
    letters = "".join(letter for letter in sentence.casefold() if letter.isalnum())
    return "train" if zlib.crc32(letters.encode()) % _EVAL_ONE_IN else "eval"


def compose(
    generator: np.random.Generator, language: str, split: str, transcripts: Sequence[str] = ()
) -> str:
    """A sentence of 2 to 12 words, with a number or a pause now and then.

    One in five is rich in /m b p/ and /u o w/; others are plain words, pseudo words, or one of the
    transcripts.

    Args:
        generator: of all choices.
        language: one of `word_lists`.
        split: "train" or "eval"; `split_of` the result.
        transcripts: sentences in this language that may be used in this split.
    """
    while True:
        sentence = _draw(generator, language, transcripts)
        if split_of(sentence) == split:
            return sentence


def lip_share(word: str) -> float:
    """Share of a word's letters that are written for lip sounds."""
    letters = [letter for letter in word.casefold() if letter.isalpha()]
    return sum(letter in _LIP_LETTERS for letter in letters) / max(1, len(letters))


def _draw(generator: np.random.Generator, language: str, transcripts: Sequence[str]) -> str:
    words = word_lists()[language]
    style = generator.random()
    if style < _RICH_SHARE:
        ranked = sorted(words, key=lambda word: (-lip_share(word), word))
        return _sentence(generator, ranked[: round(_RICHEST * len(words))])
    style -= _RICH_SHARE
    if transcripts and style < _TRANSCRIPT_SHARE:
        return transcripts[generator.integers(len(transcripts))]
    style -= _TRANSCRIPT_SHARE
    if style < _PSEUDO_SHARE and language not in _OWN_SCRIPT:
        return pseudo_text(generator, list(words))
    return _sentence(generator, words)


def _sentence(generator: np.random.Generator, words: Sequence[str]) -> str:
    count = int(generator.integers(2, 13))
    spoken = [words[index] for index in generator.integers(len(words), size=count)]
    if generator.random() < _NUMBER_SHARE * count:
        spoken[generator.integers(count)] = str(generator.integers(1000))
    pauses = generator.random(count - 1) < _PAUSE_SHARE
    marked = [
        word + ("," if pause else "") for word, pause in zip(spoken[:-1], pauses, strict=True)
    ]
    return " ".join([*marked, spoken[-1]]) + str(generator.choice([".", "?", "!"]))
