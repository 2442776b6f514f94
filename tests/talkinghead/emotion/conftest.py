"""One encoder for all tests of this room."""

import pytest

from talkinghead.emotion.encoder import load_emotion_encoder
from talkinghead.types import TextPrompt


@pytest.fixture(scope="session")
def encoder():
    return load_emotion_encoder()


@pytest.fixture(scope="session")
def understand(encoder):
    def from_text(text, intensity=None):
        return encoder.understand(TextPrompt(text), intensity)

    return from_text
