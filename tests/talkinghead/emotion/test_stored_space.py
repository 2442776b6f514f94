from dataclasses import replace

import numpy as np
import pytest

from talkinghead.emotion.bank import load_bank
from talkinghead.emotion.calibration import calibrate, calibration_texts, with_examples
from talkinghead.emotion.clip_space import DeferredTower
from talkinghead.emotion.encoder import load_emotion_encoder
from talkinghead.emotion.stored_space import (
    as_tensors,
    embedded_key,
    fingerprint,
    stored_space,
)
from talkinghead.types import TextPrompt


class WordTower:
    """A tower without a network: letters counted."""

    name = "letters"
    template = "{}"

    def encode(self, texts):
        rows = np.array(
            [[text.lower().count(chr(97 + k)) + 0.01 for k in range(26)] for text in texts]
        )
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_the_shipped_calibration_belongs_to_the_shipped_bank_and_tower():
    """After an edit of bank.json or new tower: python -m talkinghead.training.feelings."""
    assert stored_space(load_bank(), embedded_key()) is not None


def test_another_bank_or_tower_is_not_served():
    bank = load_bank()
    edited = replace(bank, background=(*bank.background, "the train is late"))
    assert stored_space(edited, embedded_key()) is None
    assert stored_space(bank, "another tower") is None


@pytest.mark.parametrize("remembered", [False, True])
def test_what_is_stored_is_what_was_solved(remembered, tmp_path, monkeypatch):
    from talkinghead.weights import save_weights

    bank, tower = load_bank(), WordTower()
    texts, labels, _ = calibration_texts(bank)
    solved = calibrate(tower, bank)
    if remembered:
        solved = with_examples(solved, tower.encode(texts), labels)
    monkeypatch.setenv("EVOKE_WEIGHTS", str(tmp_path))
    save_weights(as_tensors(solved, fingerprint(bank, tower.name)), "feelings", "test", "MIT")
    stored = stored_space(bank, tower.name)
    vectors = tower.encode(["full of joy", "very angry indeed", "the invoice is due on Monday"])
    np.testing.assert_allclose(
        stored.probabilities(vectors), solved.probabilities(vectors), rtol=1e-3, atol=1e-6
    )
    assert (stored.examples is not None) == remembered
    np.testing.assert_allclose(stored.confidence(vectors), solved.confidence(vectors), rtol=1e-3)


def test_a_named_feeling_does_not_load_the_tower():
    def load():
        raise AssertionError

    encoder = load_emotion_encoder()
    encoder._tower = DeferredTower("letters", load)
    assert encoder.understand(TextPrompt("furious")).mead_class == "angry"
    assert encoder.understand(TextPrompt("")).mead_class == "neutral"


def test_a_deferred_tower_loads_once():
    loaded = []

    def load():
        loaded.append(1)
        return WordTower()

    tower = DeferredTower("letters", load)
    assert loaded == []
    assert tower.encode(["abc"]).shape == (1, 26)
    tower.encode(["abc"])
    assert loaded == [1]


def test_unpleasant_feelings_let_go_of_a_smile():
    """A smiling photo kept its smile whatever feeling was asked for."""
    from renderer.coefficients import ARKIT_INDEX

    encoder = load_emotion_encoder()
    smile = ARKIT_INDEX["mouthSmileLeft"]
    for feeling in ("furious", "terrified", "heartbroken"):
        assert encoder.understand(TextPrompt(feeling), 1.0).expression[smile] < -0.5, feeling
    for feeling in ("happy", "surprised", "neutral"):
        assert encoder.understand(TextPrompt(feeling), 1.0).expression[smile] >= 0.0, feeling
