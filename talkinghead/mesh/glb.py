"""The talking face as one binary glTF file: morph targets, head and eyes moving, sound left out.

Units are metres, y up, the face looks along +z, as glTF 2.0 asks for.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.camera import rotation_matrix
from renderer.coefficients import Floats, MotionCoefficients
from renderer.face_model import Indices, gaze_rotation
from renderer.geometry import FaceGeometry, vertex_normals
from talkinghead import __version__
from talkinghead.mesh.glb_file import GlbFile, Json
from talkinghead.mesh.morphs import Eyeball, Morphs
from talkinghead.mesh.surface import Material, Surface

METRES = np.float32(0.01)
"""Per cm."""
LEAST_CM = 1e-5
"""Movements below this are left out of the morph targets."""
_HEAD, _FACE, _FIRST_EYE = 0, 1, 2
_JPEG_QUALITY = 92


def glb_bytes(
    geometry: FaceGeometry, morphs: Morphs, surface: Surface, motion: MotionCoefficients
) -> bytes:
    """The whole file.

    Args:
        geometry: the face on its photo.
        morphs: of this face.
        surface: of this face.
        motion: T frames; frame k is shown at k / fps seconds.
    """
    file = GlbFile()
    resting = geometry.source.motion
    meshes = [
        _face(file, geometry, morphs, surface, resting.expression),
        *(_eyeball(file, eyeball, surface) for eyeball in morphs.eyeballs),
    ]
    file.document.update({
        "asset": {
            "version": "2.0",
            "generator": f"Evoke {__version__}",
            "extras": {"note": "Synthetic, made by Evoke: not a recording of a real event."},
        },
        "scene": 0,
        "scenes": [{"name": "Evoke", "nodes": [_HEAD]}],
        "nodes": _nodes(morphs, resting),
        "meshes": meshes,
        "materials": _materials(surface),
        "animations": [_animation(file, morphs, motion)],
        **_pictures(file, surface),
    })  # fmt: skip
    return file.to_bytes()


def _face(
    file: GlbFile, geometry: FaceGeometry, morphs: Morphs, surface: Surface, resting: Floats
) -> Json:
    """All skin and the inside of the mouth: one set of vertices, one primitive a material."""
    shape = geometry.shapes(resting)[0]
    normals = vertex_normals(shape, geometry.model.triangles)[: len(morphs.shape)]
    attributes = {
        "POSITION": file.accessor(morphs.shape * METRES, bounds=True),
        "NORMAL": file.accessor(np.ascontiguousarray(normals)),
        "TEXCOORD_0": file.accessor(np.ascontiguousarray(surface.places[: len(morphs.shape)])),
    }
    targets = [
        {"POSITION": file.sparse(target * METRES, LEAST_CM * float(METRES))}
        for target in morphs.targets
    ]
    primitives = [
        {"attributes": attributes, "indices": file.accessor(_corners(material.triangles)),
         "material": index, "targets": targets}
        for index, material in enumerate(surface.materials) if material.name != "eyeballs"
    ]  # fmt: skip
    return {
        "name": "face",
        "primitives": primitives,
        "weights": morphs.weights(resting)[0].tolist(),
        "extras": {"targetNames": list(morphs.names)},
    }


def _eyeball(file: GlbFile, eyeball: Eyeball, surface: Surface) -> Json:
    index, material = _eye_material(surface)
    part = eyeball.vertices
    inside = ((material.triangles >= part.start) & (material.triangles < part.stop)).all(1)
    triangles = material.triangles[inside] - part.start
    normals = vertex_normals(eyeball.shape, triangles)
    attributes = {
        "POSITION": file.accessor(eyeball.shape * METRES, bounds=True),
        "NORMAL": file.accessor(normals),
        "TEXCOORD_0": file.accessor(np.ascontiguousarray(surface.places[part])),
    }
    primitive = {
        "attributes": attributes, "indices": file.accessor(_corners(triangles)), "material": index,
    }  # fmt: skip
    return {"name": f"eye_{eyeball.side}", "primitives": [primitive]}


def _eye_material(surface: Surface) -> tuple[int, Material]:
    return next(
        (index, material) for index, material in enumerate(surface.materials)
        if material.name == "eyeballs"
    )  # fmt: skip


def _corners(triangles: Indices) -> NDArray[np.uint16]:
    """The model has 24,591 vertices: 16 bits are enough."""
    return np.ascontiguousarray(triangles.ravel().astype(np.uint16))


def _nodes(morphs: Morphs, resting: MotionCoefficients) -> list[Json]:
    """The head holds face and eyeballs; it stands as in the photo until it is animated."""
    eyes = [
        {
            "name": f"eye_{eyeball.side}", "mesh": 1 + index,
            "translation": (eyeball.centre * METRES).tolist(),
            "rotation": _gaze(resting.expression, eyeball)[0].tolist(),
        }
        for index, eyeball in enumerate(morphs.eyeballs)
    ]  # fmt: skip
    head: Json = {
        "name": "head",
        "children": [_FACE, *range(_FIRST_EYE, _FIRST_EYE + len(eyes))],
        "rotation": quaternions(rotation_matrix(resting.rotation))[0].tolist(),
        "translation": (resting.translation[0] * METRES).tolist(),
    }
    return [head, {"name": "face", "mesh": 0}, *eyes]


def _materials(surface: Surface) -> list[Json]:
    pictures = list(surface.pictures)
    written: list[Json] = []
    for material in surface.materials:
        colour: Json = {
            "baseColorFactor": [*(_linear(value) for value in material.colour), 1.0],
            "metallicFactor": 0.0, "roughnessFactor": material.roughness,
        }  # fmt: skip
        if material.picture is not None:
            colour["baseColorTexture"] = {"index": pictures.index(material.picture)}
        written.append({"name": material.name, "pbrMetallicRoughness": colour})
    return written


def _linear(value: float) -> float:
    """From sRGB to linear light (IEC 61966-2-1)."""
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _pictures(file: GlbFile, surface: Surface) -> Json:
    names = list(surface.pictures)
    images = [
        {"name": name, "mimeType": "image/jpeg",
         "bufferView": file.image(jpeg_bytes(surface.pictures[name]))}
        for name in names
    ]  # fmt: skip
    return {
        "images": images,
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
        "textures": [{"name": name, "source": i, "sampler": 0} for i, name in enumerate(names)],
    }


def jpeg_bytes(picture: NDArray[np.uint8]) -> bytes:
    """Encode (H, W, 3) uint8 RGB."""
    how = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    _, data = cv2.imencode(".jpg", picture[..., ::-1], how)
    return bytes(data)


def _animation(file: GlbFile, morphs: Morphs, motion: MotionCoefficients) -> Json:
    times = file.accessor((np.arange(len(motion)) / motion.fps).astype(np.float32), bounds=True)
    weights = np.ascontiguousarray(morphs.weights(motion.expression), np.float32)
    tracks: list[tuple[int, str, NDArray[np.float32]]] = [
        (_FACE, "weights", weights.ravel()),
        (_HEAD, "rotation", quaternions(rotation_matrix(motion.rotation))),
        (_HEAD, "translation", np.ascontiguousarray(motion.translation * METRES, np.float32)),
    ]
    for index, eyeball in enumerate(morphs.eyeballs):
        tracks.append((_FIRST_EYE + index, "rotation", _gaze(motion.expression, eyeball)))
    return {
        "name": "speech",
        "samplers": [
            {"input": times, "output": file.accessor(values), "interpolation": "LINEAR"}
            for _, _, values in tracks
        ],
        "channels": [
            {"sampler": index, "target": {"node": node, "path": path}}
            for index, (node, path, _) in enumerate(tracks)
        ],
    }


def _gaze(expression: Floats, eyeball: Eyeball) -> Floats:
    return quaternions(gaze_rotation(np.asarray(expression, np.float32), eyeball.side))


def quaternions(matrices: Floats) -> Floats:
    """(T, 4) x, y, z, w of (T, 3, 3) rotations, without jumps of sign from frame to frame."""
    from scipy.spatial.transform import Rotation

    turned = Rotation.from_matrix(np.asarray(matrices, np.float64)).as_quat()
    signs = np.where((turned[1:] * turned[:-1]).sum(1) < 0, -1.0, 1.0)
    turned[1:] *= np.cumprod(signs)[:, None]
    return np.ascontiguousarray(turned, np.float32)
