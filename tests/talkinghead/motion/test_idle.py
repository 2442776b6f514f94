import numpy as np
import pytest

from talkinghead.motion.idle import apply_gaze, blink_track, brow_raises, gaze_track, phrase_ends
from talkinghead.types import EyeControl, Phoneme

NO_ENDS = np.zeros(0)


def blinks_per_minute(rate, seed=0, seconds=600, fps=25.0):
    frames = int(seconds * fps)
    factor = np.full(frames, rate, np.float32)
    track = blink_track(frames, fps, factor, NO_ENDS, np.random.default_rng(seed))
    shut = track > 0.6
    return (shut[1:] & ~shut[:-1]).sum() / seconds * 60


def test_blinks_are_as_frequent_as_a_persons_and_follow_the_rate():
    assert 10 < np.mean([blinks_per_minute(1.0, seed) for seed in range(3)]) < 25
    assert blinks_per_minute(0.0) == 0
    assert blinks_per_minute(0.5) < 0.7 * blinks_per_minute(1.0)
    assert blinks_per_minute(2.0) > 1.4 * blinks_per_minute(1.0)


@pytest.mark.parametrize("fps", [10.0, 25.0, 60.0])
def test_every_blink_shuts_fully_and_opens_slower_than_it_closes(fps):
    frames = int(60 * fps)
    one = np.ones(frames, np.float32)
    track = blink_track(frames, fps, one, NO_ENDS, np.random.default_rng(1))
    peaks = np.flatnonzero(track == 1.0)
    assert len(peaks) >= 8
    if fps == 60.0:
        around = slice(peaks[0] - 12, peaks[0] + 18)
        above = np.flatnonzero(track[around] > 0.02) - 12
        assert 4 <= -above[0] <= 6  # 80 ms
        assert 8 <= above[-1] <= 10  # 150 ms


def test_blinks_are_drawn_to_phrase_ends():
    phonemes = tuple(
        Phoneme("SIL" if index % 2 else "AA", index * 0.9, (index + 1) * 0.9) for index in range(60)
    )
    ends = phrase_ends(phonemes)
    frames = 54 * 25
    one = np.ones(frames, np.float32)
    track = blink_track(frames, 25.0, one, ends, np.random.default_rng(0))
    peaks = np.flatnonzero(track == 1.0) / 25
    distance = np.abs(peaks[:, None] - ends).min(axis=1)
    assert np.mean(distance < 0.15) > 0.6


def test_gaze_starts_at_rest_and_has_small_quick_saccades():
    still = np.zeros((750, 3), np.float32)
    track = gaze_track(750, 25.0, EyeControl(), still, np.random.default_rng(3))
    assert not track[0].any()
    assert np.abs(track).max() < 0.15
    steps = np.abs(np.diff(track[:, 0]))
    assert (steps > 0.02).sum() >= 5  # saccades
    assert np.median(steps) < 1e-4  # fixations between them


def test_eyes_stay_on_the_viewer_while_the_head_turns():
    head = np.zeros((100, 3), np.float32)
    head[50:, 1] = 0.1  # nose to image right
    generators = [np.random.default_rng(0), np.random.default_rng(0)]
    calm = gaze_track(100, 25.0, EyeControl(), np.zeros_like(head), generators[0])
    turned = gaze_track(100, 25.0, EyeControl(), head, generators[1])
    assert (turned[50:, 0] < calm[50:, 0] - 0.1).all()


def test_gaze_adds_to_the_gaze_of_the_photo():
    from renderer.coefficients import ARKIT_INDEX, expression_from

    expression = expression_from({"eyeLookOutLeft": 0.3, "eyeLookInRight": 0.3})[None].copy()
    apply_gaze(expression, np.array([[-0.5, 0.0]], np.float32))
    assert expression[0, ARKIT_INDEX["eyeLookOutLeft"]] == 0.0
    assert expression[0, ARKIT_INDEX["eyeLookInLeft"]] == pytest.approx(0.2)
    assert expression[0, ARKIT_INDEX["eyeLookOutRight"]] == pytest.approx(0.2)


def test_brows_rise_at_accents_only():
    track = brow_raises(100, 25.0, [(2.0, 0.8)])
    assert track[50] == pytest.approx(0.8, abs=0.05)
    assert not track[:44].any()
    assert not track[63:].any()
