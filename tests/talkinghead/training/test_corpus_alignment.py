from itertools import pairwise

import numpy as np
import pytest

from talkinghead.speech.synthesis import synthesise
from talkinghead.training.corpus_alignment import Aligner, LeftOut
from talkinghead.types import SAMPLE_RATE, Speech

GERMAN = "Meine Oma wohnt am Fluss."
TEXT = "my mother has five big brown horses"


@pytest.fixture(scope="module")
def aligner():
    return Aligner()


@pytest.fixture(scope="module")
def spoken():
    """A sentence and the truth about it."""
    return synthesise(TEXT, "en-us", rate=140)


def starts(phonemes, symbols):
    return np.array([each.start for each in phonemes if each.symbol in symbols])


@pytest.mark.parametrize(
    ("text", "voice", "language"),
    [("a big blorf bit my mummy", "en-us", "en"), (GERMAN, "de+benjamin", "de")],
)
def test_words_outside_the_dictionary_are_aligned(aligner, text, voice, language):
    speech, truth = synthesise(text, voice, rate=140)
    found = aligner.align(speech, text, language)
    assert found[0].start == 0.0
    assert found[-1].end == speech.seconds
    for before, after in pairwise(found):
        assert before.start < before.end == after.start
        assert not before.symbol == after.symbol == "SIL"
    for symbols in ({"B", "P", "M"}, {"S", "SH", "F"}):
        difference = starts(truth, symbols) - starts(found, symbols)
        assert np.abs(difference).max() < 0.08


def test_an_alignment_does_not_hang_on_the_recordings_before(aligner, spoken):
    first = aligner.align(spoken[0], TEXT, "en")
    hiss = np.random.default_rng(0).normal(0, 0.2, 3 * SAMPLE_RATE).astype(np.float32)
    with pytest.raises(LeftOut):
        aligner.align(Speech(hiss), "some other words", "en")
    assert aligner.align(spoken[0], TEXT, "en") == first
    assert Aligner().align(spoken[0], TEXT, "en") == first


def test_a_recording_that_was_cut_is_aligned_to_what_is_left(aligner, spoken):
    speech, truth = spoken
    five, big = (starts(truth, {symbol})[0] for symbol in "FB")
    cut = Speech(speech.waveform[round(five * SAMPLE_RATE) :])
    found = aligner.align(cut, TEXT, "en")
    assert "M" not in {each.symbol for each in found}  # "my mother" is gone
    assert abs(starts(found, {"B"})[0] - (big - five)) < 0.08
    assert found[-1].end == cut.seconds


@pytest.mark.parametrize(
    "text",
    ["she sells nothing but the very best tea shops", "we", "a very long text " * 20, "123", ""],
)
def test_another_text_is_refused(aligner, spoken, text):
    with pytest.raises(LeftOut, match="doubtful"):
        aligner.align(spoken[0], text, "en")


def test_a_language_that_no_voice_reads_is_refused(aligner, spoken):
    with pytest.raises(LeftOut, match="transcripts in 'xx'"):
        aligner.align(spoken[0], TEXT, "xx")
