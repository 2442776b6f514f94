"""Phonemes in time to smooth articulator tracks.

Dominance functions after Cohen and Massaro 1993, "Modeling coarticulation in synthetic visual
speech": every sound pulls every articulator towards its own target with a strength that dies away
exponentially before and after it; the track is the average weighted by strength (their equation 4).
An average never reaches a target, so the two gestures that speech cannot do without, lips together
and lip to teeth, are laid over it as full strokes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from scipy.ndimage import gaussian_filter1d

from renderer.coefficients import Floats
from talkinghead.motion.visemes import (
    ARTICULATORS,
    BILABIALS,
    LABIODENTALS,
    SILENCE,
    VISEMES,
    Viseme,
)
from talkinghead.types import Phoneme, SpeechFeatures

GRID = 100.0
"""Rows per second of the inner tracks; they are sampled at the video rate at the end."""

_ANTICIPATION = 0.055  # s, time constant before a sound
_CARRY = 0.045  # s, after it
_REACH = 0.3  # s, beyond which strengths are nothing
_PLATEAU_INSET = 0.25  # share of a sound at each side that belongs to the transition
_SMOOTHING = 0.015  # s
_CLOSE_SECONDS = 0.09  # from the start of a silence to closed lips
_OPEN_SECONDS = 0.11  # before its end
_STROKE_RISE = 0.07
_STROKE_FALL = 0.06
_STROKE_HOLD = (0.1, 0.7)  # shares of a lip sound between which the lips are at their goal


@dataclass(frozen=True)
class Articulation:
    """Tracks at the video rate.

    Attributes:
        articulators: (T, 8) in the order of `ARTICULATORS`, 0..1.
        closure: (T,) 0..1, 1 = lips together.
        lip_to_teeth: (T,) 0..1, 1 = lower lip at the upper teeth.
        activity: (T,) 0..1, 0 in silence.
    """

    articulators: Floats
    closure: Floats
    lip_to_teeth: Floats
    activity: Floats


def articulate(features: SpeechFeatures, vigour: Floats) -> Articulation:
    """Coarticulate.

    Args:
        features: T rows; the phonemes and the loudness are used.
        vigour: (T,) factor on the opening of vowels, 1 = calm speech.

    Returns:
        Tracks of T rows, sampled in the middle of every video frame.
    """
    frames = len(features)
    grid = np.arange(int(np.ceil(frames / features.fps * GRID)) + 1) / GRID
    middle = (np.arange(frames) + 0.5) / features.fps
    gain = np.interp(grid, middle, _opening_gain(features) * vigour).astype(np.float32)
    activity = _activity(features.phonemes, grid)
    tracks = _blended(features.phonemes, grid, gain) * activity[:, None]
    tracks = gaussian_filter1d(tracks, _SMOOTHING * GRID, axis=0, mode="nearest")
    return Articulation(
        articulators=np.stack(
            [np.interp(middle, grid, track) for track in tracks.T], axis=1
        ).astype(np.float32),
        closure=_strokes(features.phonemes, BILABIALS, middle, features.fps),
        lip_to_teeth=_strokes(features.phonemes, LABIODENTALS, middle, features.fps),
        activity=np.interp(middle, grid, activity).astype(np.float32),
    )


def smoothstep(position: Floats) -> Floats:
    """0 below 0, 1 above 1, 3x² - 2x³ between."""
    inside = np.clip(position, 0.0, 1.0)
    return np.asarray(inside * inside * (3.0 - 2.0 * inside), np.float32)


def _opening_gain(features: SpeechFeatures) -> Floats:
    """(T,) factor on vowel opening: 0.45 for a whisper, 1.3 for the speaker's loudest vowel."""
    spread = max(1.0, 0.04 * features.fps)
    loud = gaussian_filter1d(features.loudness, spread, mode="nearest")
    return np.asarray(0.45 + 0.85 * loud**1.5, np.float32)


def _shapes(phonemes: tuple[Phoneme, ...]) -> Iterator[tuple[Viseme, float, float]]:
    """Every mouth shape with its start and end in seconds."""
    for phoneme in phonemes:
        shapes = VISEMES[phoneme.symbol]
        share = (phoneme.end - phoneme.start) / len(shapes)
        for index, shape in enumerate(shapes):
            start = phoneme.start + index * share
            yield shape, start, start + share


def _blended(phonemes: tuple[Phoneme, ...], grid: Floats, gain: Floats) -> Floats:
    """(G, 8): targets averaged by dominance."""
    weighted = np.zeros((len(grid), len(ARTICULATORS)), np.float32)
    weights = np.full((len(grid), len(ARTICULATORS)), 1e-6, np.float32)
    is_opening = np.isin(ARTICULATORS, ["jaw", "lower", "upper"])
    for shape, start, end in _shapes(phonemes):
        first = max(0, int((start - _REACH) * GRID))
        rows = slice(first, int((end + _REACH) * GRID) + 1)
        inset = _PLATEAU_INSET * (end - start)
        early = np.maximum(0.0, start + inset - grid[rows])
        late = np.maximum(0.0, grid[rows] - (end - inset))
        strength = np.exp(-early / _ANTICIPATION - late / _CARRY)[:, None]
        strength = strength * np.where(np.array(ARTICULATORS) == "jaw", shape.jaw, shape.lips)
        target = np.array([shape.targets.get(name, 0.0) for name in ARTICULATORS], np.float32)
        if shape.vowel:
            around = slice(int(start * GRID), int(end * GRID) + 1)
            loudest = float(gain[around].max(initial=0.45))
            target = np.where(is_opening, target * loudest, target)
        weighted[rows] += strength * target
        weights[rows] += strength
    return weighted / weights


def _activity(phonemes: tuple[Phoneme, ...], grid: Floats) -> Floats:
    """(G,): 1 in speech; falls at the start of a silence and rises just before its end."""
    activity = np.ones(len(grid), np.float32)
    for phoneme in phonemes:
        if phoneme.symbol != SILENCE:
            continue
        first = max(0, int(phoneme.start * GRID))
        rows = slice(first, int(np.ceil(phoneme.end * GRID)) + 1)
        # Before the first sound the face is at rest, so there is nothing to close.
        falling = smoothstep((grid[rows] - phoneme.start) / _CLOSE_SECONDS)
        falling = 1.0 - falling if phoneme.start > 0 else np.zeros_like(falling)
        rising = smoothstep((grid[rows] - phoneme.end) / _OPEN_SECONDS + 1.0)
        if phoneme is phonemes[-1]:
            rising = np.zeros_like(rising)
        activity[rows] = np.minimum(activity[rows], np.maximum(falling, rising))
    return activity


def _strokes(
    phonemes: tuple[Phoneme, ...], symbols: frozenset[str], middle: Floats, fps: float
) -> Floats:
    """(T,): full strokes at the sounds named, sampled in the middle of every frame.

    Every stroke is held over the frame nearest to its sound, so that a sound shorter than a frame
    is seen too.
    """
    track = np.zeros(len(middle), np.float32)
    for start, end in _holds(phonemes, symbols):
        frame = min(len(middle) - 1, int((start + end) / 2 * fps))
        nearest = float(middle[frame])
        begin, stop = min(start, nearest), max(end, nearest)
        first = max(0, int((begin - _STROKE_RISE) * fps) - 1)
        rows = slice(first, int((stop + _STROKE_FALL) * fps) + 2)
        rise = smoothstep((middle[rows] - begin) / _STROKE_RISE + 1.0)
        fall = 1.0 - smoothstep((middle[rows] - stop) / _STROKE_FALL)
        track[rows] = np.maximum(track[rows], np.minimum(rise, fall))
    return track


def _holds(phonemes: tuple[Phoneme, ...], symbols: frozenset[str]) -> Iterator[tuple[float, float]]:
    """Seconds between which the sounds named are held; neighbours ("lamp post") are one."""
    inset, outset = _STROKE_HOLD
    for same, run in groupby(phonemes, key=lambda phoneme: phoneme.symbol in symbols):
        if same:
            sounds = list(run)
            first, last = sounds[0], sounds[-1]
            begin = first.start + inset * (first.end - first.start)
            yield begin, last.start + outset * (last.end - last.start)
