import numpy as np
import pytest

from renderer.coefficients import ARKIT_NAMES, EYE_CHANNELS, expression_from
from renderer.face_model import GAZE_YAW, gaze_angles
from renderer.landmark_groups import INNER_LIP_LOWER, INNER_LIP_UPPER, LIPS


def deformed(model, weights):
    return model.deform(model.neutral, expression_from(weights)[None])[0]


def test_no_expression_is_the_resting_shape(face_model):
    np.testing.assert_allclose(deformed(face_model, {}), face_model.neutral, atol=1e-5)


def test_landmark_weights_are_barycentric(face_model):
    for embedding, count in ((face_model.landmarks, 478), (face_model.landmarks_68, 68)):
        assert embedding.corners.shape == (count, 3)
        np.testing.assert_allclose(embedding.weights.sum(1), 1.0, atol=1e-5)
        assert embedding.weights.min() >= -1e-6


def test_every_channel_moves_the_face(face_model):
    for name in ARKIT_NAMES:
        moved = np.abs(deformed(face_model, {name: 1.0}) - face_model.neutral).max()
        assert moved > 0.1, name


def test_eye_control_leaves_the_lips_alone(face_model):
    mouth = np.linalg.norm(
        (deformed(face_model, {"jawOpen": 1.0}) - face_model.neutral)[
            face_model.landmarks.corners[list(LIPS)]
        ],
        axis=-1,
    ).max()
    for name in EYE_CHANNELS:
        moved = (deformed(face_model, {name: 1.0}) - face_model.neutral)[
            face_model.landmarks.corners[list(LIPS)]
        ]
        assert np.linalg.norm(moved, axis=-1).max() < 0.01 * mouth, name


@pytest.mark.parametrize(
    ("channel", "side", "axis", "sign"),
    [
        ("eyeLookOutLeft", "left", 0, +1),
        ("eyeLookInLeft", "left", 0, -1),
        ("eyeLookOutRight", "right", 0, -1),
        ("eyeLookInRight", "right", 0, +1),
        ("eyeLookUpLeft", "left", 1, +1),
        ("eyeLookDownRight", "right", 1, -1),
    ],
)
def test_gaze_turns_the_iris_the_right_way(face_model, channel, side, axis, sign):
    iris = 473 if side == "left" else 468
    before = face_model.landmarks.on(face_model.neutral)[iris]
    half = face_model.landmarks.on(deformed(face_model, {channel: 0.5}))[iris]
    full = face_model.landmarks.on(deformed(face_model, {channel: 1.0}))[iris]
    assert sign * (half - before)[axis] > 0.1
    assert sign * (full - half)[axis] > 0.1  # monotonic


def test_eyeballs_turn_rigidly(face_model):
    part = face_model.eyeball_slice("left")
    centre = face_model.eyeball_centre(face_model.neutral, "left")
    turned = deformed(face_model, {"eyeLookOutLeft": 1.0})[part]
    np.testing.assert_allclose(
        np.linalg.norm(turned - centre, axis=1),
        np.linalg.norm(face_model.neutral[part] - centre, axis=1),
        atol=1e-4,
    )
    yaw = gaze_angles(expression_from({"eyeLookOutLeft": 1.0})[None], "left")[1]
    assert yaw[0] == pytest.approx(GAZE_YAW)


def test_lip_aperture(face_model):
    faces = np.stack(
        [
            expression_from(weights)
            for weights in (
                {},
                {"jawOpen": 0.1},
                {"jawOpen": 0.3},
                {"jawOpen": 0.3, "mouthClose": 0.3},
                {"mouthPress": 1.0},
            )
        ]
    )
    closed, little, wide, undone, pressed = face_model.lip_aperture(faces)
    assert closed == pytest.approx(0.0, abs=1e-6)
    assert 0.01 < little < wide
    assert undone < 0.01
    assert pressed < 0.005


def test_tongue_comes_out(face_model):
    tongue = face_model.parts["gums_and_tongue"]
    moved = (deformed(face_model, {"tongueOut": 1.0}) - face_model.neutral)[tongue]
    assert moved[:, 2].max() > 1.5
    outside = np.ones(len(face_model.neutral), bool)
    outside[tongue] = False
    assert np.abs(face_model.expression_basis[-1, outside]).max() == 0


def test_identity_changes_the_resting_shape(face_model):
    someone = np.zeros(face_model.identity_count, np.float32)
    someone[0] = 1.0
    assert np.abs(face_model.resting_shape(someone) - face_model.neutral).max() > 0.1


def test_inner_lips_follow_their_own_lip(face_model):
    """Closed lips touch: a landmark of the lower one once lay on the upper one."""
    wide = face_model.landmarks.on(deformed(face_model, {"jawOpen": 1.0}))
    shut = face_model.landmarks.on(face_model.neutral)
    dropped = shut[:, 1] - wide[:, 1]
    assert dropped[list(INNER_LIP_LOWER)].min() > 1.5
    assert dropped[list(INNER_LIP_UPPER[2:7])].max() < 0.6
