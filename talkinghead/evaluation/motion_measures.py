"""Measures of motion on the face model: LVE, EVE, FDD, mouth opening, timing, diversity.

Masks are published here because figures of LVE and FDD do not reproduce without them: "lips" are
the vertices within 1.2 cm of a lip landmark, "upper" those of the face that lie above the lower
lids, both on the mean face.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.face_model import FaceModel
from renderer.landmark_groups import LIPS, LOWER_LIDS

LIP_REACH_CM = 1.2
MM = 10.0
"""Millimetres in a centimetre."""

STILL = 1e-6
"""A track that varies less stands still: what is left is rounding."""

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class FaceMasks:
    """Vertices by region.

    Attributes:
        lips: for LVE.
        upper: eyes and forehead, for EVE and FDD.
    """

    lips: Indices
    upper: Indices


@lru_cache(maxsize=2)
def face_masks(model: FaceModel) -> FaceMasks:
    """The regions of one face model."""
    face = model.parts["face"]
    skin = model.neutral[face]
    lips = model.landmarks.on(model.neutral)[list(LIPS)]
    distance = np.linalg.norm(skin[:, None] - lips[None], axis=2).min(axis=1)
    lids = model.landmarks.on(model.neutral)[[*LOWER_LIDS["left"], *LOWER_LIDS["right"]]]
    return FaceMasks(
        lips=np.flatnonzero(distance < LIP_REACH_CM) + face.start,
        upper=np.flatnonzero(skin[:, 1] > lids[:, 1].min()) + face.start,
    )


def vertex_offsets(model: FaceModel, expression: Floats, chosen: Indices) -> Floats:
    """(T, M, 3) mm: how far the chosen vertices are from the neutral face; identity plays no part.

    Args:
        model: the face model.
        expression: (T, 52).
        chosen: (M,) vertex numbers.
    """
    basis = model.expression_basis[:, chosen].reshape(len(model.expression_basis), -1)
    return np.asarray((expression @ basis).reshape(len(expression), -1, 3) * MM, np.float32)


def largest_errors(made: Floats, truth: Floats) -> Floats:
    """(T,) mm: the largest distance of any vertex in each frame, for (T, M, 3) offsets in mm.

    Its mean is LVE on the lips and EVE on the upper face (EmoTalk); the mean of its square is
    CodeTalker's LVE, which takes no root.
    """
    return np.asarray(np.linalg.norm(made - truth, axis=2).max(axis=1), np.float32)


def upper_face_dynamics(offsets: Floats) -> float:
    """Mean over vertices of the standard deviation over time of the squared offset, mm².

    FDD (CodeTalker, equation 8) is the truth's value less the prediction's.

    Args:
        offsets: (T, M, 3) mm.
    """
    return float((offsets.astype(np.float64) ** 2).sum(axis=2).std(axis=0).mean())


def correlation(made: Floats, truth: Floats) -> float:
    """Pearson's r of two (T,) tracks; NaN if one of them does not move."""
    first, second = (one.astype(np.float64) - one.mean(dtype=np.float64) for one in (made, truth))
    if min(first.std(), second.std()) < STILL:
        return float("nan")
    return float((first * second).mean() / (first.std() * second.std()))


def best_lag(made: Floats, truth: Floats, largest: int = 6) -> int:
    """Frames by which `made` comes late where the two (T,) tracks agree best; negative: early."""
    values = []
    for lag in range(-largest, largest + 1):
        first = made[max(0, lag) : len(made) + min(0, lag)]
        second = truth[max(0, -lag) : len(truth) + min(0, -lag)]
        values.append(correlation(first, second))
    known = np.nan_to_num(np.array(values), nan=-2.0)
    return int(known.argmax()) - largest


def diversity(tracks: Floats) -> float:
    """Mean pairwise distance of S tracks (S, T, C) made with different seeds, per frame."""
    count = len(tracks)
    if count < 2:
        return 0.0
    distances = [
        float(np.linalg.norm(tracks[first] - tracks[second], axis=1).mean())
        for first in range(count)
        for second in range(first)
    ]
    return float(np.mean(distances))
