"""Do the eyes do what they are told, and nothing else?

The blink rate is swept from 0 to 2, the gaze from -1 to 1 in x and in y, all with the same sound
and seed. What should move is measured in mm on the mean face against the sweep's first setting, and
so are the lips, which should not move at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from renderer.coefficients import Floats, MotionCoefficients, channel_indices
from renderer.face_model import FaceModel, gaze_angles
from renderer.landmark_groups import LIDS
from talkinghead.evaluation.motion_measures import Indices, face_masks, vertex_offsets
from talkinghead.types import EyeControl

BLINKS = (0.0, 0.5, 1.0, 1.5, 2.0)
GAZES = (-1.0, -0.5, 0.0, 0.5, 1.0)
_LID_REACH_CM = 0.3

Act = Callable[[EyeControl], MotionCoefficients]
"""A decoder with everything given but the eyes."""


def measure_eyes(act: Act, model: FaceModel) -> dict[str, dict[str, object]]:
    """One row for each sweep.

    Returns:
        "blink", "gaze x", "gaze y" to: `asked`, and `given` in the mean over all frames (blink:
        how far the lids are shut, 0..1; gaze: degrees to image right or up); `monotone`, whether
        each step raises what is given; `lids_mm` and `lips_mm`, root mean square
        movement against the first setting, the mean over the others; `lips_share`, the largest
        lips / lids of any setting, None if the lids do not move.
    """
    blinks = [act(EyeControl(blink=value)) for value in BLINKS]
    across = [act(EyeControl(gaze=(value, 0.0))) for value in GAZES]
    up = [act(EyeControl(gaze=(0.0, value))) for value in GAZES]
    return {
        "blink": _row(BLINKS, [shut(one.expression) for one in blinks], blinks, model),
        "gaze x": _row(GAZES, [looked(one.expression)[0] for one in across], across, model),
        "gaze y": _row(GAZES, [looked(one.expression)[1] for one in up], up, model),
    }


def shut(expression: Floats) -> float:
    """Mean over frames of how far both lids are shut, 0..1, for (T, 52)."""
    return float(expression[:, channel_indices(("eyeBlinkLeft", "eyeBlinkRight"))].mean())


def looked(expression: Floats) -> tuple[float, float]:
    """Mean gaze of both eyes over frames in degrees, to image right and up, for (T, 52)."""
    angles = np.array([gaze_angles(expression, side) for side in ("left", "right")])
    pitch, yaw = np.degrees(angles.mean(axis=(0, 2)))
    return float(yaw), float(-pitch)


def lid_vertices(model: FaceModel) -> Indices:
    """Skin within 3 mm of a lid landmark of the neutral face."""
    face = model.parts["face"]
    lids = model.landmarks.on(model.neutral)[[*LIDS["left"], *LIDS["right"]]]
    distance = np.linalg.norm(model.neutral[face][:, None] - lids[None], axis=2).min(axis=1)
    return np.asarray(np.flatnonzero(distance < _LID_REACH_CM) + face.start, np.intp)


def _row(
    asked: Sequence[float],
    given: Sequence[float],
    tracks: Sequence[MotionCoefficients],
    model: FaceModel,
) -> dict[str, object]:
    lids, lips = (
        [_movement(model, one, tracks[0], chosen) for one in tracks[1:]]
        for chosen in (lid_vertices(model), face_masks(model).lips)
    )
    shares = [lip / lid for lip, lid in zip(lips, lids, strict=True) if lid > 0]
    return {
        "asked": list(asked),
        "given": [round(one, 4) for one in given],
        "monotone": bool((np.diff(given) > 0).all()),
        "lids_mm": round(float(np.mean(lids)), 4),
        "lips_mm": round(float(np.mean(lips)), 6),
        "lips_share": round(max(shares), 6) if len(shares) == len(lids) else None,
    }


def _movement(
    model: FaceModel, made: MotionCoefficients, reference: MotionCoefficients, chosen: Indices
) -> float:
    offsets = vertex_offsets(model, made.expression - reference.expression, chosen)
    return float(np.sqrt((offsets.astype(np.float64) ** 2).sum(axis=2).mean()))
