from dataclasses import replace

import cv2
import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from renderer.geometry import FaceGeometry
from renderer.landmark_groups import CHEEKS, LIDS
from renderer.lid_skin import LidSkin
from talkinghead.portrait.framing import crop_view


@pytest.fixture(scope="module")
def view(portrait):
    return crop_view(portrait.source, 256)


def with_dark_eyes(view):
    """The same face whose eyes and what lies around them are filled with black."""
    picture = view.image.copy()
    for lids in LIDS.values():
        cv2.fillPoly(picture, [np.round(view.landmarks[list(lids)]).astype(np.int32)], (5, 5, 5))
    return replace(view, image=cv2.erode(picture, np.ones((5, 5), np.uint8)))


def painted(face_model, view, picture, blink):
    geometry = FaceGeometry(face_model, view)
    motion = view.motion.as_array().copy()
    motion[:, [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]] = blink
    picture = picture.copy()
    posed = next(geometry.poses(MotionCoefficients.from_array(motion, 25.0)))
    LidSkin(geometry).draw(picture, posed)
    return picture


def eye(view, side, picture):
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(view.landmarks[list(LIDS[side])]).astype(np.int32)], 1)
    return picture[mask > 0].mean()


def test_a_lid_that_is_black_in_the_photo_gets_the_skins_colour(face_model, view):
    dark = with_dark_eyes(view)
    shut = painted(face_model, dark, dark.image, 1.0)
    x, y = view.landmarks[list(CHEEKS)].astype(int).T
    skin = view.image[y, x].mean()
    for side in ("left", "right"):
        assert eye(view, side, dark.image) < 0.2 * skin
        assert 0.4 * skin < eye(view, side, shut) < 1.1 * skin


def test_open_eyes_are_not_touched(face_model, view):
    dark = with_dark_eyes(view)
    open_eyes = view.motion.expression[0, ARKIT_INDEX["eyeBlinkLeft"]]
    assert (painted(face_model, dark, dark.image, min(open_eyes, 0.0)) == dark.image).all()


def test_a_lid_that_is_skin_stays_as_it_is(face_model, view):
    skin = np.median(view.image[view.landmarks[list(CHEEKS)].astype(int)[:, 1]], axis=(0, 1))
    even = np.broadcast_to(skin.astype(np.uint8), view.image.shape).copy()
    plain = replace(view, image=even)
    assert np.abs(painted(face_model, plain, even, 1.0).astype(int) - even).max() <= 1


def test_nothing_beyond_the_eyes_changes(face_model, view):
    dark = with_dark_eyes(view)
    shut = painted(face_model, dark, dark.image, 1.0)
    rows, columns = np.nonzero((shut != dark.image).any(-1))
    eyes = view.landmarks[[index for lids in LIDS.values() for index in lids]]
    margin = 0.5 * np.ptp(eyes[:, 0]) / 3
    low, high = eyes.min(0) - margin, eyes.max(0) + margin
    assert (columns > low[0]).all()
    assert (columns < high[0]).all()
    assert (rows > low[1]).all()
    assert (rows < high[1]).all()
