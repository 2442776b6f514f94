import numpy as np
import pytest

from talkinghead.training.text_batches import TextBatches

ROWS = [[1, *range(10 * row, 10 * row + 6), 2] for row in range(1, 9)]


def drawn(left_out, seed=0, count=40):
    batches = TextBatches(ROWS, 4, np.random.default_rng(seed))
    return [batches.draw(left_out) for _ in range(count)]


def test_every_text_comes_once_in_each_round():
    indices = [row for rows, _ in drawn(0.0, count=4) for row in rows]
    assert sorted(indices) == sorted([*range(8), *range(8)])


def test_nothing_is_left_out_unless_asked():
    for rows, tokens in drawn(0.0):
        assert tokens.tolist() == [ROWS[row] for row in rows]


def test_words_left_out_keep_order_and_marks_and_at_least_half_stay():
    lengths = []
    for rows, tokens in drawn(0.5):
        for row, kept in zip(rows, tokens.tolist(), strict=True):
            assert (kept[0], kept[-1]) == (1, 2)
            assert kept[1:-1] == sorted(kept[1:-1])
            assert set(kept) <= set(ROWS[row])
            lengths.append(len(kept) - 2)
    assert 3 <= min(lengths) < max(lengths) <= 6
    assert np.mean(lengths) == pytest.approx(3.6, abs=0.6)  # of the binomial, half at most


def test_texts_without_words_are_left_alone():
    batches = TextBatches([[1, 2], [1, 2]], 2, np.random.default_rng(0))
    assert batches.draw(0.9)[1].tolist() == [[1, 2], [1, 2]]


def test_the_same_seed_leaves_out_the_same_words():
    for (_, one), (_, other) in zip(drawn(0.3, seed=5), drawn(0.3, seed=5), strict=True):
        assert one.tolist() == other.tolist()
