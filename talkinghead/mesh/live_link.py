"""The motion as a CSV of Epic's Live Link Face app, which Unreal, Blender add-ons and Unity read.

Columns: Timecode, BlendShapeCount, 52 ARKit weights, rotations of head and eyes in radians.
"""

from __future__ import annotations

import numpy as np

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from renderer.face_model import gaze_angles

_EYE = ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
LIVE_LINK_SHAPES: tuple[str, ...] = (
    *(f"Eye{way}Left" for way in _EYE), *(f"Eye{way}Right" for way in _EYE),
    "JawForward", "JawRight", "JawLeft", "JawOpen",
    "MouthClose", "MouthFunnel", "MouthPucker", "MouthRight", "MouthLeft",
    "MouthSmileLeft", "MouthSmileRight", "MouthFrownLeft", "MouthFrownRight",
    "MouthDimpleLeft", "MouthDimpleRight", "MouthStretchLeft", "MouthStretchRight",
    "MouthRollLower", "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper",
    "MouthPressLeft", "MouthPressRight", "MouthLowerDownLeft", "MouthLowerDownRight",
    "MouthUpperUpLeft", "MouthUpperUpRight",
    "BrowDownLeft", "BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight",
    "CheekPuff", "CheekSquintLeft", "CheekSquintRight", "NoseSneerLeft", "NoseSneerRight",
    "TongueOut",
)  # fmt: skip
LIVE_LINK_ROTATIONS: tuple[str, ...] = (
    "HeadYaw", "HeadPitch", "HeadRoll",
    "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
)  # fmt: skip
LIVE_LINK_START = ("Timecode", "BlendShapeCount")
"""The first columns."""


def live_link_csv(motion: MotionCoefficients) -> str:
    """The file's text.

    Signs of the angles are those of `MotionCoefficients`: +yaw to image right, +pitch down.
    """
    shapes = [ARKIT_INDEX[name[0].lower() + name[1:]] for name in LIVE_LINK_SHAPES]
    pitch, yaw, roll = motion.rotation.T
    eyes = []
    for side in ("left", "right"):
        eye_pitch, eye_yaw = gaze_angles(motion.expression, side)
        eyes += [eye_yaw, eye_pitch, np.zeros_like(eye_yaw)]
    table = np.column_stack([motion.expression[:, shapes], yaw, pitch, roll, *eyes])
    count = table.shape[1]
    lines = [",".join((*LIVE_LINK_START, *LIVE_LINK_SHAPES, *LIVE_LINK_ROTATIONS))]
    for frame, row in enumerate(table):
        values = ",".join(f"{value:.8f}" for value in row)
        lines.append(f"{timecode(frame, motion.fps)},{count},{values}")
    return "\n".join(lines) + "\n"


def timecode(frame: int, fps: float) -> str:
    """HH:MM:SS:FF.fff; frames are counted within the second at the rate of the track."""
    seconds = frame / fps
    whole = int(seconds + 1e-9)
    within = (seconds - whole) * fps
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}:{max(within, 0.0):06.3f}"
