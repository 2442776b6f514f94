"""How many phrases are put into the right one of MEAD's eight classes."""

from __future__ import annotations

import json
from pathlib import Path

from talkinghead.emotion.bank import MEAD_CLASSES
from talkinghead.emotion.encoder import EmotionEncoder
from talkinghead.errors import BadOption
from talkinghead.files import read_text
from talkinghead.types import TextPrompt

MOST_BYTES = 10_000_000


def measure_phrases(path: Path, encoder: EmotionEncoder) -> dict[str, object]:
    """Right, all, and right by class.

    Args:
        path: JSON, class to list of phrases; "rule" may say in words how they were chosen.
        encoder: what is asked.

    Raises:
        BadOption: the file is no such JSON.
    """
    phrases = json.loads(read_text(path, MOST_BYTES, BadOption))
    if isinstance(phrases, dict):
        phrases.pop("rule", None)  # how the list was made
    if not isinstance(phrases, dict) or not set(phrases) <= set(MEAD_CLASSES):
        message = f"{path} should be JSON: one of {', '.join(MEAD_CLASSES)} to a list of phrases"
        raise BadOption(message)
    right = {
        name: sum(encoder.understand(TextPrompt(str(one))).mead_class == name for one in texts)
        for name, texts in phrases.items()
    }
    count = sum(len(texts) for texts in phrases.values())
    return {"right": sum(right.values()), "of": count, "by_class": right}
