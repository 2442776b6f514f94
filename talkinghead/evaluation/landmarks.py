"""Measures on the landmarks of frames: M-LMD, F-LMD, mouth opening."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.landmark_groups import LIPS, OUTER_EYE_CORNERS
from talkinghead.portrait.landmarks import LandmarkDetector, landmark_detector

LIP_MIDDLES = (13, 14)
"""Upper and lower inner lip."""


def landmark_distance(points: Floats, truth: Floats, chosen: Sequence[int] | None = None) -> float:
    """LMD of one frame: mean distance in pixels of two landmark sets, each centred on its mean.

    As `evaluation_eat` of EAT (ICCV 2023) computes it: position is taken out, scale is not. M-LMD
    with `chosen` = the lips, F-LMD with all. Ours uses MediaPipe's landmarks, not dlib's 68.

    Args:
        points: (L, 2) pixels of a 256 px crop.
        truth: (L, 2).
        chosen: numbers of the landmarks to compare; None = all.
    """
    rows = list(range(len(truth))) if chosen is None else list(chosen)
    first, second = points[rows], truth[rows]
    difference = (first - first.mean(0)) - (second - second.mean(0))
    return float(np.linalg.norm(difference, axis=1).mean())


def mouth_opening(points: Floats) -> float:
    """Distance of the inner lips in units of the outer eye distance; points (478, 2)."""
    eyes = points[OUTER_EYE_CORNERS[0]] - points[OUTER_EYE_CORNERS[1]]
    lips = points[LIP_MIDDLES[0]] - points[LIP_MIDDLES[1]]
    return float(np.linalg.norm(lips) / np.linalg.norm(eyes))


def detect_all(frames: Iterable[NDArray[np.uint8]]) -> list[Floats | None]:
    """(478, 2) pixels of the largest face of each frame, None where there is none.

    Each frame is searched by itself: no smoothing over time hides what a frame shows.
    """
    detector = _detector()
    found: list[Floats | None] = []
    for frame in frames:
        faces = detector.detect(frame)
        largest = max(faces, key=lambda face: face.width, default=None)
        found.append(None if largest is None else largest.points)
    return found


def landmark_rows(
    made: Sequence[Floats | None], truth: Sequence[Floats | None]
) -> tuple[list[float], list[float], int]:
    """M-LMD and F-LMD of every frame in which both faces were found, and how many were not."""
    mouth, face, missed = [], [], 0
    for points, true_points in zip(made, truth, strict=True):
        if points is None or true_points is None:
            missed += 1
            continue
        mouth.append(landmark_distance(points, true_points, LIPS))
        face.append(landmark_distance(points, true_points))
    return mouth, face, missed


@lru_cache(maxsize=1)
def _detector() -> LandmarkDetector:
    """One for all: MediaPipe does not give back the memory of a graph that is gone."""
    return landmark_detector()
