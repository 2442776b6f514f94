"""The file of jobs: one JSON object a line, checked as a whole before any work is done.

    {"photo": "ada.png", "sound": "hello.wav", "emotion": "quiet joy", "size": 256, "name": "ada"}

Keys are the options of `generate` by name; paths are relative to the file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Never

from talkinghead import __version__
from talkinghead.config import GenerateOptions
from talkinghead.errors import BadJobs, TalkingHeadError
from talkinghead.files import read_text

MAX_FILE_BYTES = 50_000_000
MAX_JOBS = 100_000
_SHOWN_MISTAKES = 5
_LONGEST_MISTAKE = 600
_MOST_NAME_BYTES = 200
_NAME = re.compile(r"\w[\w .,()+=@-]{0,99}")
_NOT_IN_NAMES = re.compile(r"[^\w .,()+=@-]")
_PATHS = ("photo", "sound", "emotion_image", "emotion_sound", "emotion_timeline")
_FEELINGS = ("emotion", "emotion_image", "emotion_sound", "emotion_timeline")
_NUMBERS = ("intensity", "blink", "fps")
_WHOLE_NUMBERS = ("size", "seed", "face")
_WORDS = ("framing", "head", "motion", "renderer", "device", "speech", "emotion")
_OPTIONS = tuple(field.name for field in fields(GenerateOptions))
KEYS = ("name", *_PATHS, "emotion", "export_motion", *_OPTIONS)


@dataclass(frozen=True)
class Job:
    """One video to make.

    Attributes:
        line: of the file, counted from 1.
        name: of the outputs, without suffix; unique in the file.
        files: "photo", "sound" and what else is read, absolute paths by role.
        emotion: words; "" if there are none.
        options: of `generate`; `head` is absolute if it is a path.
        export_motion: "csv", "json" or "" for no motion file.
        fingerprint: changes whenever the job, its input files or the version change; taken when
            the file of jobs was read.
    """

    line: int
    name: str
    files: Mapping[str, Path]
    emotion: str
    options: GenerateOptions
    export_motion: str
    fingerprint: str = ""


def _fingerprint(job: Job) -> str:
    try:
        states = {
            role: (str(path), path.stat().st_size, path.stat().st_mtime_ns)
            for role, path in sorted(job.files.items())
        }
    except OSError as error:
        message = f"{error.filename} cannot be read: {error.strerror}"
        raise BadJobs(message) from error
    told = [job.name, states, job.emotion, asdict(job.options), job.export_motion]
    return hashlib.sha256(json.dumps([*told, __version__]).encode()).hexdigest()[:32]


def read_jobs(path: Path) -> list[Job]:
    """Read and check a file of jobs.

    Raises:
        BadJobs: names every wrong line (the first `_SHOWN_MISTAKES` in words).
    """
    lines = read_text(path, MAX_FILE_BYTES, BadJobs).split("\n")  # a text may hold other breaks
    jobs: list[Job] = []
    mistakes: list[str] = []
    taken: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            job = _job(line, number, path.absolute().parent)
            other = taken.setdefault(job.name.casefold(), number)
            if other != number:
                _refuse(
                    f"the name {job.name!r} is that of line {other}, too; outputs would collide"
                )
            jobs.append(job)
        except TalkingHeadError as error:
            mistakes.append(f"line {number}: {_shortened(str(error))}")
    if len(jobs) > MAX_JOBS:
        mistakes.append(f"{len(jobs)} jobs, at most {MAX_JOBS} are done at once; cut the file")
    if mistakes:
        more = len(mistakes) - _SHOWN_MISTAKES
        rest = f"; and {more} more" if more > 0 else ""
        message = f"{path.name}, {'; '.join(mistakes[:_SHOWN_MISTAKES])}{rest}. Nothing was done"
        raise BadJobs(message)
    if not jobs:
        _refuse(f"{path.name} holds no jobs; expected one JSON object a line")
    return jobs


def _shortened(words: str) -> str:
    """Somebody may have given a number of thousands of digits."""
    return words if len(words) <= _LONGEST_MISTAKE else f"{words[:_LONGEST_MISTAKE]} …"


def _refuse(message: str) -> Never:
    raise BadJobs(message)


def _job(line: str, number: int, folder: Path) -> Job:
    given = _object(line)
    files = {role: _file(given[role], role, folder) for role in _PATHS if role in given}
    for role in ("photo", "sound"):
        if role not in files:
            _refuse(f"{role!r} is missing; give the path of a file")
    feelings = [key for key in _FEELINGS if key in given]
    if len(feelings) > 1:
        _refuse(f"{' and '.join(feelings)} are given, expected one of them")
    if "emotion_timeline" in files:
        from talkinghead.emotion.timeline import read_timeline

        read_timeline(files["emotion_timeline"])
    options = _options(given, folder)
    if options.head not in {"natural", "still"}:
        files["head"] = Path(options.head)
    motion = _motion_format(given.get("export_motion", False))
    name = given.get("name", _usual_name(number, files))
    job = Job(number, _name(name), files, str(given.get("emotion", "")), options, motion)
    return replace(job, fingerprint=_fingerprint(job))


def _usual_name(number: int, files: Mapping[str, Path]) -> str:
    """Of a job that has none: the line, the photo and the sound, as far as a name may hold them."""
    words = f"{number:04}-{files['photo'].stem}-{files['sound'].stem}"[:90]
    plain = _NOT_IN_NAMES.sub("_", words).encode()[:_MOST_NAME_BYTES].decode(errors="ignore")
    return plain.rstrip(". ")


def _motion_format(given: object) -> str:
    if isinstance(given, bool):
        return "csv" if given else ""
    if not isinstance(given, str) or given not in {"csv", "json"}:
        _refuse(f"export_motion is {given!r}, expected true, false, csv or json")
    return str(given)


def _object(line: str) -> dict[str, object]:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        message = f"this is no JSON ({error}); expected an object such as "
        raise BadJobs(message + '{"photo": "a.jpg", "sound": "b.wav"}') from error
    if not isinstance(given, dict):
        _refuse(f"expected a JSON object, this is {type(given).__name__}")
    named = {str(key).replace("-", "_"): value for key, value in given.items()}
    unknown = [key for key in named if key not in KEYS]
    if unknown:
        _refuse(f"{unknown[0]!r} is no option; there are {', '.join(dict.fromkeys(KEYS))}")
    checks: list[tuple[tuple[str, ...], str, Callable[[object], bool]]] = [
        (_WORDS, "text", lambda value: isinstance(value, str)),
        (_NUMBERS, "a number", lambda value: type(value) in {int, float}),
        (_WHOLE_NUMBERS, "a whole number", lambda value: type(value) is int),
    ]
    for names, kind, is_kind in checks:
        for name in names:
            if named.get(name) is not None and not is_kind(named[name]):
                _refuse(f"{name} is {named[name]!r}, expected {kind}")
    return {key: value for key, value in named.items() if value is not None}


def _file(given: object, role: str, folder: Path) -> Path:
    if not isinstance(given, str) or not given or "\0" in given:
        _refuse(f"{role} is {given!r}, expected the path of a file")
    path = folder / str(given)
    try:
        is_file = path.is_file()
    except OSError:  # a name of hundreds of characters
        is_file = False
    if not is_file:
        _refuse(f"{role}: there is no file {path}")
    return path


def _options(given: Mapping[str, object], folder: Path) -> GenerateOptions:
    values = {name: given[name] for name in _OPTIONS if name in given}
    if "gaze" in values:
        values["gaze"] = _gaze(values["gaze"])
    if values.get("head", "natural") not in {"natural", "still"}:
        values["head"] = str(_file(values["head"], "head", folder))
    return GenerateOptions(**values)  # type: ignore[arg-type]


def _gaze(given: object) -> tuple[float, float]:
    parts = given.split(",") if isinstance(given, str) else given
    try:
        if not isinstance(parts, list):
            raise TypeError
        x, y = (float(part) for part in parts)
    except (TypeError, ValueError, OverflowError) as error:
        message = f"gaze is {given!r}, expected two numbers from -1 to 1 such as [0.3, -0.1]"
        raise BadJobs(message) from error
    return x, y


def _name(given: object) -> str:
    """Neither a path nor a name that some system cannot store."""
    if (
        not isinstance(given, str) or not _NAME.fullmatch(given) or given.endswith((".", " "))
        or len(given.encode()) > _MOST_NAME_BYTES
    ):  # fmt: skip
        _refuse(
            f"the name {given!r} cannot be a file's; use letters, digits, spaces and .,()+=@-, "
            f"at most 100 and {_MOST_NAME_BYTES} bytes, and start with a letter or digit"
        )
    return str(given)
