from __future__ import annotations

import pytest

from talkinghead.errors import UnreadableMotion
from talkinghead.web.words import sentence


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("/srv/gradio/1f/walk.csv is damaged", "walk.csv is damaged."),
        ("the file '/srv/a/walk.csv' is damaged", "The file 'walk.csv' is damaged."),
        ("use wav/mp3/m4a, or and/or", "Use wav/mp3/m4a, or and/or."),
        ("see https://evoke.example/a/b", "See https://evoke.example/a/b."),
    ],
)
def test_of_an_errors_paths_only_the_names_are_told(words, shown):
    assert sentence(UnreadableMotion(words)) == shown


def test_the_users_own_words_stay_as_they_are():
    assert sentence("'/s/ very happy' hardly names") == "'/s/ very happy' hardly names."
