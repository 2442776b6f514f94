"""Coarse flow: the difference of two projections of the face mesh, continued around the head.

Every pixel of the target mesh knows where its vertex lies in the source. Around the head the
displacement is continued smoothly and fades out, which carries hair, ears and neck along; the far
background stays.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.easing import smooth_step
from renderer.face_model import FaceModel
from renderer.flow_field import extend, resize_offset
from renderer.geometry import FaceGeometry, vertex_normals
from renderer.rasterizer import rasterize

COARSE_SIDE = 176
"""Longer side of the coarse grid in pixels; mouth and eyes have finer windows of their own."""
RING_START, RING_WIDTH = 0.16, 0.62
"""The ring around the head, in face widths: full displacement up to the start, then fading."""
GRAZING = 0.3
"""Cosine to the line of sight below which a surface counts as less and less visible."""
OUTSIDE_SMOOTHING = 2.5
"""Standard deviation in coarse pixels; keeps push-pull's blocks out of the hair."""
_RIM = np.ones((3, 3), np.uint8)
LANDMARK_REACH_CM = 1.0
THROAT_TOP_CM = -7.0
CUT_MARGIN = 0.12
"""Towards a cut border the displacement fades over this share of the picture."""


class CoarseFlow:
    """Coarse backward flow of one source.

    Args:
        geometry: the face on its picture.
        backend: rasteriser backend.
    """

    def __init__(self, geometry: FaceGeometry, backend: str = "numba") -> None:
        self.geometry = geometry
        self.backend = backend
        height, width = geometry.source.image.shape[:2]
        self.picture_size = (height, width)
        scale = min(COARSE_SIDE / max(height, width), 1.0)
        self.size = (max(2, round(height * scale)), max(2, round(width * scale)))
        self.scale = np.array([self.size[1] / width, self.size[0] / height, 1.0], np.float32)
        self.triangles = moving_triangles(geometry.model)
        self.influence = self._influence()
        self._seen = self._seen_in_source()

    def offset(self, points: Floats, sampled_at: Floats | None = None) -> Floats:
        """Backward flow for one frame.

        Args:
            points: (V, 3) target vertices on the picture, from `FaceGeometry.project`.
            sampled_at: (V, 2) where they take their colour; None = their places in the photo.

        Returns:
            (H, W, 2) float32 offsets in pixels at the picture's size; exactly 0 outside the ring.
        """
        places = self.geometry.source_points[:, :2] if sampled_at is None else sampled_at
        displacement = places - points[:, :2]
        attributes = np.concatenate([displacement, self._seen], axis=1)
        raster = rasterize(points * self.scale, self.triangles, attributes, self.size, self.backend)
        # At the outline the mesh is a pixel or two off the photo: its rim is not believed but
        # continued from further in, like the hair and ears around it.
        covered = cv2.erode(raster.covered.astype(np.uint8), _RIM, borderValue=1)
        known = covered * raster.attributes[..., 2]
        field = extend(np.ascontiguousarray(raster.attributes[..., :2]), known)
        smooth = cv2.GaussianBlur(field, (0, 0), OUTSIDE_SMOOTHING)
        inside = cv2.GaussianBlur(known, (0, 0), 1.0)[..., None]
        field = (smooth + (field - smooth) * inside) * self.influence
        return resize_offset(field, self.picture_size)

    @property
    def visibility(self) -> Floats:
        """(V, 1) 0..1 how well the source shows each vertex."""
        return self._seen

    def _seen_in_source(self) -> Floats:
        """(V, 1) 0..1 how well the photo shows a vertex: 0 where its surface faces away."""
        x, y, depth = self.geometry.source_points.T
        scale = self.geometry.source.camera.pixels_per_cm
        in_camera = np.stack([x / scale, -y / scale, -depth], axis=1)
        normals = vertex_normals(in_camera.astype(np.float32), self.geometry.model.triangles)
        return smooth_step(normals[:, 2] / GRAZING)[:, None]

    def _influence(self) -> Floats:
        """(h, w, 1) how far each place follows the head: 1 on it, 0 beyond the ring."""
        raster = rasterize(
            self.geometry.source_points * self.scale,
            self.triangles,
            np.zeros((len(self.geometry.source_points), 1), np.float32),
            self.size,
            self.backend,
        )
        outside = (~raster.covered).astype(np.uint8)
        distance = cv2.distanceTransform(outside, cv2.DIST_L2, 5)
        width = np.ptp(self.geometry.source.landmarks[:, 0]) * self.scale[0]
        ring = smooth_step(1 - (distance / width - RING_START) / RING_WIDTH)
        return (ring * self._border_fade()).astype(np.float32)[..., None]

    def _border_fade(self) -> Floats:
        """(h, w) 0 at borders that cut a larger photo, 1 further in."""
        height, width = self.size
        fade = np.ones(self.size, np.float32)
        x = (np.arange(width, dtype=np.float32))[None] / (width - 1) / CUT_MARGIN
        y = (np.arange(height, dtype=np.float32))[:, None] / (height - 1) / CUT_MARGIN
        left, top, right, bottom = self.geometry.source.cut
        for is_cut, distance in ((left, x), (right, x[:, ::-1]), (top, y), (bottom, y[::-1])):
            if is_cut:
                fade = fade * smooth_step(distance)
        return fade


def skin_triangles(model: FaceModel) -> NDArray[np.int32]:
    """(F, 3) triangles of the outer skin: face, head and neck."""
    outer = model.triangles < model.parts["head_and_neck"].stop
    return np.ascontiguousarray(model.triangles[outer.all(1)])


@lru_cache(maxsize=4)
def moving_triangles(model: FaceModel) -> NDArray[np.int32]:
    """(F, 3) the skin whose place in a photo is known: inside the landmarks, and the throat.

    Ears and skull are left out: hair covers them, and where the fit guesses them wrong their
    outlines would tear it. The ring carries them smoothly instead.
    """
    skin = skin_triangles(model)
    places = model.landmarks.on(model.neutral)
    vertices = model.neutral[: model.parts["head_and_neck"].stop]
    near = np.zeros(len(vertices), bool)
    for start in range(0, len(vertices), 2048):
        part = vertices[start : start + 2048]
        distance = np.linalg.norm(part[:, None] - places[None], axis=-1).min(1)
        near[start : start + 2048] = distance < LANDMARK_REACH_CM
    throat = (vertices[:, 1] < THROAT_TOP_CM) & (vertices[:, 2] > 0)
    return np.ascontiguousarray(skin[(near | throat)[skin].all(1)])
