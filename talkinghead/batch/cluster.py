"""Jobs on many machines through Ray. Files travel with the jobs: no shared disk is needed.

Every machine needs this checkout at the same version, its weights included. A worker is a Ray
actor: when it or its machine dies, Ray starts it anew, elsewhere if need be, and repeats its job.
"""

from __future__ import annotations

import logging
import os
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkinghead import __version__
from talkinghead.batch.jobs import Job
from talkinghead.batch.processes import TRIES
from talkinghead.batch.work import Outcome, do_job, elsewhere, failure, outputs
from talkinghead.errors import BackendMissing, BadOption, TalkingHeadError

LOCAL = "local"
_GPU_SHARE = 1.0

Files = dict[str, tuple[str, bytes]]
"""By role: file name and content."""


@dataclass(frozen=True)
class Parcel:
    """What goes to a worker: the job, the files that it reads, and who sends it."""

    job: Job
    files: Files
    version: str


def run_on_ray(
    jobs: Sequence[Job], folder: Path, workers: int, address: str
) -> Generator[tuple[Job, Outcome], None, None]:
    """Do the jobs on a cluster; outcomes come as they are ready.

    Args:
        jobs: any number.
        folder: for the outputs, on this machine.
        workers: actors, at least 1; one CPU each, and a GPU if the cluster has any.
        address: of the cluster as `ray.init` takes it, or "local" to start one on this machine.

    Yields:
        Each job once with its outcome.

    Raises:
        BackendMissing: if Ray is not installed.
        BadOption: if there is no cluster at the address.
    """
    with _connection(address, workers) as ray:
        waiting, tries = deque(jobs), dict.fromkeys((job.name for job in jobs), 0)
        idle = [_actor(ray) for _ in range(min(workers, len(jobs)))]
        running: dict[Any, tuple[Job, Any]] = {}
        while waiting or running:
            while waiting and idle:
                job = waiting.popleft()
                try:
                    parcel = _packed(job)
                except OSError as error:  # an input has gone since the jobs were read
                    yield job, failure(job, type(error).__name__, str(error))
                    continue
                actor = idle.pop()
                running[actor.run.remote(parcel)] = (job, actor)
            if not running:
                break
            ready, _ = ray.wait(list(running), num_returns=1)
            job, actor = running.pop(ready[0])
            tries[job.name] += 1
            outcome, actor = _collect(ray, ready[0], job, actor, folder)
            idle.append(actor)
            if outcome is None and tries[job.name] < TRIES:
                waiting.appendleft(job)
                continue
            yield job, outcome or failure(job, "WorkerDied", f"its worker died {TRIES} times")


@contextmanager
def _connection(address: str, workers: int) -> Iterator[Any]:
    """Ray, connected; Ray's handler of SIGTERM does not outlive it, whether it connects or not."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray = _connected(address, workers)
        try:
            yield ray
        finally:
            ray.shutdown()
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


class Worker:
    """One model on one machine of the cluster; Ray makes an actor of this class."""

    def __init__(self) -> None:
        self._models: dict[str, Any] = {}

    def run(self, parcel: Parcel) -> tuple[Outcome, dict[str, bytes]]:
        """Do a job in a folder of its own; the files come back by name."""
        from talkinghead.pipeline import TalkingHead

        with tempfile.TemporaryDirectory(prefix="evoke-job-") as folder:
            job = _unpacked(parcel, Path(folder))
            if parcel.version != __version__:
                message = f"the worker runs Evoke {__version__}, expected {parcel.version}"
                return failure(job, "OtherVersion", message), {}
            device = job.options.device
            try:
                if device not in self._models:
                    self._models[device] = TalkingHead.from_pretrained(device)
            except TalkingHeadError as error:
                return failure(job, type(error).__name__, str(error)), {}
            outcome = do_job(self._models[device], job, Path(folder))
            made = [Path(folder, name) for name in outputs(job)]
            return outcome, {path.name: path.read_bytes() for path in made if path.is_file()}


def _connected(address: str, workers: int) -> Any:  # noqa: ANN401 (an optional package)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    try:
        import ray
    except ImportError as error:
        message = "--ray needs Ray; pip install -r requirements-optional.txt"
        raise BackendMissing(message) from error
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address == LOCAL:
            ray.init(num_cpus=workers, include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        message = (
            f"no Ray cluster answers at {address!r} ({reason}); start one by: ray start --head, "
            "or use --ray local"
        )
        raise BadOption(message) from error
    return ray


def _actor(ray: Any) -> Any:  # noqa: ANN401 (as above)
    gpus = min(_GPU_SHARE, ray.cluster_resources().get("GPU", 0))
    options = {"num_cpus": 1, "num_gpus": gpus, "max_restarts": TRIES, "max_task_retries": TRIES}
    return ray.remote(Worker).options(**options).remote()


def _collect(
    ray: Any,  # noqa: ANN401 (as above)
    reference: Any,  # noqa: ANN401
    job: Job,
    actor: Any,  # noqa: ANN401
    folder: Path,
) -> tuple[Outcome | None, Any]:
    """The outcome, its files written here; None if the worker is lost. And a worker that lives."""
    try:
        outcome, files = ray.get(reference)
    except ray.exceptions.RayActorError:
        return None, _actor(ray)
    except ray.exceptions.RayTaskError as error:
        return failure(job, "WorkerFailed", str(error.cause)), actor
    for name, content in files.items():
        unfinished = folder / f".{name}.unfinished"
        unfinished.write_bytes(content)
        unfinished.replace(folder / name)
    if outcome["state"] == "done":
        outcome["output"] = str(folder / f"{job.name}.mp4")
    return outcome, actor


def _packed(job: Job) -> Parcel:
    files = {role: (path.name, path.read_bytes()) for role, path in job.files.items()}
    return Parcel(job, files, __version__)


def _unpacked(parcel: Parcel, folder: Path) -> Job:
    places = {}
    for role, (name, content) in parcel.files.items():
        places[role] = folder / f"input-{role}" / name
        places[role].parent.mkdir()
        places[role].write_bytes(content)
    return elsewhere(parcel.job, places)
