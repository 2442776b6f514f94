"""How the head moves: breath, slow sway, nods on stressed words, or a copy of another track."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from renderer.coefficients import Floats, MotionCoefficients
from talkinghead.motion.coarticulation import smoothstep
from talkinghead.motion.interface import HeadMotion
from talkinghead.types import EmotionTrack, SpeechFeatures

_EASE_SECONDS = 1.2
_SLOW_SECONDS, _QUICK_SECONDS = 1.1, 0.3  # Gaussian width of the two bands of sway
_SLOW_ANGLES = np.radians([0.9, 1.7, 0.9])  # pitch, yaw, roll, standard deviation
_QUICK_ANGLES = np.radians([0.6, 0.7, 0.5])
_SLOW_SHIFT = np.array([0.12, 0.05, 0.15])  # cm
_NOD_ANGLE = np.radians(2.2)  # at an accent of strength 1
_NOD_RISE, _NOD_FALL = 0.18, 0.35  # s
_ACCENT_DISTANCE = 0.45  # s between two accents
_BREATH_SECONDS = 3.8
_BREATH_LIFT = 0.06  # cm
_BREATH_PITCH = np.radians(0.25)
_LARGEST_ANGLE = np.radians(12.0)


def head_track(
    features: SpeechFeatures,
    emotion: EmotionTrack,
    head: HeadMotion,
    accents: list[tuple[float, float]],
    generator: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Offsets of the head from the photo's pose.

    Args:
        features: T rows.
        emotion: T rows; its head pose is added, its arousal scales the movement.
        head: natural, still or copied.
        accents: from `accents_of`.
        generator: source of randomness.

    Returns:
        rotation (T, 3) radians and translation (T, 3) cm; row 0 is exactly 0.
    """
    frames, fps = len(features), features.fps
    if head.kind == "still":
        return np.zeros((frames, 3), np.float32), np.zeros((frames, 3), np.float32)
    if head.kind == "copied" and head.track is not None:
        return _copied(head.track, frames, fps)
    size = np.clip(1.0 + 0.5 * emotion.arousal, 0.5, 1.5)[:, None]
    talking = gaussian_filter1d(features.loudness, 0.4 * fps, mode="nearest")[:, None]
    slow = _noise(frames, 6, _SLOW_SECONDS * fps, generator)
    quick = _noise(frames, 3, _QUICK_SECONDS * fps, generator)
    rotation = size * (slow[:, :3] * _SLOW_ANGLES + quick * _QUICK_ANGLES * (0.25 + talking))
    translation = size * slow[:, 3:] * _SLOW_SHIFT
    rotation[:, 0] += (size[:, 0] * _nods(frames, fps, accents)) * _NOD_ANGLE
    breath = _breath(frames, fps, size[:, 0], generator)
    rotation[:, 0] -= _BREATH_PITCH * breath
    translation[:, 1] += _BREATH_LIFT * breath
    rotation += emotion.head
    ease = smoothstep(np.arange(frames, dtype=np.float32) / fps / _EASE_SECONDS)[:, None]
    return limited(rotation) * ease, (translation * ease).astype(np.float32)


def limited(rotation: Floats) -> Floats:
    """(T, 3) radians with a soft limit, so that chance never turns a face away."""
    return np.asarray(_LARGEST_ANGLE * np.tanh(rotation / _LARGEST_ANGLE), np.float32)


def accents_of(features: SpeechFeatures) -> list[tuple[float, float]]:
    """Stressed syllables: peaks of loudness and pitch together.

    Returns:
        (seconds, strength 0..1), in order of time.
    """
    from scipy.signal import find_peaks

    fps = features.fps
    raised = np.clip(features.pitch, -4.0, 8.0) / 6.0 * features.voiced
    emphasis = gaussian_filter1d(features.loudness + 0.7 * raised, 0.08 * fps, mode="nearest")
    around = gaussian_filter1d(emphasis, 0.8 * fps, mode="nearest")
    peaks, found = find_peaks(
        emphasis - around, distance=max(1, round(_ACCENT_DISTANCE * fps)), prominence=0.15
    )
    strengths = np.clip(found["prominences"] / 1.2, 0.0, 1.0)
    return [
        ((float(peak) + 0.5) / fps, float(strength))
        for peak, strength in zip(peaks, strengths, strict=True)
    ]


def _copied(track: MotionCoefficients, frames: int, fps: float) -> tuple[Floats, Floats]:
    """Another track's pose relative to its first frame, at our rate, ping-pong if it is short."""
    position = np.arange(frames) / fps * track.fps
    last = len(track) - 1
    if last:
        position = last - np.abs(position % (2 * last) - last)
    known = np.arange(len(track))
    offsets = []
    for pose in (track.rotation, track.translation):
        columns = [np.interp(position, known, column - column[0]) for column in pose.T]
        offsets.append(np.stack(columns, axis=1).astype(np.float32))
    return offsets[0], offsets[1]


def _noise(frames: int, width: int, spread: float, generator: np.random.Generator) -> Floats:
    """(frames, width) Gaussian noise of unit variance, band-limited by a Gaussian of `spread`."""
    pad = int(4 * spread) + 1
    white = generator.standard_normal((frames + 2 * pad, width))
    smooth = gaussian_filter1d(white, spread, axis=0)[pad : pad + frames]
    return np.asarray(smooth * np.sqrt(2.0 * np.sqrt(np.pi) * spread), np.float32)


def _nods(frames: int, fps: float, accents: list[tuple[float, float]]) -> Floats:
    """(T,) 0..1: chin down at every accent."""
    middle = (np.arange(frames) + 0.5) / fps
    track = np.zeros(frames, np.float32)
    for moment, strength in accents:
        rise = smoothstep((middle - moment) / _NOD_RISE + 1.0)
        fall = 1.0 - smoothstep((middle - moment) / _NOD_FALL)
        track += strength * np.minimum(rise, fall)
    return np.asarray(gaussian_filter1d(track, 0.06 * fps, mode="nearest"), np.float32)


def _breath(frames: int, fps: float, size: Floats, generator: np.random.Generator) -> Floats:
    """(T,) -1..1: a sine whose rate wanders a little and rises with arousal."""
    wander = 1.0 + 0.1 * _noise(frames, 1, 2.0 * fps, generator)[:, 0]
    phase = np.cumsum(2.0 * np.pi * size * wander / (_BREATH_SECONDS * fps))
    return np.asarray(np.sin(phase - phase[0]), np.float32)
