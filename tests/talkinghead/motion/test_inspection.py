import numpy as np
import pytest
from motion_cases import still_track

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from talkinghead.motion.inspection import inspect_speech, jitter
from talkinghead.types import Phoneme

SOUNDS = (
    Phoneme("M", 0.0, 0.2), Phoneme("AA", 0.2, 0.4), Phoneme("P", 0.4, 0.6),
    Phoneme("IY", 0.6, 0.8), Phoneme("SIL", 0.8, 2.0),
)  # fmt: skip


def test_a_hand_made_track_gives_the_hand_computed_figures():
    motion = still_track(20, fps=10.0)
    blinking = motion.expression.copy()
    for side in ("Left", "Right"):
        blinking[[3, 4, 12], ARKIT_INDEX[f"eyeBlink{side}"]] = 1.0
    motion = MotionCoefficients(blinking, motion.rotation, motion.translation, 10.0)
    aperture = np.array([0.0, 0.1, 0.2, 0.3, 0.05, 0.05, 0.06, 0.04, 0.03, 0.02] + [0.0] * 10)
    report = inspect_speech(motion, aperture, SOUNDS)
    assert report.bilabials == 2
    assert report.closure_rate == 0.5
    assert report.open_vowels == pytest.approx(0.3)
    assert report.close_vowels == pytest.approx(0.06)
    assert report.closing_delay == pytest.approx(0.2)
    assert report.blinks_per_minute == pytest.approx(60.0)


def test_lips_that_never_close_and_speech_without_lips():
    motion = still_track(20, fps=10.0)
    report = inspect_speech(motion, np.full(20, 0.1), SOUNDS)
    assert report.closing_delay == float("inf")
    assert report.closure_rate == 0.0
    nothing = inspect_speech(motion, np.zeros(20), (Phoneme("SIL", 0.0, 2.0),))
    assert nothing.bilabials == 0
    assert np.isnan(nothing.closure_rate)


def test_jitter_is_the_mean_absolute_third_difference():
    cubic = np.arange(10.0)[:, None] ** 3
    assert jitter(cubic) == pytest.approx(6.0)
    assert jitter(np.arange(10.0)[:, None]) == 0.0
    assert jitter(np.zeros((2, 5))) == 0.0


def test_an_aperture_of_another_length_is_refused():
    with pytest.raises(ValueError, match="3 values for 20 frames"):
        inspect_speech(still_track(20), np.zeros(3), SOUNDS)
