"""Speech to motion without learning: visemes, feeling and idle life, composed by rules."""

from __future__ import annotations

import numpy as np

from renderer.coefficients import (
    ARKIT_INDEX,
    EYE_CHANNELS,
    Floats,
    IdentityCoefficients,
    MotionCoefficients,
    channel_indices,
)
from talkinghead.motion.coarticulation import Articulation, articulate, smoothstep
from talkinghead.motion.head import accents_of, head_track
from talkinghead.motion.idle import (
    apply_gaze,
    blink_track,
    brow_raises,
    gaze_track,
    phrase_ends,
)
from talkinghead.motion.interface import HeadMotion
from talkinghead.motion.visemes import LIP_GAP, channel_matrix, gap_vector
from talkinghead.motion.wearing import wear
from talkinghead.types import EmotionTrack, EyeControl, SpeechFeatures

_JAW, _CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
_PARTING = channel_indices(
    ("mouthFunnel", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
     "mouthUpperUpRight", "mouthShrugUpper", "tongueOut")
)  # fmt: skip
"""Channels that part the lips, the jaw aside."""
_OF_THE_PHOTO = np.append(_PARTING, [_JAW, _CLOSE])
"""What speech takes over from the resting face; its smile, brows and lids stay."""
_HOLDING = channel_indices(
    ("mouthPressLeft", "mouthPressRight", "mouthRollLower", "mouthRollUpper", "mouthClose",
     "mouthShrugLower")
)  # fmt: skip
"""Channels with which a feeling holds the lips together."""
_SMILES = channel_indices(("mouthSmileLeft", "mouthSmileRight"))
_YIELD_TO_BLINK = channel_indices(
    name for name in EYE_CHANNELS if "Wide" in name or "Squint" in name
)

_TAKE_OVER_SECONDS = 0.25
_FEELING_SECONDS = 0.4
_BROWS = {"browInnerUp": 0.16, "browOuterUpLeft": 0.10, "browOuterUpRight": 0.10}
_ASYMMETRY = 0.05


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
        frames, fps = len(features), features.fps
        if len(emotion) != frames:
            message = f"the emotion has {len(emotion)} frames, the speech {frames}"
            raise ValueError(message)
        accents = accents_of(features)
        rotation, translation = head_track(features, emotion, head, accents, generator)
        articulation = articulate(features, np.clip(1.0 + 0.25 * emotion.arousal, 0.7, 1.3))
        face = _face_at_rest(resting, emotion, articulation, fps)
        expression = _with_speech(face, articulation, _lopsided(generator))
        rate = eyes.blink * np.clip(1.0 + 0.3 * emotion.arousal, 0.6, 1.4)
        blinks = blink_track(frames, fps, rate, phrase_ends(features.phonemes), generator)
        _blink(expression, blinks)
        apply_gaze(expression, gaze_track(frames, fps, eyes, rotation, generator))
        raises = brow_raises(frames, fps, accents)
        for name, size in _BROWS.items():
            track = expression[:, ARKIT_INDEX[name]]
            track += size * raises * (1.0 - track)
        return MotionCoefficients(
            expression=np.clip(expression, 0.0, 1.0).astype(np.float32),
            rotation=(resting.rotation[:1] + rotation).astype(np.float32),
            translation=(resting.translation[:1] + translation).astype(np.float32),
            fps=fps,
        )


def _face_at_rest(
    resting: MotionCoefficients, emotion: EmotionTrack, articulation: Articulation, fps: float
) -> Floats:
    """(T, 52): the photo's face and the feeling, with the lips left to speech."""
    frames = len(emotion)
    seconds = np.arange(frames, dtype=np.float32) / fps
    own = np.repeat(resting.expression[:1], frames, axis=0)
    # Eased, so that a video that begins in silence begins as the photo.
    arrival = smoothstep(seconds / _TAKE_OVER_SECONDS)[:, None]
    own[:, _OF_THE_PHOTO] *= 1.0 - arrival
    felt = emotion.expression * smoothstep(seconds / _FEELING_SECONDS)[:, None]
    face = wear(own, felt)
    open_jaw = np.clip(articulation.articulators[:, :1] / 0.2, 0.0, 1.0)
    face[:, _HOLDING] *= 1.0 - 0.7 * open_jaw
    rounding = np.clip(articulation.articulators[:, 1:3].sum(axis=1), 0.0, 1.0)[:, None]
    face[:, _SMILES] *= 1.0 - 0.5 * rounding
    return face


def _with_speech(face: Floats, articulation: Articulation, sides: Floats) -> Floats:
    """Lay speech over the face; lip sounds win over everything that parts the lips.

    Args:
        face: (T, 52) without speech.
        articulation: T rows.
        sides: (52,) factor on the speech of each channel.

    Returns:
        (T, 52).
    """
    speech = articulation.articulators @ channel_matrix() * sides
    closure, teeth = articulation.closure[:, None], articulation.lip_to_teeth[:, None]
    # 1 - (1 - a)(1 - b) stays within 0..1 however strong the feeling is.
    expression = face + speech * (1.0 - face)
    expression[:, _PARTING] *= 1.0 - np.maximum(closure, 0.85 * teeth)
    expression[:, [_JAW]] *= 1.0 - np.maximum(0.45 * closure, 0.6 * teeth)
    _add(expression, {"mouthRollLower": 0.50, "mouthUpperUpLeft": 0.12, "mouthUpperUpRight": 0.12},
         teeth)  # fmt: skip
    _add(expression, {"mouthPressLeft": 0.30, "mouthPressRight": 0.30, "mouthRollLower": 0.14,
                      "mouthRollUpper": 0.10}, closure)  # fmt: skip
    # The gap is linear in the channels, so the closing that fills it is known exactly.
    expression[:, _CLOSE] *= 1.0 - closure[:, 0]
    gap = np.maximum(expression @ gap_vector(), 0.0)
    expression[:, _CLOSE] += closure[:, 0] * gap / -LIP_GAP["mouthClose"]
    return np.asarray(np.clip(expression, 0.0, 1.0), np.float32)


def _add(expression: Floats, weights: dict[str, float], amount: Floats) -> None:
    """Add named channels, in place, scaled by (T, 1) `amount`."""
    for name, weight in weights.items():
        track = expression[:, ARKIT_INDEX[name]]
        track += weight * amount[:, 0] * (1.0 - track)


def _lopsided(generator: np.random.Generator) -> Floats:
    """(52,) factors near 1: nobody speaks with both halves of the mouth alike."""
    tilt = float(np.clip(generator.normal(0.0, _ASYMMETRY), -0.1, 0.1))
    factors = np.ones(len(ARKIT_INDEX), np.float32)
    for name, index in ARKIT_INDEX.items():
        if name.startswith("mouth") and name.endswith(("Left", "Right")):
            factors[index] += tilt if name.endswith("Left") else -tilt
    return factors


def _blink(expression: Floats, blinks: Floats) -> None:
    """Close the lids in place; wide and squinting lids give way."""
    for name in ("eyeBlinkLeft", "eyeBlinkRight"):
        track = expression[:, ARKIT_INDEX[name]]
        track += blinks * (1.0 - track)
    expression[:, _YIELD_TO_BLINK] *= 1.0 - blinks[:, None]
