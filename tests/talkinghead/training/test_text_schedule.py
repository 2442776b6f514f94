import pytest

from talkinghead.training.text_schedule import Schedule


def test_the_rate_warms_up_and_falls_to_nothing():
    schedule = Schedule(rate=1e-3, warm_up=10, general_steps=0, labelled_rate=1.0)
    rates = [schedule.rate_at(step, 1000) for step in range(1000)]
    assert rates[0] == pytest.approx(1e-4)
    assert rates.index(max(rates)) == 9
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[-1] < 1e-8


def test_labelled_steps_learn_more_slowly():
    schedule = Schedule(general_steps=100, labelled_rate=0.25, warm_up=1)
    before, after = (schedule.rate_at(step, 10**9) for step in (99, 100))
    assert after == pytest.approx(0.25 * before)
