import numpy as np
import pytest

from talkinghead.evaluation.landmarks import (
    detect_all,
    landmark_distance,
    landmark_rows,
    mouth_opening,
)


def points(seed=0):
    return np.random.default_rng(seed).uniform(0, 256, (478, 2)).astype(np.float32)


def test_equal_landmarks_have_no_distance_wherever_they_lie():
    first = points()
    assert landmark_distance(first, first) == 0.0
    assert landmark_distance(first + np.float32([7, -3]), first) == pytest.approx(0.0, abs=1e-4)


def test_distance_by_hand():
    # Two points 10 apart against two 14 apart: each is 2 from its partner once both are centred.
    first = np.array([[0, 0], [10, 0]], np.float32)
    second = np.array([[0, 5], [14, 5]], np.float32)
    assert landmark_distance(first, second) == pytest.approx(2.0)


def test_only_the_chosen_landmarks_count():
    first, second = points(), points()
    second[0] += 50
    other = [one for one in range(478) if one != 0]
    assert landmark_distance(first, second, other) == pytest.approx(0.0, abs=1e-5)
    assert landmark_distance(first, second) > 0


def test_frames_without_a_face_are_counted_not_hidden():
    mouth, face, missed = landmark_rows([points(), None, points()], [points(), points(), None])
    assert (len(mouth), len(face), missed) == (1, 1, 2)


def test_mouth_opening_is_in_eye_distances():
    some = points()
    some[33], some[263] = (50, 50), (150, 50)
    some[13], some[14] = (100, 100), (100, 120)
    assert mouth_opening(some) == pytest.approx(0.2)


def test_detection_finds_the_face_and_says_where_there_is_none(portrait):
    found = detect_all([portrait.source.image, np.zeros((64, 64, 3), np.uint8)])
    assert found[0].shape == (478, 2)
    assert found[1] is None
