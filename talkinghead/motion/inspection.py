"""How well a motion track speaks: lips against the truth of phoneme times, blinks, jitter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from renderer.coefficients import Floats, MotionCoefficients
from talkinghead.motion.visemes import BILABIALS, SILENCE
from talkinghead.types import Phoneme

OPEN_VOWELS = frozenset({"AA", "AE", "AO", "AW", "AY"})
CLOSE_VOWELS = frozenset({"IY", "IH", "UW", "UH"})

_LONG_SILENCE = 0.3  # s; in a shorter one the lips already prepare the next sound
_SHUT_LID = 0.6


@dataclass(frozen=True)
class SpeechReport:
    """Figures of one track. NaN where the speech held no such sound.

    Attributes:
        bilabials: number of /m b p/.
        closure_rate: share of them during which the lips close in at least one frame.
        open_vowels: mean over open vowels of the largest aperture, outer eye distances.
        close_vowels: the same over close vowels.
        closing_delay: the longest time in seconds from the start of a silence to closed lips;
            infinite if they stay open.
        blinks_per_minute: blinks.
        jitter: mean |third difference| of the expression per frame.
        jitter_head: the same of the rotation, radians.
    """

    bilabials: int
    closure_rate: float
    open_vowels: float
    close_vowels: float
    closing_delay: float
    blinks_per_minute: float
    jitter: float
    jitter_head: float


def inspect_speech(
    motion: MotionCoefficients,
    lip_aperture: Floats,
    phonemes: tuple[Phoneme, ...],
    closed_below: float = 0.01,
) -> SpeechReport:
    """Measure a track against phoneme times.

    Args:
        motion: T frames.
        lip_aperture: (T,) distance of the inner lips in outer eye distances, 0 = touching
            (`FaceModel.lip_aperture`).
        phonemes: the truth.
        closed_below: largest aperture that counts as closed.

    Raises:
        ValueError: if the aperture has another length than the track.
    """
    if len(lip_aperture) != len(motion):
        message = f"lip_aperture has {len(lip_aperture)} values for {len(motion)} frames"
        raise ValueError(message)
    closed = [
        float(_during(lip_aperture, each, motion.fps).min()) <= closed_below
        for each in phonemes
        if each.symbol in BILABIALS
    ]
    delays = [
        _closing_delay(lip_aperture, each, motion.fps, closed_below)
        for each in phonemes
        if each.symbol == SILENCE and each.start > 0.0 and each.end - each.start >= _LONG_SILENCE
    ]
    return SpeechReport(
        bilabials=len(closed),
        closure_rate=_mean(closed),
        open_vowels=_mean(_openings(lip_aperture, phonemes, OPEN_VOWELS, motion.fps)),
        close_vowels=_mean(_openings(lip_aperture, phonemes, CLOSE_VOWELS, motion.fps)),
        closing_delay=max(delays, default=float("nan")),
        blinks_per_minute=blink_count(motion) / (len(motion) / motion.fps) * 60.0,
        jitter=jitter(motion.expression),
        jitter_head=jitter(motion.rotation),
    )


def blink_count(motion: MotionCoefficients) -> int:
    """Times that both lids shut beyond 0.6 of their way."""
    lids = np.minimum(motion.channel("eyeBlinkLeft"), motion.channel("eyeBlinkRight"))
    shut = np.concatenate([[False], lids > _SHUT_LID])
    return int((shut[1:] & ~shut[:-1]).sum())


def jitter(track: Floats) -> float:
    """Mean |third difference| of a (T, C) track; 0 if it is shorter than 4 frames."""
    return float(np.abs(np.diff(track, n=3, axis=0)).mean()) if len(track) > 3 else 0.0


def _during(track: Floats, phoneme: Phoneme, fps: float) -> Floats:
    """The frames on screen during a sound; one at least."""
    first = min(len(track) - 1, int(phoneme.start * fps + 1e-6))
    return track[first : max(first + 1, int(np.ceil(phoneme.end * fps - 1e-6)))]


def _openings(
    aperture: Floats, phonemes: tuple[Phoneme, ...], symbols: frozenset[str], fps: float
) -> list[float]:
    return [float(_during(aperture, p, fps).max()) for p in phonemes if p.symbol in symbols]


def _closing_delay(aperture: Floats, silence: Phoneme, fps: float, closed_below: float) -> float:
    """Seconds from the start of a silence to the first closed frame's appearance."""
    first = int(silence.start * fps + 1e-6)
    closed = np.flatnonzero(aperture[first:] <= closed_below)
    return max(0.0, (first + int(closed[0])) / fps - silence.start) if len(closed) else float("inf")


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return float(np.mean(known)) if known else float("nan")
