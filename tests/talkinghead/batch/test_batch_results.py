from __future__ import annotations

import json

import pytest

from talkinghead.batch.jobs import read_jobs
from talkinghead.batch.results import Results
from talkinghead.errors import OutputNotWritable


@pytest.fixture
def job(jobs_file):
    return read_jobs(jobs_file({"name": "ada", "export_motion": True}))[0]


def test_a_job_is_done_when_it_and_its_files_are_the_same(job, jobs_file, folder):
    results = Results(folder / "out")
    assert not results.is_done(job)
    results.record(job, {"name": "ada", "state": "done"})
    assert not results.is_done(job)  # its files are missing
    for name in ("ada.mp4", "ada.csv"):
        (folder / "out" / name).write_bytes(b"x")
    assert Results(folder / "out").is_done(job)
    other = read_jobs(jobs_file({"name": "ada", "seed": 1}))[0]
    assert not Results(folder / "out").is_done(other)


def test_failed_jobs_are_tried_again(job, folder):
    results = Results(folder / "out")
    results.record(job, {"name": "ada", "state": "failed"})
    assert not Results(folder / "out").is_done(job)


def test_a_damaged_line_costs_only_its_job(job, folder):
    results = Results(folder / "out")
    results.record(job, {"name": "ada", "state": "done"})
    with results.path.open("a") as stream:
        stream.write('{"name": "half a li\n[1]\n')
    for name in ("ada.mp4", "ada.csv"):
        (folder / "out" / name).write_bytes(b"x")
    again = Results(folder / "out")
    assert again.is_done(job)
    again.record(job, {"name": "ada", "state": "done"})
    assert [json.loads(line)["name"] for line in results.path.read_text().splitlines()] == ["ada"]
    assert {path.name for path in (folder / "out").iterdir()} == {
        "ada.mp4", "ada.csv", "results.jsonl",
    }  # fmt: skip


def test_a_folder_that_cannot_be_made_is_named(folder):
    with pytest.raises(OutputNotWritable, match="cannot be made"):
        Results(folder / "face.jpg" / "out")
