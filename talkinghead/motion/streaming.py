"""Speech to a speaking face while the sound is still coming in.

Fed with `talkinghead.speech.streaming.StreamingFeatures`, whose own look-ahead is 0.2 s, the whole
way from sound to lips waits 0.36 s. What needs to know the rest of the sound (blinks at the ends of
phrases, sway of the head) is not part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Protocol

import numpy as np

from renderer.coefficients import Floats, MotionCoefficients
from talkinghead.errors import BadOption
from talkinghead.motion.codebook import CodebookAudioToMotion, Spelling
from talkinghead.motion.learned import heard, spoken, worn
from talkinghead.motion.regression import RegressionAudioToMotion
from talkinghead.motion.regression_net import Heard
from talkinghead.motion.speech_rows import HALVES, RATE, speech_rows
from talkinghead.types import EmotionTrack, Phoneme, SpeechFeatures

WINDOW = 150
"""Rows (6 s) of the past that are kept; more than any network looks back."""


class StreamingExpression:
    """Expressions of the frames whose sound is known, piece by piece, in bounded memory.

    Args:
        decoder: one of the learned decoders.
        emotion: T = 1, the feeling of the whole stream.
        resting: T = 1, the face that speaks.
        generator: source of all randomness.
    """

    def __init__(
        self,
        decoder: RegressionAudioToMotion | CodebookAudioToMotion,
        emotion: EmotionTrack,
        resting: MotionCoefficients,
        generator: np.random.Generator,
    ) -> None:
        self._decoder, self._emotion, self._resting = decoder, emotion, resting
        self._writer: _Writer = (
            _Regression(decoder)
            if isinstance(decoder, RegressionAudioToMotion)
            else _Codebook(decoder.spelling(generator))
        )
        self._pieces: list[SpeechFeatures] = []
        self._first = 0
        self._done = 0

    def push(self, piece: SpeechFeatures, last: bool = False) -> Floats:
        """Hear the next frames.

        Args:
            piece: features of the next frames at `RATE`.
            last: whether the sound ends with them.

        Returns:
            (T, 52) expressions of the frames that became known, without blinks and gaze; T may
            be 0.

        Raises:
            BadOption: the piece has another frame rate.
        """
        if piece.fps != RATE:
            message = f"the stream has {piece.fps:g} frames a second, expected {RATE:g}"
            raise BadOption(message)
        self._pieces.append(piece)
        window = joined(self._pieces)
        rows = speech_rows(window)
        ready = len(window) - (0 if last else self._writer.ahead)
        first, count = self._done - self._first, self._first + ready - self._done
        if count <= 0:
            return np.zeros((0, self._resting.expression.shape[1]), np.float32)
        feeling = held(self._emotion, len(window))
        known = heard(self._decoder.net, rows, feeling, self._resting, RATE, self._first)
        change, gates = self._writer.write(known, first, first + count)
        base = worn(self._resting, held(self._emotion, count), RATE, self._done)
        expression = spoken(base, change, gates, RATE, self._done)
        self._done += count
        self._forget()
        return expression

    def _forget(self) -> None:
        """Drop pieces that nothing looks back to."""
        while len(self._pieces) > 1 and self._first + len(self._pieces[0]) <= self._done - WINDOW:
            self._first += len(self._pieces.pop(0))


class _Writer(Protocol):
    """What answers rows of a window once each, in order."""

    ahead: int

    def write(self, known: Heard, first: int, stop: int) -> tuple[Floats, Floats]:
        """Change and gates of the rows first..stop of the window."""
        ...


class _Regression:
    def __init__(self, decoder: RegressionAudioToMotion) -> None:
        self._decoder = decoder
        self.ahead = decoder.net.reach[1]

    def write(self, known: Heard, first: int, stop: int) -> tuple[Floats, Floats]:
        change, gates = self._decoder.answer(known, max(1, known.content.shape[1]))
        return change[first:stop], gates[first:stop]


class _Codebook:
    def __init__(self, spelling: Spelling) -> None:
        self._spelling = spelling
        self.ahead = spelling.ahead

    def write(self, known: Heard, first: int, stop: int) -> tuple[Floats, Floats]:
        spelled = self._spelling.write(known, first, stop)
        return spelled.change, spelled.gates


def joined(pieces: Sequence[SpeechFeatures]) -> SpeechFeatures:
    """Consecutive features as one; sounds that a cut went through are whole again."""
    starts = np.cumsum([0, *(len(one) for one in pieces)]) / pieces[0].fps
    shifted = [
        replace(sound, start=sound.start + float(start), end=sound.end + float(start))
        for one, start in zip(pieces, starts, strict=False) for sound in one.phonemes
    ]  # fmt: skip
    halves = [one.content[: HALVES * len(one)] for one in pieces]
    return replace(
        pieces[0],
        phonemes=tuple(_whole(shifted)),
        loudness=np.concatenate([one.loudness for one in pieces]),
        voiced=np.concatenate([one.voiced for one in pieces]),
        pitch=np.concatenate([one.pitch for one in pieces]),
        content=np.concatenate(halves),
    )


def held(emotion: EmotionTrack, frames: int) -> EmotionTrack:
    """The first row of an emotion, `frames` times."""
    return replace(
        emotion,
        vectors=np.repeat(emotion.vectors[:1], frames, axis=0),
        intensity=np.repeat(emotion.intensity[:1], frames),
        expression=np.repeat(emotion.expression[:1], frames, axis=0),
        head=np.repeat(emotion.head[:1], frames, axis=0),
        arousal=np.repeat(emotion.arousal[:1], frames),
    )


def _whole(sounds: Sequence[Phoneme]) -> Iterator[Phoneme]:
    for symbol, same in groupby(sounds, key=lambda sound: sound.symbol):
        run = list(same)
        yield Phoneme(symbol, run[0].start, run[-1].end)
