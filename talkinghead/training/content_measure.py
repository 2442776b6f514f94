"""How well the content network hears: `python -m talkinghead.training.content_measure CORPUS`.

Rows of split eval only: voices, sentences and languages that training never saw. The synthesised
ones have exact times; the real ones were aligned to their transcripts by an aligner that owes us
nothing (pocketsphinx). What is measured is what the program uses: the phonemes of `hear`.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.speech.phoneme_table import BILABIALS, SILENCE
from talkinghead.speech.recognise import recognise_phonemes
from talkinghead.speech.spectrum import HOP
from talkinghead.training.corpus import CorpusRow, Utterance, read_corpus, read_utterance
from talkinghead.training.disturbances import (
    babble,
    coloured_noise,
    mixed,
    music,
    phone_band,
)
from talkinghead.training.pitch_shift import shifted_pitch
from talkinghead.types import SAMPLE_RATE, Phoneme, Speech

MOUTHS: Mapping[str, frozenset[str]] = {
    "silence": frozenset({SILENCE}),
    "bilabial": BILABIALS,
    "labiodental": frozenset("F V".split()),
    "rounded": frozenset("UW UH OW AO OY W R ER SH ZH CH JH".split()),
    "open": frozenset("AA AE AH AW AY".split()),
    "spread": frozenset("IY IH EY EH Y".split()),
}
"""Mouth classes; every other symbol is "other"."""
TOLERANCE = 0.04
"""Seconds by which a lip closure may be missed and still counts as found."""

SETS: Mapping[str, str] = {"synthetic": "synthetic", "real": "recording"}
"""Kind of the rows of each table."""
_REAL_TIMES = 20.0  # real speech is in two languages only

Disturb = Callable[[Floats, np.random.Generator], Floats]
Symbols = NDArray[np.str_]
Recogniser = Callable[[Speech], tuple[Phoneme, ...]]

LOG = logging.getLogger(__name__)


@dataclass
class Count:
    """Sums over utterances.

    Attributes:
        rows: 10 ms rows.
        phones: rows with the right symbol.
        spoken: rows that are not silent in truth.
        mouths: of these, rows with the right mouth class.
        by_mouth: class to (rows, right rows).
        lips: (true closures, found ones, heard closures, right ones).
    """

    rows: int = 0
    phones: int = 0
    spoken: int = 0
    mouths: int = 0
    by_mouth: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    lips: list[int] = field(default_factory=lambda: [0, 0, 0, 0])

    def add(self, truth: Sequence[Phoneme], heard: Sequence[Phoneme], seconds: float) -> None:
        """Compare one utterance."""
        wanted, said = (raster(each, seconds) for each in (truth, heard))
        right = mouths_of(wanted) == mouths_of(said)
        spoken = wanted != SILENCE
        self.rows += len(wanted)
        self.phones += int((wanted == said).sum())
        self.spoken += int(spoken.sum())
        self.mouths += int((right & spoken).sum())
        for name in (*MOUTHS, "other"):
            inside = mouths_of(wanted) == name
            self.by_mouth[name][0] += int(inside.sum())
            self.by_mouth[name][1] += int((inside & right).sum())
        due, made = closures(truth), closures(heard)
        found, correct = matches(due, made), matches(made, due)
        for index, count in enumerate((len(due), found, len(made), correct)):
            self.lips[index] += count

    def summary(self) -> dict[str, object]:
        """Shares 0..1, and how much they rest on."""
        due, found, made, correct = self.lips
        return {
            "seconds": round(self.rows * HOP / SAMPLE_RATE, 1),
            "phone_accuracy": _share(self.phones, self.rows),
            "mouth_accuracy_spoken": _share(self.mouths, self.spoken),
            "bilabial_recall": _share(found, due),
            "bilabial_precision": _share(correct, made),
            "bilabials": due,
            "recall_of_mouth": {name: _share(b, a) for name, (a, b) in self.by_mouth.items()},
        }


def raster(phonemes: Sequence[Phoneme], seconds: float) -> Symbols:
    """Symbol of every 10 ms row."""
    rows = np.full(round(seconds * SAMPLE_RATE / HOP), SILENCE, "<U3")
    for each in phonemes:
        rows[round(each.start * 100) : round(each.end * 100)] = each.symbol
    return rows


def mouths_of(symbols: Symbols) -> Symbols:
    """Mouth class of every symbol."""
    result = np.full(symbols.shape, "other", "<U11")
    for name, members in MOUTHS.items():
        result[np.isin(symbols, sorted(members))] = name
    return result


def closures(phonemes: Sequence[Phoneme]) -> list[tuple[float, float]]:
    """Start and end of every lip closure; neighbours ("lamp post") are one."""
    spans: list[tuple[float, float]] = []
    for each in phonemes:
        if each.symbol not in BILABIALS:
            continue
        if spans and spans[-1][1] == each.start:
            spans[-1] = (spans[-1][0], each.end)
        else:
            spans.append((each.start, each.end))
    return spans


def matches(spans: Sequence[tuple[float, float]], others: Sequence[tuple[float, float]]) -> int:
    """How many spans meet one of the others, at most `TOLERANCE` apart."""
    return sum(
        any(start < end + TOLERANCE and begin < stop + TOLERANCE for start, stop in others)
        for begin, end in spans
    )


def disturbances(voices: Sequence[Floats]) -> dict[str, Disturb]:
    """What is measured, by name; `voices` are the other speakers of the babble."""

    def noise(level: float, sound: Floats, generator: np.random.Generator) -> Floats:
        fall = float(generator.choice([0.0, 0.5]))
        return mixed(sound, coloured_noise(len(sound), fall, generator), level)

    return {
        "clean": lambda sound, generator: sound,
        "noise 20 dB": partial(noise, 20.0),
        "noise 10 dB": partial(noise, 10.0),
        "noise 5 dB": partial(noise, 5.0),
        "babble 10 dB": lambda sound, generator: mixed(
            sound, babble(voices, len(sound), generator), 10.0
        ),
        "music 10 dB": lambda sound, generator: mixed(sound, music(len(sound), generator), 10.0),
        "phone band": lambda sound, generator: phone_band(sound),
        "pitch -4 semitones": lambda sound, generator: shifted_pitch(sound, -4.0, formants=True),
        "pitch +4 semitones": lambda sound, generator: shifted_pitch(sound, 4.0, formants=True),
        "melody -4 semitones": lambda sound, generator: shifted_pitch(sound, -4.0, formants=False),
        "melody +4 semitones": lambda sound, generator: shifted_pitch(sound, 4.0, formants=False),
    }


def chosen_rows(
    rows: Sequence[CorpusRow], name: str, seconds: float, seed: int = 0
) -> list[CorpusRow]:
    """Rows of split eval of a set, in random order but with the speakers of a language in turn.

    Args:
        rows: of the corpus.
        name: of `SETS`.
        seconds: how much of each language, times `_REAL_TIMES` if it is real.
        seed: of the choice.
    """
    kind = SETS[name]
    generator = np.random.default_rng(seed)
    turns: dict[tuple[str, str], int] = defaultdict(int)
    order: list[tuple[int, CorpusRow]] = []
    for index in generator.permutation(len(rows)):
        row = rows[index]
        if row.split == "eval" and row.kind == kind:
            order.append((turns[row.language, row.speaker], row))
            turns[row.language, row.speaker] += 1
    each = seconds if kind == "synthetic" else _REAL_TIMES * seconds
    left: dict[str, float] = defaultdict(lambda: each)
    chosen: list[CorpusRow] = []
    for _, row in sorted(order, key=lambda pair: pair[0]):
        if left[row.language] > 0:
            chosen.append(row)
            left[row.language] -= row.seconds
    return chosen


def measure(
    folder: Path, seconds: float, recognise: Recogniser = recognise_phonemes, seed: int = 0
) -> dict[str, object]:
    """The whole table.

    Args:
        folder: of the corpus.
        seconds: of each language in each of `SETS`.
        recognise: what is measured.
        seed: of the choice of rows and of the disturbances.

    Returns:
        "table": set, then disturbance, then `Count.summary`; "clean": set, then language and
        speaker.
    """
    rows = read_corpus(folder)
    tables: dict[str, dict[str, object]] = {}
    clean: dict[str, dict[str, object]] = {}
    for name in SETS:
        chosen = chosen_rows(rows, name, seconds, seed)
        sounds = [each for row in chosen if (each := read_utterance(folder, row)).phonemes]
        tables[name] = {}
        for disturbance, disturb in disturbances([each.waveform for each in sounds]).items():
            counts = _counts(sounds, disturb, recognise, seed)
            tables[name][disturbance] = counts["all"].summary()
            LOG.info("%s, %s: %s", name, disturbance, tables[name][disturbance])
            if disturbance == "clean":
                clean[name] = {group: counts[group].summary() for group in sorted(counts)}
    return {"table": tables, "clean": clean}


def _counts(
    sounds: Sequence[Utterance], disturb: Disturb, recognise: Recogniser, seed: int
) -> dict[str, Count]:
    """Of all, of each language and of each speaker."""
    counts: dict[str, Count] = defaultdict(Count)
    for index, each in enumerate(sounds):
        generator = np.random.default_rng([seed, index])
        speech = Speech(disturb(each.waveform, generator))
        heard = recognise(speech)
        language = each.row.language
        for name in ("all", language, f"{language} {each.row.speaker}"):
            counts[name].add(each.phonemes, heard, speech.seconds)
    return counts


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def main() -> None:
    """Measure the shipped network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="folder of talkinghead.training.speech_corpus")
    parser.add_argument("--json", type=Path, required=True, help="where the table is written")
    parser.add_argument("--seconds", type=float, default=12.0, help="of a language; real: 20 times")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    result = measure(asked.corpus, asked.seconds, seed=asked.seed)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    part = asked.json.with_name(f"{asked.json.name}.part")
    part.write_text(json.dumps(result, indent=1) + "\n")
    part.replace(asked.json)


if __name__ == "__main__":
    main()
