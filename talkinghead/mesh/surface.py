"""What the mesh looks like: the photo on the face, plain colours on the rest."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.appearance import Appearance, appearance_of
from renderer.coarse_flow import CoarseFlow
from renderer.coefficients import ARKIT_INDEX, Floats
from renderer.easing import smooth_step
from renderer.face_model import FaceModel, Indices
from renderer.geometry import FaceGeometry
from renderer.inner_parts import WET_LIP_DEPTH_CM, InnerPaint
from renderer.landmark_groups import CHEEKS
from renderer.rasterizer import rasterize

MAX_TEXTURE_SIDE = 2048
FADE_CM = 0.9
"""Over this distance from the outline of the landmarks the photo fades into plain skin."""
EYE_TEXTURE_SIDE = 192
_TONGUE_MOVES_CM = 0.02


@dataclass(frozen=True)
class Material:
    """One material.

    Attributes:
        name: as other programs show it.
        colour: (red, green, blue) 0..1, sRGB; white where there is a picture.
        roughness: 0 = mirror, 1 = chalk.
        picture: name of its picture in `Surface.pictures`; None = plain.
        triangles: (F, 3) int32 vertices of the face model, counter-clockwise from outside.
    """

    name: str
    colour: tuple[float, float, float]
    roughness: float
    picture: str | None
    triangles: Indices


@dataclass(frozen=True)
class Surface:
    """Materials of a whole head.

    Attributes:
        materials: in the order in which they are drawn.
        places: (V, 2) float32 texture coordinates, (0, 0) = top left, (1, 1) = bottom right.
        pictures: (H, W, 3) uint8 RGB by name.
    """

    materials: tuple[Material, ...]
    places: Floats
    pictures: dict[str, NDArray[np.uint8]]


def surface_of(geometry: FaceGeometry) -> Surface:
    """Materials and pictures of a fitted face."""
    model = geometry.model
    appearance = appearance_of(geometry.source)
    skin = _skin_colour(geometry)
    inside, facing = _inside_face(geometry), CoarseFlow(geometry).visibility
    photo_triangles, plain_triangles = _split_skin(geometry, inside, facing[:, 0])
    picture, box = _face_picture(geometry, photo_triangles, inside, facing, skin)
    places = (geometry.source_points[:, :2] - box[:2]) / (box[2] - box[0], box[3] - box[1])
    eyes = [model.parts[f"sclera_{side}"] for side in ("left", "right")]
    for column, part in enumerate(eyes):
        places[part] = (_around_pupil(model, part) + np.array([column, 0])) * (0.5, 1)
    white = (1.0, 1.0, 1.0)
    materials = (
        Material("face", white, 0.9, "face", photo_triangles),
        Material("skin", _share(skin), 0.9, None, plain_triangles),
        *_mouth_materials(model, appearance),
        Material("eyeballs", white, 0.25, "eyes", np.concatenate([_of(model, p) for p in eyes])),
    )
    eye_picture = _eye_picture(model, appearance, places, eyes)
    return Surface(
        materials, np.clip(places, 0, 1).astype(np.float32), {"face": picture, "eyes": eye_picture}
    )


def _mouth_materials(model: FaceModel, appearance: Appearance) -> list[Material]:
    inside = _of(model, model.parts["gums_and_tongue"])
    tongue_moves = np.abs(model.expression_basis[ARKIT_INDEX["tongueOut"]]).sum(1)
    is_tongue = (tongue_moves > _TONGUE_MOVES_CM)[inside].any(1)
    socket = model.parts["mouth_socket"]
    in_socket = ((model.triangles >= socket.start) & (model.triangles < socket.stop)).all(1)
    dark = model.triangles[in_socket & ~_wet_lips(model)[model.triangles].any(1)]
    return [
        Material("mouth", _share(appearance.cavity), 1.0, None, dark),
        Material("gums", _share(appearance.gums), 0.5, None, inside[~is_tongue]),
        Material("tongue", _share(appearance.tongue), 0.6, None, inside[is_tongue]),
        Material("teeth", _share(appearance.teeth), 0.35, None, _of(model, model.parts["teeth"])),
    ]


def _wet_lips(model: FaceModel) -> NDArray[np.bool_]:
    """(V,) the front of the mouth socket: the wet part of the lips, coloured like them."""
    socket = model.parts["mouth_socket"]
    wet = np.zeros(len(model.neutral), bool)
    depth = model.neutral[socket, 2]
    wet[socket] = depth > depth.max() - WET_LIP_DEPTH_CM
    return wet


def _of(model: FaceModel, part: slice) -> Indices:
    inside = ((model.triangles >= part.start) & (model.triangles < part.stop)).all(1)
    return np.ascontiguousarray(model.triangles[inside])


def _split_skin(geometry: FaceGeometry, inside: Floats, facing: Floats) -> tuple[Indices, Indices]:
    """Triangles that carry the photo, and the plain rest of the skin."""
    model = geometry.model
    height, width = inside.shape
    columns, rows = np.floor(geometry.source_points[:, :2]).astype(int).T
    share = inside[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    seen = (share > 0) & (facing > 0)
    socket = model.parts["mouth_socket"]
    in_socket = ((model.triangles >= socket.start) & (model.triangles < socket.stop)).all(1)
    lips = in_socket & _wet_lips(model)[model.triangles].any(1)
    skin = (model.triangles < model.parts["eye_socket_right"].stop).all(1) & (~in_socket | lips)
    with_photo = skin & (seen[model.triangles].any(1) | lips)
    return model.triangles[with_photo], model.triangles[skin & ~with_photo]


def _inside_face(geometry: FaceGeometry) -> Floats:
    """(H, W) 1 well inside the outline of the landmarks on the photo, fading to 0 towards it."""
    source = geometry.source
    mask = np.zeros(source.image.shape[:2], np.uint8)
    outline = cv2.convexHull(np.round(source.landmarks).astype(np.int32))
    distance = cv2.distanceTransform(cv2.fillConvexPoly(mask, outline, 1), cv2.DIST_L2, 5)
    return smooth_step(distance / (FADE_CM * source.camera.pixels_per_cm))


def _skin_colour(geometry: FaceGeometry) -> Floats:
    """(3,) 0..255 the median of the cheeks."""
    photo = geometry.source.image
    on_cheeks = np.zeros(photo.shape[:2], np.uint8)
    radius = max(2, round(0.5 * geometry.source.camera.pixels_per_cm))
    for x, y in geometry.source.landmarks[list(CHEEKS)]:
        cv2.circle(on_cheeks, (int(x), int(y)), radius, 1, -1)
    pixels = photo[on_cheeks > 0]
    return np.median(pixels, axis=0).astype(np.float32) if len(pixels) else np.full(3, 150, "f4")


def _face_picture(
    geometry: FaceGeometry, triangles: Indices, inside: Floats, facing: Floats, skin: Floats
) -> tuple[NDArray[np.uint8], tuple[int, int, int, int]]:
    """The part of the photo that the face covers, fading into plain skin; and its box."""
    height, width = inside.shape
    points = geometry.source_points
    used = points[np.unique(triangles), :2]
    left, top = np.clip(np.floor(used.min(0)) - 2, 0, (width - 2, height - 2)).astype(int).tolist()
    right, bottom = np.minimum(np.ceil(used.max(0)) + 2, (width, height)).astype(int).tolist()
    raster = rasterize(
        points - np.array([left, top, 0], np.float32), triangles, facing,
        (bottom - top, right - left),
    )  # fmt: skip
    share = raster.attributes[..., 0]
    share[_holes(raster.covered)] = 1.0  # eyes and mouth: lids and lips sample across their rims
    share *= inside[top:bottom, left:right]
    part = geometry.source.image[top:bottom, left:right].astype(np.float32)
    blended = skin + (part - skin) * share[..., None]
    picture = np.clip(blended + 0.5, 0, 255).astype(np.uint8)
    scale = MAX_TEXTURE_SIDE / max(picture.shape[:2])
    if scale < 1:
        picture = np.asarray(
            cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
    return picture, (left, top, right, bottom)


def _holes(covered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(H, W) what lies inside the outline but is not covered."""
    mask = covered.astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(mask), contours, -1, 1, cv2.FILLED)
    return np.asarray((filled > 0) & ~covered)


def _around_pupil(model: FaceModel, part: slice) -> Floats:
    """(N, 2) 0..1: an eyeball laid flat, angle from the front as distance from the middle."""
    shape = model.neutral[part].astype(np.float64)
    shape -= shape.mean(0)
    across = np.hypot(shape[:, 0], shape[:, 1])
    angle = np.arctan2(across, shape[:, 2]) / np.pi  # 0 in front, 1 behind
    way = shape[:, :2] / np.maximum(across, 1e-6)[:, None]
    laid = 0.5 + 0.49 * angle[:, None] * way * (1, -1)
    # The last bits of such functions depend on where an array lies in memory.
    return np.asarray(np.round(laid, 6), np.float32)


def _eye_picture(
    model: FaceModel, appearance: Appearance, places: Floats, eyes: list[slice]
) -> NDArray[np.uint8]:
    """Both eyeballs side by side."""
    colours = InnerPaint(model, appearance).colours(1.0)
    size = (EYE_TEXTURE_SIDE, 2 * EYE_TEXTURE_SIDE)
    depth = np.zeros((len(places), 1), np.float32)
    points = np.concatenate([places * (size[1], size[0]), depth], axis=1).astype(np.float32)
    triangles = np.concatenate([_of(model, part) for part in eyes])
    corners = points[triangles]
    # Behind the eye a triangle may reach around the pole: it would be drawn across the picture.
    triangles = triangles[np.ptp(corners[..., 0], axis=1) < 0.2 * EYE_TEXTURE_SIDE]
    raster = rasterize(points, triangles, colours, size)
    ground = np.broadcast_to(appearance.sclera * 0.6, raster.attributes.shape)
    drawn = np.where(raster.covered[..., None], raster.attributes, ground)
    return np.clip(drawn + 0.5, 0, 255).astype(np.uint8)


def _share(colour: Floats) -> tuple[float, float, float]:
    red, green, blue = (float(value) / 255 for value in np.clip(colour, 0, 255))
    return red, green, blue
