from __future__ import annotations

import numpy as np
import pytest

from talkinghead.video.paste_back import paste_back, video_scale

BOX = (10, 5, 40, 45)


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 256, (61, 53, 3), np.uint8)


def test_outside_the_box_every_bit_stays_and_inside_is_the_frame(photo):
    rng = np.random.default_rng(1)
    frames = [rng.integers(0, 256, (40, 30, 3), np.uint8) for _ in range(3)]
    outside = np.ones(photo.shape, bool)
    outside[5:45, 10:40] = False
    wholes = list(paste_back(photo, frames, BOX))
    assert len(wholes) == 3
    for whole, frame in zip(wholes, frames, strict=True):
        np.testing.assert_array_equal(whole[outside], photo[outside])
        np.testing.assert_array_equal(whole[5:45, 10:40], frame)


def test_pasting_the_region_itself_gives_the_photo(photo):
    (whole,) = paste_back(photo, [photo[5:45, 10:40]], BOX)
    np.testing.assert_array_equal(whole, photo)


def test_the_photo_and_earlier_frames_are_left_alone(photo):
    before = photo.copy()
    black, white = np.zeros((40, 30, 3), np.uint8), np.full((40, 30, 3), 255, np.uint8)
    first, second = paste_back(photo, [black, white], BOX)
    np.testing.assert_array_equal(photo, before)
    assert (first[5:45, 10:40] == 0).all()
    assert (second[5:45, 10:40] == 255).all()


def test_frames_are_taken_one_by_one(photo):
    taken = []

    def frames():
        for index in range(9):
            taken.append(index)
            yield photo[5:45, 10:40]

    next(paste_back(photo, frames(), BOX))
    assert taken == [0]


def test_a_box_as_large_as_the_photo_is_fine(photo):
    (whole,) = paste_back(photo, [photo[::-1]], (0, 0, 53, 61))
    np.testing.assert_array_equal(whole, photo[::-1])


@pytest.mark.parametrize(
    "box", [(0, 0, 54, 10), (0, 0, 10, 62), (-1, 0, 10, 10), (9, 0, 9, 10), (0, 9, 10, 8)]
)
def test_a_box_outside_the_photo_is_refused(photo, box):
    with pytest.raises(ValueError, match="does not lie inside the photo"):
        next(paste_back(photo, [photo], box))


@pytest.mark.parametrize("frame", [np.zeros((40, 31, 3), np.uint8), np.zeros((40, 30, 3))])
def test_a_frame_that_does_not_fit_is_refused(photo, frame):
    with pytest.raises(ValueError, match="the box needs"):
        next(paste_back(photo, [frame], BOX))


@pytest.mark.parametrize(
    ("height", "width", "scale"),
    [(1920, 1080, 1.0), (1080, 1920, 1.0), (3840, 2160, 0.5), (1000, 2400, 0.8), (64, 64, 1.0)],
)
def test_large_photos_are_scaled_to_full_hd(height, width, scale):
    assert video_scale(np.empty((height, width, 3), np.uint8)) == pytest.approx(scale)
