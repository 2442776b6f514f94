"""The face of one source, posed frame by frame and projected onto its picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderer.camera import pose
from renderer.coefficients import ARKIT_INDEX, Floats, MotionCoefficients
from renderer.easing import smooth_step
from renderer.face_model import FaceModel
from renderer.landmark_groups import COUNT, LIDS, LOWER_LIDS, UPPER_LIDS
from renderer.source import Source

CHUNK = 8
RIM_CM, RIM_GAP_CM, RIM_REACH_CM = 0.4, 0.1, 1.0
"""Band of skin beside an eye's opening, what of it is left out, and how far from the lids it is."""
RIM_CORNER = 0.2
"""Share of the eye's width over which this fades towards each corner."""
NECK_TOP, NECK_BOTTOM = -9.0, -17.0
"""cm in the resting head frame: above, the skin follows the head; below, it stays on the body."""


@dataclass(frozen=True)
class PosedFace:
    """One frame of one face, ready to be drawn.

    Attributes:
        points: (V, 3) x and y in pixels of the picture, depth in cm.
        sampled_at: (V, 2) where on the photo each vertex takes its colour. That is its place in
            the photo; but the rims of closing lids look a little further away from the eye's
            opening, or the white of the eye would stay between the lids as a seam.
        aperture: opening of the lips in outer eye distances.
        closing: 0..1 how far the left and the right eye have closed since the photo.
        rotation: (3,) radians, of the head.
        translation: (3,) cm, of the head.
    """

    points: Floats
    sampled_at: Floats
    aperture: float
    closing: tuple[float, float]
    rotation: Floats
    translation: Floats


class FaceGeometry:
    """Vertices of one source's face on its picture.

    Args:
        model: the face model.
        source: whose identity, pose, residual and camera are used.
    """

    def __init__(self, model: FaceModel, source: Source) -> None:
        self.model = model
        self.source = source
        self.resting = model.resting_shape(source.identity)
        share = np.clip((self.resting[:, 1] - NECK_BOTTOM) / (NECK_TOP - NECK_BOTTOM), 0, 1)
        self._follows = (share * share * (3 - 2 * share)).astype(np.float32)[:, None]
        self._neck = np.flatnonzero(self._follows[:, 0] < 1)
        self._blinks = [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
        self._lid_vertices = np.flatnonzero(np.abs(source.lid_closure).sum((0, 2)) > 0)
        self._lids = source.lid_closure[:, self._lid_vertices]
        self.source_points = self.project(source.motion)[0]
        self._rim_vertices, self._rims = lid_rims(
            model, self.source_points[:, :2], source.landmarks, source.camera.pixels_per_cm
        )

    def shapes(self, expression: Floats) -> Floats:
        """(T, V, 3) head frame, cm: model, residual and lid closure, not yet posed."""
        shapes = self.model.deform(self.resting, expression)
        shapes += self.source.residual
        closing = self._closing(expression)
        shapes[:, self._lid_vertices] += np.tensordot(closing, self._lids, axes=1)
        return np.asarray(shapes, np.float32)

    def _closing(self, expression: Floats) -> Floats:
        """(T, 2) 0..1 how far each eye, left and right, has closed since the photo."""
        start = self.source.motion.expression[0, self._blinks]
        closing = (expression[:, self._blinks] - start) / np.maximum(1 - start, 0.2)
        return np.asarray(np.clip(closing, 0, 1), np.float32)

    def poses(self, motion: MotionCoefficients) -> Iterator[PosedFace]:
        """Every frame of a track; `CHUNK` at a time, in one matrix product of some megabytes."""
        for start in range(0, len(motion), CHUNK):
            part = motion.frames(start, start + CHUNK)
            # Always the same shape of matrix product: its rounding depends on it.
            points = self.project(part.held(CHUNK))
            apertures = self.model.lip_aperture(part.expression, self.resting)
            closing = self._closing(part.expression)
            for index in range(len(part)):
                places = self.source_points[:, :2].copy()
                places[self._rim_vertices, 1] += closing[index] @ self._rims
                left, right = closing[index].tolist()
                yield PosedFace(
                    points[index], places, float(apertures[index]), (left, right),
                    part.rotation[index], part.translation[index],
                )  # fmt: skip

    def project(self, motion: MotionCoefficients) -> Floats:
        """Vertices on the source's picture.

        Returns:
            (T, V, 3) float32: x and y in pixels of the source's picture, depth in cm.
        """
        shapes = self.shapes(motion.expression)
        posed = pose(shapes, motion.rotation, motion.translation)
        if len(self._neck):
            still = pose(
                shapes[:, self._neck], self.source.motion.rotation, self.source.motion.translation
            )
            posed[:, self._neck] = still + self._follows[self._neck] * (
                posed[:, self._neck] - still
            )
        return self.source.camera.project(posed)


def lid_rims(
    model: FaceModel, places: Floats, landmarks: Floats, pixels_per_cm: float
) -> tuple[NDArray[np.intp], Floats]:
    """How far the skin beside the eyes' openings must look away from them when the lids close.

    Args:
        model: the face model.
        places: (V, 2) the vertices on the photo.
        landmarks: (478, 2) of the photo; without lids (68 points) nothing is moved.
        pixels_per_cm: scale of the photo.

    Returns:
        (N,) vertices, and (2, N) pixels downwards for the left and right eye. What lies within
        `RIM_CM` of the opening, or in it, is squeezed into a band that ends short of it.
    """
    if len(landmarks) != COUNT:
        return np.zeros(0, np.intp), np.zeros((2, 0), np.float32)
    skin = model.neutral[: model.parts["head_and_neck"].stop]
    on_model = model.landmarks.on(model.neutral)
    rims = np.zeros((2, len(skin)), np.float32)
    band, gap = RIM_CM * pixels_per_cm, RIM_GAP_CM * pixels_per_cm
    for row, side in enumerate(("left", "right")):
        upper, lower = lid_distances(skin, on_model, side)
        corners = [LIDS[side][0], LIDS[side][8]]
        for lids, near, far, sign in (
            (UPPER_LIDS[side], upper, lower, 1.0), (LOWER_LIDS[side], lower, upper, -1.0),
        ):  # fmt: skip
            edge = landmarks[[*lids, *corners]]
            edge = edge[np.argsort(edge[:, 0])]
            x, y = places[: len(skin)].T
            depth = sign * (y - np.interp(x, edge[:, 0], edge[:, 1])) + band
            squeezed = np.clip(depth / band, 0, 1) * (band - gap)
            move = np.where(depth > 0, squeezed - depth, 0.0) * sign
            along = (x - landmarks[corners[0], 0]) / np.ptp(landmarks[corners, 0])
            along = np.abs(along)  # 0 at the outer corner, 1 at the inner one
            outside = (x - landmarks[corners[0], 0]) * (x - landmarks[corners[1], 0]) > 0
            fade = smooth_step(np.minimum(along, 1 - along) / RIM_CORNER) * ~outside
            rims[row] += move * fade * ((near < far) & (near < RIM_REACH_CM))
    vertices = np.flatnonzero(np.abs(rims).max(0) > 0.01)
    return vertices, rims[:, vertices]


def lid_distances(skin: Floats, landmarks: Floats, side: str) -> tuple[Floats, Floats]:
    """(V,) distances in cm of (V, 3) skin to the upper and to the lower lid's landmarks."""
    upper, lower = (
        np.linalg.norm(skin[:, None] - landmarks[list(lids)][None], axis=-1).min(1)
        for lids in (UPPER_LIDS[side], LOWER_LIDS[side])
    )
    return np.asarray(upper, np.float32), np.asarray(lower, np.float32)


def vertex_normals(vertices: Floats, triangles: NDArray[np.int32]) -> Floats:
    """(V, 3) unit normals, area-weighted means over the triangles of a vertex."""
    corners = vertices[triangles]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], face)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(length, 1e-9), np.float32)
