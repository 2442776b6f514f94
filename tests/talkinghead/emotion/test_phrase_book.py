import pytest

from talkinghead.emotion import phrase_book
from talkinghead.emotion.bank import load_bank
from talkinghead.emotion.phrase_book import (
    BACKGROUND,
    MOST_WORDS,
    Phrase,
    PhraseBook,
    look_up,
    read_phrases,
    shares,
    stored_book,
    stored_tensors,
)
from talkinghead.emotion.plain_forms import WORD
from talkinghead.errors import TalkingHeadError
from talkinghead.training.withheld import withheld


def test_every_phrase_is_labelled_with_feelings_of_the_bank():
    names = set(load_bank().by_name) | {BACKGROUND}
    rows = read_phrases()
    assert len(rows) > 5000
    assert {name for row in rows for name in row.labels} <= names
    assert 500 < sum(row.held_out for row in rows) < 0.2 * len(rows)


def test_the_file_holds_no_withheld_word_and_no_phrase_twice():
    banned = withheld()
    texts = [row.text for row in read_phrases()]
    assert not [text for text in texts if banned.among(text)]
    assert len(set(texts)) == len(texts)
    assert max(len(WORD.findall(text)) for text in texts) <= MOST_WORDS


@pytest.mark.parametrize(
    ("text", "feeling"),
    [
        ("over the moon", "happy"), ("Over the Moon!", "happy"), ("she is over the moon", "happy"),
        ("get lost", "angry"), ("I told you so", "smug"), ("a straight face", "neutral"),
    ],
)  # fmt: skip
def test_a_known_phrase_is_found_alone_or_inside_a_short_text(text, feeling):
    assert dict(look_up(text)) == {feeling: 1.0}


@pytest.mark.parametrize(
    ("text", "feeling"),
    [
        ("my aunt hits the ceiling", "angry"), ("he flies off a handle", "angry"),
        ("they were seeing red", "angry"), ("absolutely over the moon, she was", "happy"),
        ("she has butterflies in her stomach again", "anxious"),
    ],
)  # fmt: skip
def test_person_tense_and_articles_do_not_hide_a_known_phrase(text, feeling):
    assert dict(look_up(text)) == {feeling: 1.0}


def test_phrases_that_differ_only_in_person_and_feeling_are_known_only_as_they_stand():
    book = PhraseBook.of(
        [Phrase(("sad",), "broke my heart"), Phrase(("guilty",), "broke her heart")]
    )
    assert dict(book.look_up("broke my heart")) == {"sad": 1.0}
    assert dict(book.look_up("broke her heart")) == {"guilty": 1.0}
    assert book.look_up("broke their heart") is None


def test_a_single_word_is_known_only_as_it_stands():
    book = PhraseBook.of([Phrase(("loving",), "caring")])
    assert book.look_up("Caring!") is not None
    assert book.look_up("the car") is None


def test_a_negation_of_its_own_belongs_to_a_phrase_but_one_around_it_does_not():
    book = PhraseBook.of([Phrase(("happy",), "can't stop smiling"), Phrase(("calm",), "at peace")])
    assert book.look_up("he can't stop smiling today") is not None
    assert book.look_up("I don't know why I can't stop smiling") is None
    assert book.look_up("he stopped being at peace") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the moon",
        "not over the moon",
        "I was never over the moon",
        "over the moon was the name of the third play that we read at school in winter",
        "asdf qwerty",
        "number 42",
    ],
)
def test_what_is_not_a_known_phrase_is_left_to_the_tower(text):
    assert look_up(text) is None


def test_a_damaged_phrase_file_is_named_with_its_line(tmp_path):
    path = tmp_path / "phrases.tsv"
    for line in ("no label here", "happy\t", "happy\tyes\theld"):
        path.write_text(f"# ours\nhappy\tgood\n{line}\n")
        with pytest.raises(TalkingHeadError, match="line 3"):
            read_phrases(path)


def test_two_feelings_share_the_weight():
    assert shares(("fear", "sad"))["fear"] == pytest.approx(1 / 1.35)
    assert sum(shares(("fear", "sad")).values()) == pytest.approx(1.0)
    assert shares((BACKGROUND,)) == {}


def test_a_known_phrase_is_understood_without_doubt(understand):
    understood = understand("over the moon")
    assert [name for name, _ in understood.feelings] == ["happy"]
    assert not understood.notices


def test_the_stored_book_is_that_of_the_file():
    stored, parsed = stored_book(), PhraseBook.of(read_phrases())
    assert stored is not None, "run python -m talkinghead.training.feelings"
    for row in read_phrases()[::40]:
        for text in (row.text, f"she said {row.text}", f"{row.text} nowhere to be found"):
            assert stored.look_up(text) == parsed.look_up(text)


def test_an_edited_file_is_read_instead_of_the_stored_book(monkeypatch, tmp_path):
    edited = tmp_path / "phrases.tsv"
    edited.write_text("smug\tthe heron has eaten\n")
    assert stored_book(edited) is None
    tensors = stored_tensors(edited)
    assert len(tensors["exact_hashes"]) == 1
    monkeypatch.setattr(phrase_book, "load_weights", lambda _: tensors)
    book = stored_book(edited)
    assert book is not None
    assert book.look_up("The herons have eaten!") == {"smug": 1.0}
    assert book.look_up("over the moon") is None
