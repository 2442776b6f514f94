"""Clip to `MotionCoefficients`: the face model fitted to every frame, one identity for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderer.camera import DISTANCE_CM
from renderer.coefficients import Floats, MotionCoefficients
from renderer.face_model import FaceModel
from talkinghead.errors import UnreadableVideo
from talkinghead.portrait.fit import FaceFit, FaceFitter
from talkinghead.portrait.landmarks import SETTLING, landmark_detector

MIN_SHARE_FOUND = 0.5
MAX_GAP_SECONDS = 1.0


@dataclass(frozen=True)
class TrackedClip:
    """A clip's motion and how well it was tracked.

    Attributes:
        motion: not yet smoothed; translation relative to the first frame.
        identity: (Ki,) float32.
        landmarks: (T, 478, 2) float32 pixels.
        fit_error: median RMS landmark error in outer eye distances.
        found: share of frames in which a face was found; the others are interpolated.
    """

    motion: MotionCoefficients
    identity: Floats
    landmarks: Floats
    fit_error: float
    found: float


def track_clip(frames: Iterable[NDArray[np.uint8]], fps: float, model: FaceModel) -> TrackedClip:
    """Track the largest face of a clip.

    Args:
        frames: (H, W, 3) uint8 RGB, in order; they are not kept.
        fps: frames per second.
        model: the face model.

    Raises:
        UnreadableVideo: if there are no frames, or a face is found in less than half of them, or
            is lost for more than a second.
    """
    points, found = follow(frames, fps)
    fit = FaceFitter(model, model.landmarks).fit_clip(points)
    return TrackedClip(
        motion=motion_of(fit, fps),
        identity=fit.identity,
        landmarks=points,
        fit_error=float(np.median(fit.error)),
        found=found,
    )


def follow(frames: Iterable[NDArray[np.uint8]], fps: float) -> tuple[Floats, float]:
    """The largest face's landmarks, (T, 478, 2) pixels, and the share of frames it was found in.

    Raises:
        UnreadableVideo: as `track_clip`.
    """
    seen = [points for _, points in followed(frames)]
    return _without_gaps(seen, fps), sum(one is not None for one in seen) / max(len(seen), 1)


def followed(
    frames: Iterable[NDArray[np.uint8]],
) -> Iterator[tuple[NDArray[np.uint8], Floats | None]]:
    """Every frame with the (478, 2) landmarks of its largest face in pixels; None = not found."""
    detector = landmark_detector(tracking=True)
    looks = 1 + SETTLING
    for frame in frames:
        # Where the detector cuts the face out settles only while it tracks: the first answer is a
        # pixel or two beside all later ones, and everything is measured from it.
        for _ in range(looks):
            faces = detector.detect(frame)
        looks = 1
        yield frame, faces[0].points if faces else None


def _without_gaps(seen: list[Floats | None], fps: float) -> Floats:
    """(T, 478, 2) with the frames in which no face was found interpolated."""
    known = [index for index, one in enumerate(seen) if one is not None]
    if not seen or len(known) < MIN_SHARE_FOUND * len(seen):
        message = (
            f"a face was found in {len(known)} of the video's {len(seen)} frames, at least half "
            "are needed; use a clip that shows one face from the front"
        )
        raise UnreadableVideo(message)
    gaps = np.diff([-1, *known, len(seen)]) - 1
    if gaps.max() > MAX_GAP_SECONDS * fps:
        message = (
            f"the face is lost for {gaps.max() / fps:.1f} s, at most {MAX_GAP_SECONDS:g} s can be "
            "bridged; cut the clip there"
        )
        raise UnreadableVideo(message)
    values = np.stack([one for one in seen if one is not None])
    flat = values.reshape(len(known), -1)
    times = np.arange(len(seen))
    filled = np.stack([np.interp(times, known, column) for column in flat.T], axis=1)
    return filled.reshape(len(seen), *values.shape[1:]).astype(np.float32)


def motion_of(fit: FaceFit, fps: float) -> MotionCoefficients:
    """Origin and scale of each frame to centimetres, seen by the first frame's camera."""
    scale = fit.scale[:, None]
    sideways = (fit.origin - fit.origin[0]) / scale * np.array([1, -1], np.float32)
    nearer = DISTANCE_CM * (1 - fit.scale[0] / scale)
    translation = np.concatenate([sideways, nearer], axis=1).astype(np.float32)
    return MotionCoefficients(fit.expression, fit.rotation, translation, fps)
