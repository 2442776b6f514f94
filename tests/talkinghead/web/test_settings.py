from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from talkinghead.config import GenerateOptions
from talkinghead.errors import BadEmotion, BadOption, UnreadableImage
from talkinghead.types import AutoPrompt, ImagePrompt
from talkinghead.web.sessions import Session
from talkinghead.web.settings import (
    MIXED,
    QUALITIES,
    Controls,
    FeelingAsked,
    keyframes,
    mix_in_words,
    with_keyframe,
    without_keyframe,
)


def test_controls_become_options():
    controls = Controls(
        automatic=True, intensity=0.3, framing="full", size=256, fps=15.0, head="still", blink=2.0,
        gaze_x=-1.0, gaze_y=0.5, seed=9, face=1,
    )  # fmt: skip
    expected = GenerateOptions(
        None, 256, "full", "still", 2.0, (-1.0, 0.5), seed=9, face=1, fps=15.0
    )
    assert controls.options() == expected
    assert Controls(automatic=False, intensity=0.3).options().intensity == 0.3
    assert Controls(seed=None).options().seed == 0
    assert Controls().options("cpu").device == "cpu"
    with pytest.raises(BadOption, match="gaze x"):
        Controls(gaze_x=3.0).options()


def test_a_head_is_copied_only_from_the_clip_that_was_given():
    assert Controls(head="copied", head_clip="clip.mp4").options().head == "clip.mp4"
    with pytest.raises(BadOption, match="add the clip"):
        Controls(head="copied").options()
    with pytest.raises(BadOption, match="expected natural, still or copied"):
        Controls(head="/etc/passwd").options()


def test_every_quality_is_one_that_the_pipeline_takes():
    costs = [size * size * fps for size, fps in QUALITIES.values()]
    assert len(set(QUALITIES.values())) == len(QUALITIES)
    assert costs == sorted(costs)
    for size, fps in QUALITIES.values():
        GenerateOptions(size=size, fps=fps)


def test_sliders_become_a_mix_that_the_encoder_knows():
    from talkinghead.emotion.bank import load_bank
    from talkinghead.emotion.modifiers import read_parts

    weights = [0.0] * len(MIXED)
    weights[MIXED.index("joy")], weights[MIXED.index("fear")] = 0.7, 0.3
    assert mix_in_words(weights) == "0.7 joy + 0.3 fear"
    assert mix_in_words([0.0] * len(MIXED)) == ""
    bank = load_bank()
    assert set(MIXED) <= set(bank.words)
    parts = read_parts(mix_in_words([0.5] * len(MIXED)), bank.words)
    assert [part.word for part in parts] == list(MIXED)


def test_rows_become_keyframes_in_order_and_empty_rows_are_passed_over():
    rows = [[2, "joy", ""], ["", None, float("nan")], ["0.5", "calm", 0.4]]
    assert [(one.time, one.prompt, one.intensity) for one in keyframes(rows)] == [
        (0.5, "calm", 0.4),
        (2.0, "joy", None),
    ]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "the timeline is empty"),
        ([["soon", "joy", 1]], "row 1 of the timeline: the time is 'soon'"),
        ([[0, "joy", 1], [float("inf"), "fear", 1]], "row 2 of the timeline: the time"),
        ([[0, "joy", 1.5]], "the intensity is 1.5, expected a number from 0 to 1"),
        ([[0, " ", 1]], "row 1 of the timeline has no feeling"),
        ([[1, "joy", 1], [1, "fear", 1]], "two feelings at 1 s"),
        ([[number, "joy", 1] for number in range(1001)], "1001 rows"),
    ],
)
def test_rows_that_cannot_be_used_are_named(rows, words):
    with pytest.raises(BadEmotion, match=words):
        keyframes(rows)


def test_keyframes_are_added_in_order_and_taken_away():
    rows = with_keyframe([[2.0, "joy", 1.0]], 1.0, " fear ", 0.5)
    assert rows == [[1.0, "fear", 0.5], [2.0, "joy", 1.0]]
    assert with_keyframe(rows, 2.0, "", None)[1] == [2.0, "neutral", None]
    assert without_keyframe(rows, 0) == [[2.0, "joy", 1.0]]
    assert without_keyframe(rows, 7) == rows


def test_the_tab_in_front_says_where_the_feeling_comes_from(tmp_path):
    path = tmp_path / "face.png"
    Image.fromarray(np.full((20, 30, 3), 9, np.uint8)).save(path)
    asked = {"words": "joy", "picture": str(path), "mix": "1 fear", "timeline": [[0, "awe", 1]]}
    session = Session()
    assert FeelingAsked("words", **asked).feeling(session) == "joy"
    assert FeelingAsked("mix", **asked).feeling(session) == "1 fear"
    assert FeelingAsked("auto", **asked).feeling(session) == AutoPrompt()
    assert FeelingAsked("timeline", **asked).feeling(session)[0].prompt == "awe"
    picture = FeelingAsked("picture", **asked).feeling(session)
    assert isinstance(picture, ImagePrompt)
    assert picture.image.shape == (20, 30, 3)
    assert FeelingAsked("timeline", **asked).prompt(session) == "awe"


def test_what_the_tab_in_front_lacks_is_named(tmp_path):
    session = Session()
    for source, words in (("picture", "picture of a face"), ("voice", "recording"), ("x", "'x'")):
        with pytest.raises(BadEmotion, match=words):
            FeelingAsked(source).feeling(session)
    with pytest.raises(UnreadableImage):
        FeelingAsked("picture", picture=str(tmp_path / "none.png")).feeling(session)


def test_a_feeling_has_a_short_name():
    assert FeelingAsked("words", " furious ").in_words() == "furious"
    assert FeelingAsked("words").in_words() == "neutral"
    assert FeelingAsked("picture").in_words() == "from a picture"
    rows = [[0, "calm", 1], [1, "joy", 1]]
    assert FeelingAsked("timeline", timeline=rows).in_words() == "calm → joy"
