import numpy as np

from renderer.resolve import resolve

EVERYWHERE = np.ones((2, 2), np.uint8)


def cell(offsets, triangle):
    attributes = np.zeros((2, 2, 6), np.float32)
    attributes[..., :2] = np.reshape(offsets, (2, 2, 2))
    return resolve(attributes, np.array(triangle, np.int32), 5, EVERYWHERE)


def test_neighbouring_offsets_of_one_surface_are_averaged():
    skin, inner = cell([(0, 0), (0.4, 0), (0.8, 0), (0.4, 1)], [[0, 1], [2, 3]])
    np.testing.assert_allclose(skin[0, 0], (0.4, 0.25, 1.0), atol=1e-6)
    assert not inner.any()


def test_two_lids_that_meet_are_not_averaged():
    """Their mean once showed the eye between them: a dotted line in every blink."""
    skin, _ = cell([(0, -9), (0, 9), (0, 9.5), (0, 9.1)], [[0, 1], [2, 3]])
    np.testing.assert_allclose(skin[0, 0], (0, 9.2, 1.0), atol=1e-5)
    skin, _ = cell([(5, -9), (5, 9), (5, 9.5), (5, 9.1)], [[0, 1], [2, 3]])
    np.testing.assert_allclose(skin[0, 0], (5, 9.2, 1.0), atol=1e-5)
    skin, _ = cell([(0, -9), (0, -9), (0, 9), (0, 9)], [[0, 1], [2, 3]])
    np.testing.assert_allclose(skin[0, 0], (0, -9, 1.0))


def test_what_lies_behind_counts_only_where_it_may_show():
    attributes = np.ones((2, 2, 6), np.float32)
    triangle = np.array([[0, 7], [7, -1]], np.int32)
    allowed = np.array([[1, 1], [0, 1]], np.uint8)
    skin, inner = resolve(attributes, triangle, 5, allowed)
    assert skin[0, 0, 2] == inner[0, 0, 6] == 0.25
    np.testing.assert_allclose(inner[0, 0, :6], 1)


def test_a_cell_that_shows_nothing_stays_empty():
    skin, inner = cell([(3, 3)] * 4, [[-1, -1], [-1, -1]])
    assert not skin.any()
    assert not inner.any()
