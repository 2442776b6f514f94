"""The words that the rules of `modifiers` know. English only."""

from __future__ import annotations

import re
from collections.abc import Mapping

STRENGTHS: Mapping[str, float] = {
    # Factor on the usual intensity of the word that follows.
    "a hint of": 0.4, "a trace of": 0.4, "a touch of": 0.45, "a bit of": 0.5, "a little bit": 0.45,
    "a tiny bit": 0.35, "a touch": 0.45, "a little": 0.45, "a bit": 0.5, "a tad": 0.45,
    "ever so slightly": 0.3, "slightly": 0.45, "slight": 0.45, "little": 0.5, "mildly": 0.5,
    "mild": 0.5, "faintly": 0.35, "faint": 0.35, "subtly": 0.4, "subtle": 0.4, "barely": 0.3,
    "quietly": 0.6, "quiet": 0.6, "gently": 0.6, "gentle": 0.6, "softly": 0.6, "soft": 0.6,
    "somewhat": 0.65, "kind of": 0.65, "sort of": 0.65, "kinda": 0.65, "vaguely": 0.5,
    "moderately": 0.75, "less": 0.5, "half": 0.6, "trying to be": 0.8, "almost": 0.8,
    "low": 0.45, "weakly": 0.45, "weak": 0.45, "mostly": 0.9, "not only": 1.0, "fairly": 1.0,
    "quite": 1.15, "rather": 1.1, "pretty": 1.2, "so": 1.5, "very": 1.6, "really": 1.5,
    "more": 1.3, "too": 1.5, "truly": 1.5, "deeply": 1.7, "deep": 1.6, "strongly": 1.6,
    "strong": 1.6, "intensely": 1.9, "intense": 1.9, "big": 1.4, "huge": 1.9, "great": 1.5,
    "highly": 1.6, "super": 1.8, "terribly": 1.8, "awfully": 1.7, "loudly": 1.5, "wildly": 2.0,
    "incredibly": 2.2, "extremely": 3.0, "extreme": 3.0, "immensely": 2.4, "insanely": 2.5,
    "enormously": 2.4, "unbelievably": 2.4, "totally": 2.2, "completely": 2.4, "utterly": 2.6,
    "absolutely": 2.4, "overwhelmingly": 2.6, "maximum": 4.0, "pure": 1.8, "sheer": 1.8,
    "beyond": 2.2, "seriously": 1.5, "violently": 2.2, "exceedingly": 2.4, "damn": 1.7,
    "sehr": 1.6, "très": 1.6, "muy": 1.6, "molto": 1.6, "muito": 1.6, "heel": 1.6, "очень": 1.6,
    "un peu": 0.5, "un poco": 0.5,
    "un po": 0.5, "um pouco": 0.5, "ein bisschen": 0.5, "ein wenig": 0.5, "etwas": 0.6,
}  # fmt: skip

TRAILING: Mapping[str, float] = {
    "a little": 0.45, "a bit": 0.5, "a lot": 1.6, "so much": 1.7, "very much": 1.7, "indeed": 1.3,
    "as hell": 2.2, "right now": 1.0, "today": 1.0, "now": 1.0, "about it": 1.0, "about this": 1.0,
    "face": 1.0, "expression": 1.0, "look": 1.0, "mood": 1.0, "voice": 1.0, "tone": 1.0,
    "person": 1.0, "man": 1.0, "woman": 1.0, "feeling": 1.0, "emotion": 1.0, "enough": 0.9,
    "way": 1.0, "manner": 1.0, "again": 1.0, "too": 1.0,
}  # fmt: skip

WRAPPERS = frozenset(
    """i i'm im i'am am is are was were be being been feel feels feeling felt look looks looking
    looked seem seems seeming sound sounds sounding he she they we you it he's she's they're we're
    you're it's his her their my your in with a an the of full just some speaking talking acting
    makes make me him them us mood tone voice emotion expression face and but also all get getting
    become becoming having has have had
    ich bin ist je suis est estoy soy está sono è estou ben я""".split()
)
"""Words around a feeling that say nothing about which it is."""

NEGATIONS = re.compile(
    r"\b(?:not|no longer|no|never|without|nothing but no|lacking|free of|devoid of|hardly|scarcely"
    r"|anything but|far from|isn't|aren't|wasn't|weren't|ain't|don't|doesn't|didn't|stopped|cannot"
    r"|can't|nor)\b"
)
NEGATION_FILLERS = frozenset(
    """at all very so too really even that particularly exactly entirely be been being feel feeling
    felt look looking seem a an the any in of bit one least slightest much is are anymore""".split()
)

COMPARED = re.compile(
    r"\b(?:never|couldn't|could not|can't|cannot)\b(?:\s+(?:have|has|be|been|feel|felt|seen|looked"
    r"|ever|possibly|him|her|them|you|me|anyone))*\s+"
    r"(?:(?:so|more|this|as|quite so)\s+(?P<more>[\w'-]+)|(?P<comparative>[\w'-]+er|better|worse))"
    r"\b"
)
"""Negation that means the utmost: nothing has ever been more so."""

IDIOMS: Mapping[str, str] = {
    "not (?:too |so |half )?bad": "content", "not (?:too |so )?shabby": "content",
    "never better": "very happy", "not (?:so |too |very |really )?good": "sad",
    "not (?:so |too |doing )?well": "sad", "not (?:so )?great": "sad",
    "not ok(?:ay)?": "distressed", "not fine": "distressed", "not amused": "annoyed",
    "not impressed": "contempt",
    "unimpressed": "contempt", "not feeling anything": "neutral", "no feelings?": "neutral",
    "no worries": "calm", "no problem": "calm", "no pain": "relieved", "no mercy": "menacing",
    "good": "content", "great": "happy", "fine": "content", "ok(?:ay)?": "neutral",
    "bad": "sad", "terrible": "miserable", "awful": "miserable", "normal": "neutral",
}  # fmt: skip
"""Whole prompts whose meaning their words do not give; patterns over the words, lower case."""

FREE_STRENGTHS: tuple[tuple[re.Pattern[str], float], ...] = (
    (re.compile(r"\b(?:slightly|mildly|somewhat|faintly|subtly)\b"), 0.5),
    (re.compile(r"\b(?:a bit|a little|a tad)$"), 0.5),
    (re.compile(r"\b(?:kind of|sort of|kinda)\b"), 0.65),
    (re.compile(r"\b(?:very|really|so much|deeply|intensely|terribly|strongly)\b"), 1.5),
    (
        re.compile(
            r"\b(?:extremely|incredibly|absolutely|utterly|completely|enormously|immensely"
            r"|insanely|totally|unbelievably|beyond words)\b"
        ),
        2.2,
    ),
)
