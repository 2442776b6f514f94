"""Speech to motion against real people: every decoder beside the tracked truth.

A clip's own sound is animated on the clip's own first frame, and the motion compared with what was
tracked. "no motion" holds the first frame, "mean motion" the mean of the other clips: the two that
any decoder must beat.

Many clips on the web carry music, or somebody else's words. Where an index says how well mouth and
sound belong together, the clips that can be trusted have tables of their own.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from renderer.coefficients import Floats, IdentityCoefficients, MotionCoefficients
from renderer.face_model import FaceModel
from talkinghead.emotion.timeline import constant_track
from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.evaluation.motion_measures import (
    best_lag,
    correlation,
    diversity,
    face_masks,
    largest_errors,
    upper_face_dynamics,
    vertex_offsets,
)
from talkinghead.evaluation.statistics import paired, summary
from talkinghead.evaluation.suites import Inputs
from talkinghead.motion.inspection import blink_count, jitter
from talkinghead.motion.interface import AudioToMotion, HeadMotion
from talkinghead.motion.smoothing import smooth_track
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.fit import FaceFitter
from talkinghead.portrait.track import follow, motion_of
from talkinghead.speech.features import extract_features
from talkinghead.speech.waveform import load_speech
from talkinghead.types import EyeControl, SpeechFeatures
from talkinghead.video.read import read_video

LONGEST = 500
"""Frames of a clip that are measured."""
SEEDS = 3
"""Tracks of one clip whose distance is the diversity."""
ON_TIME = 1
"""Frames of lag that count as in sync."""
_COMPARED = {"opening_r": 1, "lve_mm": -1, "eve_mm": -1, "fdd_absolute_mm2": -1}
"""Measures whose differences between decoders are shown; 1 = more is better."""

Rows = Sequence[Mapping[str, object]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SpokenClip:
    """A real clip with its sound.

    Attributes:
        name: of the file.
        motion: T frames, tracked and smoothed.
        identity: (Ki,) float32.
        features: of its sound, T frames.
    """

    name: str
    motion: MotionCoefficients
    identity: Floats
    features: SpeechFeatures


def read_spoken(path: Path, model: FaceModel) -> SpokenClip:
    """Track a clip and hear its sound.

    Raises:
        TalkingHeadError: it has no sound, or no face that can be followed.
    """
    with read_video(path) as video:
        fps = video.fps
        points, _ = follow(islice(video, LONGEST), fps)
    fit = FaceFitter(model, model.landmarks).fit_clip(points)
    motion = smooth_track(motion_of(fit, fps))
    features = extract_features(load_speech(path), fps)
    count = min(len(motion), len(features))
    return SpokenClip(path.stem, motion.frames(0, count), fit.identity, features)


def decoded(
    decoder: AudioToMotion, clip: SpokenClip, model: TalkingHead, seed: int = 0
) -> MotionCoefficients:
    """The decoder's motion for a clip's sound, on its own first frame, without a feeling."""
    start = clip.motion.frames(0, 1)
    neutral = constant_track(model.feel(""), len(clip.features), clip.motion.fps)
    motion = decoder(
        clip.features, neutral, IdentityCoefficients(clip.identity),
        replace(start, translation=np.zeros((1, 3), np.float32)), EyeControl(), HeadMotion(),
        np.random.default_rng(seed),
    )  # fmt: skip
    return motion.frames(0, len(clip.motion))


def measure_speaking(
    folder: Path,
    decoders: Mapping[str, AudioToMotion],
    model: TalkingHead,
    trusted: float = Inputs.trusted,
) -> dict[str, object]:
    """The table over all clips of a folder, and a row for each clip and decoder.

    Args:
        folder: .mp4 files with sound; those without are left out and named. An index.csv in it or
            in the folder above names their `sync_margin`.
        decoders: by name.
        model: for the face model and the neutral feeling.
        trusted: smallest `sync_margin` of the clips in the tables that end in "trusted"; without
            an index there are none.

    Raises:
        BadOption: no clip could be used.
    """
    clips = []
    for path in sorted(folder.glob("*.mp4")):
        try:
            clips.append(read_spoken(path, model.model))
        except TalkingHeadError as error:
            logger.info("%s: left out: %s", path.name, error)
    if len(clips) < 2:
        message = f"{len(clips)} clips in {folder} have a face and sound, at least 2 are needed"
        raise BadOption(message)
    rows: list[dict[str, object]] = []
    for index, clip in enumerate(clips):
        others = [one for other, one in enumerate(clips) if other != index]
        tracks = {"no motion": _held(clip.motion.expression[:1], clip),
                  "mean motion": _held(_mean_expression(others), clip)}  # fmt: skip
        tracks |= {name: decoded(one, clip, model) for name, one in decoders.items()}
        rows += [
            {"clip": clip.name, "decoder": name, **_row(model.model, track, clip)}
            for name, track in tracks.items()
        ]
        logger.info("%s: %s", clip.name, {row["decoder"]: row["opening_r"] for row in rows[-3:]})
    varied = {
        name: diversity(
            np.stack([decoded(one, clips[0], model, seed).as_array() for seed in range(SEEDS)])
        )
        for name, one in decoders.items()
    }
    result = {"table": _table(rows), "differences": _differences(rows)}
    chosen = trusted_names(folder, trusted)
    sure = [row for row in rows if row["clip"] in chosen]
    if sure:
        result |= {"table, trusted": _table(sure), "differences, trusted": _differences(sure)}
    return {**result, **_books(decoders, clips, model.model), "diversity": varied, "clips": rows}


def _books(
    decoders: Mapping[str, AudioToMotion], clips: Sequence[SpokenClip], model: FaceModel
) -> dict[str, object]:
    """How the codebook decoder's books spell the clips, if there is such a decoder."""
    stored = decoders.get("codebook")
    if stored is None:
        return {}
    from talkinghead.evaluation.motion_books import measure_books
    from talkinghead.motion.codebook import CodebookAudioToMotion
    from talkinghead.motion.stored import StoredDecoder

    decoder = stored.load() if isinstance(stored, StoredDecoder) else stored
    if not isinstance(decoder, CodebookAudioToMotion):
        return {}
    return {"books": measure_books(decoder.net, [one.motion for one in clips], model)}


def trusted_names(folder: Path, smallest: float) -> set[str]:
    """Names, without ".mp4", of the clips whose sound is known to belong to the mouth.

    Args:
        folder: of the clips; index.csv lies in it or in the folder above.
        smallest: `sync_margin`; a clip without one is not trusted.
    """
    found = [path for path in (folder / "index.csv", folder.parent / "index.csv") if path.is_file()]
    if not found:
        return set()
    with found[0].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        Path(row["file"]).stem for row in rows
        if row.get("sync_margin") and float(row["sync_margin"]) >= smallest
    }  # fmt: skip


def _held(expression: Floats, clip: SpokenClip) -> MotionCoefficients:
    first = replace(clip.motion.frames(0, 1), expression=expression.astype(np.float32))
    return first.held(len(clip.motion))


def _mean_expression(clips: Sequence[SpokenClip]) -> Floats:
    return np.asarray(
        np.mean([clip.motion.expression.mean(0) for clip in clips], axis=0)[None], np.float32
    )


def _row(model: FaceModel, made: MotionCoefficients, clip: SpokenClip) -> dict[str, float]:
    masks = face_masks(model)
    truth = clip.motion
    lips, true_lips = (vertex_offsets(model, one.expression, masks.lips) for one in (made, truth))
    upper, true_upper = (
        vertex_offsets(model, one.expression, masks.upper) for one in (made, truth)
    )
    lip_error, eye_error = largest_errors(lips, true_lips), largest_errors(upper, true_upper)
    opening, true_opening = (model.lip_aperture(one.expression) for one in (made, truth))
    minutes = len(made) / made.fps / 60
    agreement = correlation(opening, true_opening)
    lag = float(best_lag(opening, true_opening)) if np.isfinite(agreement) else agreement
    return {
        "lve_mm": round(float(lip_error.mean()), 4),
        "lve_squared_mm2": round(float((lip_error**2).mean()), 4),
        "eve_mm": round(float(eye_error.mean()), 4),
        "fdd_mm2": round(upper_face_dynamics(true_upper) - upper_face_dynamics(upper), 4),
        "opening_r": round(agreement, 4),
        "lag_frames": lag,
        "jitter": round(jitter(made.expression), 6),
        "blinks_a_minute": round(blink_count(made) / minutes, 2),
        "true_jitter": round(jitter(truth.expression), 6),
        "true_blinks_a_minute": round(blink_count(truth) / minutes, 2),
    }


def _table(rows: Rows) -> dict[str, object]:
    table: dict[str, object] = {}
    for name, values in _values(rows).items():
        known = np.isfinite(values["opening_r"])
        lags = np.abs(np.array(values["lag_frames"]))[known]
        table[name] = {
            **{key: summary(one) for key, one in values.items()},
            "on_time": round(float((lags <= ON_TIME).mean()), 4) if known.any() else None,
        }
    return table


def _values(rows: Rows) -> dict[str, dict[str, list[float]]]:
    """Decoder to measure to one value a clip, the clips in the same order for all."""
    values: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        own = values.setdefault(str(row["decoder"]), {})
        for key, value in row.items():
            if key not in {"clip", "decoder"}:
                own.setdefault(key, []).append(float(str(value)))
    for own in values.values():
        own["fdd_absolute_mm2"] = [abs(one) for one in own["fdd_mm2"]]
    return values


def _differences(rows: Rows) -> dict[str, object]:
    """Every decoder less every one before it, clip by clip; a difference above 0 is better."""
    values = _values(rows)
    names = list(values)
    return {
        f"{name} against {other}": {
            key: paired(*([sign * one for one in values[who][key]] for who in (name, other)))
            for key, sign in _COMPARED.items()
        }
        for index, name in enumerate(names)
        for other in names[:index]
        if name != "mean motion"
    }
