"""The suite "speech": what every decoder makes of sounds, feelings, eyes, seeds and time.

`python -m talkinghead.evaluation --suite speech [--speech DIR] --json OUT.json`; the recordings of
DIR are measured if it is given. Every decoder hears what users' sound gives it: the recogniser's
phonemes, never the true ones. "no motion" stands beside them where it makes sense.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from renderer.coefficients import MotionCoefficients
from renderer.face_model import FaceModel
from talkinghead.emotion.bank import MEAD_CLASSES
from talkinghead.evaluation.eye_control import measure_eyes
from talkinghead.evaluation.lip_events import lip_figures, lip_tallies, speaking_mean
from talkinghead.evaluation.lip_shape import lip_shape
from talkinghead.evaluation.performance import (
    FPS,
    NoMotion,
    Sentence,
    perform,
    recorded,
    synthesised,
    ten_seconds,
)
from talkinghead.evaluation.speaking_speed import measure_long, measure_speed
from talkinghead.evaluation.swapping import INTENSITY, measure_swapping
from talkinghead.evaluation.variety import WINDOWS, measure_takes, measure_windows
from talkinghead.motion.interface import AudioToMotion
from talkinghead.pipeline import TalkingHead
from talkinghead.speech.features import extract_features
from talkinghead.types import EmotionEmbedding, EyeControl, Speech, SpeechFeatures

ALL = "all"
Table = dict[str, dict[str, object]]

logger = logging.getLogger(__name__)


def measure_speech(
    decoders: Mapping[str, AudioToMotion], model: TalkingHead, recordings: Path | None
) -> dict[str, object]:
    """Every measure for every decoder.

    Args:
        decoders: by name; all are shipped ones of `model`.
        model: for the face model and the feelings.
        recordings: folder with index.csv, or None.

    Returns:
        Tables by name.

    Raises:
        BadOption: the folder has no index.csv.
    """
    sentences = synthesised()
    with_still = {"no motion": NoMotion(), **decoders}
    neutral = model.feel("")
    result: dict[str, object] = {
        "lips, synthesised": lip_table(with_still, sentences, neutral, model.model)
    }
    if recordings is not None:
        real, counts = recorded(recordings)
        result["recordings"] = counts
        result["lips, recorded"] = lip_table(with_still, real, neutral, model.model)
    feelings = {name: model.feel(name, INTENSITY) for name in MEAD_CLASSES}
    result |= swapping_tables(decoders, first_of_each(sentences), feelings, model.model)
    result |= control_tables(decoders, neutral, model.model)
    result["speed"] = {
        name: {**row, **measure_long(name)}
        for name, row in measure_speed(decoders, model).items()
    }  # fmt: skip
    return result


def lip_table(
    decoders: Mapping[str, AudioToMotion],
    sentences: Sequence[Sentence],
    feeling: EmotionEmbedding,
    model: FaceModel,
) -> Table:
    """Lip events: a row for each decoder and language, and one over all languages."""
    table: Table = {}
    languages = list(dict.fromkeys(one.language for one in sentences))
    for name, decoder in decoders.items():
        gathered = []
        for language in languages:
            own = [one for one in sentences if one.language == language]
            shapes = [
                lip_shape(model, perform(decoder, one.features, feeling, model).expression)
                for one in own
            ]
            mean = speaking_mean(shapes, [one.phonemes for one in own], FPS)
            tallies = [
                lip_tallies(model, shape, one.phonemes, FPS, mean)
                for shape, one in zip(shapes, own, strict=True)
            ]
            table[f"{name}, {language}"] = lip_figures(tallies)
            gathered += tallies
        table[f"{name}, {ALL}"] = lip_figures(gathered)
        logger.info("%s: closure %s", name, table[f"{name}, {ALL}"]["closure"])
    return table


def first_of_each(sentences: Sequence[Sentence]) -> list[Sentence]:
    """One sentence of each language."""
    return list({one.language: one for one in reversed(sentences)}.values())[::-1]


def swapping_tables(
    decoders: Mapping[str, AudioToMotion],
    sentences: Sequence[Sentence],
    feelings: Mapping[str, EmotionEmbedding],
    model: FaceModel,
) -> dict[str, object]:
    """Only the emotion swapped, only the words swapped, and feeling by feeling."""
    tables: dict[str, Table] = {"emotion swapped": {}, "words swapped": {}, "each feeling": {}}
    for name, decoder in decoders.items():
        rows = measure_swapping(decoder, sentences, feelings, model)
        tables["emotion swapped"][name] = rows.pop("emotion")
        tables["words swapped"][name] = rows.pop("words")
        tables["each feeling"] |= {f"{name}, {feeling}": row for feeling, row in rows.items()}
        logger.info("%s: emotion swapped %s", name, tables["emotion swapped"][name]["ratio"])
    return dict(tables)


def control_tables(
    decoders: Mapping[str, AudioToMotion], feeling: EmotionEmbedding, model: FaceModel
) -> dict[str, object]:
    """Eyes, takes and long speech."""
    eyes: Table = {}
    variety: Table = {}
    piece = ten_seconds().waveform
    short, minute = (extract_features(Speech(np.tile(piece, times)), FPS) for times in (1, WINDOWS))
    half = extract_features(Speech(np.tile(piece, 3)), FPS)
    for name, decoder in decoders.items():
        act = partial(_act, decoder, feeling, model, half)
        eyes |= {f"{name}, {sweep}": row for sweep, row in measure_eyes(act, model).items()}
        take = partial(_take, decoder, feeling, model, short)
        long = perform(decoder, minute, feeling, model)
        variety[name] = {**measure_takes(take), **measure_windows(long, model)}
        logger.info("%s: variety %s", name, variety[name])
    return {"eyes": eyes, "variety": variety}


def _act(
    decoder: AudioToMotion,
    feeling: EmotionEmbedding,
    model: FaceModel,
    features: SpeechFeatures,
    eyes: EyeControl,
) -> MotionCoefficients:
    return perform(decoder, features, feeling, model, eyes)


def _take(
    decoder: AudioToMotion,
    feeling: EmotionEmbedding,
    model: FaceModel,
    features: SpeechFeatures,
    seed: int,
) -> MotionCoefficients:
    return perform(decoder, features, feeling, model, seed=seed)
