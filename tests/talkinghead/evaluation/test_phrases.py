import json

import pytest

from talkinghead.emotion.encoder import load_emotion_encoder
from talkinghead.errors import BadOption
from talkinghead.evaluation.phrases import measure_phrases


def test_phrases_are_counted_by_class(tmp_path):
    path = tmp_path / "phrases.json"
    path.write_text(json.dumps({"happy": ["happy", "furious"], "angry": ["angry"]}))
    result = measure_phrases(path, load_emotion_encoder())
    assert (result["right"], result["of"]) == (2, 3)
    assert result["by_class"] == {"happy": 1, "angry": 1}


def test_another_file_says_what_is_expected(tmp_path):
    path = tmp_path / "phrases.json"
    path.write_text(json.dumps({"cheerful": ["x"]}))
    with pytest.raises(BadOption, match="one of angry"):
        measure_phrases(path, load_emotion_encoder())
