import numpy as np
import pytest

from renderer.coefficients import expression_from
from talkinghead.evaluation.lip_shape import CLOSED_MM, eye_distance, incisor_edge, lip_shape


def shape_of(face_model, **weights):
    return lip_shape(face_model, expression_from(weights)[None])


def test_the_face_at_rest_is_closed_and_neither_wide_nor_forward(face_model):
    rest = shape_of(face_model)
    assert rest.opening[0] == pytest.approx(0, abs=1e-5)
    assert rest.closed.all()
    assert rest.protrusion[0] == pytest.approx(0, abs=1e-4)
    assert not rest.at_the_teeth(face_model).any()


def test_opening_is_the_aperture_in_millimetres(face_model):
    expression = expression_from({"jawOpen": 0.5})[None]
    opening = lip_shape(face_model, expression).opening
    assert opening[0] == pytest.approx(
        float(face_model.lip_aperture(expression)[0]) * eye_distance(face_model)
    )
    assert 10 < opening[0] < 20
    assert 80 < eye_distance(face_model) < 100


def test_width_is_that_between_the_corners_of_the_deformed_mesh(face_model):
    expression = expression_from({"mouthSmile": 0.6, "mouthPucker": 0.2})[None]
    points = face_model.landmarks.on(face_model.deform(face_model.neutral, expression))[0]
    made = lip_shape(face_model, expression)
    assert made.width[0] == pytest.approx(10 * np.linalg.norm(points[61] - points[291]), abs=1e-2)
    at_rest = face_model.landmarks.on(face_model.neutral)
    forward = 10 * (points[[0, 17], 2] - at_rest[[0, 17], 2]).mean()
    assert made.protrusion[0] == pytest.approx(forward, abs=1e-2)


@pytest.mark.parametrize("how", [{"mouthPucker": 0.6}, {"mouthPucker": 0.3, "mouthFunnel": 0.4}])
def test_rounding_by_any_channel_is_narrow_and_forward(face_model, how):
    rounded, spread = shape_of(face_model, **how), shape_of(face_model, mouthStretch=0.5)
    assert rounded.width[0] < shape_of(face_model).width[0] - 2 < spread.width[0]
    assert rounded.protrusion[0] > 2 > spread.protrusion[0]


def test_a_rolled_lip_is_at_the_teeth_and_a_shut_or_open_mouth_is_not(face_model):
    assert shape_of(face_model, mouthRollLower=0.7, jawOpen=0.05).at_the_teeth(face_model).all()
    assert not shape_of(face_model, jawOpen=0.3).at_the_teeth(face_model).any()
    assert not shape_of(face_model, mouthRollLower=0.7, jawOpen=0.3).at_the_teeth(face_model).any()
    assert not shape_of(face_model, mouthPress=0.3).at_the_teeth(face_model).any()


def test_the_incisors_are_behind_the_lips_and_above_the_lower_one(face_model):
    height, depth = incisor_edge(face_model)
    upper, lower = face_model.landmarks.on(face_model.neutral)[[13, 14]] * 10
    assert depth < min(upper[2], lower[2])
    assert height < upper[1]


def test_a_millimetre_is_the_difference_between_closed_and_open(face_model):
    weights = np.linspace(0, 0.1, 50)
    shape = lip_shape(face_model, np.array([expression_from({"jawOpen": w}) for w in weights]))
    assert shape.closed[shape.opening < CLOSED_MM - 0.01].all()
    assert not shape.closed[shape.opening > CLOSED_MM + 0.01].any()
