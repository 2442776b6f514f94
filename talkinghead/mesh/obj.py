"""The talking face as Wavefront OBJ files: one of the photo, and a folder with one a frame.

Units are cm, y up; the head's pose is part of the vertices.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from renderer.camera import pose
from renderer.coefficients import MotionCoefficients
from renderer.geometry import FaceGeometry
from talkinghead.mesh.glb import jpeg_bytes
from talkinghead.mesh.surface import Material, Surface

_CHUNK = 8


class ObjWriter:
    """Writes one face, frame after frame; what no frame changes is worked out once.

    Args:
        geometry: the face on its photo.
        surface: of this face.
    """

    def __init__(self, geometry: FaceGeometry, surface: Surface) -> None:
        self._geometry = geometry
        triangles = [material.triangles for material in surface.materials]
        self._used = np.unique(np.concatenate(triangles))
        number = np.zeros(len(surface.places), np.int64)
        number[self._used] = np.arange(1, len(self._used) + 1)
        self._line = "v %.5f %.5f %.5f\n" * len(self._used)
        self._tail = _texture_places(surface, self._used) + _faces(surface, number)

    def frames(self, motion: MotionCoefficients, materials: str) -> Iterator[str]:
        """The text of each frame's file.

        Args:
            motion: T frames.
            materials: path of the material file, as seen from the frame's file.
        """
        head = f"# Synthetic, made by Evoke. Unit: cm.\nmtllib {materials}\no face\n"
        for start in range(0, len(motion), _CHUNK):
            part = motion.frames(start, start + _CHUNK)
            shapes = self._geometry.shapes(part.expression)[:, self._used]
            for vertices in pose(shapes, part.rotation, part.translation):
                yield head + self._line % tuple(vertices.ravel().tolist()) + self._tail


def write_obj_sequence(
    path: Path, geometry: FaceGeometry, surface: Surface, motion: MotionCoefficients
) -> Iterator[int]:
    """Write the face of the photo as NAME.obj, and a folder NAME with one file a frame.

    Args:
        path: NAME.obj, in a folder that holds nothing else of this name.
        geometry: the face on its photo.
        surface: of this face.
        motion: T frames.

    Yields:
        The number of frames written so far.
    """
    name, folder = path.stem, path.with_suffix("")
    folder.mkdir()
    for picture, pixels in surface.pictures.items():
        (folder / f"{name}_{picture}.jpg").write_bytes(jpeg_bytes(pixels))
    (folder / f"{name}.mtl").write_text(_materials(name, surface), encoding="utf-8")
    still = _materials(f"{name}/{name}", surface)
    path.with_suffix(".mtl").write_text(still, encoding="utf-8")
    writer = ObjWriter(geometry, surface)
    resting = next(writer.frames(geometry.source.motion, f"{name}.mtl"))
    path.write_text(resting, encoding="utf-8")
    digits = max(4, len(str(len(motion) - 1)))
    for index, text in enumerate(writer.frames(motion, f"{name}.mtl")):
        (folder / f"{name}_{index:0{digits}}.obj").write_text(text, encoding="utf-8")
        yield index + 1


def _texture_places(surface: Surface, used: NDArray[np.intp]) -> str:
    """OBJ counts v upwards."""
    places = surface.places[used] * (1, -1) + (0, 1)
    return "vt %.5f %.5f\n" * len(used) % tuple(places.ravel().tolist())


def _faces(surface: Surface, number: NDArray[np.int64]) -> str:
    parts = ["s 1\n"]
    for material in surface.materials:
        corners = np.repeat(number[material.triangles].ravel(), 2)
        parts.append(f"g {material.name}\nusemtl {material.name}\n")
        parts.append("f %d/%d %d/%d %d/%d\n" * len(material.triangles) % tuple(corners.tolist()))
    return "".join(parts)


def _materials(name: str, surface: Surface) -> str:
    return "\n".join(_material(name, material) for material in surface.materials)


def _material(name: str, material: Material) -> str:
    red, green, blue = material.colour
    lines = [
        f"newmtl {material.name}", f"Kd {red:.4f} {green:.4f} {blue:.4f}",
        "Ka 0 0 0", "Ks 0.04 0.04 0.04", f"Ns {2 / max(material.roughness, 0.1) ** 4:.1f}",
        "illum 2",
    ]  # fmt: skip
    if material.picture is not None:
        lines.append(f"map_Kd {name}_{material.picture}.jpg")
    return "\n".join(lines) + "\n"
