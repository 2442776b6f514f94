"""Every figure of the README by one command, and the README's table from those figures.

    python -m talkinghead.evaluation.figures --data DATA -o OUT [--liveportrait CLONE ...]
    python -m talkinghead.evaluation.figures -o OUT --readme README.md

The first runs each suite and benchmark in a process of its own, one after the other, and skips what
OUT holds already. The second writes the table between the marks `<!-- figures -->`; a test compares
the README with the figures that are kept in `benchmarks/results`.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.evaluation.emotion import ACTED

START, END = "<!-- figures -->", "<!-- end of figures -->"
Result = Mapping[str, Any]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """One measurement.

    Attributes:
        name: its JSON in the output folder is called so.
        module: run as `python -m MODULE ARGUMENTS --json OUT/NAME.json`.
        arguments: with {data}, {liveportrait} and {sadtalker} to be filled in.
    """

    name: str
    module: str
    arguments: tuple[str, ...]

    @property
    def command(self) -> str:
        """What a reader types."""
        words = " ".join((self.module, *self.arguments)).replace("{data}", "DATA")
        words = words.replace("{liveportrait}", "CLONE").replace("{sadtalker}", "CLONE")
        return f"python -m {words} --json o.json"


SOURCES = (
    Source("benchmark", "talkinghead.evaluation.benchmark", ("--minutes", "1", "10")),
    Source("peers", "talkinghead.evaluation.peers",
           ("--liveportrait", "{liveportrait}", "--sadtalker", "{sadtalker}", "--runs", "3")),
    Source("motion", "talkinghead.evaluation",
           ("--suite", "motion", "--clips", "{data}/clips/eval")),
    Source("portraits", "talkinghead.evaluation",
           ("--suite", "portraits", "--portraits", "{data}/portraits/eval")),
    Source("frames", "talkinghead.evaluation",
           ("--suite", "frames", "--clips", "{data}/clips/eval", "--portraits",
            "{data}/portraits/eval", "--evaluators", "{data}/evaluators")),
    Source("emotion", "talkinghead.evaluation",
           ("--suite", "emotion", "--faces", "{data}/clips", "--speech", "{data}/speech",
            "--portraits", "{data}/portraits/eval", "--evaluators", "{data}/evaluators")),
    Source("phrases_unseen", "talkinghead.evaluation",
           ("--suite", "phrases", "--phrases", "tests/talkinghead/emotion/unseen_200.json")),
    Source("phrases_known", "talkinghead.evaluation",
           ("--suite", "phrases", "--phrases", "tests/talkinghead/emotion/unseen_phrases.json")),
    Source("speech", "talkinghead.evaluation",
           ("--suite", "speech", "--speech", "{data}/speech")),
    Source("robustness", "talkinghead.evaluation", ("--suite", "robustness")),
    Source("end_to_end", "talkinghead.evaluation",
           ("--suite", "end_to_end", "--portraits", "{data}/portraits/eval")),
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One row of the README's table.

    Attributes:
        what: in words.
        source: name of the `Source`.
        read: its JSON to the figure in words.
    """

    what: str
    source: str
    read: Callable[[Result], str]


def _speed(result: Result, name: str, size: int) -> float:
    rows = [row for row in result["rows"] if row["name"] == name and row.get("size") == size]
    return float(next(row for row in rows if row.get("framing", "crop") == "crop")
                 .get("frames_per_second", 0))  # fmt: skip


def _cold(result: Result) -> str:
    return f"{next(row['seconds'] for row in result['rows'] if row['name'] == 'cold'):.1f} s"


def _long(result: Result) -> str:
    row = next(row for row in result["rows"] if row["name"] == "long" and row["minutes"] == 10)
    return f"{row['seconds']:.0f} s, {row['peak_memory_gb']:.2f} GB"


def _closure(result: Result) -> str:
    rows = [row for row in result["rows"] if row["phonemes"] == "heard"]
    return ", ".join(f"{row['voice']} {100 * row['closure_rate']:.0f} %" for row in rows)


def _mean(*path: str, digits: int = 3) -> Callable[[Result], str]:
    """The mean and interval at a path of a result."""

    def read(result: Result) -> str:
        value: Any = result
        for key in path:
            value = value[key]
        low, high = value["interval"]
        return f"{value['mean']:.{digits}g} [{low:.{digits}g}, {high:.{digits}g}]"

    return read


def _peer(result: Result, system: str, size: int) -> float:
    rows = [row for row in result["rows"] if row["system"] == system and row["size"] == size]
    return max(float(row["frames_per_second"]) for row in rows)


def _whole(result: Result) -> float:
    ours = [row for row in result["rows"] if row["system"] == "evoke" and row["size"] == 512]
    return next(float(row["frames_per_second"]) for row in ours if "MP4" in row["what"])


FIGURES = (
    Figure("photo and sound in, MP4 out, model loaded, at 256², 512², 1024²", "benchmark",
           lambda r: ", ".join(f"{_speed(r, 'end_to_end', n):.0f}" for n in (256, 512, 1024))
           + " frames/s"),
    Figure("the command line from nothing, 6.4 s of sound, 512²", "benchmark", _cold),
    Figure("ten minutes of sound, 512², from nothing: time, peak memory", "benchmark", _long),
    Figure("the same machine, 512²: LivePortrait's networks alone, SadTalker's renderer alone, "
           "Evoke from photo and sound to MP4", "peers",
           lambda r: f"{_peer(r, 'liveportrait', 512):.2g}, {_peer(r, 'sadtalker', 512):.2g}, "
           f"{_whole(r):.0f} frames/s"),
    Figure("fit to portraits never used in training: median, worst, of the outer eye distance",
           "portraits", lambda r: f"{r['table']['fit_error_median_percent']:.2f} %, "
           f"{r['table']['fit_error_worst_percent']:.2f} % ({r['table']['rendered']} of "
           f"{r['table']['photos']} portraits render)"),
    Figure("a still face reproduces the photo, worst of all, before mark and encoder", "portraits",
           lambda r: f"{r['table']['still_psnr_worst']:.1f} dB"),
    Figure("lips closed on /m b p/, from the sound alone (synthetic speech)", "motion", _closure),
    Figure("real speakers: correlation of mouth opening with the tracked truth", "motion",
           _mean("table", "rules", "opening_r")),
    Figure("real clips made again from their first frame: mouth PSNR, standing still", "frames",
           _mean("table", "no motion", "psnr_mouth", digits=4)),
    Figure("the same, Evoke", "frames", _mean("table", "geometric", "psnr_mouth", digits=4)),
    Figure("identity kept on other people's motion; ceiling between real frames", "frames",
           lambda r: f"{_mean('cross', 'geometric')(r)}; {_mean('cross', 'ceiling')(r)}"),
    Figure("whole videos: correlation of the mouth that is seen with the plan", "end_to_end",
           _mean("table", "opening_r")),
    Figure("feelings in words, 200 phrases all of whose words are new: right one of 8 classes",
           "phrases_unseen", lambda r: f"{r['right']} of {r['of']}"),
    Figure("the same, 80 phrases that are in no list of ours, though many of their words are",
           "phrases_known", lambda r: f"{r['right']} of {r['of']}"),
    Figure("feelings in voices: EmoDB's unseen speakers; four RAVDESS actors", "emotion",
           lambda r: ", ".join(f"{100 * r['sound_tower'][name]['accuracy']:.0f} %" for name in
                               ("sylaschacko/voice-emotion-analysis", "syildizn/RavdessSounds"))),
    Figure("feelings in faces: 20 acted clips of three strangers, 7 classes", "emotion",
           lambda r: f"{100 * r['image_tower'][ACTED]['accuracy_of_clips']:.0f} % of the clips"),
    Figure("an independent recogniser names the feeling on our stills: 20 portraits, 7 feelings",
           "emotion", lambda r: f"{100 * r['rendered at intensity 1']['named_rightly']:.0f} %"),
    Figure("bad and odd inputs handled as they should be", "robustness",
           lambda r: f"{r['passed']} of {r['cases']}"),
)  # fmt: skip


def measure(sources: Sequence[Source], folder: Path, given: Mapping[str, Path | None]) -> None:
    """Run what `folder` does not hold yet, and what the given folders allow.

    Raises:
        BadOption: a measurement failed; its own words are in the message.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        target = folder / f"{source.name}.json"
        needed = [name for name in given if any(f"{{{name}}}" in one for one in source.arguments)]
        missing = [name for name in needed if given[name] is None]
        if target.exists() or missing:
            logger.info("%s: %s", source.name, "is there" if target.exists() else f"no {missing}")
            continue
        arguments = [one.format(**given) for one in source.arguments]
        logger.info("%s: %s", source.name, source.command)
        done = subprocess.run(
            [sys.executable, "-m", source.module, *arguments, "--json", str(target)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            message = f"{source.name} failed: {last}"
            raise BadOption(message)


def table(folder: Path) -> str:
    """The README's table of all figures whose measurement is there."""
    commands = {source.name: source.command for source in SOURCES}
    lines = ["| what | figure | command |", "|---|---|---|"]
    for figure in FIGURES:
        path = folder / f"{figure.source}.json"
        if path.exists():
            words = figure.read(json.loads(path.read_text()))
            lines.append(f"| {figure.what} | {words} | `{commands[figure.source]}` |")
    return "\n".join(lines)


def with_table(readme: str, words: str) -> str:
    """The README with the table between its marks.

    Raises:
        BadOption: the marks are missing.
    """
    if START not in readme or END not in readme:
        message = f"the README has no marks {START} and {END} to write the figures between"
        raise BadOption(message)
    before, rest = readme.split(START, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{START}\n{words}\n{END}{after}"


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m talkinghead.evaluation.figures")
    parser.add_argument("--data", type=Path, help="with clips/, portraits/, speech/, evaluators/")
    parser.add_argument("--liveportrait", type=Path, metavar="CLONE")
    parser.add_argument("--sadtalker", type=Path, metavar="CLONE")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the JSON files")
    parser.add_argument("--only", nargs="*", choices=[source.name for source in SOURCES])
    parser.add_argument("--readme", type=Path, help="write the table into this file")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    given = {name: getattr(chosen, name) for name in ("data", "liveportrait", "sadtalker")}
    sources = [one for one in SOURCES if not chosen.only or one.name in chosen.only]
    try:
        if chosen.readme is None:
            measure(sources, chosen.output, given)
        else:
            text = chosen.readme.read_text(encoding="utf-8")
            chosen.readme.write_text(with_table(text, table(chosen.output)), encoding="utf-8")
    except TalkingHeadError as error:
        sys.stderr.write(f"evoke: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
