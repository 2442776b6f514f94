import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from renderer.geometric import GeometricRenderer
from renderer.landmark_groups import INNER_LIPS, LIDS
from talkinghead.portrait.framing import crop_view, region_view


@pytest.fixture(scope="module")
def view(portrait):
    return crop_view(portrait.source, 256)


@pytest.fixture(scope="module")
def renderer(face_model, view):
    return GeometricRenderer(face_model, view)


def changed(resting, weights=None, rotation=(0, 0, 0)):
    expression = resting.expression.copy()
    for name, value in (weights or {}).items():
        expression[0, ARKIT_INDEX[name]] = value
    return MotionCoefficients(
        expression,
        (resting.rotation + np.array(rotation)).astype(np.float32),
        resting.translation,
        25.0,
    )


def around(view, landmarks, grow=2):
    low = view.landmarks[list(landmarks)].min(0).astype(int) - grow
    high = view.landmarks[list(landmarks)].max(0).astype(int) + grow
    return slice(low[1], high[1]), slice(low[0], high[0])


def difference(first, second, where=...):
    return np.abs(first[where].astype(float) - second[where]).mean()


def test_no_motion_reproduces_the_photo(renderer, view):
    frame = next(renderer.render(view.motion))
    error = ((frame.astype(float) - view.image) ** 2).mean()
    assert 10 * np.log10(255**2 / max(error, 1e-9)) > 45


def test_an_open_jaw_shows_a_dark_mouth(renderer, view):
    wide = next(renderer.render(changed(view.motion, {"jawOpen": 0.45})))
    x, y = view.landmarks[list(INNER_LIPS)].mean(0).astype(int)
    below = slice(y, y + 8), slice(x - 4, x + 4)
    assert wide[below].mean() < 0.75 * view.image[below].mean()


def test_a_blink_covers_the_iris_with_skin(renderer, view):
    both = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    shut = next(renderer.render(changed(view.motion, both)))
    for lids in LIDS.values():
        x, y = view.landmarks[list(lids)].mean(0).astype(int)
        iris = slice(y - 1, y + 2), slice(x - 2, x + 3)
        assert shut[iris].mean() > view.image[iris].mean() + 15


def test_eyes_and_mouth_do_not_disturb_each_other(renderer, view):
    still = next(renderer.render(view.motion))
    blink = next(renderer.render(changed(view.motion, {"eyeBlinkLeft": 1.0})))
    speak = next(renderer.render(changed(view.motion, {"jawOpen": 0.3})))
    mouth, eye = around(view, INNER_LIPS), around(view, LIDS["left"])
    assert difference(blink, still, mouth) < 0.5  # of 255 grey levels: not to be seen
    assert difference(speak, still, eye) < 0.5
    assert difference(blink, still, eye) > 5
    assert difference(speak, still, mouth) > 5


def test_gaze_moves_the_iris_and_nothing_else(renderer, view):
    looks = {"eyeLookOutLeft": 0.7, "eyeLookInRight": 0.7}
    still = next(renderer.render(view.motion))
    aside = next(renderer.render(changed(view.motion, looks)))
    assert difference(aside, still, around(view, LIDS["left"], 0)) > 4
    assert difference(aside, still, around(view, INNER_LIPS)) < 0.5


def test_turning_moves_the_nose_the_right_way(renderer, view):
    turned = renderer.geometry.project(changed(view.motion, rotation=(0, 0.2, 0)))
    nose = renderer.geometry.model.landmarks.corners[1]
    assert turned[0, nose, 0].mean() > renderer.geometry.source_points[nose, 0].mean() + 3


def test_frames_do_not_depend_on_their_neighbours(renderer, view):
    one = changed(view.motion, {"jawOpen": 0.3})
    other = changed(view.motion, {"eyeBlinkLeft": 0.7}, (0.1, 0, 0))
    both = MotionCoefficients.from_array(np.concatenate([one.as_array(), other.as_array()]), 25.0)
    together = list(renderer.render(both))
    np.testing.assert_array_equal(together[0], next(renderer.render(one)))
    np.testing.assert_array_equal(together[1], next(renderer.render(other)))


def test_at_a_cut_border_nothing_moves(face_model, portrait):
    region, _ = region_view(portrait.source)
    cut = type(region)(**{**vars(region), "cut": (True, True, True, True)})
    frame = next(
        GeometricRenderer(face_model, cut).render(changed(cut.motion, rotation=(0.1, 0.25, 0.1)))
    )
    for border in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        np.testing.assert_array_equal(frame[border], region.image[border])
    assert difference(frame, region.image) > 2


def test_the_rasteriser_backends_give_the_same_picture(face_model, view, renderer):
    motion = changed(view.motion, {"jawOpen": 0.3, "eyeBlinkLeft": 0.5}, (0, 0.15, 0))
    slow = GeometricRenderer(face_model, view, "torch")
    assert difference(next(slow.render(motion)), next(renderer.render(motion))) < 0.05
