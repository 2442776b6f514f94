import numpy as np
import pytest

from renderer.detail_views import VIEWS, DetailView
from renderer.geometric import GeometricRenderer
from talkinghead.portrait.framing import crop_view

MOUTH, LEFT, RIGHT = VIEWS


@pytest.fixture(scope="module")
def view(portrait):
    return crop_view(portrait.source, 256)


@pytest.fixture(scope="module")
def renderer(face_model, view):
    return GeometricRenderer(face_model, view)


def ramp(height=200, width=300):
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.stack([x + 0.5, y + 0.5, x + y], axis=-1)


def test_every_view_lies_around_its_part(face_model, view, renderer):
    points = renderer.geometry.source_points
    for one in VIEWS:
        left, top, right, bottom = one.box(face_model, points, view.camera.pixels_per_cm)
        assert right - left == pytest.approx(bottom - top)
        assert right - left == pytest.approx(one.span_cm * view.camera.pixels_per_cm, rel=1e-4)
        places = view.landmarks[list(one.landmarks)]
        assert (places > (left, top)).all()
        assert (places < (right, bottom)).all()


@pytest.mark.parametrize("span", [40.0, 112.0, 160.0])
def test_what_is_cut_shows_the_places_of_the_box(span):
    box = (50.3, 20.7, 50.3 + span, 20.7 + span)
    cut = MOUTH.cut(ramp(), box)
    step = span / MOUTH.side
    expected = 50.3 + (np.arange(MOUTH.side) + 0.5) * step
    np.testing.assert_allclose(cut[50, 2:-2, 0], expected[2:-2], atol=0.05)


def test_the_right_eye_is_seen_in_a_mirror():
    box = (50.0, 20.0, 114.0, 84.0)
    left, right = (one.cut(ramp(), box) for one in (LEFT, RIGHT))
    np.testing.assert_array_equal(left, right[:, ::-1])


@pytest.mark.parametrize("one", [MOUTH, RIGHT])
@pytest.mark.parametrize("span", [50.0, 112.0, 300.0])
def test_what_is_put_back_unchanged_changes_little(one, span):
    picture = np.clip(ramp(400, 400) * 0.5, 0, 255).astype(np.uint8)
    box = (30.4, 45.6, 30.4 + span, 45.6 + span)
    after = picture.copy()
    share = np.ones((one.side, one.side, 1), np.float32)
    one.put(after, box, one.cut(picture, box).astype(np.float32), share)
    assert np.abs(after.astype(int) - picture).max() <= 2


@pytest.mark.parametrize("box", [(-60.0, -60.0, 40.0, 40.0), (150.2, 150.2, 260.2, 260.2)])
def test_beyond_the_border_nothing_breaks_and_nothing_else_changes(box):
    picture = np.full((200, 200, 3), 100, np.uint8)
    paint = np.full((MOUTH.side, MOUTH.side, 3), 200, np.float32)
    MOUTH.put(picture, box, paint, np.ones((MOUTH.side, MOUTH.side, 1), np.float32))
    left, top, right, bottom = (int(np.clip(edge, 0, 200)) for edge in box)
    outside = np.ones((200, 200), bool)
    outside[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1] = False
    assert (picture[outside] == 100).all()
    assert picture.max() == 200


def test_a_box_outside_the_picture_is_left_alone():
    picture = np.full((50, 50, 3), 7, np.uint8)
    paint = np.zeros((MOUTH.side, MOUTH.side, 3), np.float32)
    MOUTH.put(picture, (90.0, 90.0, 190.0, 190.0), paint, np.ones_like(paint[..., :1]))
    assert (picture == 7).all()


def test_the_mask_shows_the_open_mouth(face_model, view, renderer, opened):
    posed = list(renderer.geometry.poses(opened(view)))[-1]
    frame = renderer.frame(posed)
    box = MOUTH.box(face_model, posed.points, view.camera.pixels_per_cm)
    mask = MOUTH.cut_inner(frame, box)
    assert mask.shape == (MOUTH.side, MOUTH.side, 1)
    assert mask.max() > 0.9
    assert 0.03 < mask.mean() < 0.5
    missing = DetailView("nothing", "mouth", MOUTH.landmarks, 7.2, 112)
    assert not missing.cut_inner(frame, box).any()
