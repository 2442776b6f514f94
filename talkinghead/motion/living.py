"""What every decoder's face does besides speaking: eyes, brow raises, head."""

from __future__ import annotations

import numpy as np

from renderer.coefficients import (
    ARKIT_INDEX,
    EYE_CHANNELS,
    Floats,
    MotionCoefficients,
    channel_indices,
)
from talkinghead.motion.head import accents_of, head_track
from talkinghead.motion.idle import apply_gaze, blink_track, brow_raises, gaze_track, phrase_ends
from talkinghead.motion.interface import HeadMotion
from talkinghead.motion.lip_seal import add
from talkinghead.types import EmotionTrack, EyeControl, SpeechFeatures

_YIELD_TO_BLINK = channel_indices(
    name for name in EYE_CHANNELS if "Wide" in name or "Squint" in name
)
_BROWS = {"browInnerUp": 0.16, "browOuterUpLeft": 0.10, "browOuterUpRight": 0.10}


def brought_to_life(
    expression: Floats,
    features: SpeechFeatures,
    emotion: EmotionTrack,
    resting: MotionCoefficients,
    eyes: EyeControl,
    head: HeadMotion,
    generator: np.random.Generator,
) -> MotionCoefficients:
    """Add eyes, brow raises and head motion to a speaking face.

    Args:
        expression: (T, 52) 0..1, the face that speaks and feels; not changed.
        features: T rows.
        emotion: T rows.
        resting: T = 1, whose pose is the first frame's.
        eyes: blink rate and gaze.
        head: source of the head's movement.
        generator: source of randomness.
    """
    frames, fps = len(features), features.fps
    expression = expression.copy()
    accents = accents_of(features)
    rotation, translation = head_track(features, emotion, head, accents, generator)
    rate = eyes.blink * np.clip(1.0 + 0.3 * emotion.arousal, 0.6, 1.4)
    blinks = blink_track(frames, fps, rate, phrase_ends(features.phonemes), generator)
    _blink(expression, blinks)
    apply_gaze(expression, gaze_track(frames, fps, eyes, rotation, generator))
    add(expression, _BROWS, brow_raises(frames, fps, accents))
    return MotionCoefficients(
        expression=np.clip(expression, 0.0, 1.0).astype(np.float32),
        rotation=(resting.rotation[:1] + rotation).astype(np.float32),
        translation=(resting.translation[:1] + translation).astype(np.float32),
        fps=fps,
    )


def _blink(expression: Floats, blinks: Floats) -> None:
    """Close the lids in place; wide and squinting lids give way."""
    for name in ("eyeBlinkLeft", "eyeBlinkRight"):
        track = expression[:, ARKIT_INDEX[name]]
        track += blinks * (1.0 - track)
    expression[:, _YIELD_TO_BLINK] *= 1.0 - blinks[:, None]
