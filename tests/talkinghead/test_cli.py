"""What the command line says of a line that it cannot read."""

from __future__ import annotations

import pytest

from talkinghead.cli import main

GENERATE = ["generate", "p.jpg", "s.wav", "-o", "v.mp4"]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([*GENERATE, "--emotion", "-sad"], "write --emotion=-sad;"),
        (["emotion", "--text", "-very sad"], None),
        (["emotion", "--text", "-sad"], "write --text=-sad;"),
        ([*GENERATE, "--emotion", "--json"], None),
        ([*GENERATE, "--emotion"], None),
    ],
)
def test_a_value_that_looks_like_an_option_is_told_how_to_write(capsys, arguments, hint):
    code = main(arguments)
    error = capsys.readouterr().err
    if hint:
        assert hint in error
    else:
        assert "looks like" not in error
    assert (code, error.count("\n")) == ((0, 0) if arguments[-1] == "-very sad" else (2, 1))


def test_a_picture_in_place_of_the_motion_is_told(capsys, photo_path, tmp_path):
    output = tmp_path / "v.mp4"
    assert main(["render", str(photo_path), str(photo_path), "-o", str(output)]) == 2
    assert f"{photo_path.name} is a picture by its name" in capsys.readouterr().err
