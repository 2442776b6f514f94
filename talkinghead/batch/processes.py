"""Jobs on this machine: one process and one model a worker; a worker that dies is replaced."""

from __future__ import annotations

import logging
import multiprocessing
import signal
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from talkinghead.batch.jobs import Job
from talkinghead.batch.work import Outcome, do_job, failure
from talkinghead.errors import TalkingHeadError
from talkinghead.threads import pin_threads

TRIES = 3
"""A job whose worker dies is tried so often in all: it may be what kills them."""
_PATIENCE_SECONDS = 5.0


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    job: Job | None = None


def run_on_processes(
    jobs: Sequence[Job], folder: Path, workers: int
) -> Generator[tuple[Job, Outcome], None, None]:
    """Do the jobs; outcomes come as they are ready.

    Args:
        jobs: any number.
        folder: for the outputs.
        workers: processes, at least 1.

    Yields:
        Each job once with its outcome. Closing the iterator ends the workers.
    """
    waiting = deque(jobs)
    tries: dict[str, int] = {}
    pin_threads()
    alive = [_start(folder) for _ in range(min(workers, len(jobs)))]
    try:
        while waiting or any(worker.job for worker in alive):
            for worker in alive:
                if worker.job is None and waiting:
                    worker.job = waiting.popleft()
                    with suppress(OSError):  # it died idle: its closed pipe is noticed below
                        worker.connection.send(worker.job)
            ready = wait([worker.connection for worker in alive if worker.job])
            for worker in [one for one in alive if one.connection in ready]:
                job, outcome = worker.job, _answer(worker)
                worker.job = None
                if job is None:
                    continue
                if outcome is None:
                    alive[alive.index(worker)] = _start(folder)
                    tries[job.name] = tries.get(job.name, 0) + 1
                    if tries[job.name] < TRIES:
                        waiting.appendleft(job)
                        continue
                    outcome = _died(job, worker.process.exitcode)
                yield job, outcome
    finally:
        for worker in alive:
            _end(worker)
        _remove_unfinished(folder, jobs)


def _end(worker: _Worker) -> None:
    """An idle worker ends when its pipe closes; one at work cleans up when it is asked to end."""
    worker.connection.close()
    if worker.job is not None:
        worker.process.terminate()
    worker.process.join(_PATIENCE_SECONDS)
    worker.process.kill()
    worker.process.join()


def _remove_unfinished(folder: Path, jobs: Sequence[Job]) -> None:
    """What workers left that were killed while they wrote (see `write_video`)."""
    stems = {job.name[:32] for job in jobs}
    for left in folder.glob(".*.unfinished.mp4"):
        if left.name[1:].rsplit(".", 3)[0] in stems:
            left.unlink(missing_ok=True)


def _start(folder: Path) -> _Worker:
    context = multiprocessing.get_context("spawn")  # forked threads of numeric libraries hang
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, folder), daemon=True)
    process.start()
    theirs.close()  # so that its end is seen here when the worker dies
    return _Worker(process, ours)


def _answer(worker: _Worker) -> Outcome | None:
    """The outcome; None if the worker has died."""
    try:
        outcome: Outcome = worker.connection.recv()
    except (EOFError, OSError):
        worker.connection.close()
        worker.process.join()
        return None
    return outcome


def _died(job: Job, exit_code: int | None) -> Outcome:
    error = f"the worker died {TRIES} times (exit code {exit_code}); out of memory is a usual cause"
    return failure(job, "WorkerDied", error)


def _serve(connection: Connection, folder: Path) -> None:
    """A worker: a job in, an outcome out, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent decides
    from talkinghead.pipeline import TalkingHead

    models: dict[str, TalkingHead] = {}
    while True:
        try:
            job: Job = connection.recv()
        except EOFError:
            return
        device = job.options.device
        try:
            models[device] = models.get(device) or TalkingHead.from_pretrained(device)
            outcome = do_job(models[device], job, folder)
        except TalkingHeadError as error:
            outcome = failure(job, type(error).__name__, str(error))
        except Exception as error:
            logging.exception("line %d, %s: a defect of Evoke", job.line, job.name)
            outcome = failure(job, type(error).__name__, f"a defect of Evoke: {error}")
        connection.send(outcome)
