import numpy as np
import pytest

from talkinghead.speech.alignment import align_phonemes
from talkinghead.speech.synthesis import synthesise


def spoken_symbols(phonemes):
    return [each.symbol for each in phonemes if each.symbol != "SIL"]


def test_known_sounds_are_placed_where_they_are_spoken():
    speech, truth = synthesise("My brother bought a big boat, and then he sailed away from home.")
    found, quality = align_phonemes(speech, spoken_symbols(truth))
    assert spoken_symbols(found) == spoken_symbols(truth)
    assert found[0].start == 0.0
    assert found[-1].end == speech.seconds
    starts = [
        [each.start for each in phonemes if each.symbol != "SIL"] for phonemes in (truth, found)
    ]
    error = np.abs(np.subtract(*starts))
    assert np.median(error) < 0.02
    assert np.percentile(error, 95) < 0.06
    other = spoken_symbols(synthesise("Five quick foxes jump over seven lazy sleeping dogs.")[1])
    assert quality > align_phonemes(speech, other)[1] + 1.0


@pytest.mark.parametrize("symbols", [[], ["XX"], ["AA"] * 5000])
def test_what_cannot_be_aligned_is_refused(symbols):
    speech, _ = synthesise("Hello")
    with pytest.raises(ValueError, match="cannot be aligned"):
        align_phonemes(speech, symbols)
