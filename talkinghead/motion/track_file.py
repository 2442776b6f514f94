"""Motion tracks as files that a person can edit: CSV and JSON.

CSV: header `frame,time,<52 ARKit names>,pitch,yaw,roll,x,y,z`; seconds, weights 0..1, radians, cm.
JSON: {"fps": 25.0, "columns": [the same names], "frames": [[...], ...]}.
"""

from __future__ import annotations

import csv
import json
import mimetypes
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import ARKIT_NAMES, Floats, MotionCoefficients
from talkinghead.errors import OutputNotWritable, UnreadableMotion
from talkinghead.files import check_writable, read_text

POSE_NAMES = ("pitch", "yaw", "roll", "x", "y", "z")
COLUMNS: tuple[str, ...] = ("frame", "time", *ARKIT_NAMES, *POSE_NAMES)

_OTHER_KINDS = {"image": "a picture", "audio": "a sound", "video": "a video"}
_MOST_FRAMES = 200_000
_SINGLE_FRAME_FPS = 25.0
FPS_RANGE = (1.0, 240.0)
MAX_FILE_BYTES = 300_000_000
_RANGES = ((0.0, 1.0, ARKIT_NAMES), (-3.2, 3.2, POSE_NAMES[:3]), (-90.0, 90.0, POSE_NAMES[3:]))
"""Lowest and highest value of the columns."""


def check_motion_path(path: Path) -> None:
    """Refuse a motion file that could not be written, before the work is done.

    Raises:
        OutputNotWritable: for a suffix other than .csv or .json, or a missing folder.
    """
    if path.suffix.lower() not in {".csv", ".json"}:
        message = f"{path.name} has the suffix {path.suffix!r}: name it .csv or .json"
        raise OutputNotWritable(message)
    check_writable(path)


def write_motion(motion: MotionCoefficients, path: Path) -> None:
    """Write a track; the suffix .csv or .json chooses the format.

    float32 values survive writing and reading exactly. The file appears under its name only when
    it is complete.

    Raises:
        OutputNotWritable: for another suffix, or if the folder cannot be written.
    """
    writers: dict[str, Callable[[MotionCoefficients, IO[str]], None]]
    writers = {".csv": _write_csv, ".json": _write_json}
    check_motion_path(path)
    writer = writers[path.suffix.lower()]
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=".", suffix=".part", delete=False, encoding="utf-8",
            newline="",
        ) as stream:  # fmt: skip
            temporary = Path(stream.name)
            writer(motion, stream)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        raise OutputNotWritable(message) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def read_motion(path: Path) -> MotionCoefficients:
    """Read a track; columns may stand in any order.

    The frame rate of a CSV is taken from its times; a single row counts as 25 frames a second.

    Raises:
        UnreadableMotion: if the file does not follow the format; says line and column.
    """
    _check_kind(path)
    text = read_text(path, MAX_FILE_BYTES, UnreadableMotion)
    if path.suffix.lower() == ".json":
        return _read_json(text, path.name)
    rows = csv.reader(text.split("\n"))
    try:
        header = [name.strip() for name in next(rows, [])]
        _check_separator(header, path.name)
        table = _table(header, ((f"line {rows.line_num}", row) for row in rows if row), path.name)
    except csv.Error as error:
        message = f"{path.name}, line {rows.line_num}: {error}"
        raise UnreadableMotion(message) from error
    return _motion(header, table, _frame_rate(table[:, header.index("time")]), path.name)


def _check_kind(path: Path) -> None:
    """Tell whoever has taken one file for another which kind was given."""
    kind = (mimetypes.guess_type(path.name)[0] or "").partition("/")[0]
    if kind in _OTHER_KINDS:
        message = (
            f"{path.name} is {_OTHER_KINDS[kind]} by its name, expected a motion file: the .csv or "
            ".json that generate --export-motion or track writes"
        )
        raise UnreadableMotion(message)


def _check_separator(header: list[str], name: str) -> None:
    """A spreadsheet of a country that writes 0,5 separates columns otherwise."""
    for separator, words in ((";", "';'"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            message = (
                f"{name}: the columns are separated by {words}, expected commas, and a point in "
                "numbers (0.5); export it again that way"
            )
            raise UnreadableMotion(message)


def _write_csv(motion: MotionCoefficients, stream: IO[str]) -> None:
    stream.write(",".join(COLUMNS) + "\n")
    for frame, values in enumerate(motion.as_array()):
        weights = ",".join(f"{value:.9g}" for value in values)
        stream.write(f"{frame},{frame / motion.fps!r},{weights}\n")


def _write_json(motion: MotionCoefficients, stream: IO[str]) -> None:
    rows = [
        [frame, frame / motion.fps, *(float(f"{value:.9g}") for value in values)]
        for frame, values in enumerate(motion.as_array())
    ]
    json.dump({"fps": motion.fps, "columns": COLUMNS, "frames": rows}, stream)
    stream.write("\n")


def _read_json(text: str, name: str) -> MotionCoefficients:
    try:
        data = json.loads(text)
        fps, header = float(data["fps"]), [str(column) for column in data["columns"]]
        rows = [(f"frame {index}", list(row)) for index, row in enumerate(data["frames"])]
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        message = f"{name} is no motion file: expected JSON with fps, columns, frames ({error})"
        raise UnreadableMotion(message) from error
    return _motion(header, _table(header, iter(rows), name), fps, name)


def _table(
    header: list[str], rows: Iterator[tuple[str, Sequence[object]]], name: str
) -> NDArray[np.float64]:
    """(T, columns) numbers, each checked; `rows` yields (where it is, cells)."""
    _check_header(header, name)
    time = header.index("time")
    table: list[list[float]] = []
    for place, row in rows:
        if len(row) != len(header):
            message = f"{name}, {place}: {len(row)} values, expected {len(header)} as in the header"
            raise UnreadableMotion(message)
        table.append([_number(cell, name, place, at) for cell, at in zip(row, header, strict=True)])
        if len(table) > 1 and not table[-1][time] > table[-2][time]:
            message = f"{name}, {place}, column time: {table[-1][time]:g} is not later than before"
            raise UnreadableMotion(message)
        if len(table) > _MOST_FRAMES:
            message = f"{name} has more than {_MOST_FRAMES} frames: cut it into parts"
            raise UnreadableMotion(message)
    if not table:
        message = f"{name} has a header but no frames"
        raise UnreadableMotion(message)
    return np.array(table)


def _check_header(header: list[str], name: str) -> None:
    missing = [column for column in COLUMNS if column not in header]
    unknown = [column for column in header if column not in COLUMNS]
    twice = sorted((column for column, count in Counter(header).items() if count > 1), key=str)
    if missing or unknown or twice:
        found = [("missing", missing), ("unknown", unknown), ("twice", twice)]
        what = "; ".join(f"{kind}: {', '.join(map(str, some[:5]))}" for kind, some in found if some)
        message = (
            f"{name}: wrong columns in the header ({what}); expected frame,time,52 ARKit names,"
        )
        message += "pitch,yaw,roll,x,y,z in any order"
        raise UnreadableMotion(message)


def _number(cell: object, name: str, place: str, column: str) -> float:
    """A finite number within its column's range."""
    try:
        value = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        value = float("nan")
    low, high = next(
        ((low, high) for low, high, columns in _RANGES if column in columns), (-1e9, 1e9)
    )
    if not low <= value <= high:  # also catches NaN
        message = (
            f"{name}, {place}, column {column}: {str(cell)[:20]!r} is not a number from {low:g}"
        )
        raise UnreadableMotion(f"{message} to {high:g}")
    return value


def _frame_rate(times: NDArray[np.float64]) -> float:
    """Frames per second: the mean of the steps near the median step.

    The mean undoes rounded times; steps over rows that were cut out are left aside.
    """
    if len(times) < 2:
        return _SINGLE_FRAME_FPS
    steps = np.diff(times)
    ordinary = steps[np.abs(steps / np.median(steps) - 1.0) < 0.5]
    return round(1.0 / float(ordinary.mean()), 6)


def _motion(
    header: list[str], table: NDArray[np.float64], fps: float, name: str
) -> MotionCoefficients:
    def columns(names: Sequence[str]) -> Floats:
        return table[:, [header.index(one) for one in names]].astype(np.float32)

    low, high = FPS_RANGE
    if not low <= fps <= high:  # also catches NaN
        message = f"{name} has {fps:g} frames a second, expected {low:g} to {high:g}"
        raise UnreadableMotion(message)
    try:
        return MotionCoefficients(
            columns(ARKIT_NAMES), columns(POSE_NAMES[:3]), columns(POSE_NAMES[3:]), fps
        )
    except ValueError as error:
        message = f"{name}: {error}"
        raise UnreadableMotion(message) from error
