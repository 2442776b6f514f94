"""Every example in docs/api.md is run as it stands, against a served app."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from talkinghead.video.read import read_video

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"```(python|bash)\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.fixture
def folder(tmp_path, photo, sound):
    """Where the examples find the files that they name."""
    shutil.copy(sound, tmp_path / "speech.wav")
    assert photo == tmp_path / "portrait.jpg"
    return tmp_path


@pytest.mark.parametrize(("language", "code"), EXAMPLES, ids=[
    f"{language}-{number}" for number, (language, _) in enumerate(EXAMPLES)
])  # fmt: skip
def test_the_examples_run(server, model, folder, language, code):
    code = code.replace("http://127.0.0.1:7860", server[2].rstrip("/"))
    if language == "bash" and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    program = [sys.executable, "-c"] if language == "python" else ["bash", "-ec"]
    done = subprocess.run(
        [*program, code], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    if "job.result()" in code and done.returncode:  # a fast machine has nothing left to cancel
        assert "Cancelled" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    if "video.mp4" in code:
        assert len(list(read_video(folder / "video.mp4"))) == 25
    elif "/generate" in code:
        printed = re.search(r"\S+\.mp4", done.stdout)
        assert printed is None or len(list(read_video(Path(printed[0])))) == 25


def test_every_endpoint_and_parameter_is_documented(server):
    with urllib.request.urlopen(f"{server[2]}gradio_api/info") as answer:  # noqa: S310
        import json

        endpoints = json.load(answer)["named_endpoints"]
    documented = set(re.findall(r"^\| `(/\w+)`", TEXT, flags=re.MULTILINE))
    assert documented == set(endpoints)
    table = TEXT[TEXT.index("## Parameters of `/generate`") :]
    for parameter in endpoints["/generate"]["parameters"]:
        assert not parameter["parameter_name"].startswith("param_")
        assert re.search(rf"^\| .*\b{parameter['parameter_name']}\b.* \|", table, re.MULTILINE)


def test_documented_defaults_are_the_servers(server):
    import json

    with urllib.request.urlopen(f"{server[2]}gradio_api/info") as answer:  # noqa: S310
        parameters = json.load(answer)["named_endpoints"]["/generate"]["parameters"]
    defaults = {one["parameter_name"]: one["parameter_default"] for one in parameters}
    table = dict(re.findall(r"^\| (\w+) \| [^|]+ \| ([^|]+?) \|", TEXT, flags=re.MULTILINE))
    for name in ("automatic_intensity", "consent"):
        assert table[name] == str(defaults[name]).lower()
    for name in ("size", "fps", "blink", "intensity", "seed"):
        assert float(table[name]) == float(defaults[name])
    for name in ("framing", "head", "motion", "renderer", "feeling_from"):
        assert table[name].strip("`") == defaults[name]
