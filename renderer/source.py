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
        cut: which sides (left, top, right, bottom) of the picture are cuts through a larger photo;
            there no pixel may move, so that the picture can be put back without a seam.
    """

    image: NDArray[np.uint8]
    camera: Camera
    identity: Floats
    motion: MotionCoefficients
    residual: Floats
    lid_closure: Floats
    landmarks: Floats
    cut: tuple[bool, bool, bool, bool] = (False, False, False, False)

    def seen_through(
        self, image: NDArray[np.uint8], box: tuple[float, float, float, float]
    ) -> Source:
        """The same face on a part of the picture.

        Args:
            image: (h, w, 3) uint8, what the box shows, at any resolution.
            box: (left, top, right, bottom) in pixels of this picture.
        """
        left, top, right, bottom = box
        scale = image.shape[1] / (right - left)
        height, width = self.image.shape[:2]
        return replace(
            self,
            image=image,
            camera=self.camera.seen_from((left, top), scale),
            landmarks=((self.landmarks - (left, top)) * scale).astype(np.float32),
            cut=(left > 0, top > 0, right < width, bottom < height),
        )
