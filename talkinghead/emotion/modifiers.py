"""A small rule layer before the tower: mixes, intensity words, simple negation.

Sentence encoders place "not angry" beside "angry" and "slightly sad" beside "sad"; a few dozen
rules read these better. What the rules do not recognise passes through unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from talkinghead.emotion.numbered_words import check_weights, numbered_pieces
from talkinghead.emotion.word_lists import (
    COMPARED,
    FREE_STRENGTHS,
    IDIOMS,
    NEGATION_FILLERS,
    NEGATIONS,
    STRENGTHS,
    TRAILING,
    WRAPPERS,
)
from talkinghead.emotion.wording import is_mostly_foreign

_LIST_MARKS = re.compile(r"\s*[,;+&/]\s*(?:and\s+|but\s+)?")
_LINKS = re.compile(r"\s+(?:and|but|with|yet|mixed with|plus|tinged with)\s+")
_NOT_ONLY = re.compile(r"\bnot (?:only|just|merely) (.+?),? but(?: also)? (.+)")
_NEITHER = re.compile(r"\bneither (.+) nor (.+)")
_TOKEN = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_LONGEST_WORD = 5
"""Words in the longest entry of the bank that is looked for inside a sentence."""


@dataclass(frozen=True)
class Part:
    """One feeling of a prompt.

    Attributes:
        text: what was said of it, without the words that the rules used up.
        word: the bank's word that it is, or None if only the tower can tell.
        weight: share in the mix, any positive number.
        strength: factor on the usual intensity; 1 = as the word says.
        negation: 0 = affirmed; else how much of the opposite is meant, up to 1.
        stated: intensity 0..1 given as a number ("70% happy"), or None.
    """

    text: str
    word: str | None
    weight: float = 1.0
    strength: float = 1.0
    negation: float = 0.0
    stated: float | None = None


def read_parts(text: str, words: Collection[str]) -> tuple[Part, ...]:
    """Take a clean prompt apart.

    Args:
        text: one line without control characters, not empty.
        words: every name and synonym of the bank, lower case.

    Raises:
        BadEmotion: if the weights of a mix are all zero, negative or not finite, or one has no
            feeling beside it.
    """
    loud = 1.5 if text.count("!") > 1 or (text.isupper() and len(text) > 2) else 1.0
    plain = text.lower().strip(" .!?\"'")
    parts = _numbered_mix(plain, words) or _rewritten(plain, words) or _listed(plain, words)
    if not parts:
        parts = (_single(plain, words),)
    if len(parts) == 1 and parts[0].word is None:
        parts = _embedded_foreign(plain, words) or parts
    return tuple(replace(part, strength=part.strength * loud) for part in parts)


def apply_strength(intensity: float, strength: float) -> float:
    """A usual intensity 0..1 made weaker (factor below 1) or stronger (above), still in 0..1."""
    if strength <= 1.0:
        return intensity * strength
    return 1.0 - (1.0 - intensity) / strength


def _numbered_mix(text: str, words: Collection[str]) -> tuple[Part, ...]:
    """Such as "0.7 joy + 0.3 fear", "happy 70%, sad 30%"; nothing if a number is missing."""
    pieces = numbered_pieces(text)
    parts = [replace(_single(said, words), weight=weight) for weight, said in pieces]
    if not parts or (len(parts) == 1 and (parts[0].word is None or not parts[0].weight <= 1.0)):
        return ()
    check_weights([part.weight for part in parts], text)
    if len(parts) == 1:  # the number is the feeling's intensity
        return (replace(parts[0], weight=1.0, stated=parts[0].weight),)
    return tuple(part for part in parts if part.weight > 0)


def _rewritten(text: str, words: Collection[str]) -> tuple[Part, ...]:
    """Idioms, "not only A but B", "neither A nor B"."""
    tokens = " ".join(_TOKEN.findall(text))
    for idiom, meaning in IDIOMS.items():
        if re.fullmatch(rf"(?:i am |i'm |it is |it's |feeling |i feel )?{idiom}", tokens):
            return (_single(meaning, words),)
    neither = _NEITHER.search(text)
    if neither is not None and all(_known(piece, words) for piece in neither.groups()):
        return (Part("neutral", "neutral"),)
    both = _NOT_ONLY.search(text)
    if both is not None:
        return _listed(", ".join(both.groups()), words)
    return ()


def _listed(text: str, words: Collection[str]) -> tuple[Part, ...]:
    """Such as "quiet joy, a little nervous"; nothing if it does not read as a list of feelings."""
    if _known(text, words):
        return ()
    pieces = [piece for piece in _LIST_MARKS.split(text) if piece]
    split = [part for piece in pieces for part in _linked(piece, words)]
    found = sum(part.word is not None for part in split)
    short = all(part.word or len(part.text.split()) <= 3 for part in split)
    if len(split) < 2 or not short or not found:
        return ()
    affirmed = [part for part in split if not part.negation]
    loudest = max(part.strength for part in affirmed or split)
    # "joy, a little fear" means less fear in the mix; the mix as a whole stays as strong as joy.
    return tuple(
        replace(part, weight=part.strength, strength=loudest) for part in affirmed or split
    )


def _linked(piece: str, words: Collection[str]) -> list[Part]:
    """Split at "and", "but", "with" only if every side is a feeling that the bank knows."""
    split = [_single(side, words) for side in _LINKS.split(piece)]
    if len(split) > 1 and all(part.word for part in split):
        return split
    return [_single(piece, words)]


def _embedded_foreign(text: str, words: Collection[str]) -> tuple[Part, ...]:
    """A bank word inside writing that has no spaces, such as Chinese."""
    if not is_mostly_foreign(text):
        return ()
    found = [word for word in words if word in text and is_mostly_foreign(word)]
    return (Part(max(found, key=len), max(found, key=len)),) if found else ()


def _known(text: str, words: Collection[str]) -> bool:
    return _strip_to_word(_TOKEN.findall(text), words)[0] is not None


def _single(text: str, words: Collection[str]) -> Part:
    """One clause: a bank word with its modifiers, a negated one, or free text."""
    tokens = _TOKEN.findall(text)
    word, strength = _strip_to_word(tokens, words)
    if word is not None:
        return Part(word, word, strength=strength)
    compared = _compared(text, words)
    if compared is not None:
        return compared
    negated = _negated(tokens, words)
    if negated is not None:
        return negated
    return Part(text, None, strength=_free_strength(text))


def _strip_to_word(tokens: list[str], words: Collection[str]) -> tuple[str | None, float]:
    """Peel modifiers and empty words off both ends until a bank word is left."""
    strength = 1.0
    while tokens:
        word = find_word(" ".join(tokens), words)
        if word is not None:
            return word, strength
        factor, length = _leading_strength(tokens)
        if length:
            strength *= factor
            tokens = tokens[length:]
        elif tokens[0] in WRAPPERS:
            tokens = tokens[1:]
        else:
            factor, length = _trailing_strength(tokens)
            if not length:
                break
            strength *= factor
            tokens = tokens[:-length]
    return None, 1.0


def _leading_strength(tokens: list[str]) -> tuple[float, int]:
    for length in (3, 2, 1):
        phrase = " ".join(tokens[:length])
        if len(tokens) > length and phrase in STRENGTHS:
            return STRENGTHS[phrase], length
    return 1.0, 0


def _trailing_strength(tokens: list[str]) -> tuple[float, int]:
    for length in (2, 1):
        phrase = " ".join(tokens[-length:])
        if len(tokens) > length and phrase in TRAILING:
            return TRAILING[phrase], length
    return 1.0, 0


def find_word(phrase: str, words: Collection[str]) -> str | None:
    """The bank's word that a phrase is, letting simple inflection pass."""
    for candidate in _base_forms(phrase):
        if candidate in words:
            return candidate
    return None


def _base_forms(phrase: str) -> list[str]:
    """The phrase itself and what it may be an inflection of ("happily", "happiest", "smile")."""
    forms = [phrase, phrase.replace("-", " ")]
    for ending, instead in (
        ("ily", "y"), ("ly", ""), ("iness", "y"), ("ness", ""), ("ier", "y"), ("iest", "y"),
        ("er", ""), ("est", ""), ("er", "e"), ("s", ""), ("e", "ing"), ("s", "ing"), ("es", "ing"),
        ("", "ing"), ("ing", "ed"),
    ):  # fmt: skip
        if phrase.endswith(ending) and len(phrase) - len(ending) >= 3:
            forms.append(phrase[: len(phrase) - len(ending)] + instead)
    if re.search(r"(.)\1er$", phrase):  # "sadder", "madder"
        forms.append(phrase[:-3])
    return forms


def _compared(text: str, words: Collection[str]) -> Part | None:
    """Such as "never been happier", "couldn't be more proud": very much so."""
    match = COMPARED.search(text)
    if match is None:
        return None
    said = match["more"] or match["comparative"]
    if said in {"better", "good"}:
        said = "happy"
    elif said in {"worse", "bad"}:
        said = "miserable"
    word, strength = _strip_to_word(_TOKEN.findall(said), words)
    return None if word is None else Part(word, word, strength=strength * 2.5)


def _negated(tokens: list[str], words: Collection[str]) -> Part | None:
    """A negation followed, after filler words at most, by a bank word; or "not" and little else."""
    text = " ".join(tokens)
    match = NEGATIONS.search(text)
    if match is None:
        return None
    rest = text[match.end() :].split()
    skipped = []
    while rest and rest[0] in NEGATION_FILLERS and not find_word(rest[0], words):
        skipped.append(rest.pop(0))
    amount = _negation_amount(skipped, rest)
    for length in range(min(_LONGEST_WORD, len(rest)), 0, -1):
        word = find_word(" ".join(rest[:length]), words)
        if word is not None:
            return Part(word, word, negation=amount)
    said = " ".join(rest)
    if text.startswith("not ") and 0 < len(rest) <= 2 and "to" not in skipped:
        return Part(said, None, negation=amount)
    return None


def _negation_amount(skipped: list[str], rest: list[str]) -> float:
    said = " ".join((*skipped, *rest))
    if re.search(r"\b(at all|in the (least|slightest)|one bit)\b", said):
        return 1.0
    weak = {"very", "really", "too", "so", "that", "particularly", "entirely", "exactly"}
    return 0.5 if weak & set(skipped) else 0.8


def _free_strength(text: str) -> float:
    """Intensity words in a sentence; only those that cannot mean anything else."""
    strength = 1.0
    for pattern, factor in FREE_STRENGTHS:
        if pattern.search(text):
            strength *= factor
    return strength
