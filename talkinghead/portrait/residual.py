"""The smooth correction that lays the fitted mesh exactly on the photo.

The fit leaves a millimetre or two at the landmarks. What is left is spread over the mesh by radial
basis functions (biharmonic in space, φ(r) = r: Carr et al., SIGGRAPH 2001) that fade out away from
the landmarks. Lips and lids are told apart by measuring distances on a face whose mouth and eyes
are open.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from renderer.camera import rotation_matrix
from renderer.coefficients import Floats, expression_from
from renderer.easing import smooth_step
from renderer.face_model import FaceModel, LandmarkEmbedding
from renderer.geometry import lid_distances
from renderer.landmark_groups import (
    COUNT,
    FIRST_IRIS,
    INNER_LIP_LOWER,
    INNER_LIP_UPPER,
    LIDS,
    LIPS,
    LOWER_LIDS,
    OUTER_EYE_CORNERS,
    UPPER_LIDS,
)
from talkinghead.portrait.fit import FaceFit

FADE_START_CM, FADE_CM = 1.0, 2.5
SMOOTHING = 0.02
"""Ridge on the interpolation, in cm: landmarks are good to about a fifth of a millimetre."""
CLOSED_GAP = 0.03
"""Gap between inner lips, in outer eye distances, below which a mouth begins to count as closed."""
LID_REACH_CM = 1.3
LID_OVERLAP_CM = 0.12
LID_CORNER = 0.25
"""Share of the eye's width over which the closing fades towards each corner."""

Doubles = NDArray[np.float64]


def landmark_residual(fit: FaceFit, points: Floats) -> Floats:
    """What the fit leaves, in the head frame.

    Args:
        fit: of one picture.
        points: (L, 2) the landmarks in pixels.

    Returns:
        (L, 3) cm; perpendicular to the line of sight.
    """
    points = _with_closed_lips_touching(points) if len(points) == COUNT else points
    flat = (points - fit.predicted[0]) / fit.scale[0] * np.array([1, -1], np.float32)
    in_camera = np.concatenate([flat, np.zeros((len(flat), 1), np.float32)], axis=1)
    return np.asarray(in_camera @ rotation_matrix(fit.rotation[0]), np.float32)


def _with_closed_lips_touching(points: Floats) -> Floats:
    """Where the inner lips all but touch, let them: a slit in the mesh would show teeth."""
    upper, lower = points[list(INNER_LIP_UPPER)], points[list(INNER_LIP_LOWER)]
    width = np.linalg.norm(points[OUTER_EYE_CORNERS[0]] - points[OUTER_EYE_CORNERS[1]])
    gap = np.linalg.norm(upper - lower, axis=1).mean() / width
    share = float(np.clip((CLOSED_GAP - gap) / (0.5 * CLOSED_GAP), 0, 1))
    middle = (upper + lower) / 2
    moved = points.copy()
    moved[list(INNER_LIP_UPPER)] += share * (middle - upper)
    moved[list(INNER_LIP_LOWER)] += share * (middle - lower)
    return moved


class ResidualSpreader:
    """Spreads landmark residuals over the mesh; the linear map is worked out once.

    Args:
        model: the face model.
        embedding: the landmarks' places.
    """

    def __init__(self, model: FaceModel, embedding: LandmarkEmbedding) -> None:
        self._model = model
        reference = _open_face(model)
        count = min(len(embedding.corners), FIRST_IRIS)  # irises are the eyeballs' business
        self._skin = slice(0, model.parts["eye_socket_right"].stop)
        self._spread = _interpolation(embedding.on(reference)[:count], reference[self._skin])

    def spread(self, residual: Floats) -> Floats:
        """Landmark residuals to vertices.

        Args:
            residual: (L, 3) cm, head frame.

        Returns:
            (V, 3) float32 cm. Skin bends; eyeballs, teeth and tongue move rigidly with lids and
            lips.
        """
        model = self._model
        field = np.zeros_like(model.neutral)
        field[self._skin] = self._spread @ residual[: self._spread.shape[1]]
        if len(residual) == COUNT:
            for side, lids in LIDS.items():
                field[model.eyeball_slice(side)] = residual[list(lids)].mean(0)
                field[model.parts[f"eye_socket_{side}"]] = residual[list(lids)].mean(0)
            inside = slice(model.parts["gums_and_tongue"].start, model.parts["teeth"].stop)
            field[inside] = residual[list(LIPS)].mean(0)
        return field


def lid_closure(model: FaceModel, identity: Floats, residual: Floats) -> Floats:
    """How far the corrected upper lids must still travel so that a full blink closes the eye.

    Args:
        model: the face model.
        identity: (Ki,).
        residual: (V, 3) from `ResidualSpreader.spread`.

    Returns:
        (2, V, 3) float32 cm for the left and the right eye.
    """
    resting = model.resting_shape(identity)
    closed = model.deform(resting, expression_from({"eyeBlink": 1.0})[None])[0] + residual
    reference = _open_face(model)
    landmarks, places = model.landmarks.on(closed), model.landmarks.on(reference)
    skin = model.parts["face"]
    closure = np.zeros((2, *model.neutral.shape), np.float32)
    for row, side in enumerate(("left", "right")):
        upper, lower = list(UPPER_LIDS[side]), list(LOWER_LIDS[side])
        travel = landmarks[lower] - landmarks[upper]
        travel[:, 0] = 0.0
        travel[:, 1] = np.minimum(travel[:, 1] - LID_OVERLAP_CM, 0.0)
        travel[:, 2] = 0.0
        distance = _distances(reference[skin], places[upper])
        weights = np.exp(-((distance / 0.35) ** 2)) + 1e-9
        smooth = (weights @ travel) / weights.sum(1, keepdims=True)
        to_upper, to_lower = lid_distances(reference[skin], places, side)
        reach = np.clip(1.2 - to_upper / LID_REACH_CM, 0, 1)
        # Only what is nearer to the upper lid moves: the lower one holds still.
        share = np.clip((to_lower - to_upper) / 0.15, 0, 1)
        outer, inner = places[LIDS[side][0], 0], places[LIDS[side][8], 0]
        along = (reference[skin, 0] - inner) / (outer - inner)
        share = share * smooth_step(np.minimum(along, 1 - along) / LID_CORNER)
        closure[row, skin] = smooth * (reach**2 * share)[:, None]
    return closure


def _open_face(model: FaceModel) -> Floats:
    opened = expression_from({"jawOpen": 0.35, "eyeWide": 0.5})
    return np.asarray(model.deform(model.neutral, opened[None])[0], np.float32)


def _interpolation(centres: Floats, places: Floats) -> Floats:
    """(V, L) float32: values at the centres to values at the places."""
    count = len(centres)
    # φ(r) = r is conditionally positive definite: a constant term completes it.
    system = np.zeros((count + 1, count + 1))
    system[:count, :count] = _distances(centres, centres) - SMOOTHING * np.eye(count)
    system[:count, count] = system[count, :count] = 1.0
    solved = np.linalg.inv(system)[:, :count].astype(np.float32)
    distance = _distances(places, centres)
    spread = distance @ solved[:count] + solved[count]
    fade = np.exp(-((np.maximum(distance.min(1) - FADE_START_CM, 0) / FADE_CM) ** 2))
    return np.asarray(spread * fade[:, None], np.float32)


def _distances(first: Floats, second: Floats) -> Floats:
    """(N, M) euclidean distances."""
    squared = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
    return np.asarray(np.sqrt(np.maximum(squared, 0)), np.float32)
