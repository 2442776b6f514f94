"""`python -m talkinghead.evaluation --suite NAME --json OUT.json`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from talkinghead.errors import NotBuiltYet, TalkingHeadError
from talkinghead.evaluation.lips import measure_lips

SUITES = ("motion", "frames", "emotion", "robustness", "end_to_end")


def main() -> int:
    """Run one suite; exit code 2 for one that a later version brings."""
    parser = argparse.ArgumentParser(prog="python -m talkinghead.evaluation")
    parser.add_argument("--suite", choices=SUITES, required=True)
    parser.add_argument("--json", type=Path, required=True)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if chosen.suite != "motion":
            message = f"the suite {chosen.suite!r} comes with a later version; there is: motion"
            raise NotBuiltYet(message)
        measure_lips(chosen.json)
    except TalkingHeadError as error:
        sys.stderr.write(f"evoke: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
