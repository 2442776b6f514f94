"""Smooth a tracked clip without lag and without flattening blinks and lip closures."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from renderer.coefficients import Floats, MotionCoefficients

_SPREAD = 0.07  # s, Gaussian width at strength 1
_TRUST = 3.0  # a change this many times larger than the noise is half believed
_REACH = 0.08  # s around a fast movement in which the measurement is kept


def smooth_track(motion: MotionCoefficients, strength: float = 1.0) -> MotionCoefficients:
    """Remove tracking noise from every channel.

    Each channel is smoothed by a symmetric Gaussian (no lag), and the measurement is mixed back in
    wherever it moves faster than the channel's own noise explains, so that a blink or a lip closure
    keeps its height. The noise is the median of the third difference, which real movement hardly
    touches.

    Args:
        motion: T frames.
        strength: 0 = unchanged, 1 = ordinary, 2 = strong.

    Returns:
        T frames; every channel stays within the range that it had.
    """
    if len(motion) < 4 or strength <= 0.0:
        return motion
    smooth = _smoothed(motion.as_array().astype(np.float64), motion.fps, strength)
    return MotionCoefficients.from_array(smooth.astype(np.float32), motion.fps)


def _smoothed(track: Floats, fps: float, strength: float) -> Floats:
    """(T, C) to (T, C)."""
    spread = _SPREAD * strength * fps
    once = gaussian_filter1d(track, spread, axis=0, mode="nearest")
    # Tukey's twicing: what the first pass took from slow movement is given back.
    calm = once + gaussian_filter1d(track - once, spread, axis=0, mode="nearest")
    # White noise of deviation 1 has third differences of deviation sqrt(20); 1.4826 turns a median
    # into a deviation.
    noise = 1.4826 * np.median(np.abs(np.diff(track, n=3, axis=0)), axis=0) / np.sqrt(20.0)
    missed = np.abs(gaussian_filter1d(track, 0.7, axis=0, mode="nearest") - calm)
    reach = 2 * max(1, round(_REACH * fps)) + 1
    missed = maximum_filter1d(missed, reach, axis=0, mode="nearest")
    believed = missed**4 / (missed**4 + (_TRUST * strength * noise) ** 4 + 1e-30)
    mixed = calm + believed * (track - calm)
    return np.asarray(np.clip(mixed, track.min(axis=0), track.max(axis=0)), np.float64)
