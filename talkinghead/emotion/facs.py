"""Facial Action Coding System to ARKit channels: how a recipe in the emotion bank moves a face."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from renderer.coefficients import ARKIT_INDEX, Floats, expression_from

INTENSITY_LETTERS: Mapping[str, float] = {"A": 0.12, "B": 0.3, "C": 0.55, "D": 0.8, "E": 1.0}
"""FACS's five letters, trace to maximum. FACS orders them but gives no numbers; C spans the widest
range there, so it lies in the middle and the steps shrink towards both ends."""

ACTION_UNITS: Mapping[int, Mapping[str, float]] = {
    1: {"browInnerUp": 1.0},
    2: {"browOuterUp": 1.0},
    4: {"browDown": 1.0},
    5: {"eyeWide": 1.0},
    6: {"cheekSquint": 1.0, "eyeSquint": 0.3},
    7: {"eyeSquint": 1.0},
    9: {"noseSneer": 1.0, "browDown": 0.2, "mouthUpperUp": 0.1},
    10: {"mouthUpperUp": 0.45, "noseSneer": 0.2},
    11: {"mouthUpperUp": 0.4, "noseSneer": 0.3},
    12: {"mouthSmile": 1.0},
    13: {"mouthSmile": 0.6, "cheekPuff": 0.25},
    14: {"mouthDimple": 1.0},
    15: {"mouthFrown": 1.2},
    16: {"mouthLowerDown": 0.8},
    17: {"mouthShrugLower": 0.9, "mouthShrugUpper": 0.35},
    18: {"mouthPucker": 0.8},
    20: {"mouthStretch": 1.0},
    22: {"mouthFunnel": 0.8},
    23: {"mouthPress": 0.6, "mouthRollLower": 0.25, "mouthRollUpper": 0.25},
    24: {"mouthPress": 0.9},
    25: {"jawOpen": 0.1, "mouthLowerDown": 0.2, "mouthUpperUp": 0.2},
    # As a silent face does it; while it speaks, `talkinghead.feelings` leaves the jaw to speech.
    26: {"jawOpen": 0.5},
    27: {"jawOpen": 0.75},
    28: {"mouthRollLower": 0.7, "mouthRollUpper": 0.7},
    29: {"jawForward": 0.8},
    34: {"cheekPuff": 0.8},
    # Drooping lids: shut eyes (43E) would hide the gaze for the whole video.
    43: {"eyeBlink": 0.55},
    61: {"eyeLookOutLeft": 0.6, "eyeLookInRight": 0.6},
    62: {"eyeLookInLeft": 0.6, "eyeLookOutRight": 0.6},
    63: {"eyeLookUp": 0.6},
    64: {"eyeLookDown": 0.6},
}
"""Action unit to ARKit weights at intensity E. A bare stem moves both sides."""

_TERM = re.compile(r"([LR]?)(\d{1,2})([A-E])")


def parse_units(recipe: str) -> tuple[tuple[str, int, float], ...]:
    """Read a recipe in FACS notation such as "6C 12D L14B".

    Returns:
        One (side, unit, weight 0..1) for each term; side is "", "L" or "R", the person's own.

    Raises:
        ValueError: for a term that does not follow the notation or names an unknown unit.
    """
    terms = []
    for term in recipe.split():
        match = _TERM.fullmatch(term)
        if match is None or int(match[2]) not in ACTION_UNITS:
            known = " ".join(map(str, ACTION_UNITS))
            message = (
                f"action unit {term!r} is not understood; expected an optional L or R, "
                f"one of {known}, and a letter A to E, such as 12C or L14B"
            )
            raise ValueError(message)
        terms.append((match[1], int(match[2]), INTENSITY_LETTERS[match[3]]))
    return tuple(terms)


def recipe_expression(recipe: str) -> Floats:
    """The face that a recipe makes at full strength.

    Units that share a channel add up; the sum is clipped to 1.

    Returns:
        (52,) float32 ARKit weights 0..1.

    Raises:
        ValueError: as `parse_units`.
    """
    total = np.zeros_like(expression_from({}))
    for side, unit, weight in parse_units(recipe):
        both = expression_from(ACTION_UNITS[unit])
        total += weight * (both if not side else _one_side(unit, side))
    return np.minimum(total, np.float32(1.0))


def _one_side(unit: int, side: str) -> Floats:
    """(52,) of one unit on one side; a channel without sides moves by half."""
    suffix, other = ("Left", "Right") if side == "L" else ("Right", "Left")
    expression = expression_from(ACTION_UNITS[unit])
    for name, index in ARKIT_INDEX.items():
        if name.endswith(other):
            expression[index] = 0.0
        elif not name.endswith(suffix):
            expression[index] /= 2
    return expression
