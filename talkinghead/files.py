"""What all rooms ask of files: text of bounded size, and outputs that destroy no input."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from talkinghead.errors import OutputNotWritable, TalkingHeadError


def read_text(path: Path, limit: int, error: type[TalkingHeadError]) -> str:
    """Read a text file of bounded size.

    Args:
        path: a regular file; devices and pipes have no size and could feed us for ever.
        limit: largest size in bytes.
        error: what to raise.

    Raises:
        TalkingHeadError: as `error`, if it cannot be read, is too large, or is not UTF-8.
    """
    try:
        if not path.is_file():
            kind = "a folder" if path.is_dir() else "not a file that can be read"
            message = f"{path} is {kind}; give a text file"
            raise error(message)
        size = path.stat().st_size
        if size > limit:
            message = f"{path} has {size} bytes, at most {limit} are read"
            raise error(message)
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        message = f"{path} cannot be read as text: {reason}"
        raise error(message) from problem


def check_writable(path: Path) -> None:
    """Refuse an output file that could not be written, before any work is done.

    Raises:
        OutputNotWritable: if the folder is missing or not writable, or the path is a folder or has
            an impossible name.
    """
    try:
        is_folder = path.is_dir()
    except OSError as error:  # a name of hundreds of characters
        message = f"the output {path} cannot be written: {error.strerror or error}"
        raise OutputNotWritable(message) from error
    if is_folder:
        message = f"the output {path} is a folder; give a file name such as {path / 'file'}"
        raise OutputNotWritable(message)
    if not path.parent.is_dir():
        message = f"the folder {path.parent} does not exist; make it, or choose another output"
        raise OutputNotWritable(message)
    if not os.access(path.parent, os.W_OK):
        message = f"the folder {path.parent} is not writable; choose another output"
        raise OutputNotWritable(message)


def check_not_an_input(output: Path, inputs: Iterable[object]) -> None:
    """Refuse an output that is one of the inputs, which would be lost.

    Args:
        output: where something will be written.
        inputs: paths; whatever is no path or no file is passed over.

    Raises:
        OutputNotWritable: if it is the same file as one of them.
    """
    for given in inputs:
        if not isinstance(given, str | Path):
            continue
        try:
            same = output.exists() and output.samefile(given)
        except OSError:  # the input is missing: whoever reads it says so
            continue
        if same:
            message = f"the output {output} is also an input and would be lost; give another name"
            raise OutputNotWritable(message)
