"""What the lips do, measured on the face model: opening, width, protrusion, lower lip and teeth.

All lengths are in mm on the mean face, so that channels that different decoders prefer (a pucker, a
funnel) are judged by what they do to the mouth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import ARKIT_INDEX, Floats
from renderer.face_model import FaceModel
from renderer.landmark_groups import MOUTH_CORNERS, OUTER_EYE_CORNERS
from talkinghead.evaluation.motion_measures import MM

CLOSED_MM = 0.9
"""Largest opening that counts as closed.

The neutral mesh, whose lips touch, has opening 0. From the front the inside of the mouth shows 0.7
mm of it even so, which the correction to a photo shuts; an opening of 0.9 mm makes that 1.6 mm (by
rasterising the mesh). It is one hundredth of the outer eye distance (`motion.inspection` uses the
same), less than the error of a landmark fit (1.1 %), and less than a pixel of a face in 256²."""

_OUTER_MIDDLE = (0, 17)
_LOWER_MIDDLE = (87, 14, 317)
_STILL_TEETH_CM = 0.05
_INCISORS_CM = (0.8, 0.3)
"""Half the width of the front teeth, and how far behind the foremost point they begin."""


@dataclass(frozen=True)
class LipShape:
    """Tracks of T frames.

    Attributes:
        opening: (T,) mm between the inner lips; 0 = touching, negative = pressed
            (`FaceModel.lip_aperture` times the outer eye distance).
        width: (T,) mm between the corners of the mouth.
        protrusion: (T,) mm by which the middle of both lips lies further forward than at rest.
        lip_above_edge: (T,) mm by which the lower lip's inner edge is higher than the edge of the
            upper front teeth.
        lip_before_edge: (T,) mm by which it lies in front of that edge.
    """

    opening: Floats
    width: Floats
    protrusion: Floats
    lip_above_edge: Floats
    lip_before_edge: Floats

    @property
    def closed(self) -> NDArray[np.bool_]:
        """(T,) where the lips are together."""
        return self.opening <= CLOSED_MM

    def at_the_teeth(self, model: FaceModel) -> NDArray[np.bool_]:
        """(T,) where the lower lip is at the upper front teeth.

        That is: not more than 1 mm below their edge, and rolled in so far that it has come half
        the way from its rest to the edge. A mouth that is simply shut does not do.
        """
        at_rest = lip_shape(model, np.zeros((1, len(ARKIT_INDEX)), np.float32))
        half_way = float(at_rest.lip_before_edge[0]) / 2
        reached: NDArray[np.bool_] = self.lip_above_edge >= -1.0
        return reached & (self.lip_before_edge <= half_way)


def eye_distance(model: FaceModel) -> float:
    """Outer eye distance of the mean face in mm."""
    first, second = model.landmarks.on(model.neutral)[list(OUTER_EYE_CORNERS)]
    return float(np.linalg.norm(first - second)) * MM


def lip_shape(model: FaceModel, expression: Floats) -> LipShape:
    """Measure (T, 52) expressions on the mean face."""
    rest, basis = _points(model)
    moved = rest + np.tensordot(np.asarray(expression, np.float32), basis, axes=1)
    corners, middle, lower = moved[:, :2], moved[:, 2:4], moved[:, 4:]
    edge = incisor_edge(model)
    lip = lower.mean(axis=1)
    return LipShape(
        opening=np.asarray(model.lip_aperture(expression) * eye_distance(model), np.float32),
        width=np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1).astype(np.float32),
        protrusion=(middle[:, :, 2].mean(axis=1) - rest[2:4, 2].mean()).astype(np.float32),
        lip_above_edge=(lip[:, 1] - edge[0]).astype(np.float32),
        lip_before_edge=(lip[:, 2] - edge[1]).astype(np.float32),
    )


@lru_cache(maxsize=2)
def incisor_edge(model: FaceModel) -> tuple[float, float]:
    """Height and depth in mm of the edge of the upper front teeth."""
    part = model.parts["teeth"]
    jaw = np.linalg.norm(model.expression_basis[ARKIT_INDEX["jawOpen"], part], axis=1)
    upper = model.neutral[part][jaw < _STILL_TEETH_CM]
    half_width, depth = _INCISORS_CM
    front = upper[np.abs(upper[:, 0]) < half_width]
    front = front[front[:, 2] > front[:, 2].max() - depth]
    lowest = front[front[:, 1].argmin()] * MM
    return float(lowest[1]), float(lowest[2])


@lru_cache(maxsize=2)
def _points(model: FaceModel) -> tuple[Floats, Floats]:
    """(7, 3) mm of the landmarks used, at rest, and (52, 7, 3) what the channels add."""
    chosen = [*MOUTH_CORNERS, *_OUTER_MIDDLE, *_LOWER_MIDDLE]
    corners, weights = model.landmarks.corners[chosen], model.landmarks.weights[chosen]
    rest = (model.neutral[corners] * weights[..., None]).sum(axis=1) * MM
    basis = (model.expression_basis[:, corners] * weights[..., None]).sum(axis=2) * MM
    return np.asarray(rest, np.float32), np.asarray(basis, np.float32)
