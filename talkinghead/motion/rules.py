"""Speech to motion without learning: visemes, feeling and idle life, composed by rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from renderer.coefficients import (
    ARKIT_INDEX,
    Floats,
    IdentityCoefficients,
    MotionCoefficients,
    channel_indices,
)
from talkinghead.motion.coarticulation import Articulation, articulate, smoothstep
from talkinghead.motion.interface import HeadMotion, check_lengths
from talkinghead.motion.lip_seal import OPENING, sealed
from talkinghead.motion.living import brought_to_life
from talkinghead.motion.visemes import channel_matrix
from talkinghead.motion.wearing import wear
from talkinghead.types import EmotionTrack, EyeControl, SpeechFeatures

_HOLDING = channel_indices(
    ("mouthPressLeft", "mouthPressRight", "mouthRollLower", "mouthRollUpper", "mouthClose",
     "mouthShrugLower")
)  # fmt: skip
"""Channels with which a feeling holds the lips together."""
_SMILES = channel_indices(("mouthSmileLeft", "mouthSmileRight"))

_TAKE_OVER_SECONDS = 0.25
_FEELING_SECONDS = 0.4
_ASYMMETRY = 0.05


@dataclass(frozen=True)
class SpokenFace:
    """A face that speaks and feels, before the lip gestures are laid over it.

    Attributes:
        free: (T, 52) float32.
        closure: (T,) 0..1, see `lip_seal.sealed`.
        lip_to_teeth: (T,) 0..1.
        activity: (T,) 0..1, 0 in silence.
    """

    free: Floats
    closure: Floats
    lip_to_teeth: Floats
    activity: Floats


class RulesAudioToMotion:
    """`AudioToMotion` by rules. Stateless: one object serves any number of calls."""

    def __call__(
        self,
        features: SpeechFeatures,
        emotion: EmotionTrack,
        identity: IdentityCoefficients,
        resting: MotionCoefficients,
        eyes: EyeControl,
        head: HeadMotion,
        generator: np.random.Generator,
    ) -> MotionCoefficients:
        """Animate; see `AudioToMotion`. The identity plays no part in these rules.

        Raises:
            ValueError: if the emotion has another length than the features.
        """
        check_lengths(features, emotion)
        face = spoken_face(features, emotion, resting, _lopsided(generator))
        expression = sealed(face.free, face.closure, face.lip_to_teeth)
        return brought_to_life(expression, features, emotion, resting, eyes, head, generator)


def spoken_face(
    features: SpeechFeatures,
    emotion: EmotionTrack,
    resting: MotionCoefficients,
    sides: Floats | None = None,
) -> SpokenFace:
    """What the rules make of speech and feeling; also the teacher of the learned decoders.

    Args:
        features: T rows; the phonemes and the loudness are used.
        emotion: T rows.
        resting: T = 1.
        sides: (52,) factor on the speech of each channel; None = both halves alike.
    """
    articulation = articulate(features, np.clip(1.0 + 0.25 * emotion.arousal, 0.7, 1.3))
    face = _face_at_rest(resting, emotion, articulation, features.fps)
    speech = articulation.articulators @ channel_matrix()
    if sides is not None:
        speech *= sides
    # 1 - (1 - a)(1 - b) stays within 0..1 however strong the feeling is.
    free = np.asarray(face + speech * (1.0 - face), np.float32)
    return SpokenFace(free, articulation.closure, articulation.lip_to_teeth, articulation.activity)


def _face_at_rest(
    resting: MotionCoefficients, emotion: EmotionTrack, articulation: Articulation, fps: float
) -> Floats:
    """(T, 52): the photo's face and the feeling, with the lips left to speech."""
    frames = len(emotion)
    seconds = np.arange(frames, dtype=np.float32) / fps
    own = np.repeat(resting.expression[:1], frames, axis=0)
    # Eased, so that a video that begins in silence begins as the photo.
    arrival = smoothstep(seconds / _TAKE_OVER_SECONDS)[:, None]
    own[:, OPENING] *= 1.0 - arrival
    felt = emotion.expression * smoothstep(seconds / _FEELING_SECONDS)[:, None]
    face = wear(own, felt)
    open_jaw = np.clip(articulation.articulators[:, :1] / 0.2, 0.0, 1.0)
    face[:, _HOLDING] *= 1.0 - 0.7 * open_jaw
    rounding = np.clip(articulation.articulators[:, 1:3].sum(axis=1), 0.0, 1.0)[:, None]
    face[:, _SMILES] *= 1.0 - 0.5 * rounding
    return face


def _lopsided(generator: np.random.Generator) -> Floats:
    """(52,) factors near 1: nobody speaks with both halves of the mouth alike."""
    tilt = float(np.clip(generator.normal(0.0, _ASYMMETRY), -0.1, 0.1))
    factors = np.ones(len(ARKIT_INDEX), np.float32)
    for name, index in ARKIT_INDEX.items():
        if name.startswith("mouth") and name.endswith(("Left", "Right")):
            factors[index] += tilt if name.endswith("Left") else -tilt
    return factors
