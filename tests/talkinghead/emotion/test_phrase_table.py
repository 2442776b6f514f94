import numpy as np

from talkinghead.emotion.phrase_table import PhraseTable, text_hash


def test_every_text_of_a_table_is_found_and_no_other():
    known = {f"text {number}": number % 7 for number in range(2000)}
    table = PhraseTable.of(known, range(7))
    assert [table.get(text) for text in known] == list(known.values())
    assert not [number for number in range(2000, 9000) if table.get(f"text {number}") is not None]
    assert (np.diff(table.hashes.astype(object)) > 0).all()


def test_an_empty_table_knows_nothing():
    assert PhraseTable.of({}, ["a"]).get("a") is None


def test_the_hash_is_the_same_on_every_machine():
    assert int(text_hash("over the moon")) == 8008402267350292685
