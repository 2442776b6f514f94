"""200 idioms and situations, 25 a class, whose words the text tower never met in training.

Written and frozen before training (see the rule in unseen_200.json). Measured once on each shipped
tower: 110 of 200, 117, then 123 (chance: 25; the bar of 170 is not reached). Every content word of
the list, and every relative of it by stem or by its first five letters, was missing from all
training text. The list was never used to choose anything; the floors keep what is there.
"""

import hashlib
import json
from pathlib import Path

import pytest

from talkinghead.emotion.bank import MEAD_CLASSES, load_bank
from talkinghead.emotion.calibration import calibration_texts
from talkinghead.emotion.encoder import load_emotion_encoder
from talkinghead.training.withheld import WORDS_PATH, content_words, withheld
from talkinghead.types import TextPrompt

PATH = Path(__file__).with_name("unseen_200.json")
FROZEN = "b1a46cf43b05c9eddd5f772cd97e5b0e58514e4ec4c427730f09311cf6e8b216"
PHRASES = json.loads(PATH.read_text(encoding="utf-8"))
FLOOR = 117
CLASS_FLOOR = 8
PAIRS = [(name, text) for name in MEAD_CLASSES for text in PHRASES[name]]


@pytest.fixture(scope="module")
def understood():
    encoder = load_emotion_encoder()
    return [encoder.understand(TextPrompt(text)).mead_class for _, text in PAIRS]


def test_the_list_is_frozen():
    assert hashlib.sha256(PATH.read_bytes()).hexdigest() == FROZEN
    assert len({text for _, text in PAIRS}) == 200
    assert all(len(PHRASES[name]) == 25 for name in MEAD_CLASSES)


def test_every_content_word_of_the_list_is_withheld_from_training():
    words = set().union(*(content_words(text) for _, text in PAIRS))
    assert WORDS_PATH.read_text(encoding="utf-8").split() == sorted(words)


def test_the_bank_holds_none_of_them():
    texts, _, _ = calibration_texts(load_bank())
    banned = withheld()
    assert not [text for text in texts if banned.among(text)]


def test_the_list_reaches_the_floor(understood):
    right = sum(got == name for got, (name, _) in zip(understood, PAIRS, strict=True))
    assert right >= FLOOR


def test_no_class_is_lost(understood):
    for name in MEAD_CLASSES:
        got = [one for one, (wanted, _) in zip(understood, PAIRS, strict=True) if wanted == name]
        assert got.count(name) >= CLASS_FLOOR, name
