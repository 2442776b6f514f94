import numpy as np
import pytest
from motion_cases import features_of, feeling, still_track

from renderer.coefficients import MotionCoefficients
from talkinghead.errors import BadOption
from talkinghead.motion.head import accents_of, head_track
from talkinghead.motion.interface import HeadMotion
from talkinghead.types import SpeechFeatures


def moved(features, head, seed=0, arousal=0.0):
    emotion = feeling(len(features), arousal)
    return head_track(features, emotion, head, accents_of(features), np.random.default_rng(seed))


def test_natural_motion_is_slow_small_and_starts_at_rest():
    features = features_of([("AA", 120.0)])
    rotation, translation = moved(features, HeadMotion())
    assert not rotation[0].any()
    assert not translation[0].any()
    degrees = np.degrees(rotation)
    assert 0.5 < degrees.std(axis=0).min()
    assert np.abs(degrees).max() < 12
    spectrum = np.abs(np.fft.rfft(degrees - degrees.mean(axis=0), axis=0)) ** 2
    hertz = np.fft.rfftfreq(len(degrees), 1 / 25)
    assert spectrum[hertz > 3].sum() < 1e-3 * spectrum.sum()


def test_breath_lifts_the_head_about_sixteen_times_a_minute():
    features = features_of([("SIL", 120.0)])
    lift = moved(features, HeadMotion())[1][:, 1]
    spectrum = np.abs(np.fft.rfft(lift - lift.mean()))
    hertz = np.fft.rfftfreq(len(lift), 1 / 25)
    band = (hertz > 0.18) & (hertz < 0.36)
    assert spectrum[band].max() > spectrum[hertz > 0.45].max() * 3


def test_stressed_syllables_are_found_and_nodded_to():
    loudness = np.full(250, 0.3, np.float32)
    loudness[100:106] = 1.0
    pitch = np.zeros(250, np.float32)
    pitch[100:106] = 5.0
    flat = features_of([("AA", 10.0)])
    features = SpeechFeatures(
        flat.phonemes, loudness, np.ones(250, np.float32), pitch, 25.0, "test", flat.content
    )
    accents = accents_of(features)
    assert len(accents) == 1
    assert accents[0][0] == pytest.approx(4.1, abs=0.1)
    emotion = feeling(250)
    with_nod = head_track(features, emotion, HeadMotion(), accents, np.random.default_rng(0))[0]
    without = head_track(features, emotion, HeadMotion(), [], np.random.default_rng(0))[0]
    nod = np.degrees(with_nod - without)[:, 0]
    assert nod.argmax() == pytest.approx(103, abs=3)
    assert 0.4 < nod.max() < 3


def test_no_accents_in_silence():
    assert accents_of(features_of([("SIL", 5.0)])) == []


def test_copied_motion_is_relative_resampled_and_plays_to_and_fro():
    source = still_track(11, fps=50.0)
    yaw = np.linspace(0.1, 0.3, 11).astype(np.float32)
    rotation = source.rotation.copy()
    rotation[:, 1] = yaw
    track = MotionCoefficients(source.expression, rotation, source.translation + 5, 50.0)
    features = features_of([("SIL", 1.0)])
    copied, shift = moved(features, HeadMotion("copied", track))
    assert not shift.any()
    expected = [0.0, 0.04, 0.08, 0.12, 0.16, 0.2, 0.16, 0.12, 0.08, 0.04, 0.0, 0.04]
    assert np.allclose(copied[:12, 1], expected, atol=1e-6)


def test_a_single_copied_frame_keeps_still():
    features = features_of([("SIL", 1.0)])
    assert not moved(features, HeadMotion("copied", still_track(1)))[0].any()


def test_copying_nothing_is_refused():
    with pytest.raises(BadOption, match="no frames"):
        HeadMotion("copied")
