import numpy as np

from talkinghead.speech.synthesis import synthesise
from talkinghead.training.augmentation import augmented


def test_times_follow_the_speech_and_the_seed_decides():
    speech, phonemes = synthesise("A papa and a mama")
    example = (speech.waveform, phonemes)
    lengths = set()
    for seed in range(12):
        wave, moved = augmented(example, np.random.default_rng(seed))
        again, _ = augmented(example, np.random.default_rng(seed))
        assert wave.tobytes() == again.tobytes()
        assert np.isfinite(wave).all()
        assert wave.dtype == np.float32
        assert abs(moved[-1].end - len(wave) / 16000) < 0.001
        assert [each.symbol for each in moved] == [each.symbol for each in phonemes]
        lengths.add(len(wave))
    assert len(lengths) > 3
