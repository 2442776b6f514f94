import numpy as np
import pytest

from talkinghead.evaluation.statistics import bootstrap, summary


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
