from dataclasses import dataclass, field

import numpy as np

from renderer.coefficients import (
    ARKIT_NAMES,
    IdentityCoefficients,
    MotionCoefficients,
    expression_from,
)
from talkinghead.motion.interface import HeadMotion
from talkinghead.motion.rules import RulesAudioToMotion
from talkinghead.types import (
    CONTENT_RATE,
    CONTENT_WIDTH,
    EmotionTrack,
    EyeControl,
    Phoneme,
    SpeechFeatures,
)


def no_content(seconds):
    """Content rows for decoders that read phonemes only."""
    return np.zeros((int(np.ceil(round(seconds * CONTENT_RATE, 6))), CONTENT_WIDTH), np.float32)


def features_of(sounds, fps=25.0, loudness=0.8):
    """Features of (symbol, seconds) in a row; loud and voiced outside silences."""
    phonemes, at = [], 0.0
    for symbol, seconds in sounds:
        phonemes.append(Phoneme(symbol, at, at + seconds))
        at += seconds
    frames = max(1, int(np.ceil(round(at * fps, 6))))
    level = np.zeros(frames, np.float32)
    for each in phonemes:
        if each.symbol != "SIL":
            level[int(each.start * fps) : int(np.ceil(each.end * fps))] = loudness
    voiced = (level > 0).astype(np.float32)
    pitch = 2 * np.sin(np.arange(frames) / fps * 5).astype(np.float32) * voiced
    return SpeechFeatures(tuple(phonemes), level, voiced, pitch, fps, "test", no_content(at))


def feeling(frames, arousal=0.0, head=(0.0, 0.0, 0.0), **weights):
    return EmotionTrack(
        vectors=np.ones((frames, 1), np.float32),
        intensity=np.ones(frames, np.float32),
        expression=np.repeat(expression_from(weights)[None], frames, axis=0),
        head=np.repeat(np.array([head], np.float32), frames, axis=0),
        arousal=np.full(frames, arousal, np.float32),
        understood=(),
    )


def resting_face(rotation=(0.0, 0.0, 0.0), translation=(0.0, 0.0, 0.0), **weights):
    return MotionCoefficients(
        expression_from(weights)[None],
        np.array([rotation], np.float32),
        np.array([translation], np.float32),
        25.0,
    )


def still_track(frames, fps=25.0):
    return MotionCoefficients(
        np.zeros((frames, len(ARKIT_NAMES)), np.float32),
        np.zeros((frames, 3), np.float32),
        np.zeros((frames, 3), np.float32),
        fps,
    )


@dataclass(frozen=True)
class Situation:
    """Everything but the speech."""

    emotion: EmotionTrack | None = None
    resting: MotionCoefficients | None = None
    eyes: EyeControl = field(default_factory=EyeControl)
    head: HeadMotion = field(default_factory=HeadMotion)
    seed: int = 0


def animate(features, situation=None):
    case = situation or Situation()
    return RulesAudioToMotion()(
        features,
        case.emotion or feeling(len(features)),
        IdentityCoefficients(np.zeros(10, np.float32)),
        case.resting or resting_face(),
        case.eyes,
        case.head,
        np.random.default_rng(case.seed),
    )
