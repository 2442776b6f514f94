"""`emotion --texts`: a row for each line of the file, neither more nor fewer."""

from __future__ import annotations

import json

import pytest

from talkinghead.cli import main


@pytest.fixture
def ask(tmp_path, capsys):
    """What the command says of a file of these bytes: (exit code, rows, standard error)."""

    def answer(content):
        path = tmp_path / "prompts.txt"
        path.write_bytes(content)
        code = main(["emotion", "--texts", str(path), "--json"])
        told = capsys.readouterr()
        return code, [json.loads(line) for line in told.out.split("\n") if line], told.err

    return answer


def test_a_line_ends_only_at_its_newline(ask):
    content = "joy\nsad\x0bly\x85angry\u2028x\n\nfear".encode()
    code, rows, _ = ask(content)
    assert code == 0
    assert len(rows) == 4
    assert [rows[place]["class"] for place in (0, 2, 3)] == ["happy", "neutral", "fear"]


@pytest.mark.parametrize("content", ["joy\r\nfear\r\n", "\ufeffjoy\nfear", "joy\nfear\n"])
def test_marks_and_ends_of_lines_are_no_prompts(ask, content):
    code, rows, error = ask(content.encode())
    assert [row["class"] for row in rows] == ["happy", "fear"]
    assert (code, error) == (0, "")


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_said_to_be_one(ask, content):
    code, rows, error = ask(content)
    assert (code, rows) == (0, [])
    assert "prompts.txt is empty; expected one prompt a line" in error


def test_a_mistake_is_told_with_its_line_after_the_rows_before_it(ask):
    code, rows, error = ask(b"joy\nfear\n-0.5 joy\nanger\n")
    assert code == 2
    assert [row["class"] for row in rows] == ["happy", "fear"]
    assert error.startswith("evoke: prompts.txt, line 3: the weights")


def test_the_keys_of_a_row_are_the_documented_ones(ask):
    _, rows, _ = ask(b"joy")
    assert set(rows[0]) == {
        "embedding", "feelings", "class", "intensity", "valence", "arousal", "backend", "notices",
    }  # fmt: skip
