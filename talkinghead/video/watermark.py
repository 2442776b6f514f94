"""The invisible mark in every video: a faint, key-bound pattern in the luma.

A tile of band-limited noise with random phases (spread spectrum: Cox et al., IEEE TIP 1997) repeats
over the picture, stronger where texture hides it. Its size is tied to the picture's shorter side,
so rescaling moves nothing; cropping only magnifies it. It holds no data about who made the video.
The search for it is `talkinghead.video.mark_search`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats

MARK_VERSION = 1
CANONICAL_SIDE = 256
"""The shorter side of the picture in units of the pattern."""
TILE = 128
"""Side of the tile that repeats, in these units."""
SHORTEST_WAVE, LONGEST_WAVE = 6.0, 22.0
"""Wavelengths in these units: long enough to survive compression, short against shading."""
MIN_SIDE = 96
"""Pixels; smaller pictures hold too little to be found again and are left alone."""

_KEY = 0x45766F6B65
_FLAT, _PER_TEXTURE, _STRONGEST = 0.6, 0.1, 2.4
"""Strength in grey levels: on even ground, per grey level of local deviation, and at most."""
_SMALL_SIDE, _MOST_FOR_SMALL = 512, 1.5
"""Below this side the pattern is finer, so that even ground hides up to so many times more."""
_MOST_RMS = 1.65
"""Grey levels over the whole picture; 43.8 dB."""
_TEXTURE_REACH = 3.0


@lru_cache(maxsize=32)
def tile(key: int = _KEY) -> Floats:
    """(TILE, TILE) float32 of unit variance: all phases random, all amplitudes in the band equal.

    Args:
        key: another key gives an unrelated pattern.
    """
    noise = np.fft.fft2(np.random.default_rng(key).standard_normal((TILE, TILE)))
    frequency = np.hypot(np.fft.fftfreq(TILE)[:, None], np.fft.fftfreq(TILE)[None])
    band = (frequency >= 1 / LONGEST_WAVE) & (frequency <= 1 / SHORTEST_WAVE)
    pattern = np.fft.ifft2(noise / np.maximum(np.abs(noise), 1e-12) * band).real
    return np.asarray(pattern / pattern.std(), np.float32)


def marked(frames: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """Add the mark to a video of one scene.

    Args:
        frames: (H, W, 3) uint8 RGB, all of one size.

    Yields:
        The same with the mark; the array is reused for the next frame.
    """
    brighter: NDArray[np.uint8] | None = None
    for frame in frames:
        if brighter is None:
            change = mark_for(frame)
            brighter = _as_picture(change)
            darker = _as_picture(-change)
            buffer = np.empty_like(frame)
        if frame.shape != buffer.shape or not change.any():
            yield frame
            continue
        cv2.add(frame, brighter, dst=buffer)
        cv2.subtract(buffer, darker, dst=buffer)
        yield buffer


def mark_for(frame: NDArray[np.uint8]) -> NDArray[np.int16]:
    """(H, W) what is added to every colour of a picture like this one; 0 if it is too small."""
    height, width = frame.shape[:2]
    if frame.ndim != 3 or min(height, width) < MIN_SIDE:
        return np.zeros((height, width), np.int16)
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    change = _laid_out(height, width) * _strength(luma)
    change *= min(1.0, _MOST_RMS / max(float(np.sqrt((change**2).mean())), 1e-6))
    # Rounding by chance keeps a strength below half a grey level alive on average.
    chance = np.random.default_rng(_KEY).random(change.shape, dtype=np.float32)
    return np.asarray(np.floor(change + chance), np.int16)


def _as_picture(change: NDArray[np.int16]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8; what is negative becomes 0."""
    return np.repeat(np.clip(change, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _laid_out(height: int, width: int) -> Floats:
    """(H, W) the tile repeated over a picture."""
    scale = min(height, width) / CANONICAL_SIDE
    border = 4  # for the cubic's reach across the seam
    rows = ((np.arange(height) + 0.5) / scale) % TILE - 0.5 + border
    columns = ((np.arange(width) + 0.5) / scale) % TILE - 0.5 + border
    x, y = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
    repeated = np.pad(tile(), border, mode="wrap")
    return np.asarray(cv2.remap(repeated, x, y, cv2.INTER_CUBIC), np.float32)


def _strength(luma: Floats) -> Floats:
    """(H, W) grey levels: what the texture around a place hides."""
    reach = _TEXTURE_REACH * min(luma.shape) / CANONICAL_SIDE
    mean = cv2.GaussianBlur(luma, (0, 0), reach)
    variance = cv2.GaussianBlur(luma * luma, (0, 0), reach) - mean * mean
    flat = _FLAT * float(np.clip(_SMALL_SIDE / min(luma.shape), 1.0, _MOST_FOR_SMALL))
    strength = flat + _PER_TEXTURE * np.sqrt(np.maximum(variance, 0))
    return np.asarray(cv2.GaussianBlur(np.minimum(strength, _STRONGEST), (0, 0), reach), np.float32)
