"""The speech corpus on disk: utterances with exact phoneme times, clips with tracked motion.

`python -m talkinghead.training.speech_corpus` builds it. A corpus is a folder with `manifest.csv`,
one row an utterance, and one `<id>.npz` (no pickles) for each row. Nothing of it is shipped.
"""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats, MotionCoefficients
from talkinghead.errors import TalkingHeadError
from talkinghead.training.emotion_labels import SHIPPABLE
from talkinghead.types import Phoneme

MANIFEST = "manifest.csv"
SPLITS = frozenset({"train", "eval"})
KINDS = frozenset({"synthetic", "recording", "clip"})
_FULL_SCALE = 32767.0
_BINDING = re.compile(r"-(SA|NC)\b")
_DAMAGE = (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile)
"""What reading a damaged npz raises."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")


@dataclass(frozen=True)
class CorpusRow:
    """What the manifest says of an utterance.

    Attributes:
        id: name of its file; letters, digits, "_", ".", "+", "-".
        split: "train" or "eval"; nobody who speaks in one speaks in the other, but for the two
            readers of long texts, who are split by sentence.
        kind: "synthetic", "recording" (real, aligned) or "clip" (real, tracked).
        engine: what spoke ("espeak-ng", "flite", "festival"), what gave the phoneme times of real
            speech ("pocketsphinx"), "silent" for a clip without sound, or "".
        voice: the engine's voice; "" for real people.
        language: ISO 639 code.
        speaker: who speaks; voices of an engine that share a timbre are one speaker.
        sentence: what is said; "" if not known. A recording may have been cut at its ends.
        emotion: the data set's word; "" if not known.
        licence: of the sound, or of what made it.
        tier: "clean", "repo" or "research".
        seconds: length.
        sync_margin: how clearly a clip's sound belongs to its mouth (below 0.3: doubtful); NaN if
            it has no sound or is no clip.
        sync_lag: seconds by which a clip's sound is late; 0 unless that can be trusted.
    """

    id: str
    split: str
    kind: str
    engine: str
    voice: str
    language: str
    speaker: str
    sentence: str
    emotion: str
    licence: str
    tier: str
    seconds: float
    sync_margin: float
    sync_lag: float

    def __post_init__(self) -> None:
        """Refuse what would put a row into the wrong hands.

        Raises:
            ValueError: for an id that is no file name, or an unknown split or kind.
        """
        if not _NAME.fullmatch(self.id) or self.split not in SPLITS or self.kind not in KINDS:
            message = (
                f"row {self.id!r} has split {self.split!r} and kind {self.kind!r}; expected a file "
                f"name, one of {sorted(SPLITS)} and one of {sorted(KINDS)}"
            )
            raise ValueError(message)


@dataclass(frozen=True)
class Utterance:
    """One row with its data.

    Attributes:
        row: of the manifest.
        waveform: (N,) float32 mono -1..1 at 16 kHz; zeros for a silent clip.
        phonemes: gap-free from 0 to the end of the sound; empty if not known.
        motion: tracked and smoothed, at the clip's own frame rate; None without a face.
        identity: (Ki,) float32 of the tracked face; None without one.
    """

    row: CorpusRow
    waveform: Floats
    phonemes: tuple[Phoneme, ...] = ()
    motion: MotionCoefficients | None = None
    identity: Floats | None = None


def read_corpus(folder: Path, train_only: bool = False) -> list[CorpusRow]:
    """The manifest's rows.

    Args:
        folder: of the corpus.
        train_only: only what `training_rows` lets through.

    Raises:
        TalkingHeadError: if there is no manifest, or it is damaged.
    """
    path = folder / MANIFEST
    if not path.is_file():
        message = (
            f"{folder} holds no speech corpus ({MANIFEST} is missing); make one: "
            f"python -m talkinghead.training.speech_corpus -o {folder}"
        )
        raise TalkingHeadError(message)
    with path.open(newline="", encoding="utf-8") as stream:
        try:
            reader = csv.DictReader(stream)
            _check_header(reader.fieldnames or ())
            rows = [_row(entry) for entry in reader]
        except (KeyError, TypeError, ValueError, csv.Error) as error:
            message = f"{path} is damaged ({error}); make it again with --resume"
            raise TalkingHeadError(message) from error
    return training_rows(rows) if train_only else rows


def training_rows(rows: Iterable[CorpusRow]) -> list[CorpusRow]:
    """The rows that shipped weights may learn from.

    Split train, tiers clean and repo, and no share-alike or non-commercial licence, which would
    bind the weights.
    """
    return [
        row for row in rows
        if row.split == "train" and row.tier in SHIPPABLE and not _BINDING.search(row.licence)
    ]  # fmt: skip


def read_utterance(folder: Path, row: CorpusRow) -> Utterance:
    """Sound, phonemes and motion of a row.

    Raises:
        TalkingHeadError: if its file is missing or damaged.
    """
    path = utterance_path(folder, row.id)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return _utterance(row, {name: arrays[name] for name in arrays.files})
    except _DAMAGE as error:
        message = f"{path} cannot be read ({error}); delete it and make it again with --resume"
        raise TalkingHeadError(message) from error


def write_utterance(folder: Path, utterance: Utterance) -> None:
    """Write one utterance, complete or not at all. Its row goes along, for `stored_row`."""
    arrays: dict[str, NDArray[Any]] = {
        "row": np.array(json.dumps(asdict(utterance.row), ensure_ascii=False)),
        "waveform": np.rint(np.clip(utterance.waveform, -1, 1) * _FULL_SCALE).astype(np.int16),
        "symbols": np.array([each.symbol for each in utterance.phonemes], np.str_),
        "times": np.array(
            [(each.start, each.end) for each in utterance.phonemes], np.float64
        ).reshape(-1, 2),
    }
    if utterance.motion is not None and utterance.identity is not None:
        arrays |= {
            "expression": utterance.motion.expression,
            "rotation": utterance.motion.rotation,
            "translation": utterance.motion.translation,
            "fps": np.array(utterance.motion.fps),
            "identity": utterance.identity,
        }
    path = utterance_path(folder, utterance.row.id)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)
    part.replace(path)


def write_manifest(folder: Path, rows: Iterable[CorpusRow]) -> None:
    """Write the manifest, complete or not at all."""
    part = folder / f"{MANIFEST}.part"
    with part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(CorpusRow)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)
    part.replace(folder / MANIFEST)


def utterance_path(folder: Path, name: str) -> Path:
    """Where an utterance lies."""
    return folder / f"{name}.npz"


def stored_row(folder: Path, name: str) -> CorpusRow | None:
    """The row of an utterance that was made before; None if it was not, or is damaged."""
    path = utterance_path(folder, name)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return _row(json.loads(str(arrays["row"])))
    except _DAMAGE:
        return None


def _check_header(names: Sequence[str]) -> None:
    missing = [field.name for field in fields(CorpusRow) if field.name not in names]
    if missing:
        message = f"columns {', '.join(missing)} are missing"
        raise ValueError(message)


def _row(entry: dict[str, Any]) -> CorpusRow:
    values = {field.name: entry[field.name] for field in fields(CorpusRow)}
    for name in ("seconds", "sync_margin", "sync_lag"):
        values[name] = float(values[name])
    return CorpusRow(**values)


def _utterance(row: CorpusRow, arrays: dict[str, NDArray[Any]]) -> Utterance:
    spans = zip(arrays["symbols"], arrays["times"], strict=True)
    motion = identity = None
    if "expression" in arrays:
        motion = MotionCoefficients(
            arrays["expression"], arrays["rotation"], arrays["translation"], float(arrays["fps"])
        )
        identity = arrays["identity"]
    return Utterance(
        row,
        (arrays["waveform"] / _FULL_SCALE).astype(np.float32),
        tuple(Phoneme(str(symbol), float(start), float(end)) for symbol, (start, end) in spans),
        motion,
        identity,
    )
