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
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.evaluation.figure_rows import FIGURES, SOURCES, Source
from talkinghead.threads import pin_threads

START, END = "<!-- figures -->", "<!-- end of figures -->"
logger = logging.getLogger(__name__)


def measure(sources: Sequence[Source], folder: Path, given: Mapping[str, Path | None]) -> None:
    """Run what `folder` does not hold yet, and what the given folders allow.

    Raises:
        BadOption: a measurement failed; its own words are in the message.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ)
    pin_threads(environment)  # as the command line, which is what is measured
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
            capture_output=True, text=True, check=False, env=environment,
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
