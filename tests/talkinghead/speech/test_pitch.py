import numpy as np
import pytest

from talkinghead.speech.pitch import pitch_track


def voice(hertz, seconds=1.5, harmonics=8):
    """A buzz with falling harmonics; hertz may be an array."""
    count = int(seconds * 16000)
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hertz, count)) / 16000
    return sum(np.sin(phase * n) / n for n in range(1, harmonics)).astype(np.float32) * 0.2


@pytest.mark.parametrize("base", [85.0, 120.0, 210.0, 330.0])
def test_an_octave_is_twelve_semitones_in_any_voice(base):
    low, high = voice(base, 2.0), voice(base * 2 ** (5 / 12), 1.0)
    semitones, voiced = pitch_track(np.concatenate([low, high]))
    assert voiced[10:190].mean() > 0.95
    assert np.median(semitones[20:180]) == pytest.approx(0.0, abs=0.1)
    assert np.median(semitones[220:280]) == pytest.approx(5.0, abs=0.2)


def test_a_glide_is_followed():
    glide = np.geomspace(100, 200, 32000)
    semitones, voiced = pitch_track(voice(glide, 2.0))
    inside = slice(15, 185)
    assert voiced[inside].all()
    assert np.corrcoef(semitones[inside], np.arange(170))[0, 1] > 0.999
    assert semitones[184] - semitones[15] == pytest.approx(10.1, abs=0.5)


def test_noise_does_not_harm_and_is_not_voiced():
    generator = np.random.default_rng(0)
    hiss = generator.normal(0, 0.03, 24000).astype(np.float32)
    semitones, voiced = pitch_track(voice(150.0) + hiss)
    assert voiced[10:140].mean() > 0.95
    assert np.abs(semitones[10:140]).max() < 0.6
    assert pitch_track(hiss)[1].mean() < 0.05


@pytest.mark.parametrize("samples", [1, 100, 16000])
def test_silence_has_no_pitch(samples):
    semitones, voiced = pitch_track(np.zeros(samples, np.float32))
    assert not semitones.any()
    assert not voiced.any()
