"""What part of the photo the video shows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class ViewCut:
    """How head and shoulders are cut out of a photo, and scaled.

    Attributes:
        box: of the photo that is kept: the view and a margin to move in from.
        shape: (width, height) to which it is scaled.
        window: the view on that.
    """

    box: Box
    shape: tuple[int, int]
    window: Box

    @classmethod
    def around(cls, landmarks: Floats, photo: tuple[int, ...], size: int) -> ViewCut:
        """The cut of a (height, width, ...) photo whose view has size x size pixels."""
        height, width = photo[:2]
        left, top, right, bottom = square_around(landmarks, photo, CROP_FACTOR)
        reach = round(MARGIN * (right - left))
        box = (
            max(0, left - reach), max(0, top - reach),
            min(width, right + reach), min(height, bottom + reach),
        )  # fmt: skip
        scale = size / (right - left)
        shape = (round((box[2] - box[0]) * scale), round((box[3] - box[1]) * scale))
        x = min(round((left - box[0]) * scale), shape[0] - size)
        y = min(round((top - box[1]) * scale), shape[1] - size)
        return cls(box, shape, (x, y, x + size, y + size))

    def surroundings(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(h, w, 3) the box, scaled."""
        left, top, right, bottom = self.box
        how = cv2.INTER_AREA if self.shape[0] < right - left else cv2.INTER_CUBIC
        part = photo[top:bottom, left:right]
        return np.asarray(cv2.resize(part, self.shape, interpolation=how), np.uint8)

    def view(self, photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(size, size, 3) the window."""
        left, top, right, bottom = self.window
        return np.ascontiguousarray(self.surroundings(photo)[top:bottom, left:right])


def crop_view(source: Source, size: int) -> Source:
    """Head and shoulders, scaled to size x size pixels, with a margin to move in from."""
    cut = ViewCut.around(source.landmarks, source.image.shape, size)
    return source.seen_through(cut.surroundings(source.image), cut.box, cut.window, pinned=False)


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
