"""Real recordings and tracked clips for the speech corpus."""

from __future__ import annotations

import csv
import logging
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from renderer.coefficients import Floats
from renderer.face_model import FaceModel
from talkinghead.errors import TalkingHeadError, UnreadableSound
from talkinghead.motion.smoothing import smooth_track
from talkinghead.portrait.fit import FaceFitter
from talkinghead.portrait.track import follow, motion_of
from talkinghead.speech.waveform import load_speech
from talkinghead.training.corpus import CorpusRow, Utterance
from talkinghead.training.corpus_alignment import Aligner, LeftOut
from talkinghead.types import SAMPLE_RATE, Phoneme, Speech
from talkinghead.video.read import read_video

LOG = logging.getLogger(__name__)
LONGEST_CLIP = 500
"""Frames of a clip that are tracked, as `evaluation.speaking` does."""
TRUSTED_LAG_SECONDS = 8.0
"""A clip must be longer for its measured lag to be believed."""
TRUSTED_MARGIN = 0.3
"""Below it the sound may not belong to the mouth, and its lag means nothing."""


def read_index(path: Path) -> list[dict[str, str]]:
    """The rows of an index.csv.

    Raises:
        TalkingHeadError: if it is not there.
    """
    if not path.is_file():
        message = f"{path} is not a file; give the index.csv of the recordings, or their folder"
        raise TalkingHeadError(message)
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def recording(folder: Path, entry: Mapping[str, str], aligner: Aligner, name: str) -> Utterance:
    """One row of the speech index with phoneme times.

    Args:
        folder: of the index, with a folder for each split.
        entry: the row.
        aligner: finds the phoneme times.
        name: id of the utterance.

    Raises:
        LeftOut: if the alignment is doubtful, or the language is not one that we can read.
        TalkingHeadError: if the sound cannot be read.
    """
    speech = load_speech(folder / entry["split"] / entry["file"])
    phonemes = aligner.align(speech, entry["transcript"], entry["language"])
    row = CorpusRow(
        id=name, split=entry["split"], kind="recording", engine="pocketsphinx", voice="",
        language=entry["language"], speaker=entry["speaker"], sentence=entry["transcript"],
        emotion=entry["emotion"], licence=entry["licence"], tier=entry["tier"],
        seconds=round(speech.seconds, 4), sync_margin=float("nan"), sync_lag=0.0,
    )  # fmt: skip
    return Utterance(row, speech.waveform, phonemes)


def clip(
    folder: Path,
    entry: Mapping[str, str],
    model: FaceModel,
    aligner: Aligner,
    name: str,
) -> Utterance:
    """One row of the clip index, tracked; with its sound, and phonemes where its text is known.

    Args:
        folder: of the index, with a folder for each split.
        entry: the row.
        model: the face model.
        aligner: finds the phoneme times.
        name: id of the utterance.

    Raises:
        TalkingHeadError: if no face can be followed.
    """
    path = folder / entry["split"] / entry["file"]
    with read_video(path) as video:
        fps = video.fps
        points, _ = follow(islice(video, LONGEST_CLIP), fps)
    fit = FaceFitter(model, model.landmarks).fit_clip(points)
    motion = smooth_track(motion_of(fit, fps))
    samples = round(len(motion) / fps * SAMPLE_RATE)
    waveform = _clip_sound(path, entry, samples)
    sentence = entry["note"].partition("text: ")[2].strip()
    phonemes: tuple[Phoneme, ...] = ()
    engine = "silent" if waveform is None else ""
    if waveform is not None and sentence:
        try:
            phonemes = aligner.align(Speech(waveform), sentence, "en")
            engine = "pocketsphinx"
        except LeftOut:
            LOG.info("%s: its text cannot be aligned", name)
    row = CorpusRow(
        id=name, split=entry["split"], kind="clip", engine=engine, voice="",
        language="en" if sentence else "", speaker=entry["identity"], sentence=sentence,
        emotion=entry["emotion"], licence=entry["licence"], tier=entry["tier"],
        seconds=round(samples / SAMPLE_RATE, 4), sync_margin=float("nan"), sync_lag=0.0,
    )  # fmt: skip
    if waveform is None:
        waveform = np.zeros(samples, np.float32)
    else:
        margin = float(entry["sync_margin"] or "nan")
        row = replace(row, sync_margin=margin, sync_lag=_trusted_lag(entry, margin))
    return Utterance(row, waveform, phonemes, motion, fit.identity)


def _clip_sound(path: Path, entry: Mapping[str, str], samples: int) -> Floats | None:
    """(samples,) of the clip's sound track; None if it has none, or only silence."""
    if entry["sound"] != "True":
        return None
    try:
        waveform = load_speech(path).waveform[:samples]
    except UnreadableSound:
        return None
    return np.pad(waveform, (0, samples - len(waveform))) if waveform.any() else None


def _trusted_lag(entry: Mapping[str, str], margin: float) -> float:
    if float(entry["seconds"]) <= TRUSTED_LAG_SECONDS or not margin >= TRUSTED_MARGIN:
        return 0.0
    return float(entry["sync_lag25"] or 0) / 25.0
