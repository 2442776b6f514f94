"""Two hundred and more bad and odd inputs: nothing may crash, hang or leave a file behind.

Every input goes through the command line in a worker process. It is a failure if the outcome is
not the expected one, if an error is not one clear line with exit code 2, if anything but the video
is left in the output folder or in the folder for temporary files, or if it takes too long. A worker
that dies or hangs is replaced.
"""

from __future__ import annotations

import contextlib
import io
import logging
import multiprocessing
import os
import runpy
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from talkinghead.evaluation.odd_inputs import Case, all_cases
from talkinghead.examples import example_portrait, example_speech

LONGEST = 90.0
"""Seconds that one input may take."""
EXIT_MISTAKE = 2
SHORT_SPEECH = 0.6

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """What came of one case.

    Attributes:
        name: of the case.
        expected: "video" or "error".
        passed: whether all was as it should be.
        reason: why not, or the error's line.
        seconds: it took.
    """

    name: str
    expected: str
    passed: bool
    reason: str
    seconds: float


def measure_robustness(cases: Sequence[Case] | None = None) -> dict[str, object]:
    """Try all cases (or those given) and count.

    Returns:
        "cases", "passed", "failed" (verdicts), and "verdicts" of all.
    """
    with tempfile.TemporaryDirectory(prefix="evoke-odd-") as name:
        folder = Path(name)
        photo, sound = _good_inputs(folder)
        if cases is None:
            (folder / "inputs").mkdir()
            cases = list(all_cases(folder / "inputs", photo, sound))
        verdicts = [asdict(one) for one in _try_all(cases, folder, photo, sound)]
    failed = [one for one in verdicts if not one["passed"]]
    return {
        "cases": len(verdicts), "passed": len(verdicts) - len(failed), "failed": failed,
        "verdicts": verdicts,
    }  # fmt: skip


def _good_inputs(folder: Path) -> tuple[Path, Path]:
    import soundfile

    samples, rate = soundfile.read(example_speech(folder))
    sound = folder / "good.wav"
    soundfile.write(sound, samples[: int(SHORT_SPEECH * rate)], rate)
    return example_portrait(), sound


def _try_all(cases: Sequence[Case], folder: Path, photo: Path, sound: Path) -> list[Verdict]:
    worker = _Worker(folder)
    verdicts = []
    try:
        for number, case in enumerate(cases):
            place = folder / "results" / str(number)
            place.mkdir(parents=True)
            verdict = _try(case, worker, place, (photo, sound))
            if not verdict.passed:
                logger.info("%s: %s", verdict.name, verdict.reason)
            verdicts.append(verdict)
    finally:
        worker.stop()
    return verdicts


def _try(case: Case, worker: _Worker, place: Path, good: tuple[Path, Path]) -> Verdict:
    output = place / "o.mp4" if case.output is None else case.output
    # Absolute paths, and "--": a name that starts with a dash is a name.
    arguments = [
        "generate", "-o", str(output), "--size", "256", *case.options,
        "--", str(case.photo or good[0]), str(case.sound or good[1]),
    ]  # fmt: skip
    start = time.monotonic()
    code, words = worker.run(arguments)
    seconds = round(time.monotonic() - start, 3)
    passed, reason = _judge(case, code, words, output)
    if passed:
        left = worker.leftovers() + [
            one for one in output.parent.glob("*") if case.output is None and one != output
        ]
        if left:
            passed, reason = False, f"left behind: {[one.name for one in left]}"
    if _exists(output):
        output.unlink()
    return Verdict(case.name, case.expected, passed, reason, seconds)


def _judge(case: Case, code: int | None, words: str, output: Path) -> tuple[bool, str]:
    """Whether code, message and output are as expected, and why not."""
    if code is None:
        return False, words
    line = words.strip().splitlines()[-1] if words.strip() else ""
    if case.expected == "video":
        good = code == 0 and _exists(output) and output.stat().st_size > 0
        return good, "" if good else f"exit code {code}: {line}"
    if code != EXIT_MISTAKE:
        return False, f"exit code {code}, expected {EXIT_MISTAKE}: {line}"
    if not line.startswith("evoke: ") or "Traceback" in words:
        return False, f"no clear line: {words[-300:]}"
    if _exists(output):
        return False, "an output exists in spite of the error"
    missing = [word for word in case.says if word not in line.lower()]
    return not missing, line if not missing else f"does not say {missing}: {line}"


def _exists(path: Path) -> bool:
    """Path.is_file, but a name that no file can have is simply not there."""
    return os.path.isfile(path)


class _Worker:
    """Runs command lines in a child process, with a folder for temporary files of its own.

    Args:
        folder: in which that folder is made.
    """

    def __init__(self, folder: Path) -> None:
        self._temporary = folder / "temporary"
        self._temporary.mkdir()
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, str(self._temporary)))
        self._process.start()
        there.close()

    def run(self, arguments: list[str]) -> tuple[int | None, str]:
        """Exit code and standard error; None and a reason if the process died or hung."""
        reason = f"no answer after {LONGEST:g} s"
        try:
            self._here.send(arguments)
            if self._here.poll(LONGEST):
                answer: tuple[int | None, str] = self._here.recv()
                return answer
        except (EOFError, BrokenPipeError, ConnectionResetError):
            reason = "the process died"
        self.stop()
        self._start()
        return None, reason

    def leftovers(self) -> list[Path]:
        """Files in the folder for temporary files; compiled code that is kept does not count."""
        return [one for one in self._temporary.rglob("*") if one.is_file()]

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._here.close()


def _serve(connection: Connection, temporary: str) -> None:
    """The child: one command line after the other."""
    os.environ["TMPDIR"] = temporary
    tempfile.tempdir = temporary
    while True:
        try:
            arguments = connection.recv()
        except EOFError:
            return
        words, out = io.StringIO(), io.StringIO()
        sys.argv[1:] = arguments
        code: int | None = 0
        with contextlib.redirect_stderr(words), contextlib.redirect_stdout(out):
            try:  # as a user calls it
                runpy.run_module("talkinghead", run_name="__main__", alter_sys=False)
            except SystemExit as ending:
                code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
            except Exception:  # noqa: BLE001 (that is what this suite looks for)
                code, _ = None, words.write(traceback.format_exc())
        connection.send((code, words.getvalue()))
