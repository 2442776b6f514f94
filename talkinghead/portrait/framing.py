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
MARGIN = 0.2
"""How much of the photo around the crop is kept to move in from, in units of the crop's side."""
REGION_FACTOR = 3.2
"""With the whole photo shown: side of the region in which anything moves."""

Box = tuple[int, int, int, int]


def square_around(landmarks: Floats, size: tuple[int, ...], factor: float) -> Box:
    """A square around a face, shifted and if need be shrunk to lie inside the photo.

    Args:
        landmarks: (L, 2) pixels.
        size: (height, width, ...) of the photo.
        factor: side in units of the face's larger extent.

    Returns:
        (left, top, right, bottom) whole pixels; right - left = bottom - top.
    """
    low, high = landmarks.min(0), landmarks.max(0)
    extent = float((high - low).max())
    side = int(min(round(extent * factor), *size[:2]))
    centre = (low + high) / 2 - (0.0, CROP_RISE * extent)
    left = int(np.clip(round(float(centre[0]) - side / 2), 0, size[1] - side))
    top = int(np.clip(round(float(centre[1]) - side / 2), 0, size[0] - side))
    return left, top, left + side, top + side


def crop_view(source: Source, size: int) -> Source:
    """Head and shoulders, scaled to size x size pixels, with a margin to move in from."""
    photo = source.image
    height, width = photo.shape[:2]
    left, top, right, bottom = square_around(source.landmarks, photo.shape, CROP_FACTOR)
    reach = round(MARGIN * (right - left))
    box = (
        max(0, left - reach), max(0, top - reach),
        min(width, right + reach), min(height, bottom + reach),
    )  # fmt: skip
    scale = size / (right - left)
    part = photo[box[1] : box[3], box[0] : box[2]]
    shape = (round(part.shape[1] * scale), round(part.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    surroundings = np.asarray(cv2.resize(part, shape, interpolation=how), np.uint8)
    x = min(round((left - box[0]) * scale), shape[0] - size)
    y = min(round((top - box[1]) * scale), shape[1] - size)
    return source.seen_through(surroundings, box, (x, y, x + size, y + size), pinned=False)


def region_view(source: Source) -> tuple[Source, Box]:
    """The moving region of the whole photo, at the photo's own resolution.

    Returns:
        The region as a source, and its box on the photo. Nothing moves at the region's borders.
    """
    box = square_around(source.landmarks, source.image.shape, REGION_FACTOR)
    left, top, right, bottom = box
    part = np.ascontiguousarray(source.image[top:bottom, left:right])
    side = right - left
    return source.seen_through(part, box, (0, 0, side, side), pinned=True), box
