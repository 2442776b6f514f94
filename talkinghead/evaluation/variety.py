"""Different takes of the same words, and a long speech that neither dies nor drifts.

The long sound is one piece of ten seconds played six times, so that a difference between windows is
the decoder's own and not the speaker's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from renderer.coefficients import Floats, MotionCoefficients
from renderer.face_model import FaceModel
from talkinghead.evaluation.motion_measures import (
    diversity,
    face_masks,
    upper_face_dynamics,
    vertex_offsets,
)

WINDOWS = 6
SEEDS = 5
ALIVE = (0.5, 2.0)
"""Motion of the last window over that of the first between which the motion neither dies nor
grows."""
MOST_DRIFT_MM = 1.0
"""Distance of the mean faces of the first and last window, root mean square over lips and upper
face: a millimetre is seen, what lies below passes for another look on the same face."""

Take = Callable[[int], MotionCoefficients]
"""A decoder with everything given but the seed."""


def measure_takes(take: Take) -> dict[str, object]:
    """How much takes differ, and that the same seed gives the same bytes.

    Returns:
        `diversity` of the expression (`motion_measures.diversity`), `diversity_head` of rotation
        in degrees, over `SEEDS` seeds; `same_seed_same_bytes`.
    """
    tracks = [take(seed) for seed in range(SEEDS)]
    again = take(0)
    return {
        "diversity": round(diversity(np.stack([one.expression for one in tracks])), 5),
        "diversity_head_degrees": round(
            diversity(np.degrees(np.stack([one.rotation for one in tracks]))), 4
        ),
        "same_seed_same_bytes": again.as_array().tobytes() == tracks[0].as_array().tobytes(),
    }


def measure_windows(motion: MotionCoefficients, model: FaceModel) -> dict[str, object]:
    """Six equal windows of a long track.

    Returns:
        `energy_mm_s`: mean speed of the vertices of lips and upper face in each window;
        `last_over_first` of it and `alive` (within `ALIVE`); `drift_mm` and `stays`
        (`MOST_DRIFT_MM`); `dynamics_mm2`, `upper_face_dynamics` of each window, whose difference
        from the first is the |FDD| of a window against the beginning.

    Raises:
        ValueError: if a window would hold fewer than two frames.
    """
    length = len(motion) // WINDOWS
    if length < 2:
        message = f"{len(motion)} frames cannot be cut into {WINDOWS} windows"
        raise ValueError(message)
    masks = face_masks(model)
    windows = [
        motion.expression[start : start + length]
        for start in range(0, WINDOWS * length, length)
    ]  # fmt: skip
    chosen = np.concatenate([masks.lips, masks.upper])
    offsets = [vertex_offsets(model, one, chosen) for one in windows]
    energy = [_energy(one, motion.fps) for one in offsets]
    dynamics = [upper_face_dynamics(one[:, len(masks.lips) :]) for one in offsets]
    between = offsets[-1].mean(axis=0) - offsets[0].mean(axis=0)
    drift = float(np.sqrt((between**2).sum(axis=1).mean()))
    ratio = energy[-1] / energy[0] if energy[0] > 0 else None
    return {
        "energy_mm_s": _rounded(energy),
        "last_over_first": None if ratio is None else round(ratio, 4),
        "alive": ratio is not None and ALIVE[0] <= ratio <= ALIVE[1],
        "drift_mm": round(drift, 4),
        "stays": drift <= MOST_DRIFT_MM,
        "dynamics_mm2": _rounded(dynamics),
        "fdd_last_window_mm2": round(abs(dynamics[-1] - dynamics[0]), 4),
    }


def _energy(offsets: Floats, fps: float) -> float:
    """Mean speed in mm/s of (T, M, 3) offsets in mm."""
    return float(np.linalg.norm(np.diff(offsets, axis=0), axis=2).mean() * fps)


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(one, 4) for one in values]
