"""The colours of what the photo may not show: teeth, tongue, gums, eyeballs.

They are lit by the photo's own light. The white of the eye is the best grey card in a portrait:
bright, neutral, and in every face.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.landmark_groups import (
    CHEEKS,
    COUNT,
    INNER_LIPS,
    IRIS_CENTRES,
    LIDS,
    MOUTH_CORNERS,
)
from renderer.source import Source

TYPICAL_WHITE = np.array([205.0, 196.0, 190.0], np.float32)
_SCLERA_ALBEDO = 0.86


@dataclass(frozen=True)
class Appearance:
    """Colours in 0..255 RGB, as this photo's light shows them.

    Attributes:
        white: (3,) float32, a white surface facing the camera.
        teeth: (3,) float32.
        gums: (3,) float32.
        tongue: (3,) float32.
        cavity: (3,) float32, the dark of the mouth.
        sclera: (3,) float32.
        iris: (3,) float32.
        pupil: (3,) float32.
        iris_radius: radius of the iris in cm on the face model.
    """

    white: Floats
    teeth: Floats
    gums: Floats
    tongue: Floats
    cavity: Floats
    sclera: Floats
    iris: Floats
    pupil: Floats
    iris_radius: float


def appearance_of(source: Source) -> Appearance:
    """Read the light and the eye colour off a picture."""
    has_irises = len(source.landmarks) == COUNT
    white = _white(source) if has_irises else TYPICAL_WHITE
    lightness = white / 255.0
    teeth = white * np.array([1.0, 0.96, 0.88], np.float32)
    seen_teeth = _visible_teeth(source) if has_irises else None
    if seen_teeth is not None:
        teeth = seen_teeth
    iris, radius = _iris(source) if has_irises else (np.array([70.0, 50.0, 40.0]), 0.62)
    return Appearance(
        white=white,
        teeth=teeth.astype(np.float32),
        gums=(lightness * (176, 96, 92)).astype(np.float32),
        tongue=(lightness * (178, 92, 88)).astype(np.float32),
        cavity=(lightness * (46, 16, 14)).astype(np.float32),
        sclera=(white * _SCLERA_ALBEDO).astype(np.float32),
        iris=iris.astype(np.float32),
        pupil=(lightness * (18, 15, 14)).astype(np.float32),
        iris_radius=radius,
    )


def _white(source: Source) -> Floats:
    """The brightest tenth of the whites of the eyes, kept near what the skin's light allows."""
    pixels = [_inside(source.image, source.landmarks[list(contour)]) for contour in LIDS.values()]
    eyes = np.concatenate(pixels).astype(np.float32)
    cheeks = _around(source.image, source.landmarks[list(CHEEKS)]).astype(np.float32)
    floor = np.percentile(cheeks.mean(1), 75) * 0.95 if len(cheeks) else 90.0
    if len(eyes) < 12:
        return TYPICAL_WHITE * np.float32(np.clip(floor / 160.0, 0.35, 1.2))
    brightness = eyes.mean(1)
    brightest = eyes[brightness >= np.percentile(brightness, 82)].mean(0)
    grey = brightest.mean()
    # A closed or painted eye has no white: then the skin's brightness decides.
    level = np.clip(max(grey, floor) / 0.9, 60.0, 245.0)
    tint = brightest / max(grey, 1.0)
    return np.asarray(level * (0.5 + 0.5 * tint), np.float32)


def _visible_teeth(source: Source) -> Floats | None:
    """The bright half of the inner mouth, if the photo shows an open, toothy one."""
    contour = source.landmarks[list(INNER_LIPS)]
    width = np.ptp(source.landmarks[list(MOUTH_CORNERS), 0])
    if np.ptp(contour[5:16:10, 1]) < 0.1 * width:
        return None
    pixels = _inside(source.image, contour).astype(np.float32)
    if len(pixels) < 30:
        return None
    brightness = pixels.mean(1)
    bright = pixels[brightness >= np.percentile(brightness, 65)].mean(0)
    is_tooth = bright.mean() > 90 and bright[0] < 1.45 * bright[2]
    return np.asarray(bright, np.float32) if is_tooth else None


def _iris(source: Source) -> tuple[Floats, float]:
    """Median colour of the rings around the pupils, and the radius in cm."""
    colours, radii = [], []
    for side, centre_index in IRIS_CENTRES.items():
        ring = source.landmarks[centre_index : centre_index + 5]
        radius = float(np.linalg.norm(ring[1:] - ring[0], axis=1).mean())
        radii.append(radius / source.camera.pixels_per_cm)
        height, width = source.image.shape[:2]
        y, x = np.mgrid[0:height, 0:width]
        distance = np.hypot(x + 0.5 - ring[0, 0], y + 0.5 - ring[0, 1]) / max(radius, 1.0)
        lids = source.landmarks[list(LIDS[side])]
        open_part = (y > lids[:, 1].min()) & (y < lids[:, 1].max())
        pixels = source.image[(distance > 0.45) & (distance < 0.85) & open_part]
        if len(pixels):
            colours.append(np.median(pixels, axis=0))
    colour = np.mean(colours, axis=0) if colours else np.array([70.0, 50.0, 40.0])
    return np.asarray(colour, np.float32), float(np.clip(np.mean(radii), 0.5, 0.8))


def _inside(image: NDArray[np.uint8], contour: Floats) -> NDArray[np.uint8]:
    """(N, 3) pixels inside a closed contour."""
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(contour - 0.5).astype(np.int32)], 1)
    return np.asarray(image[mask > 0], np.uint8)


def _around(image: NDArray[np.uint8], points: Floats) -> NDArray[np.uint8]:
    """(N, 3) pixels nearest to the points, those inside the picture."""
    height, width = image.shape[:2]
    x, y = points.astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    return np.asarray(image[y[inside], x[inside]], np.uint8)
