"""Do the learned decoders keep what is felt apart from what is said?

On recordings of speakers that nothing was trained on, labelled with feeling and sentence:

- what the voice code knows: the emotion classifier's accuracy, and leave-one-out nearest neighbours
  (cosine, neighbours by the same speaker left out) for the feeling and for the sentence. A code
  that is disentangled names feelings far above chance and sentences hardly;
- what swapping does: the words of one recording with the voice of another. Movement of the upper
  face and of the lips' opening against swapping the words (`swapping.change_between`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from renderer.coefficients import ARKIT_NAMES, Floats, MotionCoefficients
from renderer.face_model import FaceModel
from talkinghead.emotion.bank import MEAD_CLASSES
from talkinghead.errors import BadOption
from talkinghead.evaluation.statistics import summary
from talkinghead.evaluation.swapping import Change, change_between
from talkinghead.motion.codebook import CodebookAudioToMotion
from talkinghead.motion.interface import AudioToMotion
from talkinghead.motion.learned import heard, spoken
from talkinghead.motion.regression import RegressionAudioToMotion
from talkinghead.motion.regression_net import Heard
from talkinghead.motion.speech_rows import RATE, speech_rows
from talkinghead.motion.stored import StoredDecoder
from talkinghead.speech.features import extract_features
from talkinghead.speech.waveform import load_speech
from talkinghead.training.emotion_labels import MEASURABLE, class_of, read_index
from talkinghead.training.motion_lessons import track_of
from talkinghead.types import SpeechFeatures

MOST = 120
PAIRS = 40
"""Pairs of recordings that are swapped."""
SETTLED_ROWS = 12

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recording:
    """A labelled recording.

    Attributes:
        speaker: who.
        sentence: what is said.
        emotion: index in MEAD_CLASSES.
        features: what is heard, at `RATE`.
    """

    speaker: str
    sentence: str
    emotion: int
    features: SpeechFeatures


def measure_disentangling(
    decoders: Mapping[str, AudioToMotion], model: FaceModel, folder: Path
) -> dict[str, object]:
    """One row for each learned decoder.

    Args:
        decoders: by name; those without networks are left out.
        model: the face model.
        folder: recordings with index.csv.

    Raises:
        BadOption: fewer than ten usable recordings.
    """
    recordings = read_recordings(folder)
    result: dict[str, object] = {"recordings": len(recordings)}
    for name, stored in decoders.items():
        decoder = stored.load() if isinstance(stored, StoredDecoder) else stored
        if isinstance(decoder, RegressionAudioToMotion | CodebookAudioToMotion):
            result[name] = _row(decoder, recordings, model)
            logger.info("%s: %s", name, result[name])
    return result


def read_recordings(folder: Path) -> list[Recording]:
    """Unseen speakers' recordings with a transcript and a feeling, at most `MOST`."""
    rows = [
        row for row in read_index(folder / "index.csv", "eval", MEASURABLE)
        if row["transcript"] and class_of(row["emotion"])
    ]  # fmt: skip
    if len(rows) < 10:
        message = f"{folder} has {len(rows)} recordings with feeling and words, 10 are needed"
        raise BadOption(message)
    chosen = np.linspace(0, len(rows) - 1, min(MOST, len(rows))).astype(int)
    return [
        Recording(
            rows[at]["speaker"], rows[at]["transcript"],
            MEAD_CLASSES.index(class_of(rows[at]["emotion"])),
            extract_features(load_speech(folder / "eval" / rows[at]["file"]), RATE),
        )
        for at in chosen
    ]  # fmt: skip


def neighbour_accuracy(
    codes: Floats, labels: Sequence[object], speakers: Sequence[str]
) -> dict[str, float]:
    """Leave-one-out nearest neighbour by cosine among other speakers, and chance.

    Args:
        codes: (N, C).
        labels: N.
        speakers: N.
    """
    unit = codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-9)
    near = unit @ unit.T
    right, chance = [], []
    for index, label in enumerate(labels):
        others = [at for at in range(len(labels)) if speakers[at] != speakers[index]]
        same = [labels[at] == label for at in others]
        if any(same) and not all(same):
            right.append(same[int(np.argmax(near[index, others]))])
            chance.append(np.mean(same))
    return {
        "accuracy": round(float(np.mean(right)), 4), "chance": round(float(np.mean(chance)), 4),
        "n": len(right),
    }  # fmt: skip


@torch.inference_mode()
def _row(
    decoder: RegressionAudioToMotion | CodebookAudioToMotion,
    recordings: Sequence[Recording],
    model: FaceModel,
) -> dict[str, object]:
    voices = [decoder.net.voice(_voice(one)) for one in recordings]
    named = [int(decoder.net.voice.scores(one)[0].argmax()) for one in voices]
    true = [one.emotion for one in recordings]
    codes = np.stack([one[0].mean(0).numpy() for one in voices])
    speakers = [one.speaker for one in recordings]
    classes = {one.emotion for one in recordings}
    return {
        "emotion_classified": {
            "accuracy": round(float(np.mean(np.equal(named, true))), 4),
            "largest_class": round(max(true.count(one) for one in classes) / len(true), 4),
            "n": len(true),
        },
        "emotion_by_neighbour": neighbour_accuracy(codes, true, speakers),
        "sentence_by_neighbour": neighbour_accuracy(
            codes, [one.sentence for one in recordings], speakers
        ),
        **_swaps(decoder, recordings, model),
    }


def _swaps(
    decoder: RegressionAudioToMotion | CodebookAudioToMotion,
    recordings: Sequence[Recording],
    model: FaceModel,
) -> dict[str, object]:
    """The voice of another feeling on the same words, and other words with the same voice."""
    pairs = [
        (first, second) for first in recordings for second in recordings
        if first.emotion != second.emotion and first.sentence != second.sentence
    ]  # fmt: skip
    step = max(1, len(pairs) // PAIRS)
    feeling, words = [], []
    for first, second in islice(pairs, 0, None, step):
        own = _face(decoder, first, first)
        feeling.append(change_between(model, _face(decoder, first, second), own))
        words.append(change_between(model, _face(decoder, second, first), own))
    return {
        "feeling_swapped": _changes(feeling), "words_swapped": _changes(words),
        "upper_face_quotient": round(
            _mean(feeling, "upper_face") / max(_mean(words, "upper_face"), 1e-9), 3
        ),
        "lip_timing_quotient": round(
            _mean(words, "lip_timing") / max(_mean(feeling, "lip_timing"), 1e-9), 3
        ),
    }  # fmt: skip


def _face(
    decoder: RegressionAudioToMotion | CodebookAudioToMotion, words: Recording, voice: Recording
) -> Floats:
    """(T, 52): the words of one recording with the voice of another, without eyes and head."""
    rows = speech_rows(words.features)
    count = len(rows)
    other = speech_rows(voice.features).voice
    swapped = replace(rows, voice=other[np.arange(count) % len(other)])
    feeling = replace(track_of(None, 0.0, count), listens=True)
    zero = np.zeros((1, 3), np.float32)
    rest = MotionCoefficients(np.zeros((1, len(ARKIT_NAMES)), np.float32), zero, zero, RATE)
    known: Heard = heard(decoder.net, swapped, feeling, rest, RATE)
    if isinstance(decoder, RegressionAudioToMotion):
        change, gates = decoder.answer(known)
    else:
        spelled = decoder.spell(known, np.random.default_rng(0))
        change, gates = spelled.change, spelled.gates
    base = np.zeros((count, len(ARKIT_NAMES)), np.float32)
    return spoken(base, change, gates, RATE)[SETTLED_ROWS:]


def _voice(recording: Recording) -> torch.Tensor:
    return torch.from_numpy(speech_rows(recording.features).voice)[None]


def _changes(changes: Sequence[Change]) -> dict[str, Any]:
    known = [one.opening_r for one in changes if np.isfinite(one.opening_r)]
    return {
        "upper_face_mm": summary([one.upper_face for one in changes]),
        "lip_timing_mm": summary([one.lip_timing for one in changes]),
        "opening_r": summary(known),
    }


def _mean(changes: Sequence[Change], name: str) -> float:
    return float(np.mean([getattr(one, name) for one in changes]))
