import json
from pathlib import Path

import pytest

from talkinghead.emotion.bank import load_bank
from talkinghead.emotion.modifiers import apply_strength, find_word, read_parts
from talkinghead.errors import BadEmotion

PAIRS = json.loads(Path(__file__).with_name("modifier_pairs.json").read_text(encoding="utf-8"))
WORDS = load_bank().words


def parts(text):
    return read_parts(text, WORDS)


@pytest.mark.parametrize(("weaker", "stronger"), PAIRS["stronger"])
def test_intensity_words_order_two_prompts(understand, weaker, stronger):
    assert understand(weaker).intensity < understand(stronger).intensity


@pytest.mark.parametrize(("text", "classes"), PAIRS["negated"])
def test_negation_is_understood(understand, text, classes):
    assert understand(text).mead_class in classes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.7 joy + 0.3 fear", [("joy", 0.7), ("fear", 0.3)]),
        ("70% happy, 30% sad", [("happy", 0.7), ("sad", 0.3)]),
        ("happy: 0.2, angry: 0.8", [("happy", 0.2), ("angry", 0.8)]),
        ("2 parts joy and 1 part fear", [("joy", 2.0), ("fear", 1.0)]),
        ("0 joy + 1 fear", [("fear", 1.0)]),
        ("joy + fear", [("joy", 1.0), ("fear", 1.0)]),
        ("melancholic but hopeful", [("melancholic", 1.0), ("hopeful", 1.0)]),
    ],
)
def test_mixes_are_taken_apart(text, expected):
    assert [(part.word, part.weight) for part in parts(text)] == expected


def test_a_mild_companion_weighs_less_in_the_mix():
    joy, nervous = parts("quiet joy, a little nervous")
    assert (joy.word, nervous.word) == ("quiet joy", "nervous")
    assert joy.weight > nervous.weight


def test_a_single_number_states_the_intensity():
    assert parts("happy 70%")[0].stated == 0.7
    assert parts("30% sad")[0].stated == 0.3
    assert parts("happy")[0].stated is None


def test_a_mix_of_nothing_is_refused():
    with pytest.raises(BadEmotion, match="all zero"):
        parts("0 joy + 0% fear")


def test_a_bank_phrase_is_not_split_at_its_own_and():
    assert [part.word for part in parts("happy and sad")] == ["happy and sad"]


@pytest.mark.parametrize(
    "text",
    [
        "my dog barked, the neighbours shouted and I missed the last train home",
        "a little girl lost her doll",
        "I can't believe it",
        "trying not to cry",
        "the 3 bears and the 7 dwarfs",
    ],
)
def test_a_sentence_is_left_whole_for_the_tower(text):
    (part,) = parts(text)
    assert part.word is None
    assert part.negation == 0.0


@pytest.mark.parametrize(
    ("phrase", "word"),
    [("happily", "happy"), ("sadness", "sadness"), ("angriest", "angry"), ("happier", "happy"),
     ("sadder", "sad"), ("smile", "smiling"), ("cries", None), ("calmly", "calm"), ("xyz", None)],
)  # fmt: skip
def test_inflections_find_their_word(phrase, word):
    assert find_word(phrase, WORDS) == word


def test_strength_is_monotonic_and_stays_in_range():
    factors = [0.0, 0.3, 0.9, 1.0, 1.2, 2.0, 50.0]
    for intensity in (0.0, 0.4, 1.0):
        scaled = [apply_strength(intensity, factor) for factor in factors]
        assert scaled == sorted(scaled)
        assert 0.0 <= scaled[0] <= scaled[-1] <= 1.0
    assert apply_strength(0.6, 1.0) == 0.6


@pytest.mark.parametrize(
    ("text", "weak", "strong"),
    [("not very happy", "not very happy", "not happy at all")],
)
def test_not_very_is_milder_than_not_at_all(understand, text, weak, strong):
    assert understand(weak).intensity < understand(strong).intensity
    assert understand(text).mead_class == "sad"


@pytest.mark.parametrize("text", ["0.5 + 0.5", "70 % + 30 %"])
def test_a_mix_without_feelings_says_what_is_missing(text):
    with pytest.raises(BadEmotion, match="no feeling beside"):
        read_parts(text, set())


@pytest.mark.parametrize(
    "text",
    ["-0.5 joy", "-0.5 joy + 1 fear", "−0.5 joy + 1 fear", "joy: -0.5, fear: 1",
     "joy -0.5 + fear 1", "-50% happy, 50% sad", "nan joy + 1 fear", "1 joy + inf fear",
     "1e308 joy + 1e308 fear", "1e999 joy + 1 fear"],
)  # fmt: skip
def test_weights_that_make_no_mix_are_refused(text):
    with pytest.raises(BadEmotion, match=r"the weights in .* expected numbers from 0 on"):
        parts(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("joy - 0.7, fear - 0.3", [("joy", 0.7), ("fear", 0.3)]),
        ("joy-0.7, fear-0.3", [("joy", 0.7), ("fear", 0.3)]),
        ("1e-1 joy + 1e+0 fear", [("joy", 0.1), ("fear", 1.0)]),
    ],
)
def test_a_dash_is_no_minus(text, expected):
    assert [(part.word, part.weight) for part in parts(text)] == expected


@pytest.mark.parametrize("text", ["-20 degrees outside", "my nan is happy", "nan died in spring"])
def test_numbers_and_grandmothers_in_a_sentence_are_words(text):
    assert [part.text for part in parts(text)] == [text]
