import numpy as np
import pytest

from talkinghead.emotion.examples import DIRECTIONS, remember


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def idioms():
    """Four heaps of phrases; the two of a feeling lie on opposite sides: no line parts them."""
    generator = np.random.default_rng(0)
    corners = np.zeros((4, 160))
    corners[[0, 1, 2, 3], [0, 0, 1, 1]] = [1.0, -1.0, 1.0, -1.0]
    heap = np.repeat(np.arange(4), 60)
    rows = corners[heap] + 0.05 * generator.normal(size=(240, 160))
    return unit(rows), np.array([2, 2, 5, 5])[heap], corners


def test_a_text_is_likely_what_its_neighbours_are(idioms):
    vectors, labels, corners = idioms
    chance = remember(vectors, labels, labels).probabilities(unit(corners + 0.1), 8)
    assert chance.argmax(axis=1).tolist() == [2, 2, 5, 5]
    assert chance.max(axis=1).min() > 0.9
    np.testing.assert_allclose(chance.sum(axis=1), 1.0)


def test_what_is_kept_is_small_and_close_to_what_was_given(idioms):
    vectors, labels, _ = idioms
    kept = remember(vectors, labels, labels)
    assert kept.rows.dtype == np.int8
    assert kept.rows.shape == (240, DIRECTIONS)
    np.testing.assert_allclose(kept.basis.T @ kept.basis, np.eye(DIRECTIONS), atol=1e-4)
    exact = unit((vectors - kept.mean) @ kept.basis)
    assert (exact * unit(kept.rows.astype(np.float32))).sum(axis=1).min() > 0.999


def test_each_phrase_of_a_rare_class_has_more_to_say():
    """Three phrases of a common and one of a rare class, all alike: by square roots, not 3:1."""
    vectors = unit(np.array([[1.0, 0.1], [1.0, 0.1], [1.0, 0.1], [1.0, 0.1], [-1.0, 0.2]]))
    labels = np.array([0, 0, 0, 1, 2])
    chance = remember(vectors, labels, labels).probabilities(vectors[:1], 3)[0]
    assert chance[0] / chance[1] == pytest.approx(np.sqrt(3.0), rel=1e-3)


def test_far_from_all_phrases_the_vote_still_sums_to_one(idioms):
    vectors, labels, _ = idioms
    far = unit(np.eye(160)[159:] * 7.0)
    chance = remember(vectors, labels, labels).probabilities(far, 8)
    assert chance.sum() == pytest.approx(1.0)


def test_the_same_phrases_give_the_same_bytes(idioms):
    vectors, labels, _ = idioms
    one, other = (remember(vectors, labels, labels) for _ in range(2))
    assert one.rows.tobytes() == other.rows.tobytes()
    assert one.basis.tobytes() == other.basis.tobytes()
