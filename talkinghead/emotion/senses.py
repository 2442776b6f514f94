"""What a picture or a voice means: its vector read against the bank."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from renderer.coefficients import Floats
from talkinghead.emotion.bank import MEAD_CLASSES, Bank
from talkinghead.emotion.image_tower import ImageTower
from talkinghead.emotion.sound_tower import SoundTower
from talkinghead.errors import BadEmotion
from talkinghead.types import FaceCues, ImagePrompt, SoundPrompt, VoiceCues

TEMPERATURE = 0.05
"""As in training (`talkinghead.training.emotion_alignment`)."""
MOST_FEELINGS = 3
LEAST_SHARE = 0.4
"""A feeling less likely than this share of the likeliest of its class is left out."""
SHORTEST_VOICE = 0.4
"""Seconds of speech below which a voice says nothing."""
UNSURE = 0.4
"""Below this probability of the class, what was understood is a guess and shows less."""
WEAKEST, STRONGEST = 0.15, 1.0
AROUSAL_SLOPE = 0.6
Cues = TypeVar("Cues", FaceCues, VoiceCues)


@dataclass(frozen=True)
class Reading:
    """What one part of a prompt was taken for.

    Attributes:
        weights: row of the bank to its share.
        vector: (E,) unit.
        intensity: 0..1.
        confidence: 0..1.
    """

    weights: dict[int, float]
    vector: Floats
    intensity: float
    confidence: float = 1.0


class Senses:
    """The image and the sound tower, each loaded when it is first asked; safe to share by threads.

    Args:
        bank: the named feelings.
    """

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._classes = np.array([MEAD_CLASSES.index(one.mead_class) for one in bank.feelings])
        self._names = [feeling.name for feeling in bank.feelings]
        self._image: ImageTower | None = None
        self._sound: SoundTower | None = None
        self._loading = threading.Lock()

    def read(self, prompt: ImagePrompt | SoundPrompt) -> tuple[Reading, str, tuple[str, ...]]:
        """What a picture or a voice means, the name of the tower that says so, and notices.

        Raises:
            BadEmotion: the prompt holds no cues; `TalkingHead.feel` reads them.
            WeightsMissing, WeightsCorrupt: the tower's weights are not as the manifest says.
        """
        if isinstance(prompt, ImagePrompt):
            return self._read_face(_given(prompt.face, "picture"))
        return self._read_voice(_given(prompt.voice, "sound"))

    def _read_face(self, face: FaceCues) -> tuple[Reading, str, tuple[str, ...]]:
        with self._loading:
            if self._image is None:
                self._image = ImageTower()
        vector = self._image.encode([face])[0]
        weights, confidence = self.weights(vector, self._image.anchors(self._bank))
        intensity = self._worn(weights, face.expression) * _belief(confidence)
        reading = Reading(weights, vector, intensity, confidence)
        return reading, self._image.name, self._doubts(weights, confidence, "the face")

    def _read_voice(self, voice: VoiceCues) -> tuple[Reading, str, tuple[str, ...]]:
        with self._loading:
            if self._sound is None:
                self._sound = SoundTower()
        anchors = self._sound.anchors(self._bank)
        if voice.speech_seconds < SHORTEST_VOICE:
            neutral = self._names.index("neutral")
            notice = (
                f"{voice.speech_seconds:.1f} s of speech were heard, a feeling needs "
                f"{SHORTEST_VOICE:g} s: neutral was used"
            )
            silent = Reading({neutral: 1.0}, anchors[neutral], 0.0)
            return silent, self._sound.name, (notice,)
        vectors, arousal = self._sound.encode([voice])
        weights, confidence = self.weights(vectors[0], anchors)
        intensity = self._heard(weights, float(arousal[0])) * _belief(confidence)
        reading = Reading(weights, vectors[0], intensity, confidence)
        return reading, self._sound.name, self._doubts(weights, confidence, "the voice")

    def weights(self, vector: Floats, anchors: Floats) -> tuple[dict[int, float], float]:
        """The feelings of the nearest plain feeling's class, and that class's probability.

        Args:
            vector: (384,) unit.
            anchors: (F, 384) the bank.
        """
        scores = (anchors @ vector).astype(np.float64) / TEMPERATURE
        chance = np.exp(scores - scores.max())
        chance /= chance.sum()
        classes = np.bincount(self._classes, chance, len(MEAD_CLASSES))
        plain = [self._names.index(name) for name in MEAD_CLASSES]
        best = int(scores[plain].argmax())
        inside = np.where(self._classes == best, chance, 0.0)
        rows = np.argsort(-inside, kind="stable")[:MOST_FEELINGS]
        kept = [int(row) for row in rows if inside[row] >= LEAST_SHARE * inside.max()]
        total = math.fsum(inside[row] for row in kept)
        return {row: float(inside[row] / total) for row in kept}, float(classes[best])

    def _worn(self, weights: dict[int, float], expression: Floats) -> float:
        """How much of the mixed recipe the face wears: least squares of one factor."""
        recipe = self._mean(weights, lambda row: self._bank.feelings[row].expression)
        if not recipe.any():
            return float(self._mean(weights, lambda row: self._bank.feelings[row].intensity))
        factor = float(recipe @ expression / (recipe @ recipe))
        return float(np.clip(factor, WEAKEST, STRONGEST))

    def _heard(self, weights: dict[int, float], arousal: float) -> float:
        """The feeling's usual strength; more if the voice goes further the feeling's own way."""
        usual = float(self._mean(weights, lambda row: self._bank.feelings[row].intensity))
        typical = float(self._mean(weights, lambda row: self._bank.feelings[row].arousal))
        further = (arousal - typical) * (1.0 if typical >= 0.0 else -1.0)
        return float(np.clip(usual + AROUSAL_SLOPE * further, WEAKEST, STRONGEST))

    def _mean(self, weights: dict[int, float], of: Callable[[int], Floats | float]) -> Floats:
        return np.asarray(sum(share * of(row) for row, share in weights.items()), np.float32)

    def _doubts(self, weights: dict[int, float], confidence: float, what: str) -> tuple[str, ...]:
        if confidence >= UNSURE:
            return ()
        name = self._names[max(weights, key=lambda row: weights[row])]
        return (
            f"{what} shows no feeling clearly: {name} is a guess ({confidence:.0%}), shown weakly",
        )


def _belief(confidence: float) -> float:
    return min(1.0, confidence / UNSURE)


def _given(cues: Cues | None, what: str) -> Cues:
    if cues is None:
        message = f"the {what} has not been read yet; give it to TalkingHead.feel, which reads it"
        raise BadEmotion(message)
    return cues
