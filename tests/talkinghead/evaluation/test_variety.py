import numpy as np
import pytest
from spoken_cases import track

from renderer.coefficients import expression_from
from talkinghead.evaluation.variety import measure_takes, measure_windows


def swinging(sizes, drift=0.0):
    """Six windows of 50 frames in which the jaw swings that far."""
    size = np.repeat(sizes, 50)
    swing = 0.3 + size * np.sin(2 * np.pi * np.arange(300) / 10) + drift * np.arange(300) / 300
    return track(swing[:, None] * expression_from({"jawOpen": 1.0}))


def test_steady_motion_lives_and_stays(face_model):
    row = measure_windows(swinging([0.1] * 6), face_model)
    assert row["last_over_first"] == pytest.approx(1.0, abs=0.01)
    assert row["alive"]
    assert row["stays"]
    assert row["drift_mm"] == pytest.approx(0.0, abs=1e-3)
    assert len(row["energy_mm_s"]) == 6


def test_energy_is_the_speed_of_the_vertices(face_model):
    # Half the swing is half the speed.
    row = measure_windows(swinging([0.2, 0.1, 0.1, 0.1, 0.1, 0.1]), face_model)
    assert row["last_over_first"] == pytest.approx(0.5, abs=0.01)


def test_motion_that_dies_or_grows_is_not_alive(face_model):
    assert not measure_windows(swinging([0.2, 0.1, 0.1, 0.1, 0.1, 0.05]), face_model)["alive"]
    assert not measure_windows(swinging([0.05, 0.1, 0.1, 0.1, 0.1, 0.2]), face_model)["alive"]
    still = measure_windows(swinging([0.0] * 6), face_model)
    assert not still["alive"]


def test_a_jaw_that_slowly_drops_drifts(face_model):
    row = measure_windows(swinging([0.1] * 6, drift=0.6), face_model)
    assert row["drift_mm"] > 1.0
    assert not row["stays"]


def test_a_track_of_a_few_frames_has_no_windows(face_model):
    with pytest.raises(ValueError, match="6 windows"):
        measure_windows(track(np.zeros((11, 52))), face_model)


def test_takes_by_hand():
    def take(seed):
        return track(np.full((4, 52), 0.0) + seed * expression_from({"browInnerUp": 0.1}))

    row = measure_takes(take)
    # Pairwise distances of 0, 0.1, 0.2, 0.3, 0.4: their mean is 0.2.
    assert row["diversity"] == pytest.approx(0.2)
    assert row["diversity_head_degrees"] == 0.0
    assert row["same_seed_same_bytes"]


def test_a_decoder_with_a_memory_is_found_out():
    count = iter(range(100))
    row = measure_takes(lambda _: track(np.full((4, 52), next(count) / 100)))
    assert not row["same_seed_same_bytes"]
