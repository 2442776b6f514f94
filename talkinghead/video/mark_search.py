"""Search for the mark of `talkinghead.video.watermark` in a video of unknown origin.

Frames are averaged: the mark stands still while noise and motion fade. What remains, evened out, is
folded to one tile and compared with the pattern at every shift and at every magnification that
cropping may have caused.

**False alarms.** The pattern's phases are random and independent of any video, so at one shift and
magnification the score is a sum of cosines of independent uniform phases, divided by its standard
deviation. Such a sum is sub-Gaussian (E exp(s cos φ) = I₀(s) <= exp(s²/4)), so the chance that any
of the tries exceeds z is at most tries * exp(-z²/2), whatever the video shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.video.watermark import CANONICAL_SIDE, LONGEST_WAVE, TILE, tile

FALSE_ALARM = 1e-4
"""A mark is said to be found if chance would give such a score at most this often."""
MOST_FRAMES = 250
_LEAST_SCALE, _LARGEST_SCALE, _SCALE_STEP = 0.94, 1.6, 0.006
_LIMIT = 3.0


@dataclass(frozen=True)
class MarkReading:
    """What the search found.

    Attributes:
        score: standard deviations above chance, of the best try.
        chance: upper bound of the probability that an unmarked video scores so high, 0..1.
        magnification: of the pattern against an uncropped video; 1.11 = a tenth was cut away.
        frames: how many were looked at.
    """

    score: float
    chance: float
    magnification: float
    frames: int

    @classmethod
    def of(cls, score: float, magnification: float, frames: int) -> MarkReading:
        """The reading that a best score means, see the module's note on false alarms."""
        tries = len(_scales()) * TILE * TILE
        chance = min(1.0, tries * float(np.exp(-(score**2) / 2)))
        return cls(score, chance, magnification, frames)

    @property
    def found(self) -> bool:
        """Whether the video carries the mark."""
        return self.chance <= FALSE_ALARM


def find_mark(frames: Iterable[NDArray[np.uint8]]) -> MarkReading:
    """Search a video.

    Args:
        frames: (H, W, 3) uint8 RGB, all of one size; at most `MOST_FRAMES` are taken.

    Raises:
        ValueError: if there are no frames.
    """
    mean, count = mean_luma(islice(frames, MOST_FRAMES))
    score, magnification = search(evened(mean), tile())
    return MarkReading.of(score, magnification, count)


def search(even: Floats, pattern: Floats) -> tuple[float, float]:
    """The best score of a pattern, and its magnification.

    Args:
        even: (h, w) from `evened`.
        pattern: (TILE, TILE), see `talkinghead.video.watermark.tile`.
    """
    spectrum = np.conj(np.fft.rfft2(pattern))
    scales = _scales()
    scores = [_score(even, spectrum, float(scale)) for scale in scales]
    best = int(np.argmax(scores))
    return scores[best], float(scales[best])


def _scales() -> NDArray[np.float64]:
    return np.exp(np.arange(np.log(_LEAST_SCALE), np.log(_LARGEST_SCALE), _SCALE_STEP))


def mean_luma(frames: Iterable[NDArray[np.uint8]]) -> tuple[Floats, int]:
    """Mean picture, its shorter side `CANONICAL_SIDE` pixels long, and the number of frames."""
    total: Floats | None = None
    count = 0
    for frame in frames:
        luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        scale = CANONICAL_SIDE / min(luma.shape)
        size = (max(1, round(luma.shape[1] * scale)), max(1, round(luma.shape[0] * scale)))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        small = cv2.resize(luma, size, interpolation=how).astype(np.float32)
        total = small if total is None else total + small
        count += 1
    if total is None:
        message = "there are no frames to search"
        raise ValueError(message)
    return np.asarray(total / count, np.float32), count


def evened(luma: Floats) -> Floats:
    """A mean picture without shading, equally strong everywhere: edges must not outvote skin."""
    detail = luma - cv2.GaussianBlur(luma, (0, 0), 0.35 * LONGEST_WAVE)
    deviation = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 4.0)) + 0.7
    return np.asarray(np.clip(detail / deviation, -_LIMIT, _LIMIT), np.float32)


def _score(even: Floats, spectrum: NDArray[np.complex128], scale: float) -> float:
    """The best shift's correlation in standard deviations, at one magnification."""
    height, width = max(1, round(even.shape[0] / scale)), max(1, round(even.shape[1] / scale))
    how = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    resized = cv2.resize(even, (width, height), interpolation=how)
    rows, columns = -(-height // TILE), -(-width // TILE)
    whole = np.zeros((rows * TILE, columns * TILE), np.float32)
    whole[:height, :width] = resized
    folded = whole.reshape(rows, TILE, columns, TILE).sum((0, 2))
    seen = np.fft.rfft2(folded)
    size = np.abs(seen)
    product = seen / (size + 0.2 * size.mean() + 1e-9) * spectrum  # phases count, not amplitudes
    correlation = np.fft.irfft2(product, s=(TILE, TILE))
    deviation = float(correlation.std())
    return float(correlation.max()) / deviation if deviation > 0 else 0.0
