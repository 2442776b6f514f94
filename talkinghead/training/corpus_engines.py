"""Speech engines that say when each sound is spoken, and the voices of the speech corpus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from talkinghead.speech.synthesis import synthesise
from talkinghead.types import Phoneme, Speech

HELD_OUT_LANGUAGES: tuple[str, ...] = ("el", "vi")
"""Spoken in the eval split only: Greek, and Vietnamese, which has tones."""

_ESPEAK_VOICES: dict[str, tuple[str, ...]] = {
    "en": ("en-us", "en-gb-x-rp", "en-gb-scotland", "en-us-nyc"), "de": ("de",), "nl": ("nl",),
    "sv": ("sv",), "fr": ("fr", "fr-be"), "es": ("es", "es-419"), "it": ("it",),
    "pt": ("pt", "pt-br"), "ro": ("ro",), "pl": ("pl",), "cs": ("cs",), "ru": ("ru",),
    "tr": ("tr",), "fi": ("fi",), "hu": ("hu",), "id": ("id",), "sw": ("sw",), "hi": ("hi",),
    "cmn": ("cmn",), "ja": ("ja",), "el": ("el",), "vi": ("vi", "vi-vn-x-south"),
}  # fmt: skip
_ESPEAK_TIMBRES: dict[str, list[str]] = {
    "train": (
        "m1 m2 m3 m4 m5 m6 f1 f2 f3 f4 klatt klatt2 klatt3 klatt5 Alex Alicia Andy Denis Diogo Gene"
        " Jacky Lee Marco Mario Michael Mike adam anika antonio aunty belinda boris caleb david ed"
        " edward grandma grandpa ian iven john marcelo max michel miguel norbert pablo paul pedro"
        " quincy rob sandro shelby steph travis victor whisper zac"
    ).split(),
    "eval": "m7 m8 f5 klatt4 klatt6 Annie Storm announcer benjamin linda robert gustave".split(),
}
_ENGLISH_WEIGHT = 3.0
_HELD_OUT_WEIGHT = 2.0


@dataclass(frozen=True)
class Voice:
    """Who speaks.

    Attributes:
        name: as the engine calls it.
        language: ISO 639 code, one of `corpus_sentences.word_lists`.
        speaker: one timbre; never in both splits.
        licence: of the engine or the voice.
        tier: "clean", or "research" where the licence would bind the weights: for measuring only.
    """

    name: str
    language: str
    speaker: str
    licence: str
    tier: str = "clean"


class Engine(Protocol):
    """What can speak a sentence with phoneme times."""

    @property
    def name(self) -> str:
        """Of the manifest's column."""

    @property
    def share(self) -> float:
        """Of all synthetic speech, 0..1."""

    @property
    def eval_share(self) -> float:
        """Of its own utterances, 0..1."""

    def draw(self, generator: np.random.Generator, split: str) -> Voice:
        """A voice of a split."""

    def speak(
        self, text: str, voice: Voice, generator: np.random.Generator
    ) -> tuple[Speech, tuple[Phoneme, ...]]:
        """The sound, and phonemes in ARPAbet, gap-free from 0 to its end.

        Raises:
            TalkingHeadError: if the engine cannot say this.
        """


class EspeakEngine:
    """espeak-ng as a library (GPL-3.0; what it speaks is not bound by that)."""

    name = "espeak-ng"
    share = 0.7
    eval_share = 0.15

    def draw(self, generator: np.random.Generator, split: str) -> Voice:
        """A language's voice in one of the split's timbres; English more often than others."""
        languages = [
            one for one in _ESPEAK_VOICES if split == "eval" or one not in HELD_OUT_LANGUAGES
        ]
        weights = np.array([_weight(one) for one in languages])
        language = str(generator.choice(languages, p=weights / weights.sum()))
        timbre = str(generator.choice(_ESPEAK_TIMBRES[split]))
        accent = str(generator.choice(_ESPEAK_VOICES[language]))
        return Voice(f"{accent}+{timbre}", language, f"espeak_{timbre}", "espeak-ng GPL-3.0 engine")

    def speak(
        self, text: str, voice: Voice, generator: np.random.Generator
    ) -> tuple[Speech, tuple[Phoneme, ...]]:
        """At a random rate and pitch."""
        rate, pitch = int(generator.integers(110, 270)), int(generator.integers(15, 90))
        return synthesise(text, voice.name, rate, pitch)


def _weight(language: str) -> float:
    if language in HELD_OUT_LANGUAGES:
        return _HELD_OUT_WEIGHT
    return _ENGLISH_WEIGHT if language == "en" else 1.0
