"""Landmarks to identity, expression and pose: bounded least squares, alternating with pose.

The landmark model is S(α, β) of `renderer.face_model` at the landmarks only. Each round solves the
pose for fixed shape (Gauss-Newton), then all coefficients for fixed pose and depth (linear).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from renderer.camera import rotation_matrix
from renderer.coefficients import ARKIT_NAMES, Floats
from renderer.face_model import FaceModel, LandmarkEmbedding
from renderer.landmark_groups import COUNT, IRIS_CENTRES, LIDS, OUTER_EYE_CORNERS
from talkinghead.portrait.confidence import (
    expression_bounds,
    expression_prior,
    identity_prior,
    landmark_confidence,
)
from talkinghead.portrait.gaze import eye_angles, look_towards
from talkinghead.portrait.sight import Sight
from talkinghead.portrait.solve import Doubles, bounded_least_squares

ROUNDS = 8
CLIP_ROUNDS = 2
FIRST_YAWS = (-0.7, 0.0, 0.7)
CLIP_IDENTITY_FRAMES = 12
MAX_IDENTITY = 4.0  # standard deviations
_IBUG_OUTER_EYE_CORNERS = (36, 45)


@dataclass(frozen=True)
class FaceFit:
    """The face model laid on F pictures of one person.

    Attributes:
        identity: (Ki,) float32.
        expression: (F, 52) float32 in 0..1.
        rotation: (F, 3) float32 radians.
        origin: (F, 2) float32 pixels, where the head's origin appears.
        scale: (F,) float32 pixels per cm at the head's origin.
        predicted: (F, L, 2) float32 pixels, the model's landmarks as a camera sees them that looks
            straight at the head's origin, as each picture's own does.
        error: (F,) float32 RMS distance to the given landmarks in units of the outer eye distance.
    """

    identity: Floats
    expression: Floats
    rotation: Floats
    origin: Floats
    scale: Floats
    predicted: Floats
    error: Floats

    def picture(self, index: int) -> FaceFit:
        """The fit of one of the pictures, F = 1."""
        part = slice(index, index + 1)
        return FaceFit(
            self.identity, self.expression[part], self.rotation[part], self.origin[part],
            self.scale[part], self.predicted[part], self.error[part],
        )  # fmt: skip


class FaceFitter:
    """Fits one face model; holds the small landmark bases.

    Args:
        model: the face model.
        embedding: its landmarks, MediaPipe's 478 or iBUG's 68.
    """

    def __init__(self, model: FaceModel, embedding: LandmarkEmbedding) -> None:
        weights = embedding.weights[..., None].astype(np.float64)
        corners = embedding.corners
        self.neutral: Doubles = (model.neutral[corners] * weights).sum(1)
        self.identity_basis: Doubles = (model.identity_basis[:, corners] * weights).sum(2)
        self.expression_basis: Doubles = (model.expression_basis[:, corners] * weights).sum(2)
        self.count = len(corners)
        self.has_irises = self.count == COUNT
        self.eye_corners = OUTER_EYE_CORNERS if self.has_irises else _IBUG_OUTER_EYE_CORNERS
        self.confidence = landmark_confidence(self.count)
        self._expression_prior = expression_prior(self.count)
        self._eyeballs = {
            side: np.asarray(model.eyeball_centre(model.neutral, side), np.float64)
            for side in IRIS_CENTRES
        }
        self._upper = expression_bounds()

    def fit(self, points: Floats, identity: Floats | None = None) -> FaceFit:
        """Fit F pictures of one person.

        Args:
            points: (F, L, 2) landmarks in pixels.
            identity: (Ki,) if it is known already; otherwise it is fitted, shared by all pictures.
        """
        observed = points.astype(np.float64)
        frames = len(observed)
        shared = np.zeros(len(self.identity_basis)) if identity is None else identity.astype(float)
        expression = np.zeros((frames, len(ARKIT_NAMES)))
        sights = [self._first_sight(one) for one in observed]
        for _ in range(ROUNDS):
            for index in range(frames):
                shape = self._shape(shared, expression[index])
                sights[index] = sights[index].posed(shape, self.confidence)
            if identity is None:
                shared = self._solve_identity(sights, shared, expression)
            for index, sight in enumerate(sights):
                expression[index] = self._solve_expression(sight, shared, expression[index])
        return self._result(sights, shared, expression)

    def fit_clip(self, points: Floats) -> FaceFit:
        """Fit successive frames of one person: one identity, each frame starting from the last.

        All frames are seen by one camera, the one that looks straight at the first one's head.

        Args:
            points: (F, L, 2) landmarks in pixels.
        """
        chosen = np.linspace(0, len(points) - 1, min(len(points), CLIP_IDENTITY_FRAMES))
        identity = self.fit(points[np.unique(chosen.astype(int))]).identity.astype(np.float64)
        weights = np.zeros(len(ARKIT_NAMES))
        sight = self._first_sight(points[0].astype(np.float64))
        sights, expression = [], []
        for index, seen in enumerate(points.astype(np.float64)):
            sight = replace(sight, points=seen)
            for _ in range(CLIP_ROUNDS if index else ROUNDS):
                sight = sight.posed(self._shape(identity, weights), self.confidence)
                weights = self._solve_expression(sight, identity, weights)
            if sight.camera is None:
                sight = replace(sight, camera=sight.pose[3:])
            sights.append(sight)
            expression.append(weights)
        return self._result(sights, identity, np.stack(expression))

    def _shape(self, identity: Doubles, expression: Doubles) -> Doubles:
        shape: Doubles = self.neutral + np.tensordot(identity, self.identity_basis, axes=1)
        shape += np.tensordot(expression, self.expression_basis, axes=1)
        if self.has_irises:
            self._turn_irises(shape, expression)
        return shape

    def _turn_irises(self, shape: Doubles, expression: Doubles) -> None:
        for side, first in IRIS_CENTRES.items():
            matrix = rotation_matrix(np.array([*eye_angles(expression, side), 0.0], np.float32))
            centre = self._eyeballs[side]
            part = slice(first, first + 5)
            shape[part] = (shape[part] - centre) @ matrix.T.astype(np.float64) + centre

    def _first_sight(self, observed: Doubles) -> Sight:
        """The best of three guesses of how the head is turned."""
        left, right = observed[self.eye_corners[0]], observed[self.eye_corners[1]]
        roll = float(np.arctan2(*(right - left)[::-1]))
        spread = np.linalg.norm(observed - observed.mean(0), axis=1).mean()
        flat = self.neutral[:, :2]
        scale = spread / np.linalg.norm(flat - flat.mean(0), axis=1).mean()
        found = []
        for yaw in FIRST_YAWS:
            pose = np.array([0.0, yaw, roll, *observed.mean(0), scale])
            pose[3:5] += observed.mean(0) - Sight(observed, pose).project(self.neutral)[0].mean(0)
            sight = Sight(observed, pose).posed(self.neutral, self.confidence)
            error = ((sight.project(self.neutral)[0] - observed) ** 2).sum()
            found.append((float(error), sight))
        return min(found, key=lambda pair: pair[0])[1]

    def _beside_pose(self, columns: Doubles, shape: Doubles, sight: Sight) -> Doubles:
        """What of (2L, N) columns a change of pose could not do as well (a Schur complement).

        Without it the two halves of the alternation would take small turns towards each other, and
        a clip that is warm-started from frame to frame would lag behind.
        """
        jacobian = sight.jacobian(shape)
        weighted = jacobian * np.repeat(self.confidence, 2)[:, None]
        by_pose = np.linalg.solve(weighted.T @ jacobian, weighted.T @ columns)
        return np.asarray(columns - jacobian @ by_pose)

    def _design(self, basis: Doubles, sight: Sight, shape: Doubles) -> Doubles:
        """(2L, N) change of the landmarks in cm on the picture plane for a unit of each weight."""
        matrix = rotation_matrix(sight.pose[:3].astype(np.float32)).astype(np.float64)
        nearness = sight.project(shape)[1]
        turned = basis @ matrix[:2].T * (1, -1) * nearness[:, None]
        return np.asarray(turned.reshape(len(basis), -1).T)

    def _solve_identity(
        self, sights: list[Sight], identity: Doubles, expression: Doubles
    ) -> Doubles:
        """Identity shared by all pictures; expressions are solved along with it per picture."""
        count = len(identity)
        normal, target = np.zeros((count, count)), np.zeros(count)
        prior = identity_prior(self.count)
        both_priors = np.r_[np.full(count, prior), self._expression_prior]
        lower = np.r_[np.full(count, -MAX_IDENTITY), np.zeros(len(ARKIT_NAMES))]
        upper = np.r_[np.full(count, MAX_IDENTITY), self._upper]
        both = np.concatenate([self.identity_basis, self.expression_basis])
        for sight, weights in zip(sights, expression, strict=True):
            start = np.r_[identity, weights]
            shape = self._shape(identity, weights)
            full, right = self._normal_equations(both, sight, shape, start)
            full += np.diag(both_priors)
            joint: Doubles = bounded_least_squares(full, right, lower, upper, start, 60)
            weights[:] = joint[count:]
            normal += full[:count, :count]
            target += right[:count] - full[:count, count:] @ weights
        normal -= np.eye(count) * prior * (len(sights) - 1)  # one prior for one person
        solved: Doubles = bounded_least_squares(
            normal, target, lower[:count], upper[:count], identity, 60
        )
        return solved

    def _solve_expression(self, sight: Sight, identity: Doubles, expression: Doubles) -> Doubles:
        expression = expression.copy()
        if self.has_irises:
            self._solve_gaze(sight, identity, expression)
        shape = self._shape(identity, expression)
        normal, target = self._normal_equations(self.expression_basis, sight, shape, expression)
        normal += np.diag(self._expression_prior)
        gaze = np.array([name.startswith("eyeLook") for name in ARKIT_NAMES])
        lower = np.where(gaze, expression, 0.0)
        upper = np.where(gaze, expression, self._upper)
        solved: Doubles = bounded_least_squares(normal, target, lower, upper, expression, 100)
        return solved

    def _normal_equations(
        self, basis: Doubles, sight: Sight, shape: Doubles, start: Doubles
    ) -> tuple[Doubles, Doubles]:
        """(N, N) and (N,) for weights of a basis, linearised at `start`; centimetres."""
        design = self._design(basis, sight, shape)
        residual = ((sight.points - sight.project(shape)[0]) / sight.pose[5]).ravel()
        columns = self._beside_pose(np.column_stack([design, residual]), shape, sight)
        design, residual = columns[:, :-1], columns[:, -1]
        weighted = design * np.repeat(self.confidence, 2)[:, None]
        seen = residual + np.asarray(design @ start, np.float64)
        return weighted.T @ design, np.asarray(weighted.T @ seen, np.float64)

    def _solve_gaze(self, sight: Sight, identity: Doubles, expression: Doubles) -> None:
        """Turn each eyeball so that its iris lies on the iris landmark, relative to the lids."""
        shape = self._shape(identity, expression)
        predicted, observed = sight.project(shape)[0], sight.points
        matrix = rotation_matrix(sight.pose[:3].astype(np.float32)).astype(np.float64)
        for side, lids in LIDS.items():
            landmark = IRIS_CENTRES[side]
            shift = (observed[list(lids)] - predicted[list(lids)]).mean(0)
            centre = self._eyeballs[side]
            radius = float(np.linalg.norm(self.neutral[landmark] - centre))
            middle = sight.project(centre[None])[0][0] + shift
            offset = (observed[landmark] - middle) / sight.pose[5] * (1, -1)
            depth = np.sqrt(max(radius**2 - float(offset @ offset), 0.05))
            towards = matrix.T @ np.array([*offset, depth])
            straight = self.neutral[landmark] - centre
            look_towards(expression, side, towards, straight)

    def _result(self, sights: list[Sight], identity: Doubles, expression: Doubles) -> FaceFit:
        shapes = [self._shape(identity, weights) for weights in expression]
        pairs = list(zip(shapes, sights, strict=True))
        reached = np.stack([sight.project(shape)[0] for shape, sight in pairs])
        predicted = np.stack([replace(one, camera=None).project(shape)[0] for shape, one in pairs])
        observed = np.stack([sight.points for sight in sights])
        poses = np.stack([sight.pose for sight in sights])
        first, last = self.eye_corners
        width = np.linalg.norm(observed[:, first] - observed[:, last], axis=1)
        error = np.sqrt(((reached - observed) ** 2).sum(-1).mean(1)) / width
        arrays = (identity, expression, poses[:, :3], poses[:, 3:5], poses[:, 5], predicted, error)
        return FaceFit(*(array.astype(np.float32) for array in arrays))
