import pytest

from talkinghead.emotion.plain_forms import plain_form, plain_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("she hit the roof", "he hits a roof"),
        ("it made his blood boil", "it makes my blood boil"),
        ("walking on eggshells around her", "walked on eggshells around them"),
        ("I'm over the moon", "over the moon"),
        ("they were absolutely over the moon", "over the moon"),
        ("I can't stop smiling", "I cannot stop smiling"),
        ("slipped through my fingers", "slips through your fingers"),
        ("down somebody's throat", "down one's throat"),
    ],
)
def test_inflection_person_and_articles_make_no_difference(one, other):
    assert plain_words(one) == plain_words(other) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("over the moon", "not over the moon"),
        ("he left me", "I left him"),
        ("hit the roof", "hit the road"),
        ("I am ill", "I kill"),
    ],
)
def test_what_means_something_else_stays_apart(one, other):
    assert plain_words(one) != plain_words(other)


def test_a_text_that_only_says_that_somebody_feels_keeps_its_words():
    assert plain_words("I feel") == ["i", "feel"]
    assert plain_words("") == plain_words("the") == []


def test_short_words_are_left_whole():
    assert [plain_form(word) for word in ("bed", "king", "red", "gas", "see")] == [
        "bed", "king", "red", "gas", "see",
    ]  # fmt: skip
