import numpy as np
import pytest

from talkinghead.speech.features import extract_features, loudness_track
from talkinghead.speech.phoneme_net import SYMBOLS
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import CONTENT_RATE, CONTENT_WIDTH, Speech

TEXT = "My brother bought a big blue boat. Maybe people will pay for it."


@pytest.fixture(scope="module")
def spoken():
    return synthesise(TEXT)


@pytest.mark.parametrize("fps", [10.0, 24.0, 25.0, 29.97, 60.0])
def test_one_row_a_video_frame(spoken, fps):
    speech, _ = spoken
    features = extract_features(speech, fps)
    rows = speech.frame_count(fps)
    assert len(features) == rows
    assert features.fps == fps
    for track in (features.loudness, features.voiced, features.pitch):
        assert track.shape == (rows,)
        assert track.dtype == np.float32
        assert np.isfinite(track).all()
    assert features.phonemes[-1].end == speech.seconds


def test_loudness_and_voicing_follow_the_speech(spoken):
    speech, phonemes = spoken
    features = extract_features(speech, 100.0)
    moments = np.arange(len(features)) / 100

    def during(*symbols):
        return np.any(
            [(moments > p.start) & (moments < p.end) for p in phonemes if p.symbol in symbols],
            axis=0,
        )

    vowels, silent, hissing = during("AA", "AO", "OW", "AY", "EY"), during("SIL"), during("P", "F")
    assert features.loudness[vowels].mean() > 0.7
    assert features.loudness[silent].mean() < 0.12
    assert features.voiced[vowels].mean() > 0.9
    assert features.voiced[hissing].mean() < 0.4
    assert not features.pitch[features.voiced == 0].any()


def test_features_do_not_depend_on_the_level(spoken):
    loud = extract_features(spoken[0], 25.0)
    quiet = extract_features(Speech(spoken[0].waveform * 0.01), 25.0)
    assert np.abs(loud.loudness - quiet.loudness).mean() < 0.02
    assert [p.symbol for p in loud.phonemes] == [p.symbol for p in quiet.phonemes]


def test_loudness_ignores_steady_noise_under_the_speech(spoken):
    hiss = np.random.default_rng(0).normal(0, 0.005, len(spoken[0].waveform))
    noisy = loudness_track((spoken[0].waveform + hiss).astype(np.float32))
    clean = loudness_track(spoken[0].waveform)
    assert np.corrcoef(noisy, clean)[0, 1] > 0.9
    assert noisy[-15:].mean() < 0.1


@pytest.mark.parametrize("samples", [1, 320, 321, 15999, 16000, 16161])
def test_content_has_fifty_rows_a_second_of_probabilities_and_bands(spoken, samples):
    speech = Speech(spoken[0].waveform[4000 : 4000 + samples])
    content = extract_features(speech, 25.0).content
    assert content.shape == (int(np.ceil(speech.seconds * CONTENT_RATE)), CONTENT_WIDTH)
    assert content.dtype == np.float32
    phones = content[:, : len(SYMBOLS)]
    assert phones.min() >= 0.0
    assert np.allclose(phones.sum(axis=1), 1.0, atol=1e-3)


def test_content_says_which_sound_is_spoken(spoken):
    speech, phonemes = spoken
    content = extract_features(speech, 25.0).content
    rows = (np.arange(len(content)) + 0.5) / CONTENT_RATE
    truth = [next(p.symbol for p in phonemes if p.end > row) for row in rows]
    said = [SYMBOLS[column] for column in content[:, : len(SYMBOLS)].argmax(axis=1)]
    assert np.mean([one == other for one, other in zip(truth, said, strict=True)]) > 0.7
    vowels = np.isin(truth, ["AA", "AO", "OW", "AY", "EY"])
    bands = content[:, len(SYMBOLS) :].mean(axis=1)
    assert bands[vowels].mean() > bands[np.isin(truth, ["SIL"])].mean() + 1.0


@pytest.mark.parametrize("samples", [1, 15999, 32000])
def test_silence_is_one_silence(samples):
    features = extract_features(Speech(np.zeros(samples, np.float32)), 25.0)
    assert [each.symbol for each in features.phonemes] == ["SIL"]
    assert not features.loudness.any()
    assert not features.voiced.any()
    assert not features.pitch.any()
    assert (features.content[:, SYMBOLS.index("SIL")] == 1.0).all()


def test_the_same_sound_gives_the_same_bytes(spoken):
    first, second = (extract_features(spoken[0], 25.0) for _ in range(2))
    assert first.phonemes == second.phonemes
    assert first.loudness.tobytes() == second.loudness.tobytes()
    assert first.pitch.tobytes() == second.pitch.tobytes()
    assert first.content.tobytes() == second.content.tobytes()
