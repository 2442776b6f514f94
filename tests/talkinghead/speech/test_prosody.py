import numpy as np
import pytest

from talkinghead.speech.prosody import statistics_count, voice_cues
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import SAMPLE_RATE, Speech


def said(pitch=50, rate=160, text="The train leaves at seven from platform two."):
    return synthesise(text, "en-us", rate, pitch)[0]


def test_a_voice_gives_finite_statistics_of_fixed_length():
    cues = voice_cues(said())
    assert cues.statistics.shape == (statistics_count(),)
    assert cues.statistics.dtype == np.float32
    assert np.isfinite(cues.statistics).all()
    assert 1.0 < cues.speech_seconds < 5.0


@pytest.mark.parametrize("waveform", [np.zeros(16000), np.zeros(1), 1e-5 * np.ones(8000)])
def test_silence_is_no_speech(waveform):
    cues = voice_cues(Speech(waveform.astype(np.float32)))
    assert cues.speech_seconds == 0.0
    assert not cues.statistics.any()


def test_noise_without_a_voice_is_no_speech():
    noise = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE).astype(np.float32)
    assert voice_cues(Speech(noise)).speech_seconds == 0.0


def test_a_higher_voice_has_a_higher_pitch():
    low, high = (voice_cues(said(pitch=pitch)).statistics[0] for pitch in (20, 80))
    assert high > low + 3.0  # semitones


def test_the_level_of_the_recording_does_not_count():
    speech = said()
    loud = voice_cues(speech).statistics
    soft = voice_cues(Speech(speech.waveform * np.float32(0.25))).statistics
    # Counts of peaks may differ by one where the soft recording meets the spectrum's floor.
    assert np.isclose(soft, loud, atol=0.05, rtol=0.02).mean() > 0.98


def test_a_hasty_voice_has_more_voiced_pieces_a_second():
    slow, fast = (voice_cues(said(rate=rate)).statistics[-7] for rate in (110, 260))
    assert fast > slow
