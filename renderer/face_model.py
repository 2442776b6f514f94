"""The 3D morphable model: identity and 52 ARKit blendshapes to vertices and landmarks.

S(α, β) = S̄ + B_id α + B_exp β in cm, after ICT-FaceKit (Li et al. 2020, arXiv 2004.03458). The
eyeballs, which the blendshapes leave alone, are turned by the eyeLook channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import ARKIT_INDEX, ARKIT_NAMES, Floats
from renderer.landmark_groups import INNER_LIP_LOWER, INNER_LIP_UPPER, OUTER_EYE_CORNERS

GAZE_YAW = 0.55
"""Radians that the eyeball turns when eyeLookIn or eyeLookOut is 1 (31.5°)."""
GAZE_PITCH = 0.42
"""Radians for eyeLookUp or eyeLookDown (24°)."""

PART_NAMES = (
    "face", "head_and_neck", "mouth_socket", "eye_socket_left", "eye_socket_right",
    "gums_and_tongue", "teeth", "sclera_left", "iris_left", "sclera_right", "iris_right",
)  # fmt: skip

Indices = NDArray[np.int32]


@dataclass(frozen=True)
class LandmarkEmbedding:
    """Where landmarks lie on the mesh, as points inside triangles.

    Attributes:
        corners: (L, 3) vertex indices.
        weights: (L, 3) float32 barycentric weights, rows sum to 1.
    """

    corners: Indices
    weights: Floats

    def on(self, vertices: Floats) -> Floats:
        """Landmark positions on (..., V, 3) vertices: (..., L, 3)."""
        chosen = vertices[..., self.corners, :]
        return np.asarray((chosen * self.weights[:, :, None]).sum(-2), np.float32)


@dataclass(frozen=True, eq=False)  # compared and hashed by identity: it keys caches
class FaceModel:
    """The face model.

    Attributes:
        neutral: (V, 3) float32 cm, the mean face at rest.
        identity_basis: (Ki, V, 3) float32, one standard deviation each.
        expression_basis: (52, V, 3) float32, order `ARKIT_NAMES`.
        triangles: (F, 3) int32, counter-clockwise seen from outside.
        parts: part name to its slice of vertices.
        landmarks: embedding of MediaPipe's 478 landmarks.
        landmarks_68: embedding of the iBUG-68 landmarks.
    """

    neutral: Floats
    identity_basis: Floats
    expression_basis: Floats
    triangles: Indices
    parts: Mapping[str, slice]
    landmarks: LandmarkEmbedding
    landmarks_68: LandmarkEmbedding

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[np.generic]]) -> FaceModel:
        """Build from the tensors of `weights/face_model.safetensors`."""
        floats = {
            name: np.ascontiguousarray(tensors[name], np.float32)
            for name in ("neutral", "identity_basis", "expression_basis",
                         "landmark_weights", "landmark_68_weights")
        }  # fmt: skip
        stops = [int(stop) for stop in tensors["part_stops"].astype(np.int64)]
        starts = [0, *stops[:-1]]
        return cls(
            neutral=floats["neutral"],
            identity_basis=floats["identity_basis"],
            expression_basis=floats["expression_basis"],
            triangles=tensors["triangles"].astype(np.int32),
            parts={
                name: slice(start, stop)
                for name, start, stop in zip(PART_NAMES, starts, stops, strict=True)
            },
            landmarks=LandmarkEmbedding(
                tensors["landmark_corners"].astype(np.int32), floats["landmark_weights"]
            ),
            landmarks_68=LandmarkEmbedding(
                tensors["landmark_68_corners"].astype(np.int32), floats["landmark_68_weights"]
            ),
        )

    @property
    def identity_count(self) -> int:
        """Ki."""
        return len(self.identity_basis)

    def resting_shape(self, identity: Floats) -> Floats:
        """(V, 3): the identity with a neutral expression, S̄ + B_id α."""
        shape = self.neutral + np.tensordot(identity, self.identity_basis, axes=1)
        return np.asarray(shape, np.float32)

    def deform(self, resting: Floats, expression: Floats) -> Floats:
        """Add expressions to a resting shape and turn the eyeballs.

        Args:
            resting: (V, 3) from `resting_shape`.
            expression: (T, 52).

        Returns:
            (T, V, 3) float32, head frame, cm.
        """
        basis = self.expression_basis.reshape(len(ARKIT_NAMES), -1)
        offsets = np.asarray(expression, np.float32) @ basis
        shapes = resting + offsets.reshape(len(expression), -1, 3)
        for side in ("left", "right"):
            self._turn_eyeball(shapes, resting, np.asarray(expression, np.float32), side)
        return np.asarray(shapes, np.float32)

    def eyeball_slice(self, side: str) -> slice:
        """Vertices of one eyeball; sclera and iris of a side follow each other."""
        return slice(self.parts[f"sclera_{side}"].start, self.parts[f"iris_{side}"].stop)

    def eyeball_centre(self, shape: Floats, side: str) -> Floats:
        """(..., 3): the centre of rotation of one eyeball, for (..., V, 3) shapes."""
        return np.asarray(shape[..., self.parts[f"sclera_{side}"], :].mean(-2), np.float32)

    def _turn_eyeball(self, shapes: Floats, resting: Floats, expression: Floats, side: str) -> None:
        part = self.eyeball_slice(side)
        centre = self.eyeball_centre(resting, side)
        matrices = gaze_rotation(expression, side)
        shapes[:, part] = (resting[part] - centre) @ np.swapaxes(matrices, -1, -2) + centre

    def lip_aperture(self, expression: Floats, resting: Floats | None = None) -> Floats:
        """Opening between the inner lips.

        Args:
            expression: (T, 52).
            resting: (V, 3) the identity's resting shape; the mean face if None.

        Returns:
            (T,) mean vertical distance of the middle five pairs of inner lip landmarks in units of
            the outer eye distance, less that of the neutral face, whose lips touch: 0 = closed,
            negative = pressed, 0.1 = a finger's width.
        """
        shape = self.neutral if resting is None else resting
        neutral = np.zeros((1, len(ARKIT_NAMES)), np.float32)
        gap = self._lip_gap(shape, np.concatenate([neutral, np.asarray(expression, np.float32)]))
        return np.asarray(gap[1:] - gap[0], np.float32)

    def _lip_gap(self, shape: Floats, expression: Floats) -> Floats:
        pairs = [*INNER_LIP_UPPER[2:7], *INNER_LIP_LOWER[2:7], *OUTER_EYE_CORNERS]
        corners, weights = self.landmarks.corners[pairs], self.landmarks.weights[pairs]
        basis = (self.expression_basis[:, corners] * weights[..., None]).sum(2)
        points = (shape[corners] * weights[..., None]).sum(1) + np.tensordot(
            expression, basis, axes=1
        )
        gap = (points[:, :5, 1] - points[:, 5:10, 1]).mean(1)
        width = np.linalg.norm(points[:, 10] - points[:, 11], axis=1)
        return np.asarray(gap / width, np.float32)


def gaze_angles(expression: Floats, side: str) -> tuple[Floats, Floats]:
    """Pitch and yaw of one eyeball from its eyeLook channels.

    Args:
        expression: (T, 52).
        side: "left" (the person's own left, image right) or "right".

    Returns:
        Two (T,) arrays in radians: +pitch looks down, +yaw looks to image right.
    """
    name = side.capitalize()
    track = {
        way: expression[:, ARKIT_INDEX[f"eyeLook{way}{name}"]]
        for way in ("In", "Out", "Up", "Down")
    }
    outward = 1.0 if side == "left" else -1.0
    pitch = GAZE_PITCH * (track["Down"] - track["Up"])
    yaw = GAZE_YAW * outward * (track["Out"] - track["In"])
    return np.asarray(pitch, np.float32), np.asarray(yaw, np.float32)


def gaze_rotation(expression: Floats, side: str) -> Floats:
    """(T, 3, 3) rotation of one eyeball about its centre."""
    from renderer.camera import rotation_matrix

    pitch, yaw = gaze_angles(expression, side)
    return rotation_matrix(np.stack([pitch, yaw, np.zeros_like(yaw)], axis=1))
