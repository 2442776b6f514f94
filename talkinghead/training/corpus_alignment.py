"""When the sounds of a real recording are spoken, for any language that espeak-ng can read.

pocketsphinx aligns. Its English model knows 39 sounds, three states each, so it keeps sensible
durations where our own network, one state a sound, crams what it does not recognise into 10 ms
each. Words outside its dictionary, and other languages, get their pronunciation from espeak-ng.
"""

from __future__ import annotations

import re
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.errors import TalkingHeadError
from talkinghead.speech.phoneme_net import SYMBOLS, phoneme_net
from talkinghead.speech.phoneme_table import SILENCE
from talkinghead.speech.spectrum import HOP, log_mel, normalised
from talkinghead.speech.synthesis import synthesise
from talkinghead.training.transcripts import align_english, english_aligner
from talkinghead.types import SAMPLE_RATE, Phoneme, Speech

WORST_QUALITY = -3.5
"""`path_quality` below which a text is not what is said (docs/corpus.md: right and wrong texts)."""
MOST_LOUD_SILENCE = 0.15
"""Share of the loud rows that may be called silence; more means that words are missing."""
FEWEST_SPOKEN = 0.3
"""Share of the words that must be in a recording that was cut off."""
_LOUD = 0.6  # of the way from the noise to the voice, in decibels
_FAINT = 25.0  # dB below the voice; nothing fainter is loud, however quiet the noise
_EDGE = 0.25  # s of hiss before and after: the aligner expects a pause and wants to hear its noise
_HISS = 3e-4
_VOICES = {"en": "en-us", "de": "de"}


class LeftOut(TalkingHeadError):
    """An utterance that the corpus is better without; the message says why."""


class Aligner:
    """Aligns recordings; keeps the words it has learned."""

    def __init__(self) -> None:
        self._decoder: Any = english_aligner()

    def align(self, speech: Speech, transcript: str, language: str) -> tuple[Phoneme, ...]:
        """Phoneme times, gap-free from 0 to the end of the sound.

        A recording that was cut at its ends is aligned to the words that are in it.

        Args:
            speech: the recording.
            transcript: its words.
            language: "en" or "de".

        Raises:
            LeftOut: if the words do not fit, or we cannot read the language.
        """
        if language not in _VOICES:
            message = f"no voice reads transcripts in {language!r}"
            raise LeftOut(message)
        words = [self._known(word, language) for word in re.findall(r"[^\W_][\w']*", transcript)]
        if not words:
            message = "doubtful alignment: the transcript has no words"
            raise LeftOut(message)
        self._decoder.reinit_feat()  # or it would remember the level of the last recording
        quiet = np.random.default_rng(0).normal(0.0, _HISS, round(_EDGE * SAMPLE_RATE))
        edged = Speech(np.concatenate([quiet, speech.waveform, quiet]).astype(np.float32))
        found = align_english(self._decoder, edged, " ".join(words))
        if not found:
            heard = self._spoken_part(edged, words)
            if len(heard) < FEWEST_SPOKEN * len(words):
                message = f"doubtful alignment: {len(heard)} of {len(words)} words are heard"
                raise LeftOut(message)
            found = align_english(self._decoder, edged, " ".join(heard))
        if not found:
            message = "doubtful alignment: the words do not fit"
            raise LeftOut(message)
        found = without_edges(found, speech.seconds)
        check_plausible(speech, found)
        return found

    def _known(self, word: str, language: str) -> str:
        """The dictionary's name of a word, learned if it is new."""
        plain = word.lower()
        if language == "en" and plain.isascii() and self._decoder.lookup_word(plain):
            return plain
        number = zlib.crc32(f"{language} {plain}".encode())
        name = "qq" + "".join(chr(ord("a") + int(digit, 16)) for digit in f"{number:08x}")
        if self._decoder.lookup_word(name) is None:
            said = synthesise(word, _VOICES[language])[1]
            symbols = [each.symbol for each in said if each.symbol != SILENCE]
            self._decoder.add_word(name, " ".join(symbols), True)
        return name

    def _spoken_part(self, speech: Speech, words: list[str]) -> list[str]:
        """The neighbouring words that are in the recording, by a grammar of all such parts."""
        tails, rule = [], ""
        for word in reversed(words):
            rule = f"{word} [{rule}]" if rule else word
            tails.append(rule)
        grammar = f"#JSGF V1.0; grammar part; public <part> = {' | '.join(tails)};"
        self._decoder.add_jsgf_string("part", grammar)
        self._decoder.activate_search("part")
        samples = np.rint(np.clip(speech.waveform, -1.0, 1.0) * 32767).astype("<i2").tobytes()
        self._decoder.start_utt()
        self._decoder.process_raw(samples, full_utt=True)
        self._decoder.end_utt()
        heard = self._decoder.hyp()
        return heard.hypstr.split() if heard else []


def without_edges(phonemes: tuple[Phoneme, ...], seconds: float) -> tuple[Phoneme, ...]:
    """Times of the recording itself, from exactly 0 to exactly its end; silences joined."""
    marks: list[tuple[str, float]] = []
    for each in phonemes:
        start = max(each.start - _EDGE, 0.0) if marks else 0.0
        if (
            each.end > _EDGE
            and start < seconds
            and not (marks and each.symbol == SILENCE == marks[-1][0])
        ):
            marks.append((each.symbol, start))
    ends = [*(start for _, start in marks[1:]), seconds]
    return tuple(
        Phoneme(symbol, start, end) for (symbol, start), end in zip(marks, ends, strict=True)
    )


def check_plausible(speech: Speech, phonemes: tuple[Phoneme, ...]) -> None:
    """Refuse an alignment that the sound contradicts.

    Raises:
        LeftOut: if much of what is loud is called silence, or our network hears other sounds.
    """
    silent = loud_silence(speech.waveform, phonemes)
    if silent > MOST_LOUD_SILENCE:
        message = (
            f"doubtful alignment: silence where it is loud, {100 * silent:.0f} % of the speech"
        )
        raise LeftOut(message)
    quality = path_quality(
        phoneme_net().log_posteriors(normalised(log_mel(speech.waveform))), phonemes
    )
    if quality < WORST_QUALITY:
        message = f"doubtful alignment: other sounds are heard, {quality:.2f} nats a row"
        raise LeftOut(message)


def loud_silence(waveform: Floats, phonemes: tuple[Phoneme, ...]) -> float:
    """Share of the loud 10 ms rows that an alignment calls silence, 0..1."""
    count = len(waveform) // HOP
    power = (waveform[: count * HOP].reshape(count, HOP) ** 2).mean(axis=1)
    level = np.convolve(10 * np.log10(power + 1e-9), np.ones(3) / 3, mode="same")
    noise, voice = np.percentile(level, [5, 95])
    loud = level > max(noise + _LOUD * (voice - noise), voice - _FAINT)
    silent = _symbols_of_rows(count, phonemes) == SYMBOLS.index(SILENCE)
    return float((loud & silent).sum() / max(1, loud.sum()))


def path_quality(scores: Floats, phonemes: tuple[Phoneme, ...]) -> float:
    """Mean log probability of the sounds of a path in the 10 ms rows that it does not call silence.

    Args:
        scores: (T, 40) log posteriors. That of silence is left out of account: our network takes
            much of an angry or quiet voice for silence, whatever is said.
        phonemes: the path.
    """
    silence = SYMBOLS.index(SILENCE)
    symbols = _symbols_of_rows(len(scores), phonemes)
    rows = np.flatnonzero(symbols != silence)
    sounding = np.log1p(-np.exp(np.minimum(scores[rows, silence], -1e-6)))
    return float((scores[rows, symbols[rows]] - sounding).mean()) if len(rows) else -np.inf


def _symbols_of_rows(count: int, phonemes: tuple[Phoneme, ...]) -> NDArray[np.intp]:
    """(count,) index in `SYMBOLS` at the middle of every 10 ms row."""
    middles = (np.arange(count) + 0.5) * HOP / SAMPLE_RATE
    index = np.searchsorted([each.end for each in phonemes], middles, side="right")
    symbols = np.array([SYMBOLS.index(each.symbol) for each in phonemes], np.intp)
    return np.asarray(symbols[np.minimum(index, len(phonemes) - 1)], np.intp)
