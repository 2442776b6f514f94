from dataclasses import replace

import numpy as np
import pytest
import torch

from renderer.camera import pose
from renderer.coarse_flow import ARM_CM, CoarseFlow, FollowMaps
from renderer.follow_network import CONFIGS, SIDE, FollowNetwork
from renderer.following import follow_box, follow_known, follow_maps
from renderer.geometric import GeometricRenderer
from renderer.geometry import FaceGeometry
from talkinghead.portrait.framing import crop_view


def network(shake=0.0):
    torch.manual_seed(0)
    made = FollowNetwork(CONFIGS["tiny"]).eval()
    with torch.no_grad():
        for one in made.parameters():
            one.add_(shake * torch.randn_like(one))
    return made


@pytest.fixture
def view(portrait):
    return crop_view(portrait.source, 256)


@pytest.fixture
def coarse(face_model, view):
    return CoarseFlow(FaceGeometry(face_model, view))


def moved(view, turn=(0.0, 0.0, 0.0), shift=(0.0, 0.0, 0.0)):
    rotation = view.motion.rotation + np.array([turn], np.float32)
    translation = view.motion.translation + np.array([shift], np.float32)
    return replace(view.motion, rotation=rotation, translation=translation)


def constant(coarse, follow, drift=0.0, plane=0.0):
    height, width = coarse.size
    matrix = np.zeros((2, 6, height, width, 2), np.float32)
    matrix[:, 3, ..., 0] = drift
    follow, plane = (np.full((2, height, width, 1), one, np.float32) for one in (follow, plane))
    return FollowMaps(follow, plane, matrix)


def test_weights_survive_a_round_trip():
    known = torch.rand(2, 8, SIDE, SIDE)
    first = network(0.1)
    again = FollowNetwork.from_tensors(first.as_tensors()).eval()
    assert torch.allclose(first(known).follow, again(known).follow, atol=5e-3)
    assert torch.allclose(first(known).plane, again(known).plane, atol=5e-3)
    assert torch.allclose(first(known).drift, again(known).drift, atol=5e-3)


def test_two_photos_are_answered_like_each_alone():
    known = torch.rand(2, 8, SIDE, SIDE)
    one = network(0.1)
    both = one(known).drift
    alone = torch.cat([one(known[:1]).drift, one(known[1:]).drift])
    assert torch.allclose(both, alone, atol=1e-5)


def test_untrained_everything_follows_as_the_ring_says(coarse):
    maps = follow_maps(network(), coarse)
    assert maps.follow.shape == (2, *coarse.size, 1)
    inner = (
        slice(None),
        slice(20, -20),
        slice(20, -20),
    )  # further out it was never shown what happens
    assert np.abs(maps.follow - coarse.ring)[inner].max() < 0.15
    assert np.abs(maps.follow - coarse.ring)[inner].mean() < 0.02
    assert not maps.drift.any()
    assert not maps.plane.any()


def test_what_it_sees_is_the_same_at_every_resolution(face_model, portrait):
    seen = []
    for size in (256, 512):
        view = crop_view(portrait.source, size)
        geometry = FaceGeometry(face_model, view)
        seen.append(follow_known(geometry, follow_box(view.landmarks)))
    assert seen[0].shape == (SIDE, SIDE, 8)
    assert np.abs(seen[0] - seen[1]).mean() < 0.02


def test_a_head_that_keeps_still_moves_nothing(coarse, view):
    coarse.maps = follow_maps(network(0.2), coarse)
    posed = next(coarse.geometry.poses(view.motion))
    offset = coarse.offset(posed)
    assert np.abs(offset).max() < 1e-3


def test_the_face_moves_the_same_whatever_follows_it(face_model, view):
    pictures = []
    for follow in (0.0, 1.0):
        renderer = GeometricRenderer(face_model, view)
        renderer.coarse.maps = constant(renderer.coarse, follow)
        pictures.append(next(renderer.render(moved(view, turn=(0.0, 0.15, 0.0)))))
    posed = next(renderer.geometry.poses(moved(view, turn=(0.0, 0.15, 0.0))))
    points = face_model.landmarks.on(posed.points)[:, :2]
    x, y = points.mean(0).astype(int)
    inner = (slice(y - 15, y + 15), slice(x - 15, x + 15))
    np.testing.assert_array_equal(pictures[0][inner], pictures[1][inner])
    assert (pictures[0] != pictures[1]).any()


def test_what_does_not_follow_stays(face_model, view):
    renderer = GeometricRenderer(face_model, view)
    renderer.coarse.maps = constant(renderer.coarse, 0.0)
    picture = next(renderer.render(moved(view, turn=(0.05, 0.15, 0.05))))
    np.testing.assert_array_equal(picture[:30], view.image[:30])


def test_drift_is_linear_in_the_translation_and_scales_with_the_picture(coarse, view):
    coarse.maps = constant(coarse, 0.0, drift=0.5)
    offsets = []
    for shift in (1.0, 2.0):
        posed = next(coarse.geometry.poses(moved(view, shift=(shift, 0.0, 0.0))))
        offsets.append(coarse.offset(posed)[5, 5])
    expected = 0.5 * view.camera.pixels_per_cm
    np.testing.assert_allclose(offsets[0], (expected, 0), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(offsets[1], (2 * expected, 0), rtol=1e-3, atol=1e-3)


def test_at_a_cut_through_a_larger_photo_nothing_moves(face_model, view):
    coarse = CoarseFlow(FaceGeometry(face_model, replace(view, cut=(True,) * 4)))
    coarse.maps = constant(coarse, 1.0, drift=1.0)
    posed = next(coarse.geometry.poses(moved(view, shift=(1.0, 0.0, 0.0))))
    offset = coarse.offset(posed)
    for border in (offset[0], offset[-1], offset[:, 0], offset[:, -1]):
        assert np.abs(border).max() < 0.05


def test_the_plane_moves_as_its_points_do(coarse, view):
    motion = moved(view, turn=(0.05, 0.2, 0.1), shift=(0.5, -0.3, 2.0))
    posed = next(coarse.geometry.poses(motion))
    flow = coarse.head_flow(posed).plane
    on_plane = np.array([[0.0, 0.0, 0.0], [6.0, 4.0, 0.0], [-5.0, -3.0, 0.0]], np.float32)
    here, there = (
        view.camera.project(pose(on_plane, one.rotation[0], one.translation[0]))[:, :2]
        for one in (motion, view.motion)
    )
    for target, source in zip(here, there, strict=True):
        x, y = (target * coarse.scale[:2]).astype(int)
        np.testing.assert_allclose(flow[y, x], source - target, atol=0.3)


def test_the_plane_and_the_turn_move_what_their_maps_say(coarse, view):
    posed = next(coarse.geometry.poses(moved(view, turn=(0.0, 0.0, 0.1))))
    coarse.maps = constant(coarse, 0.0, plane=1.0)
    whole = coarse.offset(posed)
    plane = coarse.head_flow(posed).plane
    np.testing.assert_allclose(whole[5, 5], plane[3, 3], atol=1.0)
    coarse.maps = replace(coarse.maps, plane=coarse.maps.plane * 0)
    coarse.maps.drift[:, 2, ..., 1] = 0.5
    turned = 0.5 * 0.1 * ARM_CM * view.camera.pixels_per_cm
    np.testing.assert_allclose(coarse.offset(posed)[5, 5], (0, turned), rtol=1e-3)


def test_near_and_far_blend_with_the_way(coarse, view):
    maps = constant(coarse, 0.0, drift=1.0)
    maps.drift[0] = 0
    coarse.maps = maps
    ways = []
    for shift in (0.1, 1.5, 6.0):
        posed = next(coarse.geometry.poses(moved(view, shift=(shift, 0.0, 0.0))))
        ways.append(coarse.offset(posed)[5, 5, 0] / shift / view.camera.pixels_per_cm)
    assert ways[0] < 0.01
    assert ways[1] == pytest.approx(0.5, abs=0.01)
    assert ways[2] > 0.9
