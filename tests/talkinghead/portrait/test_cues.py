import cv2
import numpy as np

from renderer.landmark_groups import LIDS
from talkinghead.portrait.cues import aligned_crop, face_cues
from talkinghead.types import FACE_CROP


def test_cues_of_a_photo_hold_its_fit(portrait):
    cues = face_cues(portrait)
    assert cues.crop.shape == (FACE_CROP, FACE_CROP)
    assert cues.crop.dtype == np.uint8
    assert cues.crop.std() > 20
    np.testing.assert_array_equal(cues.expression, portrait.resting.expression[0])
    np.testing.assert_array_equal(cues.pose, portrait.resting.rotation[0])


def test_the_crop_does_not_depend_on_where_the_face_is_and_how_large(portrait):
    image, points = portrait.source.image, portrait.source.landmarks
    before = aligned_crop(image, points).astype(float)
    turn = cv2.getRotationMatrix2D((250, 250), 25, 0.8)
    turned = cv2.warpAffine(image, turn, (700, 600), flags=cv2.INTER_AREA)
    moved = points @ turn[:, :2].T + turn[:, 2]
    after = aligned_crop(turned, moved.astype(np.float32)).astype(float)
    inner = slice(20, 90)
    assert np.abs(after - before)[inner, inner].mean() < 4.0


def test_a_much_larger_photo_gives_the_same_crop_without_aliasing(portrait):
    image, points = portrait.source.image, portrait.source.landmarks
    large = cv2.resize(image, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    one, other = aligned_crop(image, points), aligned_crop(large, points * 3 + 1)
    assert np.abs(one.astype(float) - other)[20:90, 20:90].mean() < 4.0


def test_eyes_lie_at_their_places(portrait):
    """A white dot on each outer eye corner is found again where the crop wants it."""
    image = np.zeros_like(portrait.source.image)
    points = portrait.source.landmarks
    for side in ("right", "left"):
        x, y = points[LIDS[side][0]]
        cv2.circle(image, (round(float(x)), round(float(y))), 6, (255, 255, 255), -1)
    crop = aligned_crop(image, points).astype(float)
    rows, columns = np.nonzero(crop > 60)
    assert abs(rows.mean() / FACE_CROP - 0.36) < 0.05
    assert abs((columns.max() - columns.min()) / FACE_CROP - 0.44) < 0.12
