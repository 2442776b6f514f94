from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def _busy_workers(root):
    """Process ids of Ray workers below a process that are at a job."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            title = (entry / "cmdline").read_bytes()
            mine = f"EVOKE_TEST={root}".encode() in (entry / "environ").read_bytes()
        except OSError:
            continue
        if mine and title.startswith(b"ray::Worker.run"):
            found.append(int(entry.name))
    return found


def test_a_killed_worker_of_a_ray_cluster_loses_nothing(jobs_file, folder, tmp_path):
    pytest.importorskip("ray")
    path = jobs_file(
        {"size": 256, "name": "a"}, {"size": 256, "name": "b", "seed": 1, "export_motion": True},
        {"size": 256, "name": "c", "seed": 2}, {"name": "broken", "photo": "beep.wav"},
    )  # fmt: skip
    log = tmp_path / "log.txt"
    environment = {
        **os.environ, "OMP_NUM_THREADS": "1", "EVOKE_TEST": str(tmp_path),
        "RAY_AUTH_MODE": "disabled", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path),
    }  # fmt: skip
    command = [sys.executable, "-m", "talkinghead", "batch", path, "-o", tmp_path / "out"]
    with log.open("w") as stream:
        process = subprocess.Popen(
            [*command, "--ray", "local", "--workers", "2", "--json"], cwd=ROOT, env=environment,
            stdout=subprocess.PIPE, stderr=stream,
        )  # fmt: skip
    killed = None
    while process.poll() is None and killed is None:
        busy = _busy_workers(tmp_path)
        if busy:
            os.kill(busy[0], signal.SIGKILL)
            killed = busy[0]
        time.sleep(0.1)
    output, _ = process.communicate(timeout=120)
    assert killed is not None, log.read_text()
    assert process.returncode == 1, log.read_text()
    report = json.loads(output.splitlines()[-1])
    assert (report["jobs"], report["done"]) == (4, 3)
    assert [one["name"] for one in report["failed"]] == ["broken"]
    made = {one.name for one in (tmp_path / "out").iterdir()}
    assert made == {"a.mp4", "b.mp4", "b.csv", "c.mp4", "results.jsonl"}


def test_no_cluster_at_the_address_is_said_in_one_line(jobs_file, folder, capsys):
    pytest.importorskip("ray")
    from talkinghead.cli import main

    path, before = jobs_file({}), signal.getsignal(signal.SIGTERM)
    assert main(["batch", str(path), "-o", str(folder / "o"), "--ray", "nonsense://x"]) == 2
    assert "no Ray cluster answers" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before
