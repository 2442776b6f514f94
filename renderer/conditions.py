"""What the generator is told about a frame: the geometric picture and maps of the mesh.

The picture is the geometric renderer's. The maps are rasterised at the quarter of the network's
resolution at which it works; everything in them is smooth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.face_model import FaceModel
from renderer.geometric import GeometricFrame, GeometricRenderer
from renderer.geometry import FaceGeometry, PosedFace
from renderer.rasterizer import rasterize

NETWORK_SIDE = 256
MAP_SIDE = NETWORK_SIDE // 4
NETWORK_FACTOR, NETWORK_RISE = 1.75, 0.06
"""What the network sees: a square of this many times the face's larger extent, raised by so much of
it."""
CODE_SPAN_CM = 12.0
"""The canonical code is the place on the mean face at rest, divided by this."""
TARGET_MAPS, SOURCE_MAPS = 7, 4
"""Channels: flow 2, visibility 1, covered 1, code 3; and covered 1, code 3."""
WINDOW_RADIUS = 13
"""Frames before and after the one that is rendered, of which the style knows (PIRenderer's)."""
MOTION_WIDTH = 55
"""Expression and rotation; where the head stands is in the maps."""

Box = tuple[float, float, float, float]


@lru_cache(maxsize=4)
def canonical_code(model: FaceModel) -> Floats:
    """(V, 3) float32: where each vertex lies on the mean face at rest, about -1..1."""
    middle = model.neutral[: model.parts["face"].stop].mean(0)
    return np.asarray((model.neutral - middle) / np.float32(CODE_SPAN_CM), np.float32)


@dataclass(frozen=True)
class Conditions:
    """What the network is told about one frame; S = `NETWORK_SIDE`, s = `MAP_SIDE`.

    Attributes:
        picture: (S, S, 3) uint8 the geometric picture.
        inner: (S, S, 2) uint8 0..255 inside of the mouth, eyeballs.
        maps: (s, s, 7) float32: backward flow x and y in half sides of the picture, visibility of
            the surface in the source, covered, code x, y, z.
    """

    picture: NDArray[np.uint8]
    inner: NDArray[np.uint8]
    maps: Floats


class ConditionRenderer:
    """The geometric renderer, with everything that the network wants to know.

    Args:
        geometry: the face on its picture; its `source_points` say where the mesh lies there.
        backend: rasteriser backend.
    """

    def __init__(self, geometry: FaceGeometry, backend: str = "numba") -> None:
        self.geometry = geometry
        self.backend = backend
        self._code = canonical_code(geometry.model)
        self._renderer = GeometricRenderer(geometry.model, geometry.source, backend, geometry)

    def frame(self, posed: PosedFace) -> GeometricFrame:
        """One picture; see `FaceGeometry.poses`."""
        return self._renderer.frame(posed)

    def conditions(self, frame: GeometricFrame, points: Floats, box: Box) -> Conditions:
        """What the network is told about a frame.

        Args:
            frame: from `frame`.
            points: (V, 3) the vertices it was made from.
            box: (left, top, right, bottom) of the square part of the picture that it sees.
        """
        picture = np.asarray(cut(frame.picture, box, NETWORK_SIDE), np.uint8)
        inner = np.clip(cut(inner_masks(frame), box, NETWORK_SIDE) * 255 + 0.5, 0, 255)
        flow = cut(frame.offset, box, MAP_SIDE) * np.float32(2 / (box[2] - box[0]))
        surface = self.surface(points, box)
        return Conditions(picture, inner.astype(np.uint8), np.concatenate([flow, surface], axis=-1))

    def surface(self, points: Floats, box: Box) -> Floats:
        """(s, s, 5) float32 of the mesh: visibility in the source, covered, code."""
        attributes = np.concatenate([self._renderer.coarse.visibility, self._code], axis=1)
        scale = MAP_SIDE / (box[2] - box[0])
        local = (points - np.array([box[0], box[1], 0], np.float32)) * np.array(
            [scale, scale, 1], np.float32
        )
        raster = rasterize(
            local, self.geometry.model.triangles, attributes, (MAP_SIDE, MAP_SIDE), self.backend
        )
        covered = raster.covered[..., None].astype(np.float32)
        return np.concatenate(
            [raster.attributes[..., :1], covered, raster.attributes[..., 1:]], axis=-1
        )

    def source_surface(self, box: Box) -> Floats:
        """(s, s, 4) float32 of the mesh on the source: covered, code."""
        return self.surface(self.geometry.source_points, box)[..., 1:]


def inner_masks(frame: GeometricFrame) -> Floats:
    """(H, W, 2) float32 0..1 where the inside of the mouth, and where eyeballs show."""
    masks = np.zeros((*frame.picture.shape[:2], 2), np.float32)
    for name, patch in frame.patches.items():
        channel = 0 if name == "mouth" else 1
        place = masks[(*patch.where, slice(channel, channel + 1))]
        np.maximum(place, patch.alpha, out=place)
    return masks


def cut(values: NDArray[np.uint8] | Floats, box: Box, side: int) -> NDArray[np.uint8] | Floats:
    """Cut a square and scale it to side x side pixels; beyond the border the edge repeats."""
    scale = side / (box[2] - box[0])
    if scale < 1 and all(float(edge).is_integer() for edge in box) and _inside(box, values.shape):
        left, top, right, bottom = (int(edge) for edge in box)
        part = values[top:bottom, left:right]
        return np.asarray(cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA))
    # Pixel centres: target (i + 0.5) / scale + left - 0.5.
    matrix = np.array(
        [[1 / scale, 0, box[0] + 0.5 / scale - 0.5], [0, 1 / scale, box[1] + 0.5 / scale - 0.5]]
    )
    return np.asarray(
        cv2.warpAffine(
            values, matrix, (side, side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
        )
    )  # fmt: skip


def _inside(box: Box, shape: tuple[int, ...]) -> bool:
    return box[0] >= 0 and box[1] >= 0 and box[2] <= shape[1] and box[3] <= shape[0]


def network_box(landmarks: Floats) -> Box:
    """The square that the network sees: head and hair, in whole pixels.

    Args:
        landmarks: (L, 2) on the source's picture.

    Returns:
        (left, top, right, bottom); it may reach beyond the picture.
    """
    low, high = landmarks.min(0), landmarks.max(0)
    extent = float((high - low).max())
    centre = (low + high) / 2 - (0.0, NETWORK_RISE * extent)
    side = 2.0 * round(NETWORK_FACTOR * extent / 2)
    left, top = (round(float(value) - side / 2) for value in centre)
    return float(left), float(top), left + side, top + side
