import numpy as np
import pytest

from renderer.flow_field import extend, pixel_grid, resize_offset, warp

RNG = np.random.default_rng(0)


def test_zero_offset_is_the_identity():
    picture = RNG.integers(0, 256, (37, 53, 3), np.uint8)
    same = warp(picture, pixel_grid(37, 53), np.zeros((37, 53, 2), np.float32))
    np.testing.assert_array_equal(same, picture)


def test_whole_pixel_offsets_copy():
    picture = RNG.integers(0, 256, (20, 30, 3), np.uint8)
    offset = np.broadcast_to(np.float32([3, -2]), (20, 30, 2)).copy()
    moved = warp(picture, pixel_grid(20, 30), offset)
    np.testing.assert_array_equal(moved[2:, :-3], picture[:-2, 3:])


def test_a_grid_that_starts_elsewhere_reads_from_there():
    picture = RNG.integers(0, 256, (20, 30, 3), np.uint8)
    part = warp(picture, pixel_grid(5, 6, (7, 8)), np.zeros((5, 6, 2), np.float32))
    np.testing.assert_array_equal(part, picture[8:13, 7:13])


def test_constant_offsets_survive_resizing():
    offset = np.broadcast_to(np.float32([1.5, -0.25]), (11, 13, 2)).copy()
    np.testing.assert_allclose(resize_offset(offset, (64, 80))[..., 0], 1.5, atol=1e-6)


@pytest.mark.parametrize("size", [(64, 64), (37, 91), (2, 2)])
def test_extend_keeps_what_is_known_and_continues_a_constant(size):
    values = np.full((*size, 2), 7.0, np.float32)
    known = np.zeros(size, np.float32)
    known[0, 0] = known[size[0] // 2, size[1] // 2] = 1.0
    np.testing.assert_allclose(extend(values * known[..., None], known), 7.0, atol=1e-3)


def test_extend_is_smooth_between_two_values():
    values, known = np.zeros((32, 64, 1), np.float32), np.zeros((32, 64), np.float32)
    known[:, :8] = known[:, -8:] = 1
    values[:, -8:] = 1
    filled = extend(values, known)[16, :, 0]
    assert (filled[:8] == 0).all()
    assert (filled[-8:] == 1).all()
    assert np.all(np.diff(filled) > -0.02)
    assert np.abs(np.diff(filled)).max() < 0.25


def test_memory_can_be_used_again():
    source = np.random.default_rng(0).integers(0, 255, (40, 50, 3)).astype(np.uint8)
    grid, offset = pixel_grid(40, 50), np.full((8, 10, 2), 2.5, np.float32)
    where, into = np.full_like(grid, 9), np.full_like(grid, 7)
    resized = resize_offset(offset, (40, 50), into)
    assert resized is into
    fresh = warp(source, grid, resize_offset(offset, (40, 50)))
    np.testing.assert_array_equal(warp(source, grid, resized, where), fresh)
    np.testing.assert_allclose(where, grid + 2.5)
