"""Frames against the truth: self-reenactment of real clips, and identity on other people's motion.

Each clip is made again from its first frame and its tracked motion, by every renderer there is. The
rows "no motion" and "truth" bound the table from below and above.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import MotionCoefficients
from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.evaluation.identity import FaceRecogniser
from talkinghead.evaluation.landmarks import detect_all, landmark_rows
from talkinghead.evaluation.outside_networks import (
    INCEPTION,
    Network,
    found,
    frechet_distance,
    inception_vectors,
)
from talkinghead.evaluation.pictures import boil, mouth_box, psnr, sharpness, ssim
from talkinghead.evaluation.reenactment import Clip, ClipReader, RendererBuilder, no_motion
from talkinghead.evaluation.statistics import summary
from talkinghead.motion.transfer import transfer
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.framing import crop_view

Image = NDArray[np.uint8]
Row = dict[str, float]

HIGHER_IS_BETTER = ("psnr", "ssim", "psnr_mouth", "ssim_mouth", "identity")
LOWER_IS_BETTER = ("m_lmd", "f_lmd")
STILL_FRAMES = 8
FID_FRAMES = 5
CROSS_FRAMES = 50
CROSS_STEP = 10
MEASURED_STEP = 3
"""Every so many frames of a clip are measured; all are rendered."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FrameSettings:
    """What the suite measures on.

    Attributes:
        clips: folder of clips of people that nothing was trained on.
        portraits: folder of photos for cross-reenactment; None leaves it out.
        recogniser: ONNX face recogniser; None leaves identity out.
        evaluators: folder that may hold Inception, see `outside_networks`; None leaves FID out.
        size: side of the crop in pixels.
        frames: of each clip, its first ones.
    """

    clips: Path
    portraits: Path | None = None
    recogniser: Path | None = None
    size: int = 256
    frames: int = 100
    evaluators: Path | None = None


def builders(model: TalkingHead) -> dict[str, RendererBuilder]:
    """The renderers of the table by name."""
    return {"no motion": no_motion, **model.renderers.builders()}


def measure_frames(settings: FrameSettings, renderers: Mapping[str, RendererBuilder] | None = None,
                   model: TalkingHead | None = None) -> dict[str, object]:  # fmt: skip
    """The table, and one row for each clip and renderer.

    Raises:
        BadOption: the folder holds no clip that can be tracked.
    """
    model = model or TalkingHead.from_pretrained()
    renderers = renderers or builders(model)
    recogniser = FaceRecogniser(settings.recogniser) if settings.recogniser else None
    reader = ClipReader(model.model, settings.size, settings.frames)
    rows: list[dict[str, object]] = []
    clips: list[Clip] = []
    samples: dict[str, list[Image]] = {}
    for path in sorted(settings.clips.glob("*.mp4")):
        try:
            clip = reader.read(path)
        except TalkingHeadError as error:
            logger.info("%s: left out: %s", path.name, error)
            continue
        clips.append(clip)
        rows += [
            {"clip": clip.name, "renderer": name, **row}
            for name, row in clip_rows(clip, renderers, recogniser, samples).items()
        ]
        logger.info("%s: %s", clip.name, [round(float(str(one["psnr"])), 2) for one in rows[-3:]])
    if not clips:
        message = f"no clip in {settings.clips} could be tracked; expected .mp4 files of one face"
        raise BadOption(message)
    result: dict[str, object] = {"table": _table(rows), "clips": rows}
    result["pictures"] = {
        "frames": {name: one[FID_FRAMES // 2 :: FID_FRAMES] for name, one in samples.items()}
    }
    inception = found(settings.evaluators, INCEPTION)
    if inception is not None:
        result["fid"] = fid_table(inception[0], samples)
    if settings.portraits is not None and recogniser is not None:
        result["cross"] = _cross(model, settings, clips, renderers, recogniser)
    return result


def fid_table(inception: Network, samples: Mapping[str, Sequence[Image]]) -> dict[str, object]:
    """FID of each renderer's frames against the true ones, and how many frames that is.

    Args:
        inception: see `outside_networks`.
        samples: frames by renderer; "truth" is what the others are compared with.
    """
    vectors = {name: inception_vectors(inception, frames) for name, frames in samples.items()}
    table: dict[str, object] = {
        name: round(frechet_distance(one, vectors["truth"]), 4) for name, one in vectors.items()
    }
    return {**table, "frames": len(samples["truth"])}


def clip_rows(
    clip: Clip,
    renderers: Mapping[str, RendererBuilder],
    recogniser: FaceRecogniser | None,
    samples: dict[str, list[Image]] | None = None,
) -> dict[str, Row]:
    """Every renderer's figures on one clip, and the truth's own.

    Args:
        clip: the clip.
        renderers: by name.
        recogniser: of faces; None leaves identity out.
        samples: takes a few frames of each renderer and of the truth.
    """
    samples = {} if samples is None else samples
    chosen = range(1, len(clip.truth), MEASURED_STEP)
    truth = [clip.truth[index] for index in chosen]
    true_points = detect_all(truth)
    boxes = [mouth_box(clip.landmarks[index], clip.truth[0].shape) for index in chosen]
    rows = {}
    for name, build in renderers.items():
        made = list(build(clip.source).render(clip.motion))
        frames = [made[index] for index in chosen]
        samples.setdefault(name, []).extend(_few(frames))
        row = _picture_row(frames, truth, boxes)
        points = detect_all(frames)
        mouth, face, missed = landmark_rows(points, true_points)
        row |= {"m_lmd": _mean(mouth), "f_lmd": _mean(face), "missed": float(missed)}
        still = clip.motion.frames(0, 1).held(STILL_FRAMES)
        row["boil"] = boil(list(build(clip.source).render(still)))
        if recogniser is not None:
            row["identity"] = _likeness(recogniser, clip, frames, points)
        rows[name] = row
    samples.setdefault("truth", []).extend(_few(truth))
    rows["truth"] = _picture_row(truth, truth, boxes) | {"m_lmd": 0.0, "f_lmd": 0.0, "missed": 0.0}
    if recogniser is not None:
        rows["truth"]["identity"] = _likeness(recogniser, clip, truth, true_points)
    return rows


def _picture_row(
    frames: Sequence[Image], truth: Sequence[Image], boxes: Sequence[tuple[slice, slice]]
) -> Row:
    values: dict[str, list[float]] = {}
    for frame, true, box in zip(frames, truth, boxes, strict=True):
        for name, value in {
            "psnr": psnr(frame, true),
            "ssim": ssim(frame, true),
            "psnr_mouth": psnr(frame[box], true[box]),
            "ssim_mouth": ssim(frame[box], true[box]),
            "sharpness_mouth": sharpness(frame[box]),
        }.items():
            values.setdefault(name, []).append(value)
    return {name: _mean(one) for name, one in values.items()}


def _few(frames: Sequence[Image]) -> list[Image]:
    """As many of each video as EAT takes for its FID."""
    return [frames[at] for at in np.unique(np.linspace(0, len(frames) - 1, FID_FRAMES).astype(int))]


def _likeness(
    recogniser: FaceRecogniser, clip: Clip, frames: Sequence[Image], points: Sequence[object]
) -> float:
    """Mean cosine of frames with the first frame of the clip."""
    reference = recogniser.embed(clip.truth[0], clip.landmarks[0])
    return _mean(
        [
            float(recogniser.embed(frame, one) @ reference)
            for frame, one in zip(frames, points, strict=True)
            if isinstance(one, np.ndarray)
        ]
    )


def _table(rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Means over clips with intervals, and each renderer against "geometric" clip by clip."""
    names = list(dict.fromkeys(str(row["renderer"]) for row in rows))
    table: dict[str, object] = {}
    for name in names:
        own = [row for row in rows if row["renderer"] == name]
        measures = [key for key in own[0] if key not in {"clip", "renderer"}]
        table[name] = {key: summary([float(str(row[key])) for row in own]) for key in measures}
    base = {row["clip"]: row for row in rows if row["renderer"] == "geometric"}
    for name in set(names) - {"geometric", "truth"}:
        own = [row for row in rows if row["renderer"] == name]
        table[f"{name} against geometric"] = {
            key: _wins([sign * (float(str(row[key])) - float(str(base[row["clip"]][key])))
                        for row in own])
            for keys, sign in ((HIGHER_IS_BETTER, 1), (LOWER_IS_BETTER, -1))
            for key in keys if key in own[0]
        }  # fmt: skip
    return table


def _wins(gains: Sequence[float]) -> dict[str, object]:
    """How much better, and on how many clips."""
    return {**summary(gains), "better_on": sum(gain > 0 for gain in gains), "of": len(gains)}


def _cross(
    model: TalkingHead, settings: FrameSettings, clips: Sequence[Clip],
    renderers: Mapping[str, RendererBuilder], recogniser: FaceRecogniser,
) -> dict[str, object]:  # fmt: skip
    """Identity of portraits that wear other people's motion, beside the photo-to-photo ceiling."""
    if settings.portraits is None:
        return {}
    photos = sorted(one for one in settings.portraits.iterdir() if one.suffix in {".jpg", ".png"})
    likeness: dict[str, list[float]] = {name: [] for name in renderers}
    for path, clip in zip(photos, islice(cycle(clips), len(photos)), strict=True):
        try:
            view = crop_view(model.fit(path).source, settings.size)
        except TalkingHeadError as error:
            logger.info("%s: left out: %s", path.name, error)
            continue
        reference = recogniser.embed(view.image, view.landmarks)
        motion = transfer(_thinned(clip.motion), view.motion, "relative")
        for name, build in renderers.items():
            frames = list(build(view).render(motion))
            found = zip(frames, detect_all(frames), strict=True)
            values = [
                float(recogniser.embed(frame, points) @ reference)
                for frame, points in found
                if points is not None
            ]
            likeness[name].append(_mean(values))
    ceiling = [_ceiling(recogniser, clip) for clip in clips]
    return {
        "ceiling": summary(ceiling),
        **{name: summary(values) for name, values in likeness.items()},
    }


def _ceiling(recogniser: FaceRecogniser, clip: Clip) -> float:
    """Mean cosine of real frames of one person with the first."""
    rows = range(CROSS_STEP, len(clip.truth), CROSS_STEP)
    reference = recogniser.embed(clip.truth[0], clip.landmarks[0])
    return _mean(
        [float(recogniser.embed(clip.truth[i], clip.landmarks[i]) @ reference) for i in rows]
    )


def _thinned(motion: MotionCoefficients) -> MotionCoefficients:
    """The first frame, and some of those that follow."""
    rows = np.arange(0, min(len(motion), CROSS_FRAMES), CROSS_STEP)
    return MotionCoefficients(
        motion.expression[rows], motion.rotation[rows], motion.translation[rows], motion.fps
    )


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
