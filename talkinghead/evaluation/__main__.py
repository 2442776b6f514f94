"""`python -m talkinghead.evaluation --suite NAME --json OUT.json`."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

from talkinghead.errors import TalkingHeadError
from talkinghead.evaluation.machine import machine_facts
from talkinghead.evaluation.plots import sheet
from talkinghead.evaluation.report import write_report
from talkinghead.evaluation.suites import SUITES, Inputs


def main() -> int:
    """Run one suite; exit code 2 for a mistake in what was given."""
    chosen = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    inputs = Inputs(
        chosen.clips, chosen.portraits, chosen.faces, chosen.speech, chosen.evaluators,
        chosen.phrases, chosen.size, chosen.frames, chosen.trusted,
    )  # fmt: skip
    try:
        measured = dict(SUITES[chosen.suite](inputs))
        sheets = {name: sheet(rows) for name, rows in measured.pop("pictures", {}).items()}
        settings = {name: str(value) for name, value in vars(inputs).items() if value is not None}
        result = {
            "suite": chosen.suite, "machine": machine_facts(), "settings": settings, **measured,
        }  # fmt: skip
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        chosen.json.write_text(json.dumps(result, indent=2) + "\n")
        for path in chosen.report:
            write_report(result, path, sheets)
    except TalkingHeadError as error:
        sys.stderr.write(f"evoke: {error}\n")
        return 2
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m talkinghead.evaluation")
    parser.add_argument("--suite", choices=sorted(SUITES), required=True)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--report", type=Path, nargs="*", default=[], metavar="FILE.md|FILE.html")
    for name, what in (
        ("clips", ".mp4 files of unseen people"), ("portraits", "unseen photos"),
        ("faces", "index.csv and labelled faces"), ("speech", "index.csv and labelled recordings"),
        ("evaluators", "independent networks"),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=Path, metavar="DIR", help=f"folder: {what}")
    parser.add_argument("--phrases", type=Path, metavar="FILE.json", help="class to phrases")
    parser.add_argument("--size", type=int, default=Inputs.size)
    parser.add_argument("--frames", type=int, default=Inputs.frames, help="of each clip")
    parser.add_argument(
        "--trusted", type=float, default=Inputs.trusted, metavar="MARGIN",
        help="smallest sync_margin in the clips' index.csv that makes their sound the mouth's own",
    )  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
