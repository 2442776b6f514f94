"""Make the lessons of the motion decoders from a corpus.

python -m talkinghead.training.motion_data --corpus CORPUS [--corpus MORE] -o FILE.npz
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from talkinghead.emotion.bank import load_bank
from talkinghead.training.corpus import CorpusRow, Utterance, read_corpus, read_utterance
from talkinghead.training.motion_lessons import make_lessons, write_lessons

logger = logging.getLogger(__name__)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, action="append", required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--hours", type=float, default=3.0, help="of synthetic speech at most")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    homes: dict[str, Path] = {}
    rows: list[CorpusRow] = []
    for folder in chosen.corpus:
        for row in read_corpus(folder, train_only=True):
            homes[row.id] = folder
            rows.append(row)

    def read(row: CorpusRow) -> Utterance:
        return read_utterance(homes[row.id], row)

    lessons = make_lessons(limited(rows, chosen.hours), read, load_bank(), chosen.seed)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    write_lessons(chosen.out, lessons)
    logger.info("%d lessons, %d rows", len(lessons), sum(len(one) for one in lessons))


def limited(rows: list[CorpusRow], hours: float) -> list[CorpusRow]:
    """All real rows, and synthetic ones evenly until the hours are full."""
    synthetic = [row for row in rows if row.kind == "synthetic"]
    total = sum(row.seconds for row in synthetic) / 3600
    step = max(1, round(total / hours)) if hours > 0 else len(synthetic) + 1
    kept = {row.id for row in synthetic[::step]} if hours > 0 else set()
    return [row for row in rows if row.kind != "synthetic" or row.id in kept]


if __name__ == "__main__":
    main()
