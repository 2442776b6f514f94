"""The common language of all rooms: 52 ARKit blendshapes by name, and a track of them.

The order is EmoTalk's (alphabetical; `reference` papers.md section 6). Nothing outside this file
may rely on a position: use `ARKIT_INDEX[name]`, `channel` or `expression_from`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ARKIT_NAMES: tuple[str, ...] = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight",
    "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft",
    "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight",
    "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower",
    "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
ARKIT_INDEX: Mapping[str, int] = {name: index for index, name in enumerate(ARKIT_NAMES)}

EYE_CHANNELS: tuple[str, ...] = tuple(name for name in ARKIT_NAMES if name.startswith("eye"))
"""Lids and gaze. They move no lip vertex, so eye control cannot disturb speech."""
BROW_CHANNELS: tuple[str, ...] = tuple(name for name in ARKIT_NAMES if name.startswith("brow"))
UPPER_FACE_CHANNELS: tuple[str, ...] = tuple(
    name for name in ARKIT_NAMES if name.startswith(("brow", "eye", "cheekSquint", "noseSneer"))
)
LOWER_FACE_CHANNELS: tuple[str, ...] = tuple(
    name for name in ARKIT_NAMES if name not in UPPER_FACE_CHANNELS
)


def mirrored_name(name: str) -> str:
    """The channel on the other side of the face; a symmetric channel is its own mirror."""
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(side):
            return name[: -len(side)] + other
    return name


def mirrored_motion(values: Floats) -> Floats:
    """(..., 55) expression and rotation of the face in a mirror."""
    return values[..., _MIRROR] * _MIRROR_SIGN


def expression_from(weights: Mapping[str, float]) -> Floats:
    """Build one (52,) expression from named weights; channels left out are 0.

    Args:
        weights: ARKit name to weight. A bare stem such as "mouthSmile" sets both sides.

    Raises:
        KeyError: for a name that is neither a channel nor the stem of a pair.
    """
    expression = np.zeros(len(ARKIT_NAMES), np.float32)
    for name, weight in weights.items():
        names = (name,) if name in ARKIT_INDEX else (f"{name}Left", f"{name}Right")
        for one in names:
            if one not in ARKIT_INDEX:
                message = f"unknown blendshape {name!r}"
                raise KeyError(message)
            expression[ARKIT_INDEX[one]] = weight
    return expression


def channel_indices(names: Iterable[str]) -> NDArray[np.intp]:
    """Positions of named channels, for slicing an expression array."""
    return np.array([ARKIT_INDEX[name] for name in names], np.intp)


_MIRROR = np.array(
    [ARKIT_INDEX[mirrored_name(name)] for name in ARKIT_NAMES]
    + [len(ARKIT_NAMES) + axis for axis in range(3)]
)
_MIRROR_SIGN = np.array([1.0] * (len(ARKIT_NAMES) + 1) + [-1.0, -1.0], np.float32)


@dataclass(frozen=True)
class IdentityCoefficients:
    """Who it is: weights of the face model's identity basis, in standard deviations.

    Attributes:
        weights: (Ki,) float32.
    """

    weights: Floats


@dataclass(frozen=True)
class MotionCoefficients:
    """How a face moves: T frames of expression and head pose, identity left out.

    Attributes:
        expression: (T, 52) ARKit blendshape weights in 0..1, 0 = neutral, order `ARKIT_NAMES`.
        rotation: (T, 3) pitch, yaw, roll in radians; +pitch nods the chin down, +yaw turns the nose
            to image right, +roll tilts the head's top towards image right (clockwise as seen).
        translation: (T, 3) head position in cm, x right, y up, z towards the camera.
        fps: frames per second of the track.

    Raises:
        ValueError: if the tracks differ in length, have a wrong width, or hold NaN or infinity.
    """

    expression: Floats
    rotation: Floats
    translation: Floats
    fps: float

    def __post_init__(self) -> None:
        """Check shapes and values once, so that no room has to do it again."""
        frames = len(self.expression)
        for name, width in (("expression", len(ARKIT_NAMES)), ("rotation", 3), ("translation", 3)):
            track = getattr(self, name)
            if track.shape != (frames, width):
                message = f"{name} has shape {track.shape}, expected ({frames}, {width})"
                raise ValueError(message)
            if not np.isfinite(track).all():
                message = f"{name} holds NaN or infinity"
                raise ValueError(message)
        if not self.fps > 0:
            message = f"fps is {self.fps}, expected a positive number"
            raise ValueError(message)

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.expression)

    def channel(self, name: str) -> Floats:
        """The (T,) track of one blendshape."""
        return self.expression[:, ARKIT_INDEX[name]]

    def frames(self, start: int, stop: int) -> MotionCoefficients:
        """The frames start..stop as a track of its own (views, no copy)."""
        part = slice(start, stop)
        return MotionCoefficients(
            self.expression[part], self.rotation[part], self.translation[part], self.fps
        )

    def held(self, count: int) -> MotionCoefficients:
        """The track brought to `count` frames, at least its own, by holding the last one."""
        missing = ((0, count - len(self)), (0, 0))
        return MotionCoefficients(
            np.pad(self.expression, missing, mode="edge"),
            np.pad(self.rotation, missing, mode="edge"),
            np.pad(self.translation, missing, mode="edge"),
            self.fps,
        )

    def as_array(self) -> Floats:
        """(T, 58): expression, rotation, translation. The only place where this order exists."""
        return np.concatenate([self.expression, self.rotation, self.translation], axis=1)

    @classmethod
    def from_array(cls, array: Floats, fps: float) -> MotionCoefficients:
        """Inverse of `as_array`."""
        count = len(ARKIT_NAMES)
        array = np.asarray(array, np.float32)
        return cls(
            array[:, :count], array[:, count : count + 3], array[:, count + 3 : count + 6], fps
        )
