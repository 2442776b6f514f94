"""What can be said about a photo before a video is made of it: measured, with what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from talkinghead.portrait.fitter import Portrait

_SIDE = 192  # pixels to which a face is brought before its sharpness is measured
BLURRED = 0.07
"""Sharpness below which a face looks blurred.

Of 57 portraits that were never used in training the least sharp has 0.077 and the median 0.20;
blurred by a Gaussian of 2 % of the face's width, 95 % of them fall below 0.07.
"""
DARK, BRIGHT = 55.0, 225.0


@dataclass(frozen=True)
class Preflight:
    """What was measured on the chosen face.

    Attributes:
        width: of the face in pixels.
        turned: degrees that the head is turned sideways, 0 = to the camera.
        sharpness: 0..1, share of the contrast that is finer than 1 % of the face.
        light: mean brightness of the face, 0..255.
        faces: how many the photo has.
    """

    width: float
    turned: float
    sharpness: float
    light: float
    faces: int

    def warnings(self) -> tuple[str, ...]:
        """Sentences about what will spoil the video, each with the measured value."""
        found = []
        if self.sharpness < BLURRED:
            found.append(
                f"the face looks blurred (sharpness {self.sharpness:.2f}, good from {BLURRED:g} "
                "on): the video will be as soft as the photo"
            )
        if self.light < DARK:
            found.append(
                f"the face is dark (brightness {self.light:.0f} of 255): use a photo with more "
                "light on the face"
            )
        if self.light > BRIGHT:
            found.append(
                f"the face is overexposed (brightness {self.light:.0f} of 255): use a photo with "
                "softer light"
            )
        return tuple(found)

    def figures(self) -> str:
        """One line with everything that was measured."""
        turned = "facing the camera" if self.turned < 3 else f"turned {self.turned:.0f}°"
        faces = "1 face" if self.faces == 1 else f"{self.faces} faces"
        return (
            f"{faces}, {self.width:.0f} px wide, {turned}, "
            f"sharpness {self.sharpness:.2f}, brightness {self.light:.0f}"
        )


def look_at(portrait: Portrait) -> Preflight:
    """Measure the chosen face of a fitted portrait."""
    points = portrait.source.landmarks
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    height, width = portrait.source.image.shape[:2]
    face = portrait.source.image[
        max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)
    ]
    grey = cv2.cvtColor(np.ascontiguousarray(face), cv2.COLOR_RGB2GRAY)
    return Preflight(
        width=float(right - left),
        turned=abs(float(np.degrees(portrait.resting.rotation[0, 1]))),
        sharpness=sharpness(np.asarray(grey, np.uint8)),
        light=float(grey.mean()),
        faces=len(portrait.faces),
    )


def sharpness(grey: NDArray[np.uint8]) -> float:
    """Share of a face's contrast that is finer than 1 % of its width, 0..1.

    Measured at one size, so that a large soft photo is not taken for a sharp one; a face smaller
    than that size is not enlarged, since it is judged by its width elsewhere.

    Args:
        grey: (H, W) uint8 of the face.
    """
    scale = _SIDE / max(grey.shape)
    if scale < 1:
        size = (max(round(grey.shape[1] * scale), 8), max(round(grey.shape[0] * scale), 8))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    pixels = grey.astype(np.float32)
    sigma = 0.01 * max(grey.shape)
    fine = pixels - cv2.GaussianBlur(pixels, (0, 0), sigma)
    return float(min(fine.std() / max(float(pixels.std()), 1.0), 1.0))
