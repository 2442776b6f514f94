import numpy as np
import pytest
from spoken_cases import track

from renderer.coefficients import expression_from
from talkinghead.evaluation.eye_control import lid_vertices, looked, measure_eyes, shut


def obedient(eyes, leak=0.0):
    """Eyes that do exactly as they are told; `leak` opens the jaw along with them."""
    x, y = eyes.gaze
    weights = {
        "eyeBlink": 0.1 * eyes.blink,
        "eyeLookOutLeft": max(x, 0), "eyeLookInRight": max(x, 0),
        "eyeLookInLeft": max(-x, 0), "eyeLookOutRight": max(-x, 0),
        "eyeLookUp": max(y, 0), "eyeLookDown": max(-y, 0),
        "jawOpen": leak * (eyes.blink + x + y + 2),
    }  # fmt: skip
    return track(np.repeat(expression_from(weights)[None], 8, axis=0))


def test_readings_by_hand():
    half = np.array([expression_from({"eyeBlinkLeft": 1.0}), expression_from({})])
    assert shut(half) == pytest.approx(0.25)
    x, y = looked(expression_from({"eyeLookOutLeft": 1, "eyeLookInRight": 1})[None])
    assert (x, y) == (pytest.approx(np.degrees(0.55), abs=1e-3), pytest.approx(0.0))
    x, y = looked(expression_from({"eyeLookUp": 0.5})[None])
    assert (x, y) == (pytest.approx(0.0), pytest.approx(np.degrees(0.21), abs=1e-3))


def test_obedient_eyes_are_monotone_and_leave_the_lips_alone(face_model):
    rows = measure_eyes(obedient, face_model)
    assert list(rows) == ["blink", "gaze x", "gaze y"]
    for row in rows.values():
        assert row["monotone"]
        assert row["lids_mm"] > 0.1
        assert row["lips_share"] < 0.01
    assert rows["blink"]["given"] == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])


def test_a_jaw_that_follows_the_eyes_is_found_out(face_model):
    rows = measure_eyes(lambda eyes: obedient(eyes, leak=0.02), face_model)
    for row in rows.values():
        assert row["lips_share"] > 0.01


def test_eyes_that_do_not_listen_are_not_monotone(face_model):
    rows = measure_eyes(lambda _: track(np.zeros((8, 52))), face_model)
    for row in rows.values():
        assert not row["monotone"]
        assert row["lips_share"] is None


def test_lids_are_at_the_eyes(face_model):
    chosen = lid_vertices(face_model)
    moved = np.linalg.norm(
        face_model.expression_basis[:, chosen].reshape(52, -1)[8:10].sum(0).reshape(-1, 3), axis=1
    )
    assert len(chosen) > 100
    assert np.median(moved) > 0.05  # cm, by both blinks
