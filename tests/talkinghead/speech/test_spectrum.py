import numpy as np
import pytest

from talkinghead.speech.spectrum import BANDS, level_track, log_mel, normalised


def noise(seconds=2.0, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * 16000)).astype(np.float32)


@pytest.mark.parametrize("samples", [1, 159, 160, 161, 16000, 330000])
def test_one_row_every_ten_milliseconds(samples):
    rows = log_mel(np.ones(samples, np.float32))
    assert rows.shape == (-(-samples // 160), BANDS)
    assert len(level_track(np.ones(samples, np.float32))) == len(rows)


def test_a_tone_falls_into_its_band_and_its_moment():
    wave = np.zeros(16000, np.float32)
    wave[8000:9600] = np.sin(2 * np.pi * 1000 * np.arange(1600) / 16000)
    mel = log_mel(wave)
    assert abs(int(mel.max(axis=1).argmax()) - 55) <= 5
    low, high = (log_mel(np.sin(2 * np.pi * f * np.arange(16000) / 16000)) for f in (300, 3000))
    assert low[50].argmax() < mel[55].argmax() < high[50].argmax()


def test_blocks_do_not_show():
    wave = noise(45.0)
    whole = log_mel(wave)
    part = log_mel(wave[19 * 16000 : 22 * 16000])
    assert np.allclose(whole[1903:2197], part[3:297], atol=1e-4)


def test_normalisation_removes_level_and_colour():
    wave = np.concatenate([noise(), np.zeros(8000, np.float32)])
    base = normalised(log_mel(wave))
    quiet = normalised(log_mel(wave * 0.03))
    assert np.abs(base - quiet)[:195].max() < 0.01
    dull = np.convolve(wave, [0.5, 0.3, 0.2], "same").astype(np.float32)
    assert np.abs(base - normalised(log_mel(dull)))[:195].mean() < 0.05


def test_silence_stays_finite():
    assert np.isfinite(normalised(log_mel(np.zeros(5000, np.float32)))).all()
