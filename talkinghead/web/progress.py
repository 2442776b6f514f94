"""Where a job stands: a share, words and the time left, and the bar that shows them."""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from talkinghead.errors import Cancelled, TookTooLong
from talkinghead.types import Progress

_SHARE_BEFORE_FRAMES = 0.12  # of the progress bar; painting takes nearly all of the time
_SECONDS_BEFORE_GUESSING = 0.7
STAGES = {
    "portrait": ("Face", "Finding the face"),
    "speech": ("Voice", "Listening to the voice"),
    "emotion": ("Feeling", "Understanding the feeling"),
    "motion": ("Motion", "Planning the motion"),
    "frames": ("Video", "Painting"),
}
"""A short and a long name for each stage of the pipeline, in order."""


@dataclass(frozen=True)
class Standing:
    """Where a job stands.

    Attributes:
        stage: name of the pipeline's stage; "" before the first.
        share: 0..1 of the whole.
        words: for the user, such as "Painting frame 25 of 160".
        seconds_left: a guess; None while there is nothing to guess from.
    """

    stage: str = ""
    share: float = 0.0
    words: str = "Starting"
    seconds_left: float | None = None


def reporter(
    show: Callable[[Standing], object],
    stop: threading.Event,
    seconds_allowed: float = float("inf"),
    clock: Callable[[], float] = time.monotonic,
) -> Progress:
    """A `Progress` that shows where the job stands, and ends it on demand.

    Args:
        show: called with each report.
        stop: once it is set, the next report raises `Cancelled`.
        seconds_allowed: from now; later reports raise `TookTooLong`.
        clock: seconds.
    """
    started = clock()
    painting_since: float | None = None

    def report(stage: str, done: int, total: int) -> None:
        nonlocal painting_since
        if stop.is_set():
            message = "cancelled: nothing was written"
            raise Cancelled(message)
        now = clock()
        if now - started > seconds_allowed:
            message = (
                f"this video takes longer than the {seconds_allowed:g} seconds that this server "
                "allows; use a shorter sound or a smaller size"
            )
            raise TookTooLong(message)
        if stage == "frames" and painting_since is None:
            painting_since = now
        left = None if painting_since is None else _left(now - painting_since, done, total)
        show(standing(stage, done, total, left))

    return report


def _left(spent: float, done: int, total: int) -> float | None:
    if spent < _SECONDS_BEFORE_GUESSING or not 0 < done <= total:
        return None
    return spent / done * (total - done)


def standing(stage: str, done: int, total: int, seconds_left: float | None = None) -> Standing:
    """What a report of the pipeline means: (stage name, done, total)."""
    within = done / total if total > 0 else 0.0
    names = list(STAGES)
    words = STAGES[stage][1] if stage in STAGES else stage.capitalize()
    if stage == "frames":
        share = _SHARE_BEFORE_FRAMES + (1 - _SHARE_BEFORE_FRAMES) * within
        if total > 1:
            words = f"{words} frame {done} of {total}"
        return Standing(stage, min(share, 1.0), words, seconds_left)
    place = names.index(stage) if stage in names else 0
    share = _SHARE_BEFORE_FRAMES * min((place + within) / (len(names) - 1), 1.0)
    return Standing(stage, share, words)


def waiting(before: int) -> Standing:
    """A job that waits for `before` others."""
    others = "1 video is" if before == 1 else f"{before} videos are"
    return Standing("", 0.0, f"Waiting: {others} made first" if before else "Starting")


def progress_bar(now: Standing) -> str:
    """HTML of the bar, the stages and the words; readable by a screen reader."""
    percent = round(100 * now.share)
    left = "" if now.seconds_left is None else f" · about {_duration(now.seconds_left)} left"
    reached = list(STAGES).index(now.stage) if now.stage in STAGES else -1
    steps = "".join(
        f'<li class="{_state(place, reached)}"'
        f"{' aria-current=step' if place == reached else ''}>{short}</li>"
        for place, (short, _) in enumerate(STAGES.values())
    )
    words = html.escape(now.words)
    return (
        f'<div class="working"><div class="bar" role="progressbar" aria-label="Making the video" '
        f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}" '
        f'aria-valuetext="{words}{left}"><div style="width:{percent}%"></div></div>'
        f"<ol>{steps}</ol><p>{words}{left}</p></div>"
    )


def _state(place: int, reached: int) -> str:
    if place == reached:
        return "now"
    return "done" if place < reached else "later"


def _duration(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 100 else f"{round(whole / 60)} min"
