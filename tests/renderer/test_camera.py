import numpy as np
import pytest

from renderer.camera import Camera, pose, rotation_matrix


def test_rotation_matrices_are_orthonormal():
    angles = np.random.default_rng(0).uniform(-1, 1, (50, 3)).astype(np.float32)
    matrices = rotation_matrix(angles)
    identity = matrices @ np.swapaxes(matrices, -1, -2)
    np.testing.assert_allclose(identity, np.tile(np.eye(3), (50, 1, 1)), atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(matrices), 1.0, atol=1e-6)


@pytest.mark.parametrize(
    ("angles", "point", "axis", "sign"),
    [
        ((0.3, 0, 0), (0, 0, 10), 1, -1),  # +pitch: the nose goes down
        ((0, 0.3, 0), (0, 0, 10), 0, +1),  # +yaw: the nose goes to image right
        ((0, 0, 0.3), (0, 10, 0), 0, +1),  # +roll: the top goes to image right
    ],
)
def test_signs_of_the_angles(angles, point, axis, sign):
    turned = rotation_matrix(np.array(angles, np.float32)) @ np.array(point, np.float32)
    assert np.sign(turned[axis]) == sign


def test_projection_of_the_origin_is_the_centre():
    camera = Camera(1000.0, (200.0, 150.0))
    x, y, depth = camera.project(np.zeros((1, 3), np.float32))[0]
    assert (x, y, depth) == (200.0, 150.0, camera.distance)


def test_up_is_up_and_nearer_is_larger():
    camera = Camera(1000.0, (200.0, 150.0))
    up = camera.project(np.array([[0, 1, 0], [0, 1, 10]], np.float32))
    assert up[0, 1] == pytest.approx(140.0)
    assert up[1, 1] < up[0, 1]
    assert up[1, 2] < up[0, 2]


def test_a_cut_and_scaled_picture_keeps_points_in_place():
    camera = Camera(1000.0, (200.0, 150.0))
    points = np.random.default_rng(1).normal(0, 5, (20, 3)).astype(np.float32)
    whole = camera.project(points)[:, :2]
    part = camera.seen_from((30.0, 20.0), 0.5).project(points)[:, :2]
    np.testing.assert_allclose(part, (whole - (30, 20)) * 0.5, atol=1e-4)


def test_pose_turns_then_moves():
    points = np.array([[[0, 0, 1]]], np.float32)
    moved = pose(points, np.array([[0, np.pi / 2, 0]]), np.array([[0, 0, 5]]))
    np.testing.assert_allclose(moved[0, 0], [1, 0, 5], atol=1e-6)
