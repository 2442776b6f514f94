import numpy as np
import pytest

from talkinghead.config import GenerateOptions
from talkinghead.errors import BadOption


@pytest.mark.parametrize("given", [{"seed": 1.5}, {"seed": -1}, {"seed": 2**63}, {"face": 0.5}])
def test_what_is_counted_is_whole(given):
    name = next(iter(given))
    with pytest.raises(BadOption, match=f"{name} is .* expected a whole number from 0 to"):
        GenerateOptions(**given)


def test_whole_numbers_of_any_kind_are_taken():
    options = GenerateOptions(seed=np.int64(7), face=np.uint8(1))
    assert options.seed == 7
    assert options.face == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"fps": "25"}, "fps is '25', expected a number from 10 to 60"),
        ({"fps": 10**400}, "expected a number from 10 to 60"),
        ({"blink": None}, "blink is None, expected a number"),
        ({"intensity": "1"}, "intensity is '1', expected a number"),
        ({"gaze": None}, "gaze is None, expected two numbers"),
        ({"gaze": (0,)}, r"gaze is \(0,\), expected two numbers"),
        ({"gaze": (0, "up")}, "gaze y is 'up', expected a number"),
        ({"speech": None}, "speech is None, expected 'embedded'"),
        ({"head": None}, "head is None, expected natural, still, or the path"),
        ({"face": "0"}, "face is '0', expected a whole number"),
        ({"size": "512"}, "size is '512', expected one of"),
        ({"size": 512.0}, "size is 512.0, expected a whole number"),
        ({"motion": None}, "motion is None, expected one of"),
    ],
)
def test_what_is_no_such_value_at_all_is_told_in_words(given, words):
    with pytest.raises(BadOption, match=words):
        GenerateOptions(**given)


def test_numbers_of_numpy_and_lists_are_taken():
    options = GenerateOptions(
        blink=np.float32(0.5), fps=np.float64(24), gaze=np.array([0.5, 0]), intensity=1
    )
    assert (options.blink, options.fps, options.gaze[0]) == (0.5, 24, 0.5)
