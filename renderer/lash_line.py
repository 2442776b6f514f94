"""The line of lashes along which lids meet.

No photo of an open eye shows it. There the skin of both lids ends in rows of pixels that sample the
photo's lid rims; the line lies over that seam, in the colour that the upper rim has in the photo.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.easing import smooth_step
from renderer.geometry import FaceGeometry, PosedFace
from renderer.landmark_groups import COUNT, LIDS, UPPER_LIDS

WIDTH_CM = 0.13
BELOW_CM = 0.05
"""How far below the landmarks of the upper lid, which lie on its edge's front, the seam is."""
SOFT_CM = 0.06
"""The seam's own steps are averaged over so much below the line."""
CLOSED_FROM = 0.45
"""How far an eye has closed when its line begins to show."""
STRENGTH = 0.8
DARK_SHARE = 0.4
"""Share of the rim, its darkest, that gives the colour."""
FINE = 4
"""Fine pixels across one picture pixel."""
_CORNERS = {side: (lids[0], lids[8]) for side, lids in LIDS.items()}
_STEPS, _DEGREE = 40, 4


class LashLine:
    """Draws the line over both eyes of one face.

    Args:
        geometry: the face on its picture.
    """

    def __init__(self, geometry: FaceGeometry) -> None:
        self._landmarks = geometry.model.landmarks
        self._pixels_per_cm = geometry.source.camera.pixels_per_cm
        has_lids = len(geometry.source.landmarks) == COUNT
        self._colours = {
            side: _rim_colour(geometry.source.image, geometry.source.landmarks, side)
            for side in (("left", "right") if has_lids else ())
        }

    def draw(self, picture: NDArray[np.uint8], posed: PosedFace) -> None:
        """Lay the lines over a picture, in place.

        Args:
            picture: (H, W, 3) uint8.
            posed: the face.
        """
        places = self._landmarks.on(posed.points)[:, :2]
        for side, colour in self._colours.items():
            closing = posed.closing[0 if side == "left" else 1]
            strength = float(smooth_step((closing - CLOSED_FROM) / (1 - CLOSED_FROM)))
            if strength > 0:
                curve = _curve(places, side)
                across = curve[-1] - curve[0]
                down = np.array([-across[1], across[0]]) * np.sign(across[0])
                curve += BELOW_CM * self._pixels_per_cm * down / np.linalg.norm(across)
                _lay(picture, curve, self._pixels_per_cm, STRENGTH * strength, colour)


def _rim_colour(picture: NDArray[np.uint8], landmarks: Floats, side: str) -> Floats:
    """(3,) mean of the darkest pixels along the upper rim."""
    curve = np.round(_curve(landmarks, side) - 0.5).astype(int)
    x = np.clip(curve[:, 0], 0, picture.shape[1] - 1)
    y = np.clip(curve[:, 1], 0, picture.shape[0] - 1)
    colours = picture[y, x].astype(np.float32)
    darkest = np.argsort(colours.sum(1))[: max(1, int(DARK_SHARE * len(colours)))]
    return np.asarray(colours[darkest].mean(0), np.float32)


def _curve(places: Floats, side: str) -> Floats:
    """(N, 2) a smooth line along the upper lid from one corner to the other."""
    first, last = _CORNERS[side]
    points = places[[first, *UPPER_LIDS[side], last]].astype(np.float64)
    share = np.linspace(0, 1, len(points))
    along = np.linspace(0, 1, _STEPS)
    coefficients = np.polyfit(share, points, _DEGREE)
    return np.asarray(np.vander(along, _DEGREE + 1) @ coefficients, np.float32)


def _lay(
    picture: NDArray[np.uint8], curve: Floats, pixels_per_cm: float, strength: float, colour: Floats
) -> None:
    """Blend a soft line that thins towards its ends into a picture, in place."""
    width = WIDTH_CM * pixels_per_cm
    reach = int(np.ceil(2 * width)) + 2
    low = np.maximum(np.floor(curve.min(0)).astype(int) - reach, 0)
    high = np.minimum(np.ceil(curve.max(0)).astype(int) + reach, picture.shape[1::-1])
    if (high <= low).any():
        return
    size = (high - low) * FINE
    mask = np.zeros((size[1], size[0]), np.uint8)
    points = np.round((curve - low) * FINE * 16).astype(np.int32)
    thickness = width * FINE * np.sin(np.pi * np.linspace(0.08, 0.92, len(curve) - 1)) ** 0.5
    for start, stop, wide in zip(points[:-1], points[1:], thickness, strict=True):
        cv2.line(mask, start.tolist(), stop.tolist(), 255, max(1, round(wide)), cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.35 * width * FINE)
    alpha = cv2.resize(soft, tuple((high - low).tolist()), interpolation=cv2.INTER_AREA)
    share = alpha[..., None].astype(np.float32) * (strength / 255)
    region = picture[low[1] : high[1], low[0] : high[0]]
    softened = cv2.GaussianBlur(region, (0, 0), SOFT_CM * pixels_per_cm).astype(np.float32)
    below = region + (softened - region) * np.minimum(2 * share, 1)
    region[:] = np.clip(below + (colour - below) * share + 0.5, 0, 255).astype(np.uint8)
