"""Where MediaPipe's landmarks lie on the face model, measured on many portraits.

The nearest vertices over random renders are a first guess, a few millimetres off. Here the face
model is fitted to real portraits; what is left over on average at a landmark, turned back into the
head frame, is the error of its place on the mesh. It is moved there, mirrored-averaged, and put
back on the surface. Three rounds.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from renderer.camera import DISTANCE_CM, rotation_matrix
from renderer.coefficients import Floats
from renderer.face_model import FaceModel, LandmarkEmbedding, gaze_angles
from renderer.landmark_groups import FIRST_IRIS, IRIS_CENTRES
from talkinghead.portrait.fit import FaceFit, FaceFitter

ROUNDS = 3
_RIDGE = 20.0  # portraits' worth of belief that a landmark is where it was
_CANDIDATES = 150
REACH_CM = 0.6
IRIS_RADIUS_CM = 0.6


def vertex_embedding(vertices: NDArray[np.int32]) -> LandmarkEmbedding:
    """Landmarks that are vertices."""
    corners = np.repeat(vertices[:, None], 3, axis=1).astype(np.int32)
    return LandmarkEmbedding(corners, np.tile(np.array([1, 0, 0], np.float32), (len(corners), 1)))


def calibrate(model: FaceModel, points: Floats) -> FaceModel:
    """Move the 478 landmarks to where portraits show them.

    Args:
        model: with the first guess in `landmarks`.
        points: (N, 478, 2) landmarks of N portraits of different people, pixels.
    """
    mirror = mirror_map(points)
    within_reach = _within_reach(model)
    places = model.landmarks.on(model.neutral)
    turned = np.zeros(2)
    places[FIRST_IRIS:] = _irises(model, *turned)
    model = replace(model, landmarks=_on_surface(model, places, within_reach))
    for _ in range(ROUNDS):
        fitter = FaceFitter(model, model.landmarks)
        fits = [fitter.fit(one[None]) for one in points]
        offsets = _mean_offsets(model, fits, points)
        offsets = (offsets + offsets[mirror] * (-1, 1, 1)) / 2
        places = model.landmarks.on(model.neutral)
        places = (places + places[mirror] * np.array([-1, 1, 1], np.float32)) / 2
        places = places + offsets.astype(np.float32)
        places[FIRST_IRIS:] = _irises(model, *(turned + _mean_gaze(fits)))
        turned = turned + _mean_gaze(fits)
        model = replace(model, landmarks=_on_surface(model, places, within_reach))
    return model


def _mean_gaze(fits: list[FaceFit]) -> NDArray[np.float64]:
    """(2,) median pitch and outward turn of the eyes over portraits, radians."""
    expression = np.concatenate([fit.expression for fit in fits])
    pitch = np.median([gaze_angles(expression, side)[0] for side in IRIS_CENTRES])
    outward = np.median(
        [gaze_angles(expression, side)[1] * sign for side, sign in (("left", 1), ("right", -1))]
    )
    return np.array([pitch, outward])


def _irises(model: FaceModel, pitch: float, outward: float) -> Floats:
    """(10, 3) iris landmarks of eyes turned by two angles from the head's own forward axis.

    A wrong place cannot be seen in the residual, because the fit turns the eye until it vanishes;
    but most people look into the camera, so the angles are those that make the mean gaze zero.
    Centre first, then four points of the rim.
    """
    places = []
    for side in IRIS_CENTRES:
        centre = model.eyeball_centre(model.neutral, side)
        iris = model.neutral[model.parts[f"iris_{side}"]]
        sign = 1.0 if side == "left" else -1.0
        turn = rotation_matrix(np.array([pitch, sign * outward, 0.0], np.float32))
        axis = turn @ np.array([0.0, 0.0, iris[:, 2].max() - centre[2]], np.float32)
        across = np.cross([0.0, 1.0, 0.0], axis / np.linalg.norm(axis))
        up = np.cross(axis / np.linalg.norm(axis), across)
        # MediaPipe's rim: image right, top, image left, bottom.
        rim = [across, up, -across, -up]
        places += [centre + axis, *(centre + axis + IRIS_RADIUS_CM * way for way in rim)]
    return np.array(places, np.float32)


def mirror_map(points: Floats) -> NDArray[np.intp]:
    """(478,) the landmark on the other side of the face, from the mean of aligned portraits.

    One to one, and its own inverse up to landmarks that all but coincide.
    """
    from scipy.optimize import linear_sum_assignment

    centred = points - points.mean(1, keepdims=True)
    centred = centred / np.linalg.norm(centred, axis=(1, 2), keepdims=True)
    mean = centred.mean(0)
    mirrored = mean * (-1, 1)
    distance = np.linalg.norm(mirrored[:, None] - mean[None], axis=-1)
    distance[:FIRST_IRIS, FIRST_IRIS:] = 1e3  # an iris may lie on a lid; keep them apart
    distance[FIRST_IRIS:, :FIRST_IRIS] = 1e3
    return np.asarray(linear_sum_assignment(distance**2)[1])


def _mean_offsets(model: FaceModel, fits: list[FaceFit], points: Floats) -> NDArray[np.float64]:
    """(478, 3) cm in the head frame: least squares over all portraits."""
    count = points.shape[1]
    normal = np.tile(np.eye(3) * _RIDGE, (count, 1, 1))
    target = np.zeros((count, 3))
    for fit, seen in zip(fits, points, strict=True):
        matrix = rotation_matrix(fit.rotation[0]).astype(np.float64)
        depth = (model.landmarks.on(model.neutral).astype(np.float64) @ matrix.T)[:, 2]
        nearness = DISTANCE_CM / (DISTANCE_CM - depth)
        view = (matrix[:2] * np.array([[1.0], [-1.0]]))[None] * nearness[:, None, None]
        residual = (seen - fit.predicted[0]) / fit.scale[0]
        normal += np.swapaxes(view, 1, 2) @ view
        target += (np.swapaxes(view, 1, 2) @ residual[..., None].astype(np.float64))[..., 0]
    return np.linalg.solve(normal, target[..., None])[..., 0]


def _within_reach(model: FaceModel) -> list[NDArray[np.int32]]:
    """For each landmark the triangles to which it may move: `REACH_CM` along the surface.

    Along the surface, not through the air: closed lips touch, and a landmark of the lower lip must
    not be put on the upper one, which does not follow the jaw. The last ten lie on the irises.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    corners = model.triangles
    ends = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    length = np.linalg.norm(model.neutral[ends[:, 0]] - model.neutral[ends[:, 1]], axis=1)
    count = len(model.neutral)
    edges = coo_matrix((np.maximum(length, 1e-6), (ends[:, 0], ends[:, 1])), (count, count))
    start = model.landmarks.corners[:, 0]
    distance = dijkstra(edges.tocsr(), directed=False, indices=start, limit=REACH_CM)
    reached = np.isfinite(distance)
    near = [corners[one[corners].any(1)] for one in reached[:FIRST_IRIS]]
    for side in ["right"] * 5 + ["left"] * 5:
        iris = model.parts[f"iris_{side}"]
        near.append(corners[((corners >= iris.start) & (corners < iris.stop)).all(1)])
    return near


def _on_surface(
    model: FaceModel, places: Floats, within_reach: list[NDArray[np.int32]]
) -> LandmarkEmbedding:
    """Closest points on the triangles that each landmark may reach."""
    corners, weights = [], []
    for place, triangles in zip(places, within_reach, strict=True):
        middle = model.neutral[triangles].mean(1)
        near = triangles[np.argsort(((middle - place) ** 2).sum(1))[:_CANDIDATES]]
        found = [closest_point(place, model.neutral[triangle]) for triangle in near]
        best = int(np.argmin([distance for distance, _ in found]))
        corners.append(near[best])
        weights.append(found[best][1])
    return LandmarkEmbedding(np.array(corners, np.int32), np.array(weights, np.float32))


def closest_point(point: Floats, triangle: Floats) -> tuple[float, NDArray[np.float64]]:
    """Distance to a triangle and the barycentric weights of its closest point.

    Args:
        point: (3,).
        triangle: (3, 3) corners.
    """
    corners = triangle.astype(np.float64)
    edges = (corners[1:] - corners[0]).T
    inner = np.linalg.lstsq(edges, point - corners[0], rcond=None)[0]
    weights = np.array([1 - inner.sum(), *inner])
    if weights.min() < 0:  # outside: the closest point lies on an edge
        options = []
        for start, stop in ((0, 1), (1, 2), (2, 0)):
            along = corners[stop] - corners[start]
            share = np.clip((point - corners[start]) @ along / max(along @ along, 1e-12), 0, 1)
            option = np.zeros(3)
            option[start], option[stop] = 1 - share, share
            options.append(option)
        weights = min(options, key=lambda one: float(np.linalg.norm(one @ corners - point)))
    return float(np.linalg.norm(weights @ corners - point)), weights
