"""Words without inflection, person and articles: "she hit the roof" and "hits a roof" agree.

Crude on purpose: the forms are only ever compared with each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
ARTICLES = frozenset({"a", "an", "the"})
_SHORTEST_STEM = 3
_SHORTENED: Mapping[str, str] = {
    "i'm": "i be", "im": "i be", "you're": "you be", "he's": "he be", "she's": "he be",
    "it's": "it be", "that's": "that be", "we're": "we be", "they're": "he be",
    "i've": "i have", "you've": "you have", "we've": "we have", "they've": "he have",
    "i'd": "i would", "you'd": "you would", "he'd": "he would", "she'd": "he would",
    "we'd": "we would", "they'd": "he would", "i'll": "i will", "you'll": "you will",
    "he'll": "he will", "she'll": "he will", "we'll": "we will", "they'll": "he will",
    "cannot": "can't", "wanna": "want to", "gonna": "be go to", "gotta": "have to",
}  # fmt: skip
_SAME: Mapping[str, str] = {
    form: base
    for base, forms in {
        "he": "she they",
        "one": "my his her our their your me him us them somebody someone one's someone's "
        "somebody's somebodies",
        "oneself": "myself himself herself ourselves themselves yourself itself",
        "be": "am is are was were been being",
        "have": "has had having",
        "do": "does did done doing",
        "go": "goes went gone going",
        "get": "got gotten gets getting",
        "make": "made", "see": "saw seen", "blow": "blew blown", "fly": "flew flown flies",
        "lose": "lost", "feel": "felt", "come": "came", "keep": "kept", "bite": "bit bitten",
        "break": "broke broken", "drive": "drove driven", "give": "gave given",
        "take": "took taken", "throw": "threw thrown", "tear": "tore torn", "fall": "fell fallen",
        "catch": "caught", "hold": "held", "stand": "stood", "run": "ran", "sink": "sank sunk",
        "shake": "shook shaken", "sing": "sang sung", "weep": "wept", "sit": "sat",
        "speak": "spoke spoken", "strike": "struck", "stick": "stuck", "swear": "swore sworn",
        "wear": "wore worn", "win": "won", "wake": "woke woken", "light": "lit", "leave": "left",
        "bend": "bent", "find": "found", "tell": "told", "say": "said", "think": "thought",
        "know": "knew known", "eat": "ate eaten", "drink": "drank drunk", "buy": "bought",
        "bring": "brought", "steal": "stole stolen", "freeze": "froze frozen", "grow": "grew grown",
        "hide": "hid hidden", "lie": "lay lain lying", "send": "sent", "shoot": "shot",
        "sleep": "slept", "spend": "spent", "swallow": "swallowed", "write": "wrote written",
        "begin": "began begun", "choose": "chose chosen", "creep": "crept", "die": "died dying",
        "forget": "forgot forgotten", "hang": "hung", "hear": "heard", "leap": "leapt",
        "meet": "met", "pay": "paid", "ride": "rode ridden", "ring": "rang rung",
        "rise": "rose risen", "sell": "sold", "shrink": "shrank shrunk", "spit": "spat",
        "spring": "sprang sprung", "swell": "swelled swollen", "teach": "taught",
    }.items()
    for form in forms.split()
}  # fmt: skip
_SUBJECTS = frozenset("i he we you it that this".split())
_LINKS = frozenset("be feel look seem sound".split())
_STRESS = frozenset(
    "so really just absolutely totally completely literally very utterly simply truly".split()
)
_FUNCTION_WORDS = frozenset(
    """he one oneself be have do i we you it this that these those there a an the and or but if when
    while as than then of to in on at for with about from by into so just very really all too am is
    are was were my his her their our your me him us them she they myself himself herself will
    would can could may i'm he's she's it's again now today who what which""".split()
)
"""Words, plain or as they stand, that say little about what a text is about; "over", "up" and their
like carry the sense of idioms and are not among them."""


def content_count(words: Sequence[str]) -> int:
    """How many words, plain or as they stand, carry meaning."""
    return sum(word not in _FUNCTION_WORDS for word in words)


def plain_words(text: str) -> list[str]:
    """The plain forms of a text's words, in order; a leading "I am so ..." is left out."""
    return plain_forms(WORD.findall(text.lower()))


def plain_forms(words: Sequence[str]) -> list[str]:
    """`plain_words` of a text whose words, in lower case, are known."""
    forms = [form for word in words for form in _forms(word)]
    return forms[_opening(forms) :]


@lru_cache(maxsize=100_000)  # a book of phrases has half a million words, few of them different
def _forms(word: str) -> tuple[str, ...]:
    """The plain forms of what one written word stands for; none for an article."""
    parts = _SHORTENED.get(word, word).split()
    return tuple(plain_form(part) for part in parts if part not in ARTICLES)


def plain_form(word: str) -> str:
    """One word without inflection and person."""
    word = _SAME.get(word, word)
    for ending in ("ing", "ed", "s"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST_STEM and not word.endswith("ss"):
            word = stem
            break
    if len(word) > _SHORTEST_STEM and word[-1] == word[-2]:
        word = word[:-1]
    return word.removesuffix("e") if len(word) > _SHORTEST_STEM else word


def _opening(forms: Sequence[str]) -> int:
    """How many words at the start only say that somebody is or feels what follows."""
    start = 1 if forms and forms[0] in _SUBJECTS else 0
    if start >= len(forms) or forms[start] not in _LINKS:
        return 0
    start += 1
    while start < len(forms) and forms[start] in _STRESS:
        start += 1
    return start if start < len(forms) else 0
