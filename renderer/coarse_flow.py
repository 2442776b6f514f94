"""Coarse flow: the difference of two projections of the face mesh, continued around the head.

Every pixel of the target mesh knows where its vertex lies in the source. Around the head the
displacement is continued smoothly. How far hair, neck and background go along is said by a ring
that fades out, or place by place by `FollowMaps` that a network has read off the photo.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.easing import smooth_step
from renderer.face_model import FaceModel
from renderer.flow_field import extend, resize_offset
from renderer.geometry import FaceGeometry, PosedFace, vertex_normals
from renderer.rasterizer import rasterize

COARSE_SIDE = 176
"""Longer side of the coarse grid in pixels; mouth and eyes have finer windows of their own."""
RING_START, RING_WIDTH = 0.16, 0.62
"""The ring around the head, in face widths: full displacement up to the start, then fading."""
GRAZING = 0.3
"""Cosine to the line of sight below which a surface counts as less and less visible."""
OUTSIDE_SMOOTHING = 2.5
"""Standard deviation in coarse pixels; keeps push-pull's blocks out of the hair."""
ARM_CM = 10.0
"""How far from the head's origin a turn is measured as a way."""
FAR_CM = 1.5
"""A way on the picture at which a head is half as far as it can be."""
HOLE = 0.3
"""What is narrower than this many face widths inside the face's outline belongs to the face."""
_RIM = np.ones((3, 3), np.uint8)
LANDMARK_REACH_CM = 1.0
THROAT_TOP_CM = -7.0
CUT_MARGIN = 0.12
"""Towards a cut border the displacement fades over this share of the picture."""


@dataclass(frozen=True)
class HeadFlow:
    """Ways in which the surroundings of a face could move along with it, in one frame.

    Attributes:
        head: (h, w, 2) backward flow in pixels of the picture: the face's, continued smoothly.
        plane: (h, w, 2) the same if all lay on the plane through the head's origin.
        motion: (6,) the head's turn since the photo in radians times `ARM_CM`, and its way in cm,
            both times the picture's pixels per cm.
        far: 0..1 how far the head has gone, see `FAR_CM`.
        face: (h, w, 1) 0..1 where the face itself is.
    """

    head: Floats
    plane: Floats
    motion: Floats
    far: float
    face: Floats


@dataclass(frozen=True)
class FollowMaps:
    """What the surroundings of a face do when the head moves; on the grid of its `CoarseFlow`.

    Two maps of each kind: for a head that hardly moves, and for one that goes far. A nod leaves
    the shoulders where they are, somebody who walks takes them along.

    Attributes:
        follow: (2, h, w, 1) how far a place goes along with the face, 0..1.
        plane: (2, h, w, 1) how far it goes along with the plane through the head's origin besides:
            hair lies deeper than the face.
        drift: (2, 6, h, w, 2) backward flow for each unit of `HeadFlow.motion`: shoulders.
    """

    follow: Floats
    plane: Floats
    drift: Floats

    def field(self, flow: HeadFlow) -> Floats:
        """(h, w, 2) backward flow in pixels of the picture; the face itself follows wholly."""
        share = np.array([1 - flow.far, flow.far], np.float32)
        follow, plane = (np.tensordot(share, one, axes=1) for one in (self.follow, self.plane))
        drift = np.tensordot(np.outer(share, flow.motion), self.drift, axes=2)
        outside = flow.head * follow + flow.plane * plane + drift
        return np.asarray(outside + (flow.head - outside) * flow.face, np.float32)


class CoarseFlow:
    """Coarse backward flow of one source.

    Args:
        geometry: the face on its picture.
        backend: rasteriser backend.
    """

    maps: FollowMaps | None = None
    """Set: what goes along with the head. None: the ring says it."""

    def __init__(self, geometry: FaceGeometry, backend: str = "numba") -> None:
        self.geometry = geometry
        self.backend = backend
        height, width = geometry.source.image.shape[:2]
        self.picture_size = (height, width)
        scale = min(COARSE_SIDE / max(height, width), 1.0)
        self.size = (max(2, round(height * scale)), max(2, round(width * scale)))
        self.scale = np.array([self.size[1] / width, self.size[0] / height, 1.0], np.float32)
        self.triangles = moving_triangles(geometry.model)
        self.ring = self._ring()
        self.fade = self._border_fade()
        self._seen = self._seen_in_source()
        self._near = near_landmarks(geometry.model)[:, None].astype(np.float32)
        hole = round(HOLE * float(np.ptp(geometry.source.landmarks[:, 0]) * self.scale[0]))
        self._hole = np.ones((hole | 1, hole | 1), np.uint8)
        x, y = (
            (np.arange(count) + 0.5) / factor
            for count, factor in zip(self.size[::-1], self.scale, strict=False)
        )
        self._centres = np.stack([*np.meshgrid(x, y), np.ones(self.size)], axis=-1)

    def offset(self, posed: PosedFace, into: Floats | None = None) -> Floats:
        """Backward flow for one frame.

        Args:
            posed: the face, from `FaceGeometry.poses`.
            into: (H, W, 2) float32, overwritten with the answer.

        Returns:
            (H, W, 2) float32 offsets in pixels at the picture's size; with a ring exactly 0
            outside it.
        """
        if self.maps is None:
            field = self._displacement(posed)[0] * self.ring
        else:
            field = self.maps.field(self.head_flow(posed))
        return resize_offset(field * self.fade, self.picture_size, into)

    def head_flow(self, posed: PosedFace) -> HeadFlow:
        """What `FollowMaps` make the flow of."""
        head, covered = self._displacement(posed)
        face = cv2.morphologyEx(covered, cv2.MORPH_CLOSE, self._hole)  # eyes, mouth, the forehead
        face = cv2.GaussianBlur(face.astype(np.float32), (0, 0), 1.0)[..., None]
        still, camera = self.geometry.source.motion, self.geometry.source.camera
        turned = (posed.rotation - still.rotation[0]) * ARM_CM
        moved = posed.translation - still.translation[0]
        motion = np.concatenate([turned, moved]) * camera.pixels_per_cm
        way = float(moved[0] ** 2 + moved[1] ** 2)
        far = way / (way + FAR_CM**2)
        return HeadFlow(head, self._plane_flow(posed), motion.astype(np.float32), far, face)

    def _plane_flow(self, posed: PosedFace) -> Floats:
        """(h, w, 2) pixels: a homography, as for every plane."""
        still, camera = self.geometry.source.motion, self.geometry.source.camera
        here = camera.plane(posed.rotation, posed.translation)
        there = camera.plane(still.rotation[0], still.translation[0])
        matrix = there @ np.linalg.inv(here)
        places = np.moveaxis(self._centres @ matrix.T, -1, 0)
        flow = [places[axis] / places[2] - self._centres[..., axis] for axis in range(2)]
        return np.asarray(np.stack(flow, axis=-1), np.float32)

    def _displacement(self, posed: PosedFace) -> tuple[Floats, NDArray[np.uint8]]:
        """(h, w, 2) backward flow if everything followed the face; (h, w) where the face is."""
        displacement = posed.sampled_at - posed.points[:, :2]
        attributes = np.concatenate([displacement, self._seen, self._near], axis=1)
        points = posed.points * self.scale
        raster = rasterize(points, self.triangles, attributes, self.size, self.backend)
        # At the outline the mesh is a pixel or two off the photo: its rim is not believed but
        # continued from further in, like the hair and ears around it.
        covered = cv2.erode(raster.covered.astype(np.uint8), _RIM, borderValue=1)
        known = covered * raster.attributes[..., 2]
        field = extend(np.ascontiguousarray(raster.attributes[..., :2]), known)
        smooth = cv2.GaussianBlur(field, (0, 0), OUTSIDE_SMOOTHING)
        inside = cv2.GaussianBlur(known, (0, 0), 1.0)[..., None]
        face = (covered * raster.attributes[..., 3] > 0.5).astype(np.uint8)
        return np.asarray(smooth + (field - smooth) * inside, np.float32), face

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

    def _ring(self) -> Floats:
        """(h, w, 1) how far each place follows the head: 1 on it, 0 beyond the ring."""
        raster = rasterize(
            self.geometry.source_points * self.scale,
            self.triangles,
            np.zeros((len(self.geometry.source_points), 1), np.float32),
            self.size,
            self.backend,
        )
        width = np.ptp(self.geometry.source.landmarks[:, 0]) * self.scale[0]
        return ring_around(raster.covered, float(width))

    def _border_fade(self) -> Floats:
        """(h, w, 1) 0 at borders that cut a larger photo, 1 further in."""
        height, width = self.size
        fade = np.ones(self.size, np.float32)
        x = (np.arange(width, dtype=np.float32))[None] / (width - 1) / CUT_MARGIN
        y = (np.arange(height, dtype=np.float32))[:, None] / (height - 1) / CUT_MARGIN
        left, top, right, bottom = self.geometry.source.cut
        for is_cut, distance in ((left, x), (right, x[:, ::-1]), (top, y), (bottom, y[::-1])):
            if is_cut:
                fade = fade * smooth_step(distance)
        return fade[..., None]


def ring_around(covered: NDArray[np.bool_], width: float) -> Floats:
    """(h, w, 1) float32: 1 on and near a face, 0 beyond the ring.

    Args:
        covered: (h, w) where the face is.
        width: of the face in the same pixels.
    """
    distance = cv2.distanceTransform((~covered).astype(np.uint8), cv2.DIST_L2, 5)
    ring = smooth_step(1 - (distance / width - RING_START) / RING_WIDTH)
    return np.asarray(ring[..., None], np.float32)


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
    throat = (model.neutral[:, 1] < THROAT_TOP_CM) & (model.neutral[:, 2] > 0)
    return np.ascontiguousarray(skin[(near_landmarks(model) | throat)[skin].all(1)])


@lru_cache(maxsize=4)
def near_landmarks(model: FaceModel) -> NDArray[np.bool_]:
    """(V,) which vertices of the skin lie among the landmarks: the face without ears and neck."""
    places = model.landmarks.on(model.neutral)
    near = np.zeros(len(model.neutral), bool)
    for start in range(0, model.parts["head_and_neck"].stop, 2048):
        part = model.neutral[start : min(start + 2048, model.parts["head_and_neck"].stop)]
        distance = np.linalg.norm(part[:, None] - places[None], axis=-1).min(1)
        near[start : start + len(part)] = distance < LANDMARK_REACH_CM
    return near
