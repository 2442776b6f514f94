"""What part of the photo the video shows."""

from __future__ import annotations

import cv2
import numpy as np

from renderer.coefficients import Floats
from renderer.source import Source

CROP_FACTOR = 2.25
"""Side of the crop in units of the face's larger extent: head, hair and shoulders."""
CROP_RISE = 0.06
"""How far the crop's centre lies above the face's centre, in the same units."""
REGION_FACTOR = 3.2
"""With the whole photo shown: side of the region in which anything moves."""

Box = tuple[int, int, int, int]


def square_around(landmarks: Floats, size: tuple[int, int], factor: float) -> Box:
    """A square around a face, shifted and if need be shrunk to lie inside the photo.

    Args:
        landmarks: (L, 2) pixels.
        size: (height, width) of the photo.
        factor: side in units of the face's larger extent.

    Returns:
        (left, top, right, bottom) whole pixels; right - left = bottom - top.
    """
    low, high = landmarks.min(0), landmarks.max(0)
    extent = float((high - low).max())
    side = int(min(round(extent * factor), *size))
    centre = (low + high) / 2 - (0.0, CROP_RISE * extent)
    left = int(np.clip(round(float(centre[0]) - side / 2), 0, size[1] - side))
    top = int(np.clip(round(float(centre[1]) - side / 2), 0, size[0] - side))
    return left, top, left + side, top + side


def crop_view(source: Source, size: int) -> Source:
    """Head and shoulders, scaled to size x size pixels."""
    box = square_around(source.landmarks, source.image.shape[:2], CROP_FACTOR)
    left, top, right, bottom = box
    part = source.image[top:bottom, left:right]
    shrinking = size < right - left
    scaled = cv2.resize(
        part, (size, size), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    )
    return source.seen_through(scaled, box)


def region_view(source: Source) -> tuple[Source, Box]:
    """The moving region of the whole photo, at the photo's own resolution.

    Returns:
        The region as a source, and its box on the photo. Nothing moves at the region's borders.
    """
    box = square_around(source.landmarks, source.image.shape[:2], REGION_FACTOR)
    left, top, right, bottom = box
    return source.seen_through(source.image[top:bottom, left:right].copy(), box), box
