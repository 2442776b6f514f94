"""Skin on lids whose pixels in the photo are something else.

A closing lid is the strip between the open eye and its fold, stretched. Where brow, lashes or deep
shadow fill that strip they would smear over the eye. What is much darker there than the skin below
the eye, which the same light falls on, is painted in that skin's colour.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.easing import smooth_step
from renderer.geometry import FaceGeometry, PosedFace
from renderer.landmark_groups import COUNT, LIDS, LOWER_LIDS, UPPER_LIDS

BELOW_CM = (0.35, 0.9)
"""Where the skin below an eye is looked at, from the lower lid down."""
ABOVE_CM = 0.12
"""How far above the open eye the lid may be painted: there its strip begins."""
FEATHER_CM = 0.09
KEPT, REPLACED = 0.75, 0.4
"""Lightness against the skin's above which a pixel is the lid's own, and below which it is not."""
FOLD_SHADE = 0.62
"""Lightness of the painted lid at its fold, against 1 at the lashes."""
MOST = 0.85
"""Share of the paint where the photo shows nothing of a lid: some of its shadow stays."""
CLOSED_BY = 0.3
"""How far an eye must have closed for its lid to be painted fully."""
_CORNERS = {side: (lids[0], lids[8]) for side, lids in LIDS.items()}


class LidSkin:
    """Paints the lids of one face.

    Args:
        geometry: the face on its picture.
    """

    def __init__(self, geometry: FaceGeometry) -> None:
        self._landmarks = geometry.model.landmarks
        self._pixels_per_cm = geometry.source.camera.pixels_per_cm
        self._source = self._landmarks.on(geometry.source_points)[:, :2]
        has_lids = len(geometry.source.landmarks) == COUNT
        self._skin = {
            side: _skin_below(geometry.source.image, self._source, side, self._pixels_per_cm)
            for side in (("left", "right") if has_lids else ())
        }

    def draw(self, picture: NDArray[np.uint8], posed: PosedFace) -> None:
        """Paint over a picture, in place.

        Args:
            picture: (H, W, 3) uint8.
            posed: the face.
        """
        places = self._landmarks.on(posed.points)[:, :2]
        for side, skin in self._skin.items():
            closing = posed.closing[0 if side == "left" else 1]
            strength = MOST * float(smooth_step(closing / CLOSED_BY))
            if strength > 0:
                fold, edge = self._lid(places, side)
                _paint(picture, fold, edge, skin, strength, self._pixels_per_cm)

    def _lid(self, places: Floats, side: str) -> tuple[Floats, Floats]:
        """(N, 2) where the open eye's upper edge would be, and where it is."""
        corners = list(_CORNERS[side])
        rows = [corners[0], *UPPER_LIDS[side], corners[1]]
        turn, shift = _similarity(self._source[corners], places[corners])
        across = places[corners[1]] - places[corners[0]]
        up = np.array([across[1], -across[0]]) * np.sign(across[0]) / np.linalg.norm(across)
        fold = self._source[rows] @ turn.T + shift
        fold[1:-1] += ABOVE_CM * self._pixels_per_cm * up
        return fold.astype(np.float32), places[rows].astype(np.float32)


def _similarity(here: Floats, there: Floats) -> tuple[Floats, Floats]:
    """The turn and scale (2, 2) and the shift (2,) that take two points to two others."""
    a, b = here[1] - here[0], there[1] - there[0]
    square = float(a @ a)
    cosine, sine = float(a @ b) / square, float(a[0] * b[1] - a[1] * b[0]) / square
    turn = np.array([[cosine, -sine], [sine, cosine]], np.float32)
    return turn, there[0] - turn @ here[0]


def _skin_below(
    picture: NDArray[np.uint8], places: Floats, side: str, pixels_per_cm: float
) -> Floats:
    """(3,) median colour of the skin below an eye, 0..255."""
    lower = places[list(LOWER_LIDS[side])]
    corners = places[list(_CORNERS[side])]
    across = corners[1] - corners[0]
    down = np.array([-across[1], across[0]]) * np.sign(across[0]) / np.linalg.norm(across)
    near, far = (lower + reach * pixels_per_cm * down for reach in BELOW_CM)
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(np.concatenate([near, far[::-1]])).astype(np.int32)], 1)
    pixels = picture[mask > 0]
    return np.asarray(np.median(pixels, axis=0) if len(pixels) else np.zeros(3), np.float32)


def _paint(
    picture: NDArray[np.uint8], fold: Floats, edge: Floats, skin: Floats, strength: float,
    pixels_per_cm: float,
) -> None:  # fmt: skip
    """Replace what is too dark between two lines, in place."""
    both = np.concatenate([fold, edge])
    soft = FEATHER_CM * pixels_per_cm
    reach = int(np.ceil(3 * soft)) + 1
    low = np.maximum(np.floor(both.min(0)).astype(int) - reach, 0)
    high = np.minimum(np.ceil(both.max(0)).astype(int) + reach, picture.shape[1::-1])
    if (high <= low).any():
        return
    region = picture[low[1] : high[1], low[0] : high[0]]
    outline = np.concatenate([fold, edge[::-1]]) - low
    mask = np.zeros(region.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 1.0, cv2.LINE_8, 4)
    mask = cv2.dilate(mask, np.ones((round(soft) | 1, round(soft) | 1), np.uint8))
    own = cv2.GaussianBlur(region, (0, 0), 0.5 * soft).astype(np.float32)
    lightness = own.mean(2) / max(float(skin.mean()), 1.0)
    wrong = smooth_step((KEPT - lightness) / (KEPT - REPLACED))
    share = cv2.GaussianBlur(mask * wrong.astype(np.float32), (0, 0), soft) * strength
    painted = skin * _shade(fold - low, edge - low, region.shape[:2])[..., None]
    mixed = region + (painted - region) * share[..., None]
    region[:] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def _shade(fold: Floats, edge: Floats, size: tuple[int, ...]) -> Floats:
    """(h, w) lightness of a lid that bends away from the light above its edge."""
    x = np.arange(size[1]) + 0.5
    upper, lower = (
        np.interp(x, line[order, 0], line[order, 1])
        for line in (fold, edge)
        for order in [np.argsort(line[:, 0])]
    )
    down = (np.arange(size[0])[:, None] + 0.5 - upper) / np.maximum(lower - upper, 1.0)
    return np.asarray(FOLD_SHADE + (1 - FOLD_SHADE) * smooth_step(down), np.float32)
