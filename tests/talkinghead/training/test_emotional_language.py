import pytest

from talkinghead.emotion.bank import MEAD_CLASSES, load_bank
from talkinghead.errors import TalkingHeadError
from talkinghead.training.emotional_language import (
    filled_templates,
    general_texts,
    labelled_texts,
)
from talkinghead.training.withheld import Relatives, content_words, stem, withheld


@pytest.fixture(scope="module")
def labelled():
    return labelled_texts(load_bank(), withheld())


@pytest.mark.parametrize(
    ("text", "agrees"),
    [
        ("crying wolves", {"wolves"}), ("a lonely wolf", {"wolf"}), ("the mountaineer", set()),
        ("up in the mountains", {"mountains"}), ("a cat", set()), ("wol", set()),
    ],
)  # fmt: skip
def test_words_agree_by_stem_or_by_their_first_five_letters(text, agrees):
    assert Relatives({"wolf", "wolve", "mountain"}).among(text) - {"mountaineer"} == agrees


def test_stems_and_content_words_follow_the_rule():
    assert stem("happiness") == stem("happily") == "hap"
    assert content_words("I can't believe it's the DOG's") == {"cant", "believe", "dogs"}


def test_no_trained_line_holds_a_withheld_word(labelled):
    banned = withheld()
    assert len(labelled.texts) > 5000
    assert not [text for text in labelled.texts if banned.among(text)]


def test_every_class_is_well_covered_and_labels_are_weights(labelled):
    bank = load_bank()
    totals = dict.fromkeys(MEAD_CLASSES, 0.0)
    for feeling, weight in zip(bank.feelings, labelled.targets.sum(axis=0), strict=True):
        totals[feeling.mead_class] += float(weight)
    assert min(totals.values()) > 300, totals
    about = labelled.targets.sum(axis=1)
    assert set(about.round(5)) == {0.0, 1.0}
    assert (about == 0).sum() > 300


def test_a_part_of_the_phrases_is_held_out(labelled):
    held = labelled.part(labelled.validation)
    assert 500 < len(held.texts) < 0.2 * len(labelled.texts)
    assert held.validation.all()
    assert not set(held.texts) & set(labelled.part(~labelled.validation).texts)


def test_templates_are_filled_the_same_each_time():
    first, again = list(filled_templates()), list(filled_templates())
    assert first == again
    assert len(first) > 1000
    assert not [phrase for phrase in first if "{" in phrase.text]


def test_a_label_that_the_bank_does_not_know_is_named(tmp_path):
    path = tmp_path / "phrases.tsv"
    path.write_text("hapy\tgood\n")
    with pytest.raises(TalkingHeadError, match="hapy"):
        labelled_texts(load_bank(), withheld(), path)


def test_the_dictionary_gives_words_definitions_and_examples_but_no_withheld_ones(tmp_path):
    for kind in ("adv", "verb", "noun"):
        (tmp_path / f"data.{kind}").write_text("")
    (tmp_path / "data.adj").write_text(
        "  1 licence text\n"
        "00001740 00 a 02 grassy 0 leafy_green 0 000 | covered with grass; "
        '"a grassy hill by a lake"\n'
        '00002098 00 a 01 lupine 0 000 | like a wolf; "a wolf\'s grin"\n'
    )
    texts = general_texts(tmp_path, Relatives({"wolf"}))
    expected = ["a grassy hill by a lake", "grassy", "leafy green", "covered with grass", "lupine"]
    assert texts == expected
    assert "like a wolf" in general_texts(tmp_path, Relatives(()))
