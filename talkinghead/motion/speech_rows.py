"""What the learned decoders hear, at their own rate whatever the video's is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from renderer.coefficients import Floats
from talkinghead.motion.coarticulation import articulate
from talkinghead.motion.visemes import ARTICULATORS
from talkinghead.types import CONTENT_RATE, CONTENT_WIDTH, SpeechFeatures

RATE = 25.0
"""Rows a second of everything that the learned decoders see and make."""
HALVES = 2
"""Rows of speech to a row of motion."""
PROSODY = 3
MEL_BANDS = 20
CONTENT_COLUMNS = HALVES * (CONTENT_WIDTH + len(ARTICULATORS) + 3 + PROSODY)
VOICE_COLUMNS = HALVES * (MEL_BANDS + PROSODY)


@dataclass(frozen=True)
class SpeechRows:
    """T rows at `RATE`.

    Attributes:
        content: (T, CONTENT_COLUMNS) float32: phone probabilities, mel bands, viseme features
            (articulators, the two lip gestures, activity) and prosody, two half-rows each.
        voice: (T, VOICE_COLUMNS) float32: mel bands and prosody, what carries the feeling.
    """

    content: Floats
    voice: Floats

    def __len__(self) -> int:
        """T."""
        return len(self.content)


def speech_rows(features: SpeechFeatures) -> SpeechRows:
    """Lay out the features of speech for a network.

    Args:
        features: of any frame rate.

    Returns:
        ceil(seconds * RATE) rows.
    """
    count = -(-len(features.content) // HALVES) * HALVES
    heard = np.pad(features.content, ((0, count - len(features.content)), (0, 0)), mode="edge")
    fine = _at_content_rate(features, count)
    said = articulate(fine, np.ones(count, np.float32))
    strokes = np.stack([said.closure, said.lip_to_teeth, said.activity], axis=1)
    prosody = np.stack([fine.loudness, fine.voiced, fine.pitch / 12.0], axis=1)
    content = np.concatenate([heard, said.articulators, strokes, prosody], axis=1)
    voice = np.concatenate([heard[:, -MEL_BANDS:], prosody], axis=1)
    return SpeechRows(_pairs(content), _pairs(voice))


def at_rate(rows: Floats, frames: int, fps: float) -> Floats:
    """Bring (T, C) rows at `RATE` to `frames` rows at another frame rate.

    Args:
        rows: row k belongs to the time from k / RATE to (k + 1) / RATE.
        frames: rows wanted.
        fps: frames per second wanted; at `RATE` the rows stay as they are.
    """
    return _resampled(rows, RATE, frames, fps)


def from_rate(rows: Floats, fps: float, frames: int) -> Floats:
    """Inverse of `at_rate`: (T, C) rows at `fps` to `frames` rows at `RATE`."""
    return _resampled(rows, fps, frames, RATE)


def _resampled(rows: Floats, have: float, frames: int, want: float) -> Floats:
    middle = (np.arange(frames) + 0.5) / want
    known = (np.arange(len(rows)) + 0.5) / have
    columns = [np.interp(middle, known, column) for column in rows.T]
    return np.stack(columns, axis=1).astype(np.float32)


def _at_content_rate(features: SpeechFeatures, count: int) -> SpeechFeatures:
    """The features with prosody at `CONTENT_RATE`."""
    tracks = np.stack([features.loudness, features.voiced, features.pitch], axis=1)
    fine = _resampled(tracks, features.fps, count, CONTENT_RATE)
    return replace(
        features, loudness=fine[:, 0], voiced=fine[:, 1], pitch=fine[:, 2], fps=CONTENT_RATE
    )


def _pairs(rows: Floats) -> Floats:
    return np.ascontiguousarray(rows.reshape(len(rows) // HALVES, -1), np.float32)
