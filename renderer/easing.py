"""Smooth steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats


def smooth_step(value: Floats | NDArray[np.float64] | float) -> Floats:
    """0 below 0, 1 above 1, and between them smooth (3v² - 2v³)."""
    clipped = np.clip(np.asarray(value, np.float32), 0.0, 1.0)
    return np.asarray(clipped * clipped * (3.0 - 2.0 * clipped), np.float32)
