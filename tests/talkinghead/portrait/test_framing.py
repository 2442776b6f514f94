import numpy as np
import pytest

from renderer.geometry import FaceGeometry
from talkinghead.portrait.framing import crop_view, region_view, square_around


@pytest.mark.parametrize("size", [(400, 300), (300, 900), (250, 250)])
@pytest.mark.parametrize("place", [(20, 20), (150, 150), (240, 230)])
def test_squares_lie_inside_the_photo(size, place):
    landmarks = np.array([[0, 0], [60, 80]], np.float32) + place
    left, top, right, bottom = square_around(landmarks, size, 2.25)
    assert right - left == bottom - top == min(180, *size)
    assert left >= 0
    assert top >= 0
    assert right <= size[1]
    assert bottom <= size[0]


@pytest.mark.parametrize("size", [256, 512])
def test_a_crop_has_its_size_and_the_face_in_it(face_model, portrait, size):
    view = crop_view(portrait.source, size)
    assert view.image.shape == (size, size, 3)
    assert view.landmarks.min() > 0
    assert view.landmarks.max() < size
    points = face_model.landmarks.on(FaceGeometry(face_model, view).source_points)[:, :2]
    assert np.abs(points - view.landmarks)[:468].max() < 0.02 * size


def test_the_margin_continues_the_crop(portrait):
    view = crop_view(portrait.source, 256)
    x, y = view.margin
    np.testing.assert_array_equal(view.surroundings[y : y + 256, x : x + 256], view.image)
    assert view.surroundings.shape[1] > 256


def test_a_region_is_the_photos_own_pixels(portrait):
    view, (left, top, right, bottom) = region_view(portrait.source)
    np.testing.assert_array_equal(view.image, portrait.source.image[top:bottom, left:right])
    height, width = portrait.source.image.shape[:2]
    assert view.cut == (left > 0, top > 0, right < width, bottom < height)
