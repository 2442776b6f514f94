"""The two gestures that speech cannot do without: lips together, and lower lip at upper teeth.

A learned average never quite closes a mouth. What the lips do is therefore said apart from the
expression, as strokes 0..1, and the closing that a stroke needs is worked out from the expression:
the gap between the lips is linear in the channels, so it is known exactly.
"""

from __future__ import annotations

import numpy as np

from renderer.coefficients import ARKIT_INDEX, Floats, channel_indices
from talkinghead.motion.visemes import LIP_GAP, gap_vector

_JAW, _CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
PARTING = channel_indices(
    ("mouthFunnel", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
     "mouthUpperUpRight", "mouthShrugUpper", "tongueOut")
)  # fmt: skip
"""Channels that part the lips, the jaw aside."""
OPENING = np.append(PARTING, [_JAW, _CLOSE])
"""What speech takes over from the resting face; its smile, brows and lids stay."""


def sealed(expression: Floats, closure: Floats, lip_to_teeth: Floats) -> Floats:
    """Close the lips, or bring the lip to the teeth, as far as the strokes say.

    Args:
        expression: (T, 52) with speech; not changed.
        closure: (T,) 0..1, 1 = lips together.
        lip_to_teeth: (T,) 0..1, 1 = lower lip at the upper teeth.

    Returns:
        (T, 52) float32 in 0..1; where both strokes are 0, the expression as it was.
    """
    expression = expression.copy()
    shut, teeth = closure[:, None], lip_to_teeth[:, None]
    expression[:, PARTING] *= 1.0 - np.maximum(shut, 0.85 * teeth)
    expression[:, [_JAW]] *= 1.0 - np.maximum(0.45 * shut, 0.6 * teeth)
    add(expression, {"mouthRollLower": 0.50, "mouthUpperUpLeft": 0.12, "mouthUpperUpRight": 0.12},
        lip_to_teeth)  # fmt: skip
    add(expression, {"mouthPressLeft": 0.30, "mouthPressRight": 0.30, "mouthRollLower": 0.14,
                     "mouthRollUpper": 0.10}, closure)  # fmt: skip
    expression[:, _CLOSE] *= 1.0 - closure
    gap = np.maximum(expression @ gap_vector(), 0.0)
    expression[:, _CLOSE] += closure * gap / -LIP_GAP["mouthClose"]
    return np.asarray(np.clip(expression, 0.0, 1.0), np.float32)


def add(expression: Floats, weights: dict[str, float], amount: Floats) -> None:
    """Add named channels, in place, scaled by (T,) `amount`; what is added fills what is left."""
    for name, weight in weights.items():
        track = expression[:, ARKIT_INDEX[name]]
        track += weight * amount * (1.0 - track)
