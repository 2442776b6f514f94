from dataclasses import replace

import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from renderer.geometry import FaceGeometry
from renderer.landmark_groups import LIDS, UPPER_LIDS
from renderer.lash_line import LashLine
from talkinghead.portrait.framing import crop_view


@pytest.fixture(scope="module")
def view(portrait):
    return crop_view(portrait.source, 256)


@pytest.fixture(scope="module")
def geometry(face_model, view):
    return FaceGeometry(face_model, view)


def posed(geometry, left, right):
    motion = geometry.source.motion.as_array().copy()
    for side, closed in (("Left", left), ("Right", right)):
        column = ARKIT_INDEX[f"eyeBlink{side}"]
        motion[:, column] = np.maximum(motion[:, column], closed)
    return next(geometry.poses(MotionCoefficients.from_array(motion, 25.0)))


def changed(geometry, left, right):
    """(H, W) by how much the lines change a picture."""
    picture = geometry.source.image.copy()
    LashLine(geometry).draw(picture, posed(geometry, left, right))
    return np.abs(picture.astype(int) - geometry.source.image).max(-1)


def test_open_eyes_have_no_line(geometry):
    assert not changed(geometry, 0.0, 0.0).any()
    assert not changed(geometry, 0.3, 0.3).any()


def test_the_line_lies_between_the_corners_of_the_eye_that_shuts(geometry):
    rows, columns = np.nonzero(changed(geometry, 1.0, 0.0))
    corners = geometry.source.landmarks[[LIDS["left"][0], LIDS["left"][8]]]
    low, high = corners.min(0), corners.max(0)
    width = high[0] - low[0]
    assert len(rows) > 0.5 * width
    assert columns.min() > low[0] - 0.3 * width
    assert columns.max() < high[0] + 0.3 * width
    assert np.abs(rows - corners[:, 1].mean()).max() < 0.6 * width


def test_it_grows_as_the_eye_shuts_and_both_eyes_have_one(geometry):
    amounts = [int(changed(geometry, closed, 0.0).sum()) for closed in (0.5, 0.7, 1.0)]
    assert amounts == sorted(amounts)
    assert changed(geometry, 1.0, 1.0).sum() > 1.5 * amounts[-1]


def test_it_has_the_colour_of_the_photo_s_own_rim(face_model, view):
    photo = np.full_like(view.image, 180)
    for side in UPPER_LIDS:
        for x, y in view.landmarks[list(UPPER_LIDS[side])].astype(int):
            photo[y - 2 : y + 3, x - 2 : x + 3] = (10, 60, 20)
    geometry = FaceGeometry(face_model, replace(view, image=photo))
    picture = np.full_like(photo, 180)
    LashLine(geometry).draw(picture, posed(geometry, 1.0, 1.0))
    painted = picture[picture[..., 0] < 120]
    assert len(painted)
    assert (painted[:, 1] > painted[:, 0]).all()


def test_68_landmarks_know_no_lids(face_model, view):
    few = replace(view, landmarks=view.landmarks[:68])
    geometry = FaceGeometry(face_model, few)
    picture = view.image.copy()
    LashLine(geometry).draw(picture, posed(geometry, 1.0, 1.0))
    np.testing.assert_array_equal(picture, view.image)
