import numpy as np
import pytest

from talkinghead.errors import NoFaceFound
from talkinghead.evaluation import end_to_end
from talkinghead.evaluation.end_to_end import _closed, measure_end_to_end
from talkinghead.pipeline import TalkingHead
from talkinghead.types import Phoneme


def test_a_video_is_judged_by_what_is_seen(monkeypatch):
    monkeypatch.setattr(end_to_end, "SPOKEN", {"en-us": "Bob and my mother map paths."})
    monkeypatch.setattr(end_to_end, "FEELINGS", ("neutral",))
    result = measure_end_to_end(None, TalkingHead.from_pretrained("cpu"))
    (row,) = result["rows"]
    assert (result["videos"], result["failed"]) == (1, 0)
    assert row["length_error_frames"] <= 1
    assert row["face_found"] == 1.0
    assert row["opening_r"] > 0.8
    assert row["lag_frames"] <= 1


def test_a_photo_that_cannot_be_used_is_counted(monkeypatch, tmp_path):
    class Blind:
        def generate(self, *arguments, **options):
            raise NoFaceFound("no face")

    (tmp_path / "a.jpg").write_bytes(b"")
    result = measure_end_to_end(tmp_path, Blind())
    assert (result["videos"], result["failed"]) == (1, 1)
    assert result["rows"][0]["error"] == "no face"


def test_closure_by_hand():
    seen = np.array([0.2, 0.2, 0.0, 0.2, 0.2, 0.2, 0.2, 0.2], np.float32)
    sounds = [Phoneme("B", 0.08, 0.12), Phoneme("P", 0.2, 0.24), Phoneme("AA", 0.0, 0.08)]
    assert _closed(seen, sounds, 25.0) == pytest.approx(0.5)
    assert np.isnan(_closed(seen, sounds[2:], 25.0))
