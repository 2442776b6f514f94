from __future__ import annotations

import threading
import time

import pytest

from talkinghead.errors import Cancelled, ServerBusy, TookTooLong
from talkinghead.web.jobs import Line, slots_for

PATIENCE = 5.0


class Work:
    """Runs until it is released, and counts how many run at once."""

    running = most = 0
    lock = threading.Lock()

    def __init__(self, name="made"):
        self.name, self.begun, self.release = name, threading.Event(), threading.Event()

    def __call__(self, progress):
        with Work.lock:
            Work.running += 1
            Work.most = max(Work.most, Work.running)
        self.begun.set()
        try:
            end = time.monotonic() + PATIENCE
            while not self.release.wait(0.01) and time.monotonic() < end:
                progress("frames", 1, 10)
        finally:
            with Work.lock:
                Work.running -= 1
        return self.name


def finish(job, *works):
    for work in works:
        work.release.set()
    assert job.finished.wait(PATIENCE)


def test_jobs_begin_in_the_order_of_asking_and_as_many_as_there_are_slots():
    Work.most = 0
    line, works = Line(slots=2), [Work(str(number)) for number in range(5)]
    jobs = [line.start(work) for work in works]
    assert works[0].begun.wait(PATIENCE)
    assert works[1].begun.wait(PATIENCE)
    assert line.counts() == (2, 3)
    assert not works[2].begun.is_set()
    works[1].release.set()
    assert works[2].begun.wait(PATIENCE)
    assert not works[3].begun.is_set()
    for job in jobs:
        finish(job, *works)
    assert [job.result() for job in jobs] == ["0", "1", "2", "3", "4"]
    assert Work.most == 2
    assert line.counts() == (0, 0)


def test_a_job_that_waits_knows_how_many_are_before_it():
    line, works = Line(slots=1), [Work() for _ in range(3)]
    jobs = [line.start(work) for work in works]
    assert works[0].begun.wait(PATIENCE)
    end = time.monotonic() + PATIENCE
    while "2 videos are" not in jobs[2].standing.words and time.monotonic() < end:
        time.sleep(0.01)
    assert jobs[2].standing.words == "Waiting: 2 videos are made first"
    for job in jobs:
        finish(job, *works)


def test_a_stopped_job_raises_whether_it_runs_or_waits():
    line, running, waits = Line(slots=1), Work(), Work()
    first, second = line.start(running), line.start(waits)
    assert running.begun.wait(PATIENCE)
    second.stop.set()
    assert second.finished.wait(PATIENCE)
    with pytest.raises(Cancelled):
        second.result()
    assert not waits.begun.is_set()
    first.stop.set()
    assert first.finished.wait(PATIENCE)
    with pytest.raises(Cancelled):
        first.result()
    assert line.counts() == (0, 0)


def test_an_error_is_handed_over_and_its_slot_is_free_again():
    line = Line(slots=1)

    def broken(progress):
        message = "no"
        raise OSError(message)

    job = line.start(broken)
    assert job.finished.wait(PATIENCE)
    assert isinstance(job.error, OSError)
    work = Work()
    finish(line.start(work), work)


def test_a_full_line_refuses_and_a_long_job_is_ended():
    line, works = Line(slots=1, most_waiting=1, seconds_allowed=0.05), [Work(), Work()]
    jobs = [line.start(works[0])]
    assert works[0].begun.wait(PATIENCE)
    jobs.append(line.start(works[1]))
    with pytest.raises(ServerBusy, match="1 videos are waiting"):
        line.start(Work())
    for job in jobs:
        assert job.finished.wait(PATIENCE)
        with pytest.raises(TookTooLong):
            job.result()


def test_there_is_one_slot_on_a_gpu_and_one_for_two_cores_on_a_cpu(monkeypatch):
    import os

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(9)), raising=False)
    assert slots_for("cuda") == 1
    assert slots_for("cpu") == slots_for("auto") == 4
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert slots_for("cpu") == 1
