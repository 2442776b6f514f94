"""What lies behind the skin: which triangles each window draws and how they are painted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from renderer.appearance import Appearance
from renderer.coarse_flow import skin_triangles
from renderer.coefficients import ARKIT_INDEX, Floats
from renderer.easing import smooth_step
from renderer.face_model import FaceModel
from renderer.geometry import lid_distances, vertex_normals
from renderer.landmark_groups import IRIS_CENTRES, LIDS, LIPS, OUTER_LIPS
from renderer.windows import WindowLayout

MOUTH_REACH_CM = 4.5
EYE_REACH_CM = 3.5
WET_LIP_DEPTH_CM = 0.55
"""The front of the mouth socket is the wet part of the lips: it takes the photo's lip colour."""
EYE_BIAS_CM = 2.0
"""Eyeballs never pierce lids, whatever the correction did to them."""
UPPER_LID_BIAS_CM = -0.5
"""A shutting upper lid comes to lie on the lower one. Where they pierce each other instead, their
line is torn into steps."""
LOWER_SHADOW = 0.45
"""Lower teeth lie in the shadow of the lips; as bright as the upper ones they look like braces."""
MOUTH_BIAS_CM = 0.35


@lru_cache(maxsize=4)
def window_layouts(model: FaceModel) -> tuple[WindowLayout, ...]:
    """The mouth and the two eyes."""
    return (_mouth(model), _eye(model, "left"), _eye(model, "right"))


def _mouth(model: FaceModel) -> WindowLayout:
    socket = model.parts["mouth_socket"]
    front = model.neutral[socket, 2].max()
    wet = np.zeros(len(model.neutral), bool)
    wet[socket] = model.neutral[socket, 2] > front - WET_LIP_DEPTH_CM
    in_socket = _inside(model, "mouth_socket") | _straddling(model, "face", "mouth_socket")
    wet_triangles = model.triangles[in_socket & wet[model.triangles].any(1)]
    dark_triangles = model.triangles[in_socket & ~wet[model.triangles].any(1)]
    skin = np.concatenate([_near(model, LIPS, MOUTH_REACH_CM), wet_triangles])
    inner = np.concatenate(
        [
            dark_triangles,
            *(model.triangles[_inside(model, n)] for n in ("gums_and_tongue", "teeth")),
        ]
    )
    bias = np.zeros(len(model.neutral), np.float32)
    bias[model.parts["gums_and_tongue"].start : model.parts["teeth"].stop] = MOUTH_BIAS_CM
    return WindowLayout(
        "mouth",
        np.concatenate([skin, inner]),
        len(skin),
        np.unique(model.landmarks.corners[list(LIPS)]),
        (0.35, 0.75),
        bias,
        model.landmarks.corners[list(OUTER_LIPS)][:, 0],
        _moved_by_jaw(model),
    )


def _moved_by_jaw(model: FaceModel) -> Floats:
    """(V,) 1 for what the jaw carries inside the mouth: lower teeth, gums and tongue."""
    jaw = np.linalg.norm(model.expression_basis[ARKIT_INDEX["jawOpen"]], axis=1)
    carried = smooth_step(jaw / 1.0)
    carried[: model.parts["gums_and_tongue"].start] = 0.0
    carried[model.parts["teeth"].stop :] = 0.0
    return carried


def _eye(model: FaceModel, side: str) -> WindowLayout:
    skin = _near(model, LIDS[side], EYE_REACH_CM)
    inner = _front_of_eyeball(model, side)
    bias = np.zeros(len(model.neutral), np.float32)
    bias[model.eyeball_slice(side)] = EYE_BIAS_CM
    face = model.parts["face"]
    to_upper, to_lower = lid_distances(model.neutral[face], model.landmarks.on(model.neutral), side)
    bias[face][to_upper < to_lower] = UPPER_LID_BIAS_CM
    return WindowLayout(
        f"eye_{side}",
        np.concatenate([skin, inner]),
        len(skin),
        np.unique(model.landmarks.corners[list(LIDS[side])]),
        (0.3, 0.9),
        bias,
        model.landmarks.corners[list(LIDS[side])][:, 0],
        np.zeros(len(model.neutral), np.float32),
    )


def _front_of_eyeball(model: FaceModel, side: str) -> NDArray[np.int32]:
    """Triangles of the eyeball that can ever show between the lids: 75° around its front."""
    triangles = model.triangles[_inside(model, f"sclera_{side}")]
    offset = model.neutral[triangles].mean(1) - model.eyeball_centre(model.neutral, side)
    facing = offset[:, 2] / np.linalg.norm(offset, axis=1)
    return np.asarray(triangles[facing > 0.26], np.int32)


def _near(model: FaceModel, landmarks: Sequence[int], reach: float) -> NDArray[np.int32]:
    """Skin triangles within `reach` cm of some landmarks of the neutral face."""
    places = model.landmarks.on(model.neutral)[list(landmarks)]
    skin = skin_triangles(model)
    middle = model.neutral[skin].mean(1)
    distance = np.linalg.norm(middle[:, None] - places[None], axis=-1).min(1)
    return np.asarray(skin[distance < reach], np.int32)


def _inside(model: FaceModel, part: str) -> NDArray[np.bool_]:
    """(F,) triangles whose three corners belong to a part."""
    where = model.parts[part]
    inside: NDArray[np.bool_] = (
        (model.triangles >= where.start) & (model.triangles < where.stop)
    ).all(1)
    return inside


def _straddling(model: FaceModel, first: str, second: str) -> NDArray[np.bool_]:
    """(F,) triangles with corners in both parts and in no other."""
    one, other = model.parts[first], model.parts[second]
    in_one = (model.triangles >= one.start) & (model.triangles < one.stop)
    in_other = (model.triangles >= other.start) & (model.triangles < other.stop)
    both: NDArray[np.bool_] = (in_one | in_other).all(1) & in_one.any(1) & in_other.any(1)
    return both


class InnerPaint:
    """Vertex colours of teeth, gums, tongue and eyeballs for one photo.

    Args:
        model: the face model.
        appearance: the photo's light and colours.
    """

    def __init__(self, model: FaceModel, appearance: Appearance) -> None:
        self._mouth = slice(model.parts["mouth_socket"].start, model.parts["mouth_socket"].stop)
        self._inside = slice(model.parts["gums_and_tongue"].start, model.parts["teeth"].stop)
        self._cavity = appearance.cavity
        self._colours = np.zeros_like(model.neutral)
        self._colours[self._mouth] = appearance.cavity
        _paint_mouth(model, appearance, self._colours)
        for side in ("left", "right"):
            _paint_eyeball(model, appearance, self._colours, side)

    def colours(self, aperture: float) -> Floats:
        """(V, 3) colours 0..255 of all vertices.

        Args:
            aperture: opening of the lips in outer eye distances: less light enters a small mouth.
        """
        light = 0.72 + 0.28 * float(smooth_step(aperture / 0.14))
        colours = self._colours.copy()
        colours[self._inside] = self._cavity + (self._colours[self._inside] - self._cavity) * light
        return colours


def _paint_mouth(model: FaceModel, appearance: Appearance, colours: Floats) -> None:
    """Base colours, darker to the back and where the surface turns away from the light."""
    gums, teeth = model.parts["gums_and_tongue"], model.parts["teeth"]
    colours[gums] = appearance.gums
    tongue_weight = np.abs(model.expression_basis[-1, gums]).sum(1) > 0.02
    colours[gums][tongue_weight] = appearance.tongue
    colours[teeth] = appearance.teeth
    inside = slice(gums.start, teeth.stop)
    normals = _resting_normals(model)[inside]
    facing = 0.62 + 0.38 * np.clip(normals[:, 2], 0, 1)
    front = model.neutral[teeth, 2].max()
    depth = np.clip(front - model.neutral[inside, 2], 0, None)
    shadow = 1 - LOWER_SHADOW * _moved_by_jaw(model)[inside]
    light = (facing * shadow * np.exp(-depth / 2.6))[:, None].astype(np.float32)
    colours[inside] = appearance.cavity + (colours[inside] - appearance.cavity) * light


@lru_cache(maxsize=4)
def _resting_normals(model: FaceModel) -> Floats:
    return vertex_normals(model.neutral, model.triangles)


def _paint_eyeball(model: FaceModel, appearance: Appearance, colours: Floats, side: str) -> None:
    """Pupil, iris with a dark rim, sclera shaded towards the corners and under the lid."""
    ball = model.parts[f"sclera_{side}"]
    centre = model.eyeball_centre(model.neutral, side)
    offset = model.neutral[ball] - centre
    axis = model.landmarks.on(model.neutral)[IRIS_CENTRES[side]] - centre
    axis = axis / np.linalg.norm(axis)
    radius = float(np.linalg.norm(offset, axis=1).max())
    along = offset @ axis
    across = np.linalg.norm(offset - along[:, None] * axis, axis=1)
    across = np.where(along > 0, across, radius)
    iris = appearance.iris_radius
    pupil = smooth_step((0.42 * iris - across) / (0.1 * iris) + 0.5)[:, None]
    inside_iris = smooth_step((iris - across) / (0.16 * iris) + 0.5)[:, None]
    rim = smooth_step((across - 0.72 * iris) / (0.25 * iris))[:, None]
    shade = np.clip(1.0 - 0.35 * smooth_step((across - iris) / (1.2 * iris)), 0, 1)[:, None]
    under_lid = np.clip(1.0 - 0.35 * smooth_step(offset[:, 1] / (0.7 * radius)), 0, 1)[:, None]
    sclera = appearance.sclera * shade * under_lid
    iris_colour = appearance.iris * (1 - 0.45 * rim)
    coloured = iris_colour * (1 - pupil) + appearance.pupil * pupil
    colours[ball] = sclera * (1 - inside_iris) + coloured * under_lid * inside_iris
