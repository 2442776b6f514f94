"""What eyes and brows do by themselves: blinks, saccades, gaze, brow raises on stressed words.

Lids follow the gaze because the face model's eyeLook shapes carry them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from renderer.coefficients import ARKIT_INDEX, Floats
from renderer.face_model import GAZE_PITCH, GAZE_YAW
from talkinghead.motion.coarticulation import GRID, smoothstep
from talkinghead.types import EyeControl, Phoneme

_BLINK_INTERVAL = 3.9  # s, mean at rest: 15 a minute (Bentivoglio et al. 1997: 10 to 26)
_BLINK_SPREAD = 0.5  # of the log-normal
_SHORTEST_INTERVAL = 0.45
_CLOSING, _SHUT, _OPENING = 0.08, 0.02, 0.15  # s
_PHRASE_END_REACH = 0.7  # s within which a blink moves to the end of a phrase

_FIXATION = 1.5  # s, mean
_SACCADE_SIZE = (0.055, 0.03)  # standard deviation in eyeLook units, horizontal and vertical
_USER_GAZE = 0.8  # eyeLook units for a gaze of 1
_GAZE_EASE = 0.3  # s


def blink_track(
    frames: int,
    fps: float,
    rate: Floats,
    phrase_ends: NDArray[np.float64],
    generator: np.random.Generator,
) -> Floats:
    """Blinks at log-normal intervals, drawn to the ends of phrases.

    Args:
        frames: T.
        fps: frames per second.
        rate: (T,) factor on the natural rate; 0 = no blink.
        phrase_ends: seconds at which pauses begin.
        generator: source of randomness.

    Returns:
        (T,) float32 0..1, 1 = shut; every blink is 1 in at least one frame.
    """
    track = np.zeros(frames, np.float32)
    middle = (np.arange(frames) + 0.5) / fps
    previous = 0.0
    while True:
        factor = float(rate[min(frames - 1, int(previous * fps))])
        mean = _BLINK_INTERVAL / max(factor, 1e-3)
        drawn = generator.lognormal(np.log(mean) - _BLINK_SPREAD**2 / 2, _BLINK_SPREAD)
        moment = previous + max(_SHORTEST_INTERVAL, drawn)
        if moment >= frames / fps:
            return track
        previous = _at_phrase_end(moment, previous, phrase_ends)
        if factor <= 0.0:
            continue
        peak = middle[min(frames - 1, round(previous * fps))]
        shut = 1.0 - smoothstep((np.abs(middle - peak) - _SHUT / 2) / _CLOSING)
        opening = 1.0 - smoothstep((middle - peak - _SHUT / 2) / _OPENING)
        track = np.maximum(track, np.where(middle < peak, shut, opening))


def phrase_ends(phonemes: tuple[Phoneme, ...]) -> NDArray[np.float64]:
    """Seconds at which the silences inside and after the speech begin."""
    return np.array([each.start for each in phonemes if each.symbol == "SIL" and each.start > 0.0])


def gaze_track(
    frames: int,
    fps: float,
    eyes: EyeControl,
    head: Floats,
    generator: np.random.Generator,
) -> Floats:
    """Gaze offsets: the user's, small saccades, and counter-rotation against the head.

    Args:
        frames: T.
        fps: frames per second.
        eyes: the user's gaze.
        head: (T, 3) pitch, yaw, roll that the head has left the photo's pose by, radians.
        generator: source of randomness.

    Returns:
        (T, 2) in eyeLook units: +x to image right, +y up. Row 0 is 0.
    """
    rows = int(np.ceil(frames / fps * GRID)) + 1
    steps = np.zeros((rows, 2), np.float32)
    at = generator.lognormal(np.log(_FIXATION), 0.5)
    while at * GRID < rows:
        target = np.clip(generator.normal(0.0, _SACCADE_SIZE), -0.14, 0.14)
        steps[int(at * GRID) :] = target
        at += max(0.3, generator.lognormal(np.log(_FIXATION), 0.6))
    steps = gaussian_filter1d(steps, 0.012 * GRID, axis=0, mode="nearest")
    middle = (np.arange(frames) + 0.5) / fps
    grid = np.arange(rows) / GRID
    track = np.stack([np.interp(middle, grid, column) for column in steps.T], axis=1)
    # The eyes stay on the viewer while the head sways (vestibulo-ocular reflex).
    track[:, 0] -= 0.8 * head[:, 1] / GAZE_YAW
    track[:, 1] += 0.8 * head[:, 0] / GAZE_PITCH
    ease = smoothstep(np.arange(frames, dtype=np.float32) / fps / _GAZE_EASE)[:, None]
    return np.asarray(ease * (track + _USER_GAZE * np.array(eyes.gaze)), np.float32)


def apply_gaze(expression: Floats, offset: Floats) -> None:
    """Turn the eyes of an expression track in place.

    Args:
        expression: (T, 52) in 0..1.
        offset: (T, 2) from `gaze_track`.
    """
    # The person's left eye is at image right, so looking to image right turns it outwards.
    _move(expression, "eyeLookOutLeft", "eyeLookInLeft", offset[:, 0])
    _move(expression, "eyeLookInRight", "eyeLookOutRight", offset[:, 0])
    for side in ("Left", "Right"):
        _move(expression, f"eyeLookUp{side}", f"eyeLookDown{side}", offset[:, 1])


def brow_raises(frames: int, fps: float, accents: list[tuple[float, float]]) -> Floats:
    """(T,) float32 0..1: a short raise at every accent, (seconds, strength 0..1)."""
    middle = (np.arange(frames) + 0.5) / fps
    track = np.zeros(frames, np.float32)
    for moment, strength in accents:
        rise = smoothstep((middle - moment) / 0.2 + 1.0)
        fall = 1.0 - smoothstep((middle - moment - 0.1) / 0.4)
        track = np.maximum(track, strength * np.minimum(rise, fall))
    return track


def _at_phrase_end(moment: float, previous: float, ends: NDArray[np.float64]) -> float:
    """The phrase end nearest to a moment, if one is near and not too soon after the last blink."""
    if len(ends):
        nearest = float(ends[np.abs(ends - moment).argmin()]) + 0.06
        near = abs(nearest - moment) < _PHRASE_END_REACH
        if near and nearest > previous + _SHORTEST_INTERVAL:
            return nearest
    return float(moment)


def _move(expression: Floats, positive: str, negative: str, offset: Floats) -> None:
    """Add a signed offset to a pair of opposite channels; what both share stays."""
    up, down = expression[:, ARKIT_INDEX[positive]], expression[:, ARKIT_INDEX[negative]]
    shared = np.minimum(up, down)
    signed = up - down + offset
    expression[:, ARKIT_INDEX[positive]] = np.clip(shared + np.maximum(signed, 0.0), 0.0, 1.0)
    expression[:, ARKIT_INDEX[negative]] = np.clip(shared + np.maximum(-signed, 0.0), 0.0, 1.0)
