"""What holds for the repository as a whole."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "weights" / "README.md"])


def test_importing_the_packages_is_light():
    """Neither torch nor MediaPipe nor Gradio is loaded before it is used."""
    code = (
        "import sys, talkinghead.cli, talkinghead.pipeline; "
        "print([name for name in ('torch', 'mediapipe', 'gradio', 'transformers') "
        "if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_in_documents_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_commands_in_the_readme_exist():
    from talkinghead.cli import build_parser

    known = set(re.findall(r"^    (\w+) ", build_parser().format_help(), flags=re.MULTILINE))
    used = set(re.findall(r"python -m talkinghead (\w+)", (ROOT / "README.md").read_text()))
    assert used
    assert used <= known


def test_dependencies_are_pinned():
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        assert not line or line.startswith("#") or "==" in line, line


def test_every_package_in_the_requirements_has_its_licence_named():
    named = (ROOT / "THIRD_PARTY.md").read_text().lower()
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            assert line.split("==")[0].lower() in named, line


def test_the_readme_shows_the_figures_that_are_kept():
    from talkinghead.evaluation.figures import END, START, table

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split(START)[1].split(END)[0].strip()
    assert shown == table(ROOT / "benchmarks" / "results" / "figures").strip()
    assert shown.count("\n") > 10
