import numpy as np
import pytest

from renderer.coefficients import expression_from
from talkinghead.evaluation.motion_measures import (
    best_lag,
    correlation,
    diversity,
    face_masks,
    largest_errors,
    upper_face_dynamics,
    vertex_offsets,
)


def test_equal_motion_has_no_error():
    offsets = np.random.default_rng(0).normal(size=(5, 7, 3)).astype(np.float32)
    assert largest_errors(offsets, offsets).max() == 0
    assert upper_face_dynamics(offsets) - upper_face_dynamics(offsets) == 0


def test_the_largest_vertex_error_by_hand():
    truth = np.zeros((2, 3, 3), np.float32)
    made = truth.copy()
    made[0, 1] = (3, 4, 0)
    made[0, 2] = (0, 1, 0)
    made[1, 0] = (0, 0, 2)
    errors = largest_errors(made, truth)
    assert errors.tolist() == [5.0, 2.0]
    assert (errors**2).mean() == pytest.approx(14.5)  # CodeTalker's figure


def test_dynamics_by_hand():
    # One vertex at squared distances 0 and 4 (deviation 2), one that stands still.
    offsets = np.zeros((2, 2, 3), np.float32)
    offsets[1, 0] = (2, 0, 0)
    offsets[:, 1] = (1, 1, 1)
    assert upper_face_dynamics(offsets) == pytest.approx(1.0)


def test_masks_hold_what_their_names_say(face_model):
    masks = face_masks(face_model)
    opened = vertex_offsets(face_model, expression_from({"jawOpen": 1.0})[None], masks.lips)
    raised = vertex_offsets(face_model, expression_from({"browInnerUp": 1.0})[None], masks.upper)
    jaw = vertex_offsets(face_model, expression_from({"jawOpen": 1.0})[None], masks.upper)
    assert np.linalg.norm(opened, axis=2).max() > 10  # mm
    assert np.linalg.norm(raised, axis=2).max() > 3
    assert np.linalg.norm(jaw, axis=2).max() < 1.5
    assert not set(masks.lips) & set(masks.upper)


def test_offsets_are_those_of_the_face_model(face_model):
    expression = expression_from({"jawOpen": 0.4, "mouthSmileLeft": 0.7})[None]
    chosen = face_masks(face_model).lips
    truth = face_model.deform(face_model.neutral, expression)[0] - face_model.neutral
    made = vertex_offsets(face_model, expression, chosen)[0]
    assert np.allclose(made, truth[chosen] * 10, atol=1e-3)


def test_correlation_and_lag():
    wave = np.sin(np.arange(60) / 4).astype(np.float32)
    assert correlation(wave, 3 * wave + 1) == pytest.approx(1.0)
    assert correlation(wave, -wave) == pytest.approx(-1.0)
    assert np.isnan(correlation(np.ones(9, np.float32), wave[:9]))
    assert best_lag(wave, wave) == 0
    assert best_lag(np.roll(wave, 2)[5:55], wave[5:55]) == 2
    assert best_lag(np.roll(wave, -3)[5:55], wave[5:55]) == -3


def test_diversity_by_hand():
    tracks = np.zeros((3, 2, 2), np.float32)
    tracks[1, :, 0] = 3
    tracks[2, :, 1] = 4
    assert diversity(tracks) == pytest.approx((3 + 4 + 5) / 3)
    assert diversity(tracks[:1]) == 0.0
