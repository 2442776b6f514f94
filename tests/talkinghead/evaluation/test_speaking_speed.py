import time

import numpy as np
import pytest

from talkinghead.errors import BadOption
from talkinghead.evaluation.performance import NoMotion, ten_seconds
from talkinghead.evaluation.speaking_speed import long_sounds, measure_long, measure_speed
from talkinghead.pipeline import TalkingHead


@pytest.fixture(scope="module")
def model():
    return TalkingHead.from_pretrained("cpu")


class Slow(NoMotion):
    def __call__(self, features, emotion, identity, resting, eyes, head, generator):
        time.sleep(0.05)
        return super().__call__(features, emotion, identity, resting, eyes, head, generator)


class Greedy(NoMotion):
    """Needs 8 MB for each second of sound."""

    def __call__(self, features, emotion, identity, resting, eyes, head, generator):
        self.used = np.ones(int(len(features) / features.fps * 2**20))
        made = super().__call__(features, emotion, identity, resting, eyes, head, generator)
        del self.used
        return made


def test_the_sound_lasts_ten_seconds():
    assert ten_seconds().seconds == pytest.approx(10.0)


def test_a_slow_decoder_takes_longer(model):
    rows = measure_speed({"slow": Slow(), "none": NoMotion()}, model, runs=3)
    assert rows["slow"]["decoder_s"] > 0.05 > rows["none"]["decoder_s"]
    assert rows["slow"]["features_s"] > 0
    sums = rows["slow"]["features_s"] + rows["slow"]["decoder_s"]
    assert rows["slow"]["both_s"] == pytest.approx(sums, abs=2e-4)


def test_memory_that_grows_with_the_sound_is_seen(model):
    greedy, lean = (long_sounds(one, model, [0.5, 1.0]) for one in (Greedy(), NoMotion()))
    assert greedy["peak_growth_mb_1_min"] > greedy["peak_growth_mb_0.5_min"] + 100
    assert lean["peak_growth_mb_1_min"] < 100
    assert lean["seconds_1_min"] > 0


def test_a_long_sound_is_measured_in_its_own_process():
    measured = measure_long("rules", [0.2])
    assert set(measured) == {"seconds_0.2_min", "peak_growth_mb_0.2_min"}
    with pytest.raises(BadOption, match="no decoder 'nobody'"):
        measure_long("nobody", [0.2])
