from itertools import pairwise

import numpy as np
import pytest

from talkinghead.speech.synthesis import synthesise
from talkinghead.training.transcripts import align_english, english_aligner


@pytest.fixture(scope="module")
def aligner():
    return english_aligner()


def test_words_are_placed_where_they_are_spoken(aligner):
    text = "my mother has five big brown horses"
    speech, truth = synthesise(text, rate=140)
    found = align_english(aligner, speech, text)
    assert found[0].start == 0.0
    assert found[-1].end == pytest.approx(speech.seconds, abs=0.011)
    for before, after in pairwise(found):
        assert before.end == after.start > before.start
    for symbol in ("B", "HH", "F"):
        spoken = [each for each in truth if each.symbol == symbol][-1]
        placed = [each for each in found if each.symbol == symbol][-1]
        middle = (spoken.start + spoken.end) / 2
        assert np.abs(middle - (placed.start + placed.end) / 2) < 0.1


def test_unknown_words_and_wrong_texts_give_nothing(aligner):
    speech, _ = synthesise("good morning")
    assert align_english(aligner, speech, "zzyzxq blorf") == ()
    assert align_english(aligner, speech, "") == ()
    assert align_english(aligner, speech, "a very long text that was never spoken " * 9) == ()
