"""What became of the jobs: results.jsonl in the output folder, whole at every moment."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from talkinghead.batch.jobs import Job
from talkinghead.batch.work import Outcome, outputs
from talkinghead.errors import OutputNotWritable

FILE_NAME = "results.jsonl"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Let no second batch work in the folder: each would overwrite the other's list of outcomes.

    Raises:
        OutputNotWritable: if another batch works in it, or the folder cannot be made.
    """
    try:
        import fcntl
    except ImportError:  # no POSIX system
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY)
    except OSError as error:
        message = f"the folder {folder} cannot be made: {error.strerror or error}"
        raise OutputNotWritable(message) from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        message = f"another batch works in {folder}; wait for it, or choose another folder"
        raise OutputNotWritable(message) from error
    finally:
        os.close(held)


class Results:
    """The outcomes of one output folder.

    Args:
        folder: made if it is missing.

    Raises:
        OutputNotWritable: if the folder cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE_NAME
        self._outcomes: dict[str, Outcome] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"the folder {folder} cannot be made: {error.strerror or error}"
            raise OutputNotWritable(message) from error
        if not os.access(folder, os.W_OK):
            message = f"the folder {folder} is not writable; choose another"
            raise OutputNotWritable(message)
        if self.path.is_file():
            self._read()

    def refuse_inputs(self, jobs: Sequence[Job], jobs_file: Path) -> None:
        """Refuse jobs whose outputs, or whose list of outcomes, would replace an input.

        Raises:
            OutputNotWritable: names the first.
        """
        inputs = {path.resolve() for job in jobs for path in job.files.values()}
        inputs.add(jobs_file.resolve())
        if self.path.resolve() in inputs:
            message = f"{self.path} is an input and would be lost; choose another folder"
            raise OutputNotWritable(message)
        for job in jobs:
            for name in outputs(job):
                if (self.folder / name).resolve() in inputs:
                    message = (
                        f"{self.folder / name}, the output of line {job.line}, is an input too and "
                        "would be lost; choose another folder or name"
                    )
                    raise OutputNotWritable(message)

    def is_done(self, job: Job) -> bool:
        """Whether the very same job was finished here and its files are still there."""
        known = self._outcomes.get(job.name, {})
        return (
            known.get("state") == "done"
            and known.get("fingerprint") == job.fingerprint
            and all((self.folder / name).is_file() for name in outputs(job))
        )

    def record(self, job: Job, outcome: Outcome) -> None:
        """Add an outcome and replace the file; a kill at any time leaves the old or the new one."""
        self._outcomes[job.name] = {**outcome, "fingerprint": job.fingerprint}
        lines = [json.dumps(one, ensure_ascii=False) for one in self._outcomes.values()]
        unfinished = self.path.with_name(f".{FILE_NAME}.{secrets.token_hex(4)}")
        try:
            unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
            os.replace(unfinished, self.path)
        except OSError as error:
            message = f"{self.path} cannot be written: {error.strerror or error}"
            raise OutputNotWritable(message) from error
        finally:
            unfinished.unlink(missing_ok=True)

    def _read(self) -> None:
        for line in self.path.read_text(encoding="utf-8", errors="replace").split("\n"):
            try:
                outcome = json.loads(line)
                self._outcomes[str(outcome["name"])] = outcome
            except (ValueError, KeyError, TypeError):  # somebody edited it: that job is done again
                continue
