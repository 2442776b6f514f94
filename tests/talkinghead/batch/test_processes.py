from __future__ import annotations

import json
import multiprocessing
import os
import signal

from talkinghead.batch.jobs import read_jobs
from talkinghead.batch.processes import run_on_processes
from talkinghead.cli import main
from talkinghead.video.read import read_video


def test_two_workers_one_killed_lose_nothing_and_a_failure_stays_alone(
    jobs_file, folder, monkeypatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (folder / "noise.jpg").write_bytes(b"no picture")
    jobs = read_jobs(jobs_file(
        {"size": 256, "name": "a"}, {"size": 256, "name": "broken", "photo": "noise.jpg"},
        {"size": 256, "name": "b", "seed": 1}, {"size": 256, "name": "c", "export_motion": True},
    ))  # fmt: skip
    outcomes = {}
    for job, outcome in run_on_processes(jobs, folder, 2):
        outcomes[job.name] = outcome
        if len(outcomes) == 1:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
    assert multiprocessing.active_children() == []
    assert outcomes["broken"]["state"] == "failed"
    assert outcomes["broken"]["kind"] == "UnreadableImage"
    for name in ("a", "b", "c"):
        assert outcomes[name]["state"] == "done", outcomes[name]
        with read_video(folder / f"{name}.mp4") as clip:
            assert len(list(clip)) == outcomes[name]["frames"] == 8
    assert (folder / "c.csv").is_file()
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_what_a_killed_worker_left_half_written_is_removed(tmp_path, jobs_file):
    from talkinghead.batch.processes import _remove_unfinished

    jobs = read_jobs(jobs_file({"name": "a" * 40}, {"name": "b.c"}))
    ours = [f".{'a' * 32}.0123abc.unfinished.mp4", ".b.c.0123abc.unfinished.mp4"]
    others = [".z.0123abc.unfinished.mp4", "b.c.mp4"]
    for name in ours + others:
        (tmp_path / name).write_bytes(b"x")
    _remove_unfinished(tmp_path, jobs)
    left = {path.name for path in tmp_path.iterdir()}
    assert not left & set(ours)
    assert set(others) <= left


def test_a_job_that_kills_its_workers_fails_after_three_tries(jobs_file, folder, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    jobs = read_jobs(jobs_file({"name": "a"}))
    killed = []
    context = multiprocessing.get_context("spawn")
    real = context.Process.start

    def start_and_kill(process):
        real(process)
        os.kill(process.pid, signal.SIGKILL)
        killed.append(process.pid)

    monkeypatch.setattr(context.Process, "start", start_and_kill)
    ((_, outcome),) = run_on_processes(jobs, folder, 1)
    assert outcome["kind"] == "WorkerDied"
    assert "died 3 times" in outcome["error"]
    assert len(killed) >= 3


def test_a_finished_batch_does_nothing_again(jobs_file, folder, capsys, monkeypatch):
    path = jobs_file({"name": "a"}, {"name": "b"})
    out = folder / "out"
    done = []

    def fake(jobs, _folder, _workers):
        for job in jobs:
            done.append(job.name)
            (out / f"{job.name}.mp4").write_bytes(b"video")
            failed = job.name == "b" and done.count("b") == 1
            known = {"name": job.name, "line": job.line, "frames": 8}
            details = {"state": "failed", "kind": "NoFaceFound", "error": "no face"}
            yield job, {**known, **(details if failed else {"state": "done"})}

    monkeypatch.setattr("talkinghead.batch.processes.run_on_processes", fake)
    assert main(["batch", str(path), "-o", str(out), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["jobs"], report["done"], report["skipped"]) == (2, 1, 0)
    assert report["failed"] == [{"name": "b", "line": 2, "kind": "NoFaceFound", "error": "no face"}]
    assert main(["batch", str(path), "-o", str(out), "--json"]) == 0
    assert main(["batch", str(path), "-o", str(out), "--json"]) == 0
    assert done == ["a", "b", "b"]
    assert main(["batch", str(path), "-o", str(out), "--workers", "0"]) == 2
