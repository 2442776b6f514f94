import numpy as np
import pytest

from talkinghead.speech.pitch import pitch_hertz
from talkinghead.speech.spectrum import log_mel
from talkinghead.speech.synthesis import synthesise
from talkinghead.training.augmentation import augmented, disguised
from talkinghead.training.disturbances import (
    babble,
    clipped,
    coloured_noise,
    mixed,
    music,
    phone_band,
)
from talkinghead.training.pitch_shift import shifted_pitch


@pytest.fixture(scope="module")
def example():
    speech, phonemes = synthesise("A papa and a mama bake a bigger apple pie.")
    return speech.waveform, phonemes


@pytest.mark.parametrize("worse", [False, True])
def test_times_follow_the_speech_and_the_seed_decides(example, worse):
    lengths, changed = set(), 0

    def change(seed):
        generator = np.random.default_rng(seed)
        if worse:
            return disguised(example, [example[0][::-1]], generator)
        return augmented(example, generator)

    for seed in range(24):
        wave, moved = change(seed)
        again, _ = change(seed)
        assert wave.tobytes() == again.tobytes()
        assert np.isfinite(wave).all()
        assert wave.dtype == np.float32
        assert abs(moved[-1].end - len(wave) / 16000) < 0.001
        assert [each.symbol for each in moved] == [each.symbol for each in example[1]]
        lengths.add(len(wave))
        changed += wave.tobytes() != example[0].tobytes()
    assert len(lengths) > 3
    assert 12 < changed < 24 if worse else changed > 12


@pytest.mark.parametrize(
    ("semitones", "formants"), [(4, True), (4, False), (-4, True), (-4, False)]
)
def test_the_pitch_moves_and_the_times_stay(example, semitones, formants):
    waveform, phonemes = example
    shifted = shifted_pitch(waveform, semitones, formants=formants)
    assert shifted.shape == waveform.shape
    before, after = (_melody(each) for each in (waveform, shifted))
    assert 12 * np.log2(after / before) == pytest.approx(semitones, abs=0.6)
    closed = next(each for each in phonemes if each.symbol == "P")
    silent = slice(int(closed.start * 16000) + 200, int(closed.start * 16000) + 600)
    assert np.square(shifted[silent]).mean() < 0.02 * np.square(shifted).mean()


def test_formants_stay_or_move_as_asked(example):
    waveform, _ = example

    def centre(sound):
        power = (10 ** (log_mel(sound) / 10)).sum(axis=0)
        return (power * np.arange(40)).sum() / power.sum()

    moved = centre(shifted_pitch(waveform, 5.0, formants=True)) - centre(waveform)
    stayed = centre(shifted_pitch(waveform, 5.0, formants=False)) - centre(waveform)
    assert moved > 1.0
    assert abs(stayed) < 0.5 * moved


def _melody(sound):
    hertz, voiced, _ = pitch_hertz(sound)
    return np.median(hertz[voiced])


@pytest.mark.parametrize("decibels", [20.0, 5.0])
@pytest.mark.parametrize("kind", ["white", "pink", "music", "babble"])
def test_a_disturbance_is_as_loud_as_asked(example, kind, decibels):
    generator = np.random.default_rng(1)
    waveform = example[0]
    count = len(waveform)
    bed = {
        "white": lambda: coloured_noise(count, 0.0, generator),
        "pink": lambda: coloured_noise(count, 0.5, generator),
        "music": lambda: music(count, generator),
        "babble": lambda: babble([waveform, waveform[::-1]], count, generator),
    }[kind]()
    assert np.square(bed).mean() == pytest.approx(1.0, rel=1e-3)
    quiet = mixed(0.1 * waveform, bed, decibels) - 0.1 * waveform
    loud = np.square(0.1 * waveform).reshape(-1)
    spoken = loud[loud > np.percentile(loud, 50)].mean()
    measured = 10 * np.log10(spoken / np.square(quiet).mean())
    assert measured == pytest.approx(decibels, abs=4.0)


def test_pink_noise_falls_and_music_differs_from_seed_to_seed():
    white, pink = (coloured_noise(32000, fall, np.random.default_rng(0)) for fall in (0.0, 0.5))
    slope = [log_mel(each).mean(axis=0) for each in (white, pink)]
    assert slope[1][2] - slope[1][-2] > slope[0][2] - slope[0][-2] + 8.0
    beds = [music(32000, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert beds[0].tobytes() == beds[1].tobytes()
    assert abs(np.corrcoef(beds[0], beds[2])[0, 1]) < 0.5


def test_a_telephone_leaves_its_band_and_an_overdrive_cuts():
    hiss = coloured_noise(32000, 0.0, np.random.default_rng(0))
    spectrum = np.abs(np.fft.rfft(phone_band(hiss)))
    hertz = np.fft.rfftfreq(32000, 1 / 16000)
    inside = (hertz > 500) & (hertz < 3000)
    assert spectrum[hertz < 150].mean() < 0.1 * spectrum[inside].mean()
    assert spectrum[hertz > 5000].mean() < 0.1 * spectrum[inside].mean()
    assert np.abs(clipped(hiss, 0.3)).max() == pytest.approx(0.3 * np.abs(hiss).max())
