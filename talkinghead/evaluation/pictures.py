"""Measures of pictures. All take (H, W, 3) uint8 RGB; masks are (H, W) weights 0..1."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.landmark_groups import LIPS

Image = NDArray[np.uint8]

PERFECT_PSNR = 100.0
"""Reported for identical pictures, whose PSNR is infinite."""
SSIM_WINDOW = 11
FINE_SIGMA = 1.5
"""Pixels of a 256 px crop: detail finer than a Gaussian of this width counts as sharpness."""


def psnr(picture: Image, truth: Image, mask: Floats | None = None) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels, peak 255.

    Args:
        picture: what was made.
        truth: what it should be.
        mask: weights; None = every pixel counts alike.
    """
    error = ((picture.astype(np.float64) - truth) ** 2).mean(axis=-1)
    weights = np.ones_like(error) if mask is None else mask
    mean = float((error * weights).sum() / weights.sum())
    return PERFECT_PSNR if mean == 0 else min(PERFECT_PSNR, 10 * float(np.log10(255**2 / mean)))


def ssim(picture: Image, truth: Image, mask: Floats | None = None) -> float:
    """Structural similarity (Wang et al. 2004) with their 11-pixel Gaussian; mean over the mask.

    Args:
        picture: what was made.
        truth: what it should be.
        mask: weights; None = every pixel counts alike.
    """
    import torch
    from kornia.metrics import ssim as ssim_map

    first, second = (
        torch.from_numpy(np.ascontiguousarray(one.transpose(2, 0, 1))).double()[None] / 255
        for one in (picture, truth)
    )
    values = ssim_map(first, second, SSIM_WINDOW)[0].mean(0).numpy()
    weights = np.ones_like(values) if mask is None else mask
    return float((values * weights).sum() / weights.sum())


def sharpness(picture: Image, mask: Floats | None = None) -> float:
    """Energy of fine detail: mean square in grey levels of what a small Gaussian takes away.

    Args:
        picture: at the scale at which figures are to be compared.
        mask: weights.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float64)
    fine = (grey - cv2.GaussianBlur(grey, (0, 0), FINE_SIGMA)) ** 2
    weights = np.ones_like(fine) if mask is None else mask
    return float((fine * weights).sum() / weights.sum())


def boil(frames: Sequence[Image]) -> float:
    """How restless a still track looks: mean absolute change from frame to frame, grey levels.

    Args:
        frames: of a track in which nothing moves; fewer than two have no change.
    """
    changes = [
        np.abs(after.astype(np.float64) - before).mean() for before, after in pairwise(frames)
    ]
    return float(np.mean(changes)) if changes else 0.0


def mouth_box(landmarks: Floats, size: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of a square around the mouth, 1.6 times as wide as the lips.

    Args:
        landmarks: (478, 2) pixels of the true frame.
        size: (H, W, ...) of the picture.
    """
    lips = landmarks[list(LIPS)]
    half = 0.8 * float(np.ptp(lips[:, 0]))
    x, y = (lips.min(0) + lips.max(0)) / 2
    top, bottom = (int(np.clip(round(y + sign * half), 0, size[0])) for sign in (-1, 1))
    left, right = (int(np.clip(round(x + sign * half), 0, size[1])) for sign in (-1, 1))
    return slice(top, bottom), slice(left, right)
