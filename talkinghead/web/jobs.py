"""Jobs of many users on one model: a fair line, a few at a time, each can be stopped."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from talkinghead.errors import Cancelled, ServerBusy
from talkinghead.types import Progress
from talkinghead.web.progress import Standing, reporter, waiting

Made = TypeVar("Made")
_PATIENCE_SECONDS = 0.1


def slots_for(device: str) -> int:
    """How many videos are made at once: one on a GPU, one for each two cores on a CPU.

    Rendering and encoding run side by side and keep two cores busy; more jobs than that only make
    each of them slower, and the first to finish later.

    Args:
        device: "auto", "cpu" or "cuda".
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return 1 if device == "cuda" else max(1, (cores or 1) // 2)


@dataclass(eq=False)
class Job(Generic[Made]):
    """One piece of work, in a thread of its own.

    Attributes:
        stop: set it to end the job at its next report, or at once while it waits.
        finished: set when there is a result or an error.
        standing: where the job stands.
        seconds: of work, once it is finished; waiting does not count.
        error: what the work raised, once it is finished; None if it did its work.
    """

    stop: threading.Event
    finished: threading.Event = field(default_factory=threading.Event)
    standing: Standing = field(default_factory=Standing)
    seconds: float = 0.0
    error: Exception | None = None
    _made: Made | None = None

    def result(self) -> Made:
        """What the work returned, once `finished` is set; raises what the work raised."""
        if self.error is not None:
            raise self.error
        if self._made is None:
            message = "the job is not finished"
            raise RuntimeError(message)
        return self._made

    def run(self, work: Callable[[Progress], Made], seconds_allowed: float) -> None:
        """Do the work, in the calling thread."""
        started = time.monotonic()
        try:
            self._made = work(reporter(self._note, self.stop, seconds_allowed))
        except Exception as error:  # noqa: BLE001 - handed to whoever asks for the result
            self.error = error
        self.seconds = time.monotonic() - started

    def fail(self, error: Exception) -> None:
        """Note an error that came before the work began."""
        self.error = error

    def _note(self, now: Standing) -> None:
        self.standing = now


class Line:
    """A first come, first served line in front of a few slots.

    Args:
        slots: jobs that run at once.
        most_waiting: further jobs are refused.
        seconds_allowed: for one job.
    """

    def __init__(
        self, slots: int = 1, most_waiting: int = 32, seconds_allowed: float = 1800.0
    ) -> None:
        self.slots = slots
        self._most_waiting = most_waiting
        self._seconds_allowed = seconds_allowed
        self._waiting: deque[Job[object]] = deque()
        self._running = 0
        self._changed = threading.Condition()

    def counts(self) -> tuple[int, int]:
        """Jobs that run, and jobs that wait."""
        with self._changed:
            return self._running, len(self._waiting)

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no job runs, at most so long; whether that came to be."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, seconds)

    def start(
        self,
        work: Callable[[Progress], Made],
        stop: threading.Event | None = None,
        otherwise: Callable[[], object] | None = None,
    ) -> Job[Made]:
        """Put work in the line; it begins when its turn comes.

        Args:
            work: called with the `Progress` to report to.
            stop: the job's stop signal.
            otherwise: called instead of the work, if the job is stopped before its turn.

        Raises:
            ServerBusy: if the line is full.
        """
        job: Job[Made] = Job(stop or threading.Event())
        with self._changed:
            if len(self._waiting) >= self._most_waiting:
                message = (
                    f"{self._most_waiting} videos are waiting to be made already; "
                    "try again in a few minutes"
                )
                raise ServerBusy(message)
            self._waiting.append(job)  # type: ignore[arg-type]
        threading.Thread(target=self._live, args=(job, work, otherwise), daemon=True).start()
        return job

    def _live(
        self,
        job: Job[Made],
        work: Callable[[Progress], Made],
        otherwise: Callable[[], object] | None,
    ) -> None:
        try:
            if self._turn_came(job):
                try:
                    job.run(work, self._seconds_allowed)
                finally:
                    with self._changed:
                        self._running -= 1
                        self._changed.notify_all()
            else:
                job.fail(Cancelled("cancelled: nothing was written"))
                if otherwise is not None:
                    otherwise()
        finally:
            job.finished.set()

    def _turn_came(self, job: Job[Made]) -> bool:
        """Wait for a slot; False if the job was stopped meanwhile."""
        with self._changed:
            while not job.stop.is_set():
                before = self._running + list(self._waiting).index(job)  # type: ignore[arg-type]
                if self._running < self.slots and self._waiting[0] is job:
                    self._waiting.popleft()
                    self._running += 1
                    return True
                job.standing = waiting(before)
                self._changed.wait(_PATIENCE_SECONDS)
            self._waiting.remove(job)  # type: ignore[arg-type]
            self._changed.notify_all()
            return False
