from __future__ import annotations

import struct

import numpy as np
import pytest
import trimesh
from gltf import Scene

from renderer.camera import pose
from renderer.coefficients import ARKIT_INDEX, ARKIT_NAMES, expression_from
from renderer.geometry import FaceGeometry
from talkinghead.mesh.export import write_mesh
from talkinghead.mesh.glb import quaternions


@pytest.fixture(scope="module")
def scene(glb):
    return Scene(glb.mesh)


@pytest.fixture(scope="module")
def geometry(face_model, portrait):
    return FaceGeometry(face_model, portrait.source)


def test_every_frame_has_exactly_the_vertices_of_the_renderer(scene, geometry, moving):
    shapes = geometry.shapes(moving.expression)
    posed = pose(shapes, moving.rotation, moving.translation)
    _, weights = scene.track("face", "weights")
    for frame in range(len(moving)):
        face = scene.posed(scene.face(weights[frame]), frame) * 100
        assert np.abs(face - posed[frame, : len(face)]).max() < 1e-4  # cm
        for side in ("left", "right"):
            eye = scene.posed(scene.eye(side, frame), frame) * 100
            part = geometry.model.parts[f"sclera_{side}"]
            assert np.abs(eye - posed[frame, part]).max() < 1e-4


def test_targets_bear_the_arkit_names_and_times_are_those_of_the_track(scene, moving):
    names = scene.file.meshes[scene.nodes["face"].mesh].extras["targetNames"]
    assert tuple(names[:52]) == ARKIT_NAMES
    times, weights = scene.track("face", "weights")
    np.testing.assert_allclose(times, np.arange(7) / 24, atol=1e-6)
    np.testing.assert_array_equal(weights[:, :52], moving.expression)
    for node, path in (("head", "rotation"), ("head", "translation"), ("eye_left", "rotation")):
        np.testing.assert_array_equal(scene.track(node, path)[0], times)


def test_the_blink_channel_alone_closes_the_eye(scene, geometry):
    """A program that knows ARKit drives no corrective."""
    closed = expression_from({"eyeBlink": 1.0})
    weights = np.zeros(len(scene.file.meshes[0].extras["targetNames"]))
    weights[:52] = closed
    expected = geometry.shapes(closed[None])[0]
    face = scene.face(weights) * 100
    assert np.abs(face - expected[: len(face)]).max() < 0.02  # cm


def test_a_silent_file_shows_the_face_of_the_photo(scene, geometry, portrait):
    resting = portrait.resting.expression
    mesh = scene.file.meshes[scene.nodes["face"].mesh]
    face = scene.face(mesh.weights) * 100
    assert np.abs(face - geometry.shapes(resting)[0, : len(face)]).max() < 1e-4


def test_teeth_tongue_and_eyes_are_materials_of_their_own(scene, portrait):
    names = [material.name for material in scene.file.materials]
    assert names == ["face", "skin", "mouth", "gums", "tongue", "teeth", "eyeballs"]
    textured = {
        material.name for material in scene.file.materials
        if material.pbrMetallicRoughness.baseColorTexture is not None
    }  # fmt: skip
    assert textured == {"face", "eyeballs"}


def test_the_photo_lies_where_the_face_is(scene, geometry, portrait):
    """The colour at a vertex of the cheek is that of the photo at its projection."""
    primitive = scene.file.meshes[0].primitives[0]
    places = scene.array(primitive.attributes.TEXCOORD_0)
    picture = scene.picture(0).astype(float)
    photo = portrait.source.image.astype(float)
    vertices = np.unique(geometry.model.landmarks.corners[[4, 50, 280, 9, 151]])
    height, width = picture.shape[:2]
    for vertex in vertices:
        x, y = places[vertex] * (width, height)
        column, row = geometry.source_points[vertex, :2].astype(int)
        difference = picture[int(y), int(x)] - photo[row, column]
        assert np.abs(difference).mean() < 25


def test_other_readers_open_it(glb):
    loaded = trimesh.load(glb.mesh)
    assert {"face", "eye_left", "eye_right"} <= set(loaded.geometry)
    extent = loaded.bounds[1] - loaded.bounds[0]
    assert 0.25 < extent[1] < 0.5  # metres: a head and its neck
    declared = struct.unpack("<I", glb.mesh.read_bytes()[8:12])[0]
    assert declared == glb.mesh.stat().st_size
    assert declared < 9_000_000


def test_the_same_input_gives_the_same_bytes(face_model, portrait, moving, glb, tmp_path):
    again = write_mesh(face_model, portrait.source, moving, tmp_path / "again.glb")
    assert again.mesh.read_bytes() == glb.mesh.read_bytes()


def test_only_eyes_turn_when_only_the_gaze_moves(scene):
    weights = np.zeros(len(scene.file.meshes[0].extras["targetNames"]))
    weights[ARKIT_INDEX["eyeLookUpLeft"]] = 1
    moved = np.abs(scene.face(weights) - scene.face()).max(1) > 1e-5
    assert 10 < moved.sum() < 0.25 * len(moved)  # the lids follow


def test_quaternions_do_not_jump():
    angles = np.linspace(0, 4 * np.pi, 50)
    cosine, sine = np.cos(angles), np.sin(angles)
    zero, one = np.zeros_like(angles), np.ones_like(angles)
    matrices = np.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, one], -1)
    turned = quaternions(matrices.reshape(-1, 3, 3))
    assert ((turned[1:] * turned[:-1]).sum(1) > 0.9).all()
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), 1, atol=1e-6)
