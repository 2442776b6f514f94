"""What the command line writes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys


def show_progress(stage: str, done: int, total: int) -> None:
    """A `Progress` on one line of the terminal; silent where there is none."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{stage} {done}/{total}" if done < total else "\r\x1b[K")
        sys.stderr.flush()


def print_json(value: dict[str, object]) -> None:
    """One object on one line of standard output."""
    out(json.dumps(value, ensure_ascii=False))


def out(text: str) -> None:
    """A line of the result."""
    sys.stdout.write(f"{text}\n")


def say(text: str) -> None:
    """A line for the person at the terminal."""
    sys.stderr.write(f"{text}\n")
