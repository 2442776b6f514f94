"""Do one job with a loaded model, wherever it runs."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from talkinghead import commands
from talkinghead.batch.jobs import Job
from talkinghead.errors import TalkingHeadError

if TYPE_CHECKING:
    from talkinghead.pipeline import TalkingHead

Outcome = dict[str, object]


def do_job(model: TalkingHead, job: Job, folder: Path) -> Outcome:
    """Make the video; a mistake in the job is an outcome, not an error.

    Args:
        model: any; it holds no state between jobs.
        job: with files that exist here.
        folder: where NAME.mp4, and the motion file if it is wanted, are written.

    Returns:
        What goes into results.jsonl: name, line, state ("done" or "failed") and details.
    """
    started = time.perf_counter()
    motion = folder / f"{job.name}.{job.export_motion}" if job.export_motion else None
    try:
        feeling = commands.feeling_from(argparse.Namespace(
            emotion=job.emotion, emotion_image=job.files.get("emotion_image"),
            emotion_sound=job.files.get("emotion_sound"),
            emotion_timeline=job.files.get("emotion_timeline"),
        ))  # fmt: skip
        result = model.generate(
            job.files["photo"], job.files["sound"], save_to=folder / f"{job.name}.mp4",
            emotion=feeling, options=job.options, export_motion=motion,
        )  # fmt: skip
    except (TalkingHeadError, MemoryError, OSError) as error:
        return failure(job, type(error).__name__, str(error))
    told = commands.report(result, job.options, 0.0, time.perf_counter() - started)
    return {"name": job.name, "line": job.line, "state": "done", **told}


def failure(job: Job, kind: str, error: str) -> Outcome:
    """The outcome of a job that failed, in words on one line."""
    words = " ".join(error.split())
    return {"name": job.name, "line": job.line, "state": "failed", "kind": kind, "error": words}


def outputs(job: Job) -> list[str]:
    """Names of the files that a finished job leaves."""
    return [f"{job.name}.{suffix}" for suffix in ("mp4", job.export_motion) if suffix]


def elsewhere(job: Job, files: dict[str, Path]) -> Job:
    """The same job with its input files at other places."""
    head = str(files["head"]) if "head" in files else job.options.head
    return replace(job, files=files, options=replace(job.options, head=head))
