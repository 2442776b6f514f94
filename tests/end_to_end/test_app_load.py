"""Many jobs at once: none lost, none mixed up, nothing left. In full: benchmarks/app_load.py."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from asking import ask, new_client, path_of, understood, wait_for
from fake_model import FakeTalkingHead
from material import recording

from talkinghead.video.read import read_video

pytest.importorskip("gradio_client")
CLIENTS, JOBS_EACH = 4, 4
ROOT = Path(__file__).parents[2]


def test_no_job_is_lost_or_mixed_up_and_no_file_is_left(served, photo, tmp_path):
    sounds = {
        number: recording(tmp_path / f"{number}.wav", 0.2 + 0.04 * number)
        for number in range(CLIENTS * JOBS_EACH)
    }

    def one_client(first):
        client = new_client(address)
        answers = {}
        for number in range(first, CLIENTS * JOBS_EACH, CLIENTS):
            video, _, _, facts, _ = ask(client, photo, sounds[number], seed=number).result(60)
            answers[number] = (len(list(read_video(Path(path_of(video))))), facts)
        return answers

    with served(FakeTalkingHead()) as (_, address, studio):
        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = dict(
                item for one in pool.map(one_client, range(CLIENTS)) for item in one.items()
            )
        assert studio.line.counts() == (0, 0)
        assert studio.keeper.sweep(idle_seconds=0.0) == CLIENTS
    assert len(answers) == CLIENTS * JOBS_EACH
    for number, (frames, facts) in answers.items():
        assert frames == int(np.ceil(round((0.2 + 0.04 * number) * 25, 6)))
        assert f"Seed {number}." in facts


@pytest.fixture
def running(tmp_path):
    """`python -m talkinghead serve`, with temporary files elsewhere: (process, address, folder)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "served"
    (folder / "someone-elses").mkdir(parents=True)
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(folder)}
    command = [sys.executable, "-m", "talkinghead", "serve", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}/"
        assert wait_for(lambda: answers(f"{address}health"), 60)
        yield server, address, folder
    finally:
        server.kill()
        server.wait()


def test_a_server_that_is_stopped_leaves_nothing(running, photo_path, tmp_path):
    """Neither uploads nor previews, sounds and videos, even of a job that is being done."""
    server, address, folder = running
    client = new_client(address)
    spoken = client.predict(text="Yes.", voice="en-us", api_name="/speak")
    assert Path(spoken).stat().st_size > 1000
    assert "1 face" in understood(client, photo_path, "joy")[2]
    job = ask(client, photo_path, recording(tmp_path / "long.wav", 60.0))
    assert wait_for(lambda: any("Painting" in output[-1] for output in job.outputs()), 60)
    names = {one.name for one in folder.rglob("*")}
    assert {"grace_hopper.jpg", "long.wav"} <= names
    assert any(name.startswith("evoke-session-") for name in names)
    server.terminate()
    assert server.wait(timeout=10) == 0
    assert [one.name for one in folder.iterdir()] == ["someone-elses"]


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310
            return answer.status == 200
    except OSError:
        return False
