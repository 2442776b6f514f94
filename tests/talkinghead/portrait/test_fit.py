import numpy as np
import pytest

from renderer.camera import Camera, pose
from renderer.coefficients import ARKIT_INDEX, expression_from
from renderer.face_model import OUTER_EYE_CORNERS
from talkinghead.portrait.fit import FaceFitter
from talkinghead.portrait.solve import bounded_least_squares
from talkinghead.portrait.track import motion_of

FACES = [
    {},
    {"jawOpen": 0.4},
    {"mouthSmile": 0.8, "cheekSquint": 0.3},
    {"eyeBlink": 0.9},
    {"browInnerUp": 0.9, "mouthPucker": 0.5},
    {"eyeLookOutLeft": 0.6, "eyeLookInRight": 0.6},
    {"browDown": 0.8, "mouthFrown": 0.7},
]


@pytest.fixture(scope="module")
def face_fitter(face_model):
    return FaceFitter(face_model, face_model.landmarks)


def landmarks_of(model, weights, rotation=(0, 0, 0), scale=25.0, centre=(400, 380), seed=0):
    rng = np.random.default_rng(seed)
    identity = (rng.normal(0, 0.7, model.identity_count)).astype(np.float32)
    shape = model.deform(model.resting_shape(identity), expression_from(weights)[None])
    posed = pose(shape, np.array([rotation], np.float32), np.zeros((1, 3), np.float32))
    return Camera(scale * 100, centre).project(model.landmarks.on(posed)[0])[:, :2]


@pytest.mark.parametrize("weights", FACES)
def test_recovers_known_expressions(face_model, face_fitter, weights):
    fit = face_fitter.fit(landmarks_of(face_model, weights)[None])
    assert fit.error[0] < 0.008
    for name, value in weights.items():
        sides = [name] if name in ARKIT_INDEX else [f"{name}Left", f"{name}Right"]
        for side in sides:
            assert fit.expression[0, ARKIT_INDEX[side]] == pytest.approx(value, abs=0.4), side


def test_recovers_pose_and_place(face_model, face_fitter):
    rotation = (0.15, -0.3, 0.2)
    fit = face_fitter.fit(landmarks_of(face_model, {}, rotation)[None])
    np.testing.assert_allclose(fit.rotation[0], rotation, atol=0.06)
    np.testing.assert_allclose(fit.origin[0], (400, 380), atol=12)
    assert fit.scale[0] == pytest.approx(25, rel=0.04)


def test_does_not_depend_on_size_and_place_of_the_face(face_model, face_fitter):
    near = face_fitter.fit(landmarks_of(face_model, {"jawOpen": 0.3})[None])
    points = landmarks_of(face_model, {"jawOpen": 0.3}) * 0.25 + (31, -17)
    far = face_fitter.fit(points[None].astype(np.float32))
    np.testing.assert_allclose(near.expression, far.expression, atol=1e-3)
    np.testing.assert_allclose(near.identity, far.identity, atol=1e-2)


def test_weights_stay_in_range_on_noise(face_model, face_fitter):
    points = landmarks_of(face_model, {"jawOpen": 0.9, "mouthSmile": 1.0})
    noisy = points + np.random.default_rng(1).normal(0, 4, points.shape)
    fit = face_fitter.fit(noisy[None].astype(np.float32))
    assert fit.expression.min() >= 0
    assert fit.expression.max() <= 1
    assert np.abs(fit.identity).max() <= 4


def test_error_is_in_outer_eye_distances(face_model, face_fitter):
    points = landmarks_of(face_model, {})
    fit = face_fitter.fit(points[None])
    distance = np.linalg.norm(fit.predicted[0] - points, axis=1)
    width = np.linalg.norm(points[OUTER_EYE_CORNERS[0]] - points[OUTER_EYE_CORNERS[1]])
    assert fit.error[0] == pytest.approx(np.sqrt((distance**2).mean()) / width, rel=1e-4)


def test_a_clip_shares_one_identity(face_model, face_fitter):
    jaw = np.linspace(0, 0.4, 9)
    points = np.stack(
        [landmarks_of(face_model, {"jawOpen": w}, (0, 0.02 * i, 0)) for i, w in enumerate(jaw)]
    )
    fit = face_fitter.fit_clip(points)
    assert fit.identity.ndim == 1
    assert np.corrcoef(fit.expression[:, ARKIT_INDEX["jawOpen"]], jaw)[0, 1] > 0.99
    np.testing.assert_allclose(np.diff(fit.rotation[:, 1]), 0.02, atol=0.008)


def test_ibug_landmarks_fit_too(face_model):
    fitter = FaceFitter(face_model, face_model.landmarks_68)
    points = Camera(2500, (300, 300)).project(
        face_model.landmarks_68.on(
            face_model.deform(face_model.neutral, expression_from({"jawOpen": 0.4})[None])[0]
        )
    )[:, :2]
    fit = fitter.fit(points[None])
    assert fit.error[0] < 0.02
    assert fit.expression[0, ARKIT_INDEX["jawOpen"]] == pytest.approx(0.4, abs=0.12)


def test_bounded_least_squares_meets_the_optimality_conditions():
    rng = np.random.default_rng(3)
    design = rng.normal(size=(80, 20))
    normal, target = design.T @ design, design.T @ rng.normal(size=80) * 5
    lower, upper = np.zeros(20), np.full(20, 0.3)
    found = bounded_least_squares(normal, target, lower, upper, np.zeros(20), 500)
    gradient = normal @ found - target
    inside = (found > lower + 1e-9) & (found < upper - 1e-9)
    assert np.abs(gradient[inside]).max() < 1e-4
    assert (gradient[found <= lower + 1e-9] > -1e-4).all()
    assert (gradient[found >= upper - 1e-9] < 1e-4).all()


def test_a_head_that_moves_aside_and_nearer_is_drawn_where_it_was_seen(face_model, face_fitter):
    camera, steps = Camera(2500, (300, 310)), np.linspace(0, 1, 5, dtype=np.float32)
    places = steps[:, None] * np.array([6, -4, 15], np.float32)
    turns = steps[:, None] * np.array([0.05, 0.15, -0.05], np.float32)
    shape = face_model.deform(face_model.neutral, np.zeros((1, 52), np.float32))
    on = face_model.landmarks.on
    seen = camera.project(on(pose(np.repeat(shape, 5, axis=0), turns, places)))[..., :2]
    motion = motion_of(face_fitter.fit_clip(seen), 25.0)
    drawn = on(pose(np.repeat(shape, 5, axis=0), motion.rotation, motion.translation))
    # A pinhole at 100 cm; before, the head's path came out 24 pixels too long.
    off = camera.project(drawn)[..., :2] - seen
    assert np.abs((off - off[0]).mean(1)).max() < 0.6
    assert np.linalg.norm(off - off[0], axis=-1).max() < 1.5
