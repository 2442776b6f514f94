"""Labelled faces and voices of strangers, and how well words, pictures and voices find each other.

A folder holds index.csv (file, split, tier, source, identity or speaker, emotion) and a folder a
split; rows of the split "eval" are used, whatever their licence tier: nothing is trained here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import ARKIT_NAMES, Floats, channel_indices
from talkinghead.emotion.bank import MEAD_CLASSES, load_bank
from talkinghead.emotion.calibration import encode_texts
from talkinghead.emotion.clip_space import DEFAULT_BACKEND, load_text_tower
from talkinghead.emotion.image_tower import ImageTower
from talkinghead.emotion.sound_tower import SoundTower
from talkinghead.errors import TalkingHeadError
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.cues import face_cues
from talkinghead.speech.prosody import voice_cues
from talkinghead.speech.waveform import load_speech
from talkinghead.training.emotion_labels import MEASURABLE, class_of, read_index
from talkinghead.types import FaceCues, VoiceCues
from talkinghead.video.read import read_video

PER_SECOND = 8.0
PEAKS = 5
"""Frames of each clip: those in which brows, lids, cheeks, nose and mouth corners move most. The
other channels belong to speech."""
SENTENCE = "the face and the voice of somebody who is {}"
MOVED = channel_indices(
    name
    for name in ARKIT_NAMES
    if name.startswith(
        ("brow", "eyeWide", "eyeSquint", "cheekSquint", "noseSneer", "mouthSmile", "mouthFrown")
    )
)
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Labelled:
    """One face or voice and what it was acted to show.

    Attributes:
        cues: as the tower takes them.
        mead: class of MEAD.
        source: the data set.
        person: who.
        group: the clip or recording.
        anchors: (F, 384) the bank in the tower's space.
    """

    cues: FaceCues | VoiceCues
    mead: str
    source: str
    person: str
    group: str
    anchors: Floats


def face_set(folder: Path, model: TalkingHead) -> list[Labelled]:
    """The peak frames of all labelled clips."""
    anchors = ImageTower().anchors(load_bank())
    examples = []
    for row in read_index(folder / "index.csv", "eval", MEASURABLE):
        mead = class_of(row["emotion"])
        if not mead:
            continue
        cues = _frames(folder / row["split"] / row["file"], model)
        strongest = sorted(cues, key=lambda one: -float(one.expression[MOVED].sum()))[:PEAKS]
        examples += [
            Labelled(one, mead, row["source"], row["identity"], row["file"], anchors)
            for one in strongest
        ]
        LOG.info("%s: %d frames", row["file"], len(strongest))
    return examples


def _frames(path: Path, model: TalkingHead) -> list[FaceCues]:
    cues = []
    with read_video(path) as clip:
        step = max(1, round(clip.fps / PER_SECOND))
        for number, frame in enumerate(clip):
            if number % step:
                continue
            try:
                cues.append(face_cues(model.fit(frame)))
            except TalkingHeadError:
                continue
    return cues


def voice_set(folder: Path) -> list[Labelled]:
    """All labelled recordings."""
    anchors = SoundTower().anchors(load_bank())
    examples = []
    for row in read_index(folder / "index.csv", "eval", MEASURABLE):
        mead = class_of(row["emotion"])
        if not mead:
            continue
        cues = voice_cues(load_speech(folder / row["split"] / row["file"]))
        examples.append(Labelled(cues, mead, row["source"], row["speaker"], row["file"], anchors))
    return examples


def features_of(examples: Sequence[Labelled]) -> NDArray[np.float32]:
    """(N, 384) vectors of faces or of voices."""
    faces = [one.cues for one in examples if isinstance(one.cues, FaceCues)]
    if faces:
        return ImageTower().encode(faces)
    return SoundTower().encode([one.cues for one in examples if isinstance(one.cues, VoiceCues)])[0]


def retrieval(faces: Sequence[Labelled], voices: Sequence[Labelled]) -> dict[str, object]:
    """R@1 between words, pictures and voices: is the nearest of the other kind of the same class?

    A query whose class does not occur in the other pool is left out. Classes weigh the same. Words
    are `SENTENCE` about each of the bank's synonyms of the eight plain feelings.
    """
    pools = {"text": _words()}
    for name, examples in (("image", faces), ("sound", voices)):
        if examples:
            labels = np.array([MEAD_CLASSES.index(one.mead) for one in examples])
            pools[name] = (_pooled(features_of(examples), examples), _first(labels, examples))
    return {
        f"{query} to {answer}": recall_at_one(pools[query], pools[answer])
        for query in pools
        for answer in pools
        if query != answer
    }


Pool = tuple[NDArray[np.float32], NDArray[np.intp]]
"""(N, 384) unit rows and their (N,) classes."""


def recall_at_one(queries: Pool, answers: Pool) -> dict[str, float]:
    """Mean over the classes of the share of queries whose nearest answer is of their class."""
    nearest = answers[1][(queries[0] @ answers[0].T).argmax(axis=1)]
    shares = [
        float(np.mean(nearest[queries[1] == one] == one))
        for one in np.intersect1d(queries[1], answers[1])
    ]
    return {
        "recall_at_1": round(float(np.mean(shares)), 4),
        "chance": round(1 / len(np.unique(answers[1])), 3),
        "queries": len(queries[1]),
    }


def _words() -> Pool:
    bank = load_bank()
    texts, labels = [], []
    for row, name in enumerate(MEAD_CLASSES):
        words = bank.by_name[name].synonyms
        texts += [SENTENCE.format(word) for word in words]
        labels += [row] * len(words)
    vectors = encode_texts(load_text_tower(DEFAULT_BACKEND), texts)
    return vectors, np.array(labels, np.intp)


def _pooled(vectors: Floats, examples: Sequence[Labelled]) -> Floats:
    """(G, 384) unit mean of each clip or recording, in order of first appearance."""
    means = [vectors[rows].mean(axis=0) for rows in _groups(examples).values()]
    stacked = np.stack(means)
    return np.asarray(stacked / np.linalg.norm(stacked, axis=1, keepdims=True), np.float32)


def _first(labels: NDArray[np.intp], examples: Sequence[Labelled]) -> NDArray[np.intp]:
    return np.array([labels[rows[0]] for rows in _groups(examples).values()], np.intp)


def _groups(examples: Sequence[Labelled]) -> Mapping[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for row, one in enumerate(examples):
        groups.setdefault(one.group, []).append(row)
    return groups
