"""Gaze of the fit: directions of the eyes to eyeLook channels and back."""

from __future__ import annotations

import numpy as np

from renderer.coefficients import ARKIT_INDEX
from renderer.face_model import GAZE_PITCH, GAZE_YAW, gaze_angles
from talkinghead.portrait.solve import Doubles


def eye_angles(expression: Doubles, side: str) -> tuple[float, float]:
    """Pitch and yaw in radians of one eyeball for a (52,) expression."""
    pitch, yaw = gaze_angles(expression[None].astype(np.float32), side)
    return float(pitch[0]), float(yaw[0])


def look_towards(expression: Doubles, side: str, towards: Doubles, straight: Doubles) -> None:
    """Set the eyeLook channels of one eye, in place.

    Args:
        expression: (52,).
        side: "left" or "right".
        towards: (3,) where the iris shall be, from the eyeball's centre, head frame.
        straight: (3,) where it is when the eye looks straight ahead.
    """
    down = (_elevation(straight) - _elevation(towards)) / GAZE_PITCH
    yaw = np.arctan2(towards[0], towards[2]) - np.arctan2(straight[0], straight[2])
    outward = float(yaw) / GAZE_YAW * (1.0 if side == "left" else -1.0)
    name = side.capitalize()
    for way, value in (("Out", outward), ("In", -outward), ("Down", down), ("Up", -down)):
        expression[ARKIT_INDEX[f"eyeLook{way}{name}"]] = np.clip(value, 0.0, 1.0)


def _elevation(direction: Doubles) -> float:
    return float(np.arctan2(direction[1], np.hypot(direction[0], direction[2])))
