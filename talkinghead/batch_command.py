"""`batch JOBS.jsonl -o DIR`: many videos; what is finished is not done again."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from talkinghead import __version__, terminal
from talkinghead.errors import BadOption

if TYPE_CHECKING:
    from talkinghead.batch.jobs import Job
    from talkinghead.batch.work import Outcome

MAX_WORKERS = 256


def batch(chosen: argparse.Namespace) -> int:
    """Do all jobs that are not done yet; 1 if some failed, else 0."""
    from talkinghead.batch.jobs import read_jobs
    from talkinghead.batch.results import alone_in

    workers = _workers(chosen.workers)
    jobs = read_jobs(chosen.jobs)
    with alone_in(chosen.output), _ended_by_sigterm():
        return _batch(jobs, chosen, workers)


def _batch(jobs: Sequence[Job], chosen: argparse.Namespace, workers: int) -> int:
    from talkinghead.batch.results import Results

    started = time.perf_counter()
    results = Results(chosen.output)
    results.refuse_inputs(jobs, chosen.jobs)
    todo = [job for job in jobs if not results.is_done(job)]
    failed: list[dict[str, object]] = []
    try:
        with closing(_run(todo, chosen, workers)) as outcomes:
            for number, (job, outcome) in enumerate(outcomes, 1):
                results.record(job, outcome)
                if outcome["state"] == "failed":
                    failed.append(outcome)
                detail = outcome.get("error") or f"{outcome['frames']} frames"
                terminal.say(f"{number}/{len(todo)} {job.name}: {outcome['state']}, {detail}")
    except KeyboardInterrupt:
        terminal.say("stopped; what is finished is kept: the same command goes on from here")
        return 130
    done = len(todo) - len(failed)
    if chosen.json:
        terminal.print_json({
            "jobs": len(jobs), "done": done, "skipped": len(jobs) - len(todo),
            "failed": [
                {name: one[name] for name in ("name", "line", "kind", "error")} for one in failed
            ],
            "results": str(results.path), "workers": workers,
            "seconds": {"total": round(time.perf_counter() - started, 3)},
            "version": __version__,
        })  # fmt: skip
    else:
        skipped = f", {len(jobs) - len(todo)} done before" if len(jobs) > len(todo) else ""
        terminal.say(f"{done} done{skipped}, {len(failed)} failed; see {results.path}")
    return 1 if failed else 0


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """`docker stop` and systemd end a batch so: the workers must end too."""

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(
    jobs: Sequence[Job], chosen: argparse.Namespace, workers: int
) -> Generator[tuple[Job, Outcome], None, None]:
    if chosen.ray is not None:
        from talkinghead.batch.cluster import run_on_ray

        return run_on_ray(jobs, chosen.output, workers, chosen.ray)
    from talkinghead.batch.processes import run_on_processes

    return run_on_processes(jobs, chosen.output, workers)


def _workers(given: int | None) -> int:
    if given is None:
        return max(1, (os.cpu_count() or 1) // 2)
    if not 1 <= given <= MAX_WORKERS:
        message = f"--workers is {given}, expected 1 to {MAX_WORKERS}"
        raise BadOption(message)
    return given
