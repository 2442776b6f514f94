"""Hand-made speech and a decoder that does what the true sounds need, or the opposite."""

import numpy as np

from renderer.coefficients import MotionCoefficients, expression_from
from talkinghead.evaluation.performance import Sentence
from talkinghead.speech.features import extract_features
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import Phoneme

FPS = 25.0
_ROLLED = {"mouthRollLower": 0.7, "jawOpen": 0.05}
_PUCKERED = {"mouthPucker": 0.8, "jawOpen": 0.15}
SHAPES = {
    "M": {}, "B": {}, "P": {}, "SIL": {}, "F": _ROLLED, "V": _ROLLED,
    "UW": _PUCKERED, "OW": _PUCKERED, "W": _PUCKERED,
}  # fmt: skip
OTHERS = {"jawOpen": 0.3, "mouthStretch": 0.3}


def sounds(*pairs):
    """Phonemes of (symbol, frames) in a row."""
    made, at = [], 0
    for symbol, frames in pairs:
        made.append(Phoneme(symbol, at / FPS, (at + frames) / FPS))
        at += frames
    return tuple(made)


def spoken(text, voice="en-us"):
    speech, phonemes = synthesise(text, voice)
    return Sentence(voice[:2], speech, phonemes, extract_features(speech, FPS))


def track(expression):
    zero = np.zeros((len(expression), 3), np.float32)
    return MotionCoefficients(np.asarray(expression, np.float32), zero, zero, FPS)


class Exact:
    """An `AudioToMotion` that knows the true sounds of each sentence and shows them at once."""

    def __init__(self, sentences):
        self._truth = {id(one.features): one.phonemes for one in sentences}

    def __call__(self, features, emotion, identity, resting, eyes, head, generator):
        middle = (np.arange(len(features)) + 0.5) / features.fps
        rows = []
        for second in middle:
            during = [p for p in self._truth[id(features)] if p.start <= second] or [None]
            symbol = during[-1].symbol if during[-1] else "SIL"
            rows.append(expression_from(SHAPES.get(symbol, OTHERS)))
        return track(np.array(rows))


class Gaping:
    """An `AudioToMotion` that never closes."""

    def __call__(self, features, emotion, identity, resting, eyes, head, generator):
        return track(np.repeat(expression_from({"jawOpen": 0.3})[None], len(features), axis=0))
