"""The face of one source, posed frame by frame and projected onto its picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from renderer.camera import pose
from renderer.coefficients import ARKIT_INDEX, Floats, MotionCoefficients
from renderer.face_model import FaceModel
from renderer.source import Source

NECK_TOP, NECK_BOTTOM = -9.0, -17.0
"""cm in the resting head frame: above, the skin follows the head; below, it stays on the body."""


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

    def shapes(self, expression: Floats) -> Floats:
        """(T, V, 3) head frame, cm: model, residual and lid closure, not yet posed."""
        shapes = self.model.deform(self.resting, expression)
        shapes += self.source.residual
        start = self.source.motion.expression[0, self._blinks]
        blink = np.clip((expression[:, self._blinks] - start) / np.maximum(1 - start, 0.2), 0, 1)
        shapes[:, self._lid_vertices] += np.tensordot(blink, self._lids, axes=1)
        return shapes

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


def vertex_normals(vertices: Floats, triangles: NDArray[np.int32]) -> Floats:
    """(V, 3) unit normals, area-weighted means over the triangles of a vertex."""
    corners = vertices[triangles]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], face)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(length, 1e-9), np.float32)
