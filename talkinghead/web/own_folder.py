"""A folder of one server alone, so that nothing of its visitors outlives it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "evoke-server-"
_SECONDS_TO_LOCK = 60.0
"""A folder so young may belong to a server that has not locked it yet."""


@contextmanager
def own_folder(parent: Path) -> Iterator[Path]:
    """Make a folder for this process, and remove it with all that is in it at the end.

    What servers that were killed have left in `parent` is removed first. A living server holds a
    lock on its folder; the system lets go of it however the server ends.

    Args:
        parent: where the folder is made; made if it is missing.

    Yields:
        The folder, readable for this user only.
    """
    parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(parent)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        with _lock(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned(parent: Path) -> int:
    """Remove the folders whose servers were killed; returns how many.

    A folder that is young, or another user's, is left alone.
    """
    removed = 0
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # its own server has just removed it, or it is not ours
            young = time.time() - folder.stat().st_mtime < _SECONDS_TO_LOCK
            with _lock(folder) as is_ours:
                if is_ours and not young:
                    shutil.rmtree(folder)
                    removed += 1
    return removed


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Whether no other process had the folder locked; it is ours until the end then."""
    if sys.platform == "win32":  # no locks on folders: nobody's folder is taken for abandoned
        yield False
        return
    import fcntl

    file = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        is_ours = False
    else:
        is_ours = True
    try:
        yield is_ours
    finally:
        os.close(file)
