"""A head in a picture: the perspective of its landmarks, and its pose by Gauss-Newton."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from renderer.camera import DISTANCE_CM, rotation_matrix
from talkinghead.portrait.solve import Doubles

LARGEST_TURN = 0.5  # radians a step of the pose may turn
_STEPS = 4
_TINY = (1e-4, 1e-4, 1e-4, 1e-2, 1e-2)


@dataclass(frozen=True)
class Sight:
    """The landmarks of one picture, the pose of the head in it and the camera that sees it.

    Attributes:
        points: (L, 2) landmarks in pixels.
        pose: (6,) pitch, yaw, roll in radians; x, y of the head's origin in pixels; pixels per cm
            at the origin.
        camera: (3,) x, y of the principal point in pixels, and pixels per cm at `DISTANCE_CM`;
            None = it looks straight at the head's origin from that distance, as at a photo's.
            The frames of a clip share the first one's: a head that moves aside is seen from aside.
    """

    points: Doubles
    pose: Doubles
    camera: Doubles | None = None

    def project(self, shape: Doubles) -> tuple[Doubles, Doubles]:
        """Pixels (L, 2) and the perspective factor (L,) of a landmark shape (L, 3) in cm."""
        turned = shape @ rotation_matrix(self.pose[:3].astype(np.float32)).T.astype(np.float64)
        origin, scale = self.pose[3:5], self.pose[5]
        x, y, resting_scale = self.pose[3:] if self.camera is None else self.camera
        distance = DISTANCE_CM * resting_scale / scale
        nearness = distance / (distance - turned[:, 2])
        flat = turned[:, :2] * (1, -1) * scale + origin - (x, y)
        return flat * nearness[:, None] + (x, y), nearness

    def jacobian(self, shape: Doubles) -> Doubles:
        """(2L, 6) by differences: pixels per unit of each number of the pose."""
        base = self.project(shape)[0]
        jacobian = np.empty((base.size, len(self.pose)))
        for index, tiny in enumerate((*_TINY, 1e-4 * self.pose[5])):
            moved = self.pose.copy()
            moved[index] += tiny
            changed = replace(self, pose=moved).project(shape)[0]
            jacobian[:, index] = (changed - base).ravel() / tiny
        return jacobian

    def posed(self, shape: Doubles, confidence: Doubles) -> Sight:
        """The pose that lays the shape on the landmarks: Gauss-Newton, six unknowns, four steps.

        Args:
            shape: (L, 3) cm.
            confidence: (L,) weights of the landmarks.
        """
        weights = np.repeat(np.sqrt(confidence), 2)
        sight = self
        for _ in range(_STEPS):
            residual = (sight.points - sight.project(shape)[0]).ravel() * weights
            jacobian = sight.jacobian(shape) * weights[:, None]
            step = np.linalg.lstsq(jacobian, residual, rcond=None)[0]
            step[:3] = np.clip(step[:3], -LARGEST_TURN, LARGEST_TURN)
            sight = replace(sight, pose=sight.pose + step)
        return sight
