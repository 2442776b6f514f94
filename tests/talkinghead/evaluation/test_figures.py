import json
import sys

import pytest

from talkinghead.errors import BadOption
from talkinghead.evaluation import figures
from talkinghead.evaluation.figure_rows import FIGURES, SOURCES, Source
from talkinghead.evaluation.figures import measure, table, with_table

README = f"# Title\n{figures.START}\nold\n{figures.END}\nrest\n"


def test_every_figure_has_a_source():
    assert {figure.source for figure in FIGURES} <= {source.name for source in SOURCES}


def test_only_the_part_between_the_marks_changes():
    written = with_table(README, "| new |")
    assert written == README.replace("old", "| new |")
    assert with_table(written, "| new |") == written
    with pytest.raises(BadOption, match="marks"):
        with_table("no marks", "x")


def test_a_table_holds_what_was_measured(tmp_path):
    assert table(tmp_path).count("\n") == 1  # the head alone
    (tmp_path / "robustness.json").write_text(json.dumps({"passed": 3, "cases": 4}))
    words = table(tmp_path)
    assert "| 3 of 4 |" in words
    assert "--suite robustness" in words


def test_what_is_there_is_not_measured_again(tmp_path):
    script = tmp_path / "one_measure.py"
    script.write_text("import sys, pathlib\npathlib.Path(sys.argv[-1]).write_text(sys.argv[1])")
    source = Source("one", "one_measure", ("{data}",))
    out = tmp_path / "out"
    environment = pytest.MonkeyPatch()
    environment.setenv("PYTHONPATH", str(tmp_path))
    try:
        measure([source], out, {"data": tmp_path / "a"})
        measure([source], out, {"data": tmp_path / "b"})
    finally:
        environment.undo()
    assert (out / "one.json").read_text() == str(tmp_path / "a")


def test_a_measure_without_its_folder_is_left_out_and_a_failure_is_told(tmp_path):
    source = Source("one", "no_such_module", ("{data}",))
    measure([source], tmp_path, {"data": None})
    assert not (tmp_path / "one.json").exists()
    with pytest.raises(BadOption, match="no_such_module"):
        measure([source], tmp_path, {"data": tmp_path})


def test_the_command_line_writes_the_readme(tmp_path, monkeypatch):
    (tmp_path / "R.md").write_text(README)
    (tmp_path / "robustness.json").write_text(json.dumps({"passed": 3, "cases": 4}))
    arguments = ["figures", "-o", str(tmp_path), "--readme", str(tmp_path / "R.md")]
    monkeypatch.setattr(sys, "argv", arguments)
    assert figures.main() == 0
    assert "3 of 4" in (tmp_path / "R.md").read_text()
