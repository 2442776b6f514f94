"""Build the speech corpus: `python -m talkinghead.training.speech_corpus -o CORPUS`.

    [--index SPEECH/index.csv] [--clips CLIPS] [--hours 3] [--seed 0] [--resume]

Tracked clips, aligned recordings, and sentences of every speech engine that is found, with exact
phoneme times. A run may be stopped and resumed; the same seed gives the same rows.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from renderer.face_model import FaceModel
from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.training.corpus import (
    CorpusRow,
    Utterance,
    stored_row,
    training_rows,
    write_manifest,
    write_utterance,
)
from talkinghead.training.corpus_alignment import Aligner
from talkinghead.training.corpus_binaries import FestivalEngine, FliteEngine
from talkinghead.training.corpus_engines import Engine, EspeakEngine
from talkinghead.training.corpus_recordings import clip, read_index, recording
from talkinghead.training.corpus_sentences import compose, split_of
from talkinghead.weights import load_weights

LOG = logging.getLogger(__name__)
LEFT_OUT = "left_out.csv"
SETTINGS = "settings.json"
SAVE_EVERY = 60.0
"""Seconds between two manifests."""
_MOST_HOURS = 100.0
_GIVE_UP = 50
"""Sentences in a row that an engine fails to say."""
_SHORTEST = 0.4
_LONGEST = 20.0
"""Seconds; synthetic speech outside is left out."""


@dataclass
class Corpus:
    """A corpus that grows.

    Attributes:
        folder: where it lies.
        rows: what it holds, by id.
        left_out: why an utterance is not in it, by id.
    """

    folder: Path
    rows: dict[str, CorpusRow] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    saved: float = field(default_factory=time.monotonic)

    def add(self, name: str, make: Callable[[], Utterance]) -> CorpusRow | None:
        """Make an utterance, unless it was made or left out before.

        Returns:
            Its row; None if it is left out.
        """
        if name in self.left_out:
            return None
        row = self.rows.get(name) or stored_row(self.folder, name)
        if row is None:
            try:
                utterance = make()
            except TalkingHeadError as error:
                self.left_out[name] = " ".join(str(error).split())
                LOG.info("%s: left out: %s", name, error)
                return None
            write_utterance(self.folder, utterance)
            row = utterance.row
        self.rows[name] = row
        if time.monotonic() - self.saved > SAVE_EVERY:
            self.save()
        return row

    def save(self) -> None:
        """Write the manifest and the list of what was left out."""
        write_manifest(self.folder, [row for _, row in sorted(self.rows.items())])
        part = self.folder / f"{LEFT_OUT}.part"
        with part.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([("id", "reason"), *self.left_out.items()])
        part.replace(self.folder / LEFT_OUT)
        self.saved = time.monotonic()


def open_corpus(folder: Path, seed: int, resume: bool) -> Corpus:
    """A new corpus, or one to go on with.

    Raises:
        BadOption: if the folder holds one and `resume` is not set, or it was begun with another
            seed.
    """
    settings = folder / SETTINGS
    if settings.is_file():
        begun = json.loads(settings.read_text(encoding="utf-8"))["seed"]
        if not resume:
            message = f"{folder} holds a corpus already; give --resume to go on, or another folder"
            raise BadOption(message)
        if begun != seed:
            message = f"{folder} was begun with --seed {begun}, not {seed}; give that, or a new one"
            raise BadOption(message)
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.part"):
        stale.unlink()
    stored = ((path.stem, stored_row(folder, path.stem)) for path in sorted(folder.glob("*.npz")))
    corpus = Corpus(folder, {name: row for name, row in stored if row})
    if (folder / LEFT_OUT).is_file():
        with (folder / LEFT_OUT).open(newline="", encoding="utf-8") as stream:
            corpus.left_out = {row["id"]: row["reason"] for row in csv.DictReader(stream)}
    settings.write_text(json.dumps({"seed": seed}), encoding="utf-8")
    return corpus


def add_clips(corpus: Corpus, folder: Path) -> None:
    """Track every clip of a folder's index.csv."""
    model = FaceModel.from_tensors(load_weights("face_model"))
    aligner = Aligner()
    for name, entry in named("clip", read_index(folder / "index.csv")):
        corpus.add(name, lambda: clip(folder, entry, model, aligner, name))  # noqa: B023


def add_recordings(corpus: Corpus, index: Path) -> None:
    """Align every recording whose words are known."""
    aligner = Aligner()
    for name, entry in named("recording", read_index(index)):
        if entry["transcript"]:
            corpus.add(name, lambda: recording(index.parent, entry, aligner, name))  # noqa: B023


def add_synthetic(
    corpus: Corpus, engine: Engine, hours: float, seed: int, transcripts: Mapping[str, list[str]]
) -> None:
    """Let an engine speak until it has spoken long enough.

    Args:
        corpus: grows.
        engine: speaks.
        hours: how long.
        seed: of every choice; utterance n depends on it, the engine's name and n alone.
        transcripts: of recordings, by "split language".
    """
    spoken = 0.0
    number = in_vain = 0
    while spoken < hours * 3600 and in_vain < _GIVE_UP:
        name = f"{engine.name}_{number:05d}"
        row = corpus.add(name, lambda: _synthetic(engine, name, seed, number, transcripts))  # noqa: B023
        spoken += row.seconds if row else 0.0
        in_vain = 0 if row else in_vain + 1
        number += 1
    if in_vain == _GIVE_UP:
        LOG.warning("%s: the last %d sentences failed, see %s", engine.name, in_vain, LEFT_OUT)


def found_engines() -> list[Engine]:
    """espeak-ng, which a wheel brings, and those that are on PATH; says which are not."""
    engines: list[Engine] = [EspeakEngine()]
    for engine in (FliteEngine(), FestivalEngine()):
        if engine.found():
            engines.append(engine)
        else:
            LOG.warning(
                "%s is not on PATH: %.0f %% of the synthetic speech is not made; install it: "
                "apt-get install %s", engine.name, 100 * engine.share, engine.packages,
            )  # fmt: skip
    return engines


def _synthetic(
    engine: Engine, name: str, seed: int, number: int, transcripts: Mapping[str, list[str]]
) -> Utterance:
    generator = np.random.default_rng([seed, *engine.name.encode(), number])
    split = "eval" if generator.random() < engine.eval_share else "train"
    voice = engine.draw(generator, split)
    known = transcripts.get(f"{split} {voice.language}", [])
    sentence = compose(generator, voice.language, split, known)
    speech, phonemes = engine.speak(sentence, voice, generator)
    if not _SHORTEST <= speech.seconds <= _LONGEST:
        message = f"{speech.seconds:.1f} s is not between {_SHORTEST} and {_LONGEST} s"
        raise TalkingHeadError(message)
    row = CorpusRow(
        id=name, split=split, kind="synthetic", engine=engine.name, voice=voice.name,
        language=voice.language, speaker=voice.speaker, sentence=sentence, emotion="",
        licence=voice.licence, tier=voice.tier, seconds=round(speech.seconds, 4),
        sync_margin=float("nan"), sync_lag=0.0,
    )  # fmt: skip
    return Utterance(row, speech.waveform, phonemes)


def transcripts_of(entries: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """Sentences of recordings that engines may speak, by "split language".

    Each in the split in which it is recorded, none that is recorded in both.
    """
    heard: dict[str, set[str]] = defaultdict(set)
    splits: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        text = entry["transcript"].strip()
        if text:
            heard[f"{entry['split']} {entry['language']}"].add(text)
            splits[text].add(entry["split"])
    return {
        key: sorted(text for text in texts if splits[text] == {split_of(text)} == {key.split()[0]})
        for key, texts in heard.items()
    }


def named(
    kind: str, entries: Iterable[Mapping[str, str]]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each entry with an id made of its file's name; a name that comes again gets a number."""
    seen: Counter[str] = Counter()
    for entry in entries:
        name = f"{kind}_{re.sub(r'[^A-Za-z0-9_.+-]', '_', Path(entry['file']).stem)}"
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name}+{seen[name]}"), entry


def summary(rows: Sequence[CorpusRow], left_out: Mapping[str, str]) -> str:
    """A table of rows and hours by kind, engine, language, split, tier and licence."""
    lines = [f"{len(rows)} rows, {sum(row.seconds for row in rows) / 3600:.2f} hours; "
             f"{len(training_rows(rows))} may train"]  # fmt: skip
    for column in ("kind", "engine", "language", "split", "tier", "licence"):
        counts: Counter[str] = Counter()
        seconds: Counter[str] = Counter()
        for row in rows:
            value = f"{row.split} {getattr(row, column) or '-'}"
            counts[value] += 1
            seconds[value] += round(row.seconds)
        lines.append(f"\n{column:<70} {'rows':>6} {'hours':>7}")
        lines += [
            f"  {value[:68]:<68} {counts[value]:>6} {seconds[value] / 3600:>7.2f}"
            for value in sorted(counts)
        ]
    lines.append(f"\nleft out: {len(left_out)}")
    reasons = Counter(f"{name.split('_')[0]}: {reason.split(':')[0]}"
                      for name, reason in left_out.items())  # fmt: skip
    lines += [f"  {reason[:90]:<90} {count:>6}" for reason, count in reasons.most_common(12)]
    return "\n".join(lines)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--index", type=Path, help="index.csv of the recordings")
    parser.add_argument("--clips", type=Path, help="folder with index.csv and its clips")
    parser.add_argument("--hours", type=float, default=3.0, help="of synthetic speech")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on with what is there")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        _check_hours(asked.hours)
        corpus = open_corpus(asked.output, asked.seed, asked.resume)
        build(corpus, asked.index, asked.clips, asked.hours, asked.seed)
    except (TalkingHeadError, OSError) as error:
        parser.exit(2, f"{error}\n")
    LOG.info("%s", summary(list(corpus.rows.values()), corpus.left_out))


def _check_hours(hours: float) -> None:
    if not 0 <= hours <= _MOST_HOURS:  # also catches NaN
        message = f"--hours is {hours}, expected a number from 0 to {_MOST_HOURS:g}"
        raise BadOption(message)


def build(corpus: Corpus, index: Path | None, clips: Path | None, hours: float, seed: int) -> None:
    """Everything, the real speech first; the manifest is written whatever happens."""
    entries = read_index(index) if index else []
    try:
        if index:
            add_recordings(corpus, index)
        if clips:
            add_clips(corpus, clips)
        for engine in found_engines():
            add_synthetic(corpus, engine, engine.share * hours, seed, transcripts_of(entries))
    finally:
        corpus.save()


if __name__ == "__main__":
    main()
