"""Stopping by signal at a safe place: between two frames.

A signal handler that raises does so between any two bytecodes, also while a queue holds its lock,
which then is never given back: the clean-up waits for ever. So the handlers here only take note,
and whoever makes frames asks.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_UNTOUCHED = (signal.SIG_DFL, signal.default_int_handler)


class Interruption:
    """Whether SIGTERM or SIGINT has come."""

    def __init__(self) -> None:
        self._number: int | None = None

    def note(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        self._number = number

    def check(self) -> None:
        """Raise what the signal asks for, if one has come.

        Raises:
            KeyboardInterrupt: for SIGINT.
            SystemExit: for SIGTERM, with the shell's exit code.
        """
        if self._number == signal.SIGINT:
            raise KeyboardInterrupt
        if self._number is not None:
            raise SystemExit(128 + self._number)


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Note signals instead of being stopped by them; the earlier handlers come back afterwards.

    Only in the main thread, where signals arrive, and only those that nobody else handles.
    """
    noted = Interruption()
    earlier = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) in _UNTOUCHED:
                earlier[number] = signal.signal(number, noted.note)
    try:
        yield noted
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
    noted.check()  # it came after the last frame: the file is complete, the wish is still granted
