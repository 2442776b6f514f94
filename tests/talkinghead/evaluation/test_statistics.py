import numpy as np
import pytest

from talkinghead.evaluation.statistics import (
    bootstrap,
    paired,
    pooled,
    pooled_difference,
    pooled_quotient,
    summary,
)


def test_the_interval_of_equal_values_is_a_point():
    assert bootstrap([3.0] * 7) == (3.0, 3.0)


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says():
    generator = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        low, high = bootstrap(generator.normal(1.0, 2.0, 40), draws=300)
        covered += low <= 1.0 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_same_seed_same_interval():
    values = list(np.random.default_rng(0).normal(size=12))
    assert bootstrap(values) == bootstrap(values)
    assert bootstrap(values, seed=1) != bootstrap(values)


def test_a_summary_counts_what_it_leaves_out():
    row = summary([1.0, float("nan"), 3.0])
    assert row["mean"] == pytest.approx(2.0)
    assert (row["count"], row["missing"]) == (2, 1)
    assert summary([float("nan")])["mean"] is None


def test_pooled_shares_by_hand():
    row = pooled([(1, 2), (3, 3), (0, 0)])
    assert row["mean"] == pytest.approx(4 / 5)
    assert (row["count"], row["units"]) == (5, 2)
    low, high = row["interval"]
    assert low == pytest.approx(0.5)
    assert high == pytest.approx(1.0)
    assert pooled([(0, 0)])["mean"] is None
    assert pooled([])["mean"] is None


def test_a_perfect_share_has_no_width():
    assert pooled([(2, 2), (5, 5)]) == {
        "mean": 1.0, "interval": [1.0, 1.0], "count": 7.0, "units": 2,
    }  # fmt: skip


def test_the_interval_of_a_share_covers_it_about_as_often_as_it_says():
    generator = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        hits = generator.binomial(5, 0.7, 40)
        low, high = pooled([(int(one), 5) for one in hits])["interval"]
        covered += low <= 0.7 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_differences_and_quotients_of_shares_by_hand():
    first, second = [(4, 2), (8, 2)], [(1, 2), (3, 2)]
    assert pooled_difference(first, second)["mean"] == pytest.approx(12 / 4 - 4 / 4)
    assert pooled_quotient(first, second)["mean"] == pytest.approx(3.0)
    assert pooled_difference(first, [(0, 0), (0, 0)])["mean"] is None


def test_pairs_are_compared_unit_by_unit():
    row = paired([3.0, 5.0, float("nan")], [2.0, 6.0, 1.0])
    assert row["mean"] == pytest.approx(0.0)
    assert (row["better_on"], row["of"], row["missing"]) == (1, 2, 1)
    # Units that differ widely but always by the same: the pairs leave no doubt.
    assert paired([1.0, 100.0, 50.0], [0.0, 99.0, 49.0])["interval"] == [1.0, 1.0]
