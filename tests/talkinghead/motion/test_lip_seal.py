import numpy as np

from renderer.coefficients import ARKIT_INDEX
from talkinghead.motion.lip_seal import sealed


def faces(count=40):
    return np.random.default_rng(0).uniform(0, 0.7, (count, 52)).astype(np.float32)


def test_no_stroke_leaves_the_face_as_it_is():
    expression = faces()
    nothing = np.zeros(40, np.float32)
    np.testing.assert_array_equal(sealed(expression, nothing, nothing), expression)


def test_a_full_stroke_shuts_an_open_mouth(aperture):
    expression = np.zeros((6, 52), np.float32)
    expression[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0.1, 0.9, 6)
    shut = sealed(expression, np.ones(6, np.float32), np.zeros(6, np.float32))
    assert np.abs(aperture(shut)).max() < 0.01


def test_half_a_stroke_closes_less(aperture):
    expression = np.zeros((5, 52), np.float32)
    expression[:, ARKIT_INDEX["jawOpen"]] = 0.5
    strokes = np.linspace(0, 1, 5, dtype=np.float32)
    opening = aperture(sealed(expression, strokes, np.zeros(5, np.float32)))
    assert (np.diff(opening) < 0).all()


def test_the_given_face_is_not_changed():
    expression = faces()
    before = expression.copy()
    sealed(expression, np.ones(40, np.float32), np.ones(40, np.float32))
    np.testing.assert_array_equal(expression, before)
