"""What every sound does to the mouth, in eight articulators, and those in ARKit channels.

Openings are for ordinary loudness, after the ranges of articulation data (jaw about 4 to 12 mm in
speech) on the ICT-FaceKit face, where jawOpen = 1 parts the lips by 0.32 outer eye distances.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from renderer.coefficients import ARKIT_INDEX, Floats, channel_indices

ARTICULATORS: tuple[str, ...] = (
    "jaw", "pucker", "funnel", "stretch", "lower", "upper", "tongue", "forward",
)  # fmt: skip
"""jaw: opening; pucker and funnel: two kinds of rounding; stretch: corners apart; lower and upper:
lips drawn away from the teeth; tongue: tip between the teeth; forward: jaw thrust."""

BILABIALS = frozenset({"M", "B", "P"})
LABIODENTALS = frozenset({"F", "V"})
SILENCE = "SIL"


@dataclass(frozen=True)
class Viseme:
    """One mouth shape.

    Attributes:
        targets: articulator to value; those left out are 0.
        jaw: dominance of this sound over its neighbours in the jaw, 0..1.
        lips: the same for all other articulators.
        vowel: whether loudness scales the opening.
    """

    targets: Mapping[str, float]
    jaw: float = 1.0
    lips: float = 1.0
    vowel: bool = False


def _vowel(**targets: float) -> Viseme:
    return Viseme(targets, vowel=True)


_OPEN = _vowel(jaw=0.36, lower=0.26, upper=0.16, stretch=0.06)
_SPREAD = _vowel(jaw=0.10, stretch=0.40, lower=0.26, upper=0.12)
_HALF_SPREAD = _vowel(jaw=0.14, stretch=0.26, lower=0.22, upper=0.10)
_HALF_OPEN = _vowel(jaw=0.25, stretch=0.22, lower=0.28, upper=0.15)
_ROUND_OPEN = _vowel(jaw=0.28, pucker=0.15, funnel=0.36, lower=0.10, upper=0.05)
_ROUND_HALF = _vowel(jaw=0.20, pucker=0.35, funnel=0.40)
_ROUND = _vowel(jaw=0.09, pucker=0.72, funnel=0.22)
_ROUND_LAX = _vowel(jaw=0.14, pucker=0.38, funnel=0.25, lower=0.06)
_HUSH = Viseme({"jaw": 0.07, "pucker": 0.32, "funnel": 0.42, "lower": 0.14, "upper": 0.10,
                "forward": 0.12}, jaw=0.9)  # fmt: skip
_HISS = Viseme({"jaw": 0.05, "stretch": 0.25, "lower": 0.28, "upper": 0.12}, jaw=0.9, lips=0.8)
_TIP = Viseme({"jaw": 0.09, "stretch": 0.08, "lower": 0.20, "upper": 0.08}, jaw=0.6, lips=0.35)
_LATERAL = Viseme({"jaw": 0.13, "lower": 0.20, "upper": 0.08, "tongue": 0.05}, jaw=0.5, lips=0.3)
_DENTAL = Viseme({"jaw": 0.10, "lower": 0.22, "upper": 0.10, "tongue": 0.30}, jaw=0.8, lips=0.8)
_BACK = Viseme({"jaw": 0.15, "lower": 0.14, "upper": 0.05}, jaw=0.3, lips=0.15)
_BREATH = Viseme({"jaw": 0.16, "lower": 0.12, "upper": 0.05}, jaw=0.1, lips=0.08)
_SHUT = Viseme({"jaw": 0.05}, jaw=0.7, lips=0.12)
_LIP_TO_TEETH = Viseme({"jaw": 0.06, "upper": 0.14}, jaw=0.8, lips=0.4)

VISEMES: Mapping[str, tuple[Viseme, ...]] = {
    "AA": (_OPEN,), "AE": (_vowel(jaw=0.32, stretch=0.26, lower=0.30, upper=0.20),),
    "AH": (_vowel(jaw=0.22, lower=0.20, upper=0.10, stretch=0.04),), "AO": (_ROUND_OPEN,),
    "AW": (_OPEN, _ROUND_LAX), "AY": (_OPEN, _HALF_SPREAD), "EH": (_HALF_OPEN,),
    "ER": (_vowel(jaw=0.15, pucker=0.26, funnel=0.30, lower=0.14, upper=0.08),),
    "EY": (_HALF_OPEN, _SPREAD), "IH": (_HALF_SPREAD,), "IY": (_SPREAD,),
    "OW": (_ROUND_HALF, _ROUND), "OY": (_ROUND_OPEN, _HALF_SPREAD), "UH": (_ROUND_LAX,),
    "UW": (_ROUND,),
    "B": (_SHUT,), "P": (_SHUT,), "M": (_SHUT,), "F": (_LIP_TO_TEETH,), "V": (_LIP_TO_TEETH,),
    "W": (Viseme({"jaw": 0.07, "pucker": 0.80, "funnel": 0.15}, jaw=0.8),),
    "R": (Viseme({"jaw": 0.11, "pucker": 0.36, "funnel": 0.26, "lower": 0.08}, jaw=0.6, lips=0.8),),
    "TH": (_DENTAL,), "DH": (_DENTAL,), "T": (_TIP,), "D": (_TIP,), "N": (_TIP,), "L": (_LATERAL,),
    "S": (_HISS,), "Z": (_HISS,), "SH": (_HUSH,), "ZH": (_HUSH,), "CH": (_HUSH,), "JH": (_HUSH,),
    "Y": (Viseme({"jaw": 0.09, "stretch": 0.34, "lower": 0.22, "upper": 0.10}, jaw=0.6, lips=0.7),),
    "K": (_BACK,), "G": (_BACK,), "NG": (_BACK,), "HH": (_BREATH,), SILENCE: (Viseme({}),),
}  # fmt: skip
"""ARPAbet to one shape, or two for sounds that move (diphthongs)."""

_CHANNELS: Mapping[str, Mapping[str, float]] = {
    "jaw": {"jawOpen": 1.0},
    "pucker": {"mouthPucker": 1.0},
    "funnel": {"mouthFunnel": 1.0},
    "stretch": {"mouthStretchLeft": 0.7, "mouthStretchRight": 0.7, "mouthSmileLeft": 0.2,
                "mouthSmileRight": 0.2},
    "lower": {"mouthLowerDownLeft": 1.0, "mouthLowerDownRight": 1.0},
    "upper": {"mouthUpperUpLeft": 1.0, "mouthUpperUpRight": 1.0},
    "tongue": {"tongueOut": 1.0},
    "forward": {"jawForward": 1.0},
}  # fmt: skip

LIP_GAP: Mapping[str, float] = {
    "jawOpen": 0.323, "mouthClose": -0.412, "mouthFunnel": 0.114, "mouthPucker": -0.017,
    "mouthLowerDownLeft": 0.034, "mouthLowerDownRight": 0.032, "mouthUpperUpLeft": 0.038,
    "mouthUpperUpRight": 0.037, "mouthShrugUpper": 0.048, "mouthShrugLower": -0.071,
    "mouthRollUpper": 0.029, "mouthRollLower": -0.021, "mouthPressLeft": -0.012,
    "mouthPressRight": -0.012, "noseSneerLeft": 0.035, "noseSneerRight": 0.034,
    "jawForward": 0.012, "mouthDimpleLeft": -0.009, "mouthDimpleRight": -0.007,
}  # fmt: skip
"""How far each channel parts the inner lips, in outer eye distances, on the mean ICT-FaceKit face
(`FaceModel.lip_aperture`, which is linear)."""


def channel_matrix() -> Floats:
    """(8, 52) float32: articulators to ARKit channels."""
    matrix = np.zeros((len(ARTICULATORS), len(ARKIT_INDEX)), np.float32)
    for row, name in enumerate(ARTICULATORS):
        for channel, weight in _CHANNELS[name].items():
            matrix[row, ARKIT_INDEX[channel]] = weight
    return matrix


def gap_vector() -> Floats:
    """(52,) float32: `LIP_GAP` in channel order."""
    vector = np.zeros(len(ARKIT_INDEX), np.float32)
    vector[channel_indices(LIP_GAP)] = list(LIP_GAP.values())
    return vector
