"""Files of at most 300 lines, functions of at most 50."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for pattern in (
        "app.py",
        "webapp/*.py",
        "benchmarks/*.py",
        "talkinghead/**/*.py",
        "renderer/**/*.py",
        "tests/**/*.py",
    )
    for path in ROOT.glob(pattern)
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_and_function_sizes(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > 50
    ]
    # A docstring that says what goes in and out is not the length that is meant.
    long = [entry for entry in long if not _mostly_docstring(text, entry.split(":")[0])]
    assert long == []


def _mostly_docstring(text, name):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            document = ast.get_docstring(node, clean=False) or ""
            return node.end_lineno - node.lineno + 1 - len(document.splitlines()) <= 50
    return False
