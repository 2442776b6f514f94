import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from talkinghead.motion.inspection import jitter
from talkinghead.motion.smoothing import smooth_track

FPS = 25.0


def tracked_clip(noise):
    """Slow head, talking jaw, four blinks, six lip closures; with tracking noise."""
    generator = np.random.default_rng(0)
    time = np.arange(250) / FPS
    expression = np.zeros((250, 52), np.float32)
    expression[:, ARKIT_INDEX["mouthSmileLeft"]] = 0.4 + 0.1 * np.sin(time)
    expression[:, ARKIT_INDEX["jawOpen"]] = 0.25 + 0.2 * np.sin(2 * np.pi * 1.5 * time)
    blink = np.array([0.0, 0.5, 1.0, 0.9, 0.5, 0.15, 0.0])
    closure = np.array([0.0, 0.15, 0.3, 0.3, 0.15, 0.0])
    for start in (30, 90, 150, 210):
        expression[start : start + 7, ARKIT_INDEX["eyeBlinkLeft"]] = blink
    for start in (15, 50, 75, 120, 180, 230):
        expression[start : start + 6, ARKIT_INDEX["mouthClose"]] = closure
    yaw = 0.1 * np.sin(2 * np.pi * 0.3 * time)
    rotation = np.stack([0 * yaw, yaw, 0 * yaw], axis=1)
    array = np.concatenate([expression, rotation, np.zeros((250, 3))], axis=1)
    array += generator.normal(0.0, noise, array.shape)
    return MotionCoefficients.from_array(array.astype(np.float32), FPS)


def test_jitter_goes_down_and_blinks_and_closures_keep_their_height():
    raw, clean = tracked_clip(0.008), tracked_clip(0.0)
    smooth = smooth_track(raw)
    before = np.median([jitter(raw.as_array()[:, [index]]) for index in range(58)])
    after = np.median([jitter(smooth.as_array()[:, [index]]) for index in range(58)])
    assert after < 0.35 * before
    for name, height in (("eyeBlinkLeft", 1.0), ("mouthClose", 0.3)):
        truth, found = clean.channel(name), smooth.channel(name)
        peaks = truth >= height - 1e-6
        assert np.abs(found[peaks] - truth[peaks]).max() < 0.05 * height + 2 * 0.008
        assert np.abs(found[peaks].mean() - height) < 0.05 * height


def test_there_is_no_lag():
    smooth, clean = smooth_track(tracked_clip(0.008)), tracked_clip(0.0)
    jaw, truth = smooth.channel("jawOpen"), clean.channel("jawOpen")
    lags = range(-3, 4)
    match = [np.corrcoef(np.roll(jaw, lag)[5:-5], truth[5:-5])[0, 1] for lag in lags]
    assert list(lags)[int(np.argmax(match))] == 0
    assert np.abs(jaw - truth).mean() < 0.012


def test_the_result_is_closer_to_the_truth_than_the_measurement():
    raw, clean = tracked_clip(0.008), tracked_clip(0.0)
    error = np.abs(smooth_track(raw).as_array() - clean.as_array()).mean()
    assert error < 0.6 * np.abs(raw.as_array() - clean.as_array()).mean()


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_short_tracks_and_strength_zero_are_left_alone(frames):
    track = tracked_clip(0.01)
    assert smooth_track(track.frames(0, frames)).as_array().shape == (frames, 58)
    assert np.array_equal(smooth_track(track, 0.0).as_array(), track.as_array())


def test_expression_stays_within_range():
    noisy = tracked_clip(0.02).as_array()
    noisy[:, :52] = np.clip(noisy[:, :52], 0.0, 1.0)
    smooth = smooth_track(MotionCoefficients.from_array(noisy, FPS))
    assert smooth.expression.min() >= 0.0
    assert smooth.expression.max() <= 1.0
