"""Head pose and pinhole camera.

**Convention.** Head frame in cm: x to image right, y up, z out of the face. The camera looks along
-z from `distance` cm in front of the head's resting origin, whose image is the principal point. So
the resting translation is 0, and the focal length carries the size of the face in the picture.
Image coordinates are pixels, x right, y down; the centre of the top left pixel is (0.5, 0.5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from renderer.coefficients import Floats

DISTANCE_CM = 100.0
"""Assumed distance of the camera. Portraits are taken from 0.6 to 2 m; the error is a slight
flattening or deepening of the nose, which the landmark residual takes up."""


def rotation_matrix(angles: Floats) -> Floats:
    """Euler angles to rotation matrices, R = Rz(-roll) Ry(yaw) Rx(pitch).

    Args:
        angles: (..., 3) pitch, yaw, roll in radians (signs as in `MotionCoefficients`).

    Returns:
        (..., 3, 3) float32, acting on column vectors.
    """
    pitch, yaw, roll = (np.asarray(angles, np.float64)[..., axis] for axis in range(3))
    sine_x, cosine_x = np.sin(pitch), np.cos(pitch)
    sine_y, cosine_y = np.sin(yaw), np.cos(yaw)
    sine_z, cosine_z = np.sin(-roll), np.cos(-roll)
    rows = [
        cosine_z * cosine_y,
        cosine_z * sine_y * sine_x - sine_z * cosine_x,
        cosine_z * sine_y * cosine_x + sine_z * sine_x,
        sine_z * cosine_y,
        sine_z * sine_y * sine_x + cosine_z * cosine_x,
        sine_z * sine_y * cosine_x - cosine_z * sine_x,
        -sine_y,
        cosine_y * sine_x,
        cosine_y * cosine_x,
    ]
    matrix = np.stack(rows, axis=-1).reshape(*np.shape(pitch), 3, 3)
    return np.asarray(matrix, np.float32)


@dataclass(frozen=True)
class Camera:
    """A pinhole camera on one picture.

    Attributes:
        focal: focal length in pixels.
        centre: (x, y) of the principal point in pixels.
        distance: cm from the camera to the head's resting origin.
    """

    focal: float
    centre: tuple[float, float]
    distance: float = DISTANCE_CM

    @property
    def pixels_per_cm(self) -> float:
        """Scale at the head's resting origin."""
        return self.focal / self.distance

    def project(self, points: Floats) -> Floats:
        """Camera-frame points to the picture.

        Args:
            points: (..., 3) cm, posed (rotated and translated).

        Returns:
            (..., 3) float32: x and y in pixels, and depth in cm from the camera (smaller = nearer).
        """
        depth = self.distance - points[..., 2]
        scale = self.focal / depth
        x = self.centre[0] + points[..., 0] * scale
        y = self.centre[1] - points[..., 1] * scale
        return np.asarray(np.stack([x, y, depth], axis=-1), np.float32)

    def plane(self, rotation: Floats, translation: Floats) -> Floats:
        """Where the plane z = 0 of a posed head lies on the picture.

        Args:
            rotation: (3,) radians.
            translation: (3,) cm.

        Returns:
            (3, 3) float64 homography from (x, y, 1) in cm on the plane to homogeneous pixels.
        """
        matrix = rotation_matrix(rotation).astype(np.float64)
        placed = np.column_stack([matrix[:, :2], translation])
        seen = np.diag([1.0, -1.0, -1.0]) @ placed
        seen[2, 2] += self.distance
        x, y = self.centre
        inner = np.array([[self.focal, 0, x], [0, self.focal, y], [0, 0, 1]])
        return np.asarray(inner @ seen)

    def seen_from(self, offset: tuple[float, float], scale: float) -> Camera:
        """The same camera on a picture that was cut at `offset` and then scaled.

        Args:
            offset: (x, y) in pixels of this picture that become (0, 0).
            scale: pixels of the new picture per pixel of this one.
        """
        centre = ((self.centre[0] - offset[0]) * scale, (self.centre[1] - offset[1]) * scale)
        return Camera(self.focal * scale, centre, self.distance)


def pose(points: Floats, rotation: Floats, translation: Floats) -> Floats:
    """Rotate about the head's origin, then translate.

    Args:
        points: (..., V, 3) cm.
        rotation: (..., 3) radians.
        translation: (..., 3) cm.
    """
    matrix = rotation_matrix(rotation)
    turned = points @ np.swapaxes(matrix, -1, -2) + np.asarray(translation)[..., None, :]
    return np.asarray(turned, np.float32)
