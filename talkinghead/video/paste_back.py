"""Put the rendered region back into the whole photo.

The renderer works in the photo's own pixel grid inside an integer box, and its displacement is
zero at the box's border (design section 3): pasting is a copy, with no resampling, no blending and
so no seam.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

MAX_VIDEO_SIDE = 1920
"""Pixels; the long side of a video of the whole photo (full HD, which every phone plays)."""


def video_scale(photo: NDArray[np.uint8]) -> float:
    """The factor by which a photo is scaled before it is rendered with framing "full".

    Scale first, fit and render after: then the video's pixels are the scaled photo's own.

    Args:
        photo: (H, W, 3) uint8.

    Returns:
        Greater than 0, at most 1: photos are made smaller, never larger.
    """
    return min(1.0, MAX_VIDEO_SIDE / max(photo.shape[:2]))


def paste_back(
    photo: NDArray[np.uint8],
    frames: Iterable[NDArray[np.uint8]],
    box: tuple[int, int, int, int],
) -> Iterator[NDArray[np.uint8]]:
    """Whole photos whose box shows the frames; outside the box they equal the photo bit for bit.

    Args:
        photo: (H, W, 3) uint8 RGB.
        frames: regions of (y1 - y0, x1 - x0, 3) uint8 RGB.
        box: x0, y0, x1, y1 in pixels of `photo`; x1 and y1 are exclusive.

    Yields:
        (H, W, 3) uint8 RGB; a fresh array each time.

    Raises:
        ValueError: if the box is empty or leaves the photo, or a frame is not as large as the box.
    """
    left, top, right, bottom = box
    height, width = photo.shape[:2]
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        message = f"the box {box} does not lie inside the photo of {width}x{height} pixels"
        raise ValueError(message)
    expected = (bottom - top, right - left, 3)
    for frame in frames:
        if frame.shape != expected or frame.dtype != np.uint8:
            message = f"a frame is {frame.shape} {frame.dtype}, the box needs {expected} uint8"
            raise ValueError(message)
        whole = photo.copy()
        whole[top:bottom, left:right] = frame
        yield whole
