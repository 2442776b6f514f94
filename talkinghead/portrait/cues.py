"""What a fitted face shows of a feeling: an aligned grey crop, its expression and its pose."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.landmark_groups import LIDS
from talkinghead.portrait.fitter import Portrait
from talkinghead.types import FACE_CROP, FaceCues

_BRIDGE, _UNDER_NOSE = 168, 2
_EYE_DISTANCE = 0.44
"""Of the outer eye corners, in sides of the crop: leaves room for brows and a dropped jaw."""
_EYE_HEIGHT = 0.36
_PLACES = np.array(
    [[-0.5, -0.007], [-0.193, 0.007], [0.193, 0.007], [0.5, -0.007], [0, -0.055], [0, 0.478]]
)
"""Of the landmarks below on the face model at rest, from the front: from the middle of the eyes,
in outer eye distances, y down."""


def face_cues(portrait: Portrait) -> FaceCues:
    """Crop, expression and pose of a fitted face, for the image tower."""
    source = portrait.source
    return FaceCues(
        aligned_crop(source.image, source.landmarks),
        source.motion.expression[0],
        source.motion.rotation[0],
    )


def aligned_crop(image: NDArray[np.uint8], landmarks: Floats) -> NDArray[np.uint8]:
    """The face, upright and of one size, grey.

    The similarity (Umeyama 1991) that brings eye corners, nose bridge and the foot of the nose to
    their places at rest: these move least when a face moves.

    Args:
        image: (H, W, 3) uint8 RGB.
        landmarks: (478, 2) pixels.

    Returns:
        (FACE_CROP, FACE_CROP) uint8; what lies outside the image repeats its border.
    """
    right, left = LIDS["right"], LIDS["left"]
    rows = [right[0], right[8], left[8], left[0], _BRIDGE, _UNDER_NOSE]
    places = (_PLACES * _EYE_DISTANCE + (0.5, _EYE_HEIGHT)) * FACE_CROP
    matrix = _similarity(landmarks[rows].astype(np.float64), places)
    shrink = np.hypot(matrix[0, 0], matrix[0, 1])
    if shrink < 0.5:  # warpAffine looks at four pixels only: shrink in whole steps before it
        size = (round(image.shape[1] * 2 * shrink), round(image.shape[0] * 2 * shrink))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        matrix[:, :2] /= 2 * shrink
    crop = cv2.warpAffine(
        image, matrix, (FACE_CROP, FACE_CROP), flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.uint8)


def _similarity(points: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3) least-squares scale, rotation and shift from points to places, both (N, 2)."""
    middle, target = points.mean(0), places.mean(0)
    here = (points - middle) @ (1, 1j)
    there = (places - target) @ (1, 1j)
    turn = np.vdot(here, there) / np.vdot(here, here)
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([linear, target - linear @ middle])
