"""The still that is animated, and the geometry at which it was taken."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from renderer.camera import Camera
from renderer.coefficients import Floats, MotionCoefficients


@dataclass(frozen=True)
class Source:
    """One picture of one face.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        camera: on that picture.
        identity: (Ki,) float32.
        motion: T = 1, the expression and pose in the picture; translation 0 by convention.
        residual: (V, 3) float32 cm, head frame: added to every vertex so that the mesh lies on the
            picture exactly.
        lid_closure: (2, V, 3) float32 cm, left and right eye: added in proportion to the blink so
            that the corrected lids meet.
        landmarks: (478, 2) or (68, 2) float32 pixels on the picture.
        surroundings: (h, w, 3) uint8 a larger picture that holds `image`: what moves in from beyond
            the border is taken from there. The image itself if there is no more.
        margin: (x, y) pixel of the surroundings that is the image's (0, 0).
        cut: which sides (left, top, right, bottom) of the picture are cuts through a larger photo
            into which it will be put back: there nothing may move, so that no seam can show.
    """

    image: NDArray[np.uint8]
    camera: Camera
    identity: Floats
    motion: MotionCoefficients
    residual: Floats
    lid_closure: Floats
    landmarks: Floats
    surroundings: NDArray[np.uint8]
    margin: tuple[int, int] = (0, 0)
    cut: tuple[bool, bool, bool, bool] = (False, False, False, False)

    def seen_through(
        self,
        surroundings: NDArray[np.uint8],
        box: tuple[float, float, float, float],
        window: tuple[int, int, int, int],
        *,
        pinned: bool,
    ) -> Source:
        """The same face on a part of the picture.

        Args:
            surroundings: (h, w, 3) uint8, what `box` shows, at any resolution.
            box: (left, top, right, bottom) in pixels of this picture.
            window: (left, top, right, bottom) in pixels of the surroundings: what is rendered.
            pinned: whether nothing may move where the window's border cuts this picture.
        """
        scale = surroundings.shape[1] / (box[2] - box[0])
        left, top, right, bottom = window
        offset = (box[0] + left / scale, box[1] + top / scale)
        height, width = self.image.shape[:2]
        cut = (box[0] > 0, box[1] > 0, box[2] < width, box[3] < height)
        return replace(
            self,
            image=np.ascontiguousarray(surroundings[top:bottom, left:right]),
            camera=self.camera.seen_from(offset, scale),
            landmarks=((self.landmarks - offset) * scale).astype(np.float32),
            surroundings=surroundings,
            margin=(left, top),
            cut=cut if pinned else (False, False, False, False),
        )
