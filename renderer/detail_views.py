"""Fine views of mouth and eyes: where they lie on a picture, cut out, and put back.

A view is an upright square of fixed size in centimetres, so that a mouth has always about the same
number of pixels, whatever the picture's size.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.easing import smooth_step
from renderer.face_model import FaceModel
from renderer.geometric import GeometricFrame
from renderer.landmark_groups import LIDS, OUTER_LIPS

Box = tuple[float, float, float, float]

RIM = 0.1
"""Share of a view's side over which what was painted fades out towards the border."""
ENOUGH = 0.75
"""Below so many pixels out of one pixel in, the picture is softened first: every pixel counts."""
SPREAD = 0.4
"""Standard deviation of that, in pixels out."""


@dataclass(frozen=True)
class DetailView:
    """One view.

    Attributes:
        name: of the window of the geometric renderer in it: "mouth", "eye_left" or "eye_right".
        painter: name of the network that paints it.
        landmarks: the box is centred on their bounding box.
        span_cm: side of the square.
        side: its pixels.
        mirrored: whether the network sees it in a mirror.
    """

    name: str
    painter: str
    landmarks: tuple[int, ...]
    span_cm: float
    side: int
    mirrored: bool = False

    def box(self, model: FaceModel, points: Floats, pixels_per_cm: float) -> Box:
        """(left, top, right, bottom) on the picture.

        Args:
            model: the face model.
            points: (V, 2) or (V, 3) vertices on the picture.
            pixels_per_cm: of the picture.
        """
        places = model.landmarks.on(points)[list(self.landmarks), :2]
        x, y = (places.min(0) + places.max(0)) / 2
        half = self.span_cm * pixels_per_cm / 2
        return float(x - half), float(y - half), float(x + half), float(y + half)

    def cut(self, picture: NDArray[np.uint8] | Floats, box: Box) -> NDArray[np.uint8] | Floats:
        """(side, side, C) of a picture (H, W, C); beyond the border the edge repeats."""
        return self._cut(picture, box, cv2.BORDER_REPLICATE)

    def cut_inner(self, frame: GeometricFrame, box: Box) -> Floats:
        """(side, side, 1) float32 0..1 where the inside of the mouth, or the eyeball, shows."""
        patch = frame.patches.get(self.name)
        if patch is None:
            return np.zeros((self.side, self.side, 1), np.float32)
        moved = box[0] - patch.left, box[1] - patch.top, box[2] - patch.left, box[3] - patch.top
        mask = self._cut(patch.alpha, moved, cv2.BORDER_CONSTANT)
        return np.asarray(mask.reshape(self.side, self.side, 1), np.float32)

    def put(self, picture: NDArray[np.uint8], box: Box, paint: Floats, share: Floats) -> None:
        """Paint into a picture, in place.

        Args:
            picture: (H, W, 3) uint8.
            box: where.
            paint: (side, side, 3) float32 0..255.
            share: (side, side, 1) float32 0..1 how far the paint covers.
        """
        height, width = picture.shape[:2]
        left, top = max(int(np.floor(box[0])), 0), max(int(np.floor(box[1])), 0)
        right, bottom = min(int(np.ceil(box[2])), width), min(int(np.ceil(box[3])), height)
        if right <= left or bottom <= top:
            return
        covered = share * _rim(self.side)
        layers = np.concatenate([paint * covered, covered], axis=-1)
        scale = self.side / (box[2] - box[0])
        if scale > 1 / ENOUGH:
            layers = cv2.GaussianBlur(layers, (0, 0), SPREAD * scale)
        if self.mirrored:
            layers = np.ascontiguousarray(layers[:, ::-1])
        offset = [
            (start + 0.5 - edge) * scale - 0.5
            for start, edge in zip((left, top), box[:2], strict=True)
        ]
        matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
        part = cv2.warpAffine(
            layers, matrix, (right - left, bottom - top),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_CONSTANT,
        )  # fmt: skip
        below = picture[top:bottom, left:right]
        mixed = below * (1 - part[..., 3:]) + part[..., :3]
        picture[top:bottom, left:right] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

    def _cut(
        self, values: NDArray[np.uint8] | Floats, box: Box, border: int
    ) -> NDArray[np.uint8] | Floats:
        scale = self.side / (box[2] - box[0])
        # Pixel centres: target (i + 0.5) / scale + left - 0.5.
        matrix = np.array(
            [[1 / scale, 0, box[0] + 0.5 / scale - 0.5], [0, 1 / scale, box[1] + 0.5 / scale - 0.5]]
        )
        if scale < ENOUGH:
            values = _softened(values, box, SPREAD / scale)
        cut = cv2.warpAffine(
            values, matrix, (self.side, self.side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=border,
        )  # fmt: skip
        return np.ascontiguousarray(cut[:, ::-1]) if self.mirrored else np.asarray(cut)


VIEWS = (
    DetailView("mouth", "mouth", OUTER_LIPS, 7.2, 112),
    DetailView("eye_left", "eye", (LIDS["left"][0], LIDS["left"][8]), 4.2, 64),
    DetailView("eye_right", "eye", (LIDS["right"][0], LIDS["right"][8]), 4.2, 64, mirrored=True),
)


def _softened(
    values: NDArray[np.uint8] | Floats, box: Box, spread: float
) -> NDArray[np.uint8] | Floats:
    """The picture with its part around a box blurred."""
    height, width = values.shape[:2]
    margin = 3 * spread
    rows = slice(max(int(box[1] - margin), 0), min(int(box[3] + margin) + 1, height))
    columns = slice(max(int(box[0] - margin), 0), min(int(box[2] + margin) + 1, width))
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return values
    softened = values.copy()
    part = cv2.GaussianBlur(values[rows, columns], (0, 0), spread)
    softened[rows, columns] = part.reshape(softened[rows, columns].shape)
    return softened


def _rim(side: int) -> Floats:
    """(side, side, 1) 1 inside, 0 at the border."""
    place = (np.arange(side, dtype=np.float32) + 0.5) / side
    fade = smooth_step(np.minimum(place, 1 - place) / RIM)
    return np.asarray((fade[:, None] * fade[None])[..., None], np.float32)
