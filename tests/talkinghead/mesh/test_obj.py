from __future__ import annotations

import re

import numpy as np
import trimesh

from renderer.camera import pose
from renderer.geometry import FaceGeometry


def test_one_numbered_file_a_frame_with_materials_and_pictures(obj):
    names = sorted(path.name for path in obj.sequence.iterdir())
    assert names == [
        "face.mtl", *(f"face_{frame:04}.obj" for frame in range(7)), "face_eyes.jpg",
        "face_face.jpg",
    ]  # fmt: skip
    materials = re.findall(r"newmtl (\w+)", (obj.sequence / "face.mtl").read_text())
    used = re.findall(r"usemtl (\w+)", (obj.sequence / "face_0000.obj").read_text())
    assert used == materials
    for picture in re.findall(r"map_Kd (\S+)", (obj.sequence / "face.mtl").read_text()):
        assert (obj.sequence / picture).is_file()


def test_vertices_are_those_of_the_renderer(obj, face_model, portrait, moving):
    geometry = FaceGeometry(face_model, portrait.source)
    posed = pose(geometry.shapes(moving.expression), moving.rotation, moving.translation)
    skin = face_model.parts["sclera_left"].start
    for frame in (0, 6):
        text = (obj.sequence / f"face_{frame:04}.obj").read_text()
        vertices = np.array([line.split()[1:] for line in text.splitlines() if line[:2] == "v "])
        expected = posed[frame][:skin]
        distance = trimesh.proximity.cKDTree(vertices.astype(float)).query(expected[::50])[0]
        assert distance.max() < 1e-4  # cm


def test_other_readers_open_it(obj):
    loaded = trimesh.load(obj.sequence / "face_0003.obj")
    parts = list(loaded.geometry.values()) if hasattr(loaded, "geometry") else [loaded]
    assert sum(len(part.faces) for part in parts) > 40_000
    assert any(part.visual.kind == "texture" for part in parts)


def test_the_file_of_the_asked_name_is_the_face_of_the_photo(obj, face_model, portrait):
    geometry = FaceGeometry(face_model, portrait.source)
    rest = portrait.resting
    posed = pose(geometry.shapes(rest.expression), rest.rotation, rest.translation)[0]
    lines = obj.mesh.read_text().splitlines()
    vertices = np.array([line.split()[1:] for line in lines if line[:2] == "v "]).astype(float)
    distance = trimesh.proximity.cKDTree(vertices).query(posed[:9000:50])[0]
    assert distance.max() < 1e-4  # cm
    pictures = re.findall(r"map_Kd (\S+)", obj.mesh.with_suffix(".mtl").read_text())
    assert all((obj.mesh.parent / picture).is_file() for picture in pictures)
