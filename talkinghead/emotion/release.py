"""What a feeling lets go of: an unpleasant one ends the smile of the photo."""

from __future__ import annotations

import numpy as np

from renderer.coefficients import Floats, channel_indices
from talkinghead.emotion.bank import Feeling

SMILING = (
    "mouthSmileLeft", "mouthSmileRight", "cheekSquintLeft", "cheekSquintRight",
    "mouthDimpleLeft", "mouthDimpleRight",
)  # fmt: skip
RELEASE = 1.4
"""How fully a feeling of valence -1 ends a smile at intensity 1; more than 1: it is gone before."""


def with_release(feeling: Feeling) -> Floats:
    """(52,) the feeling's recipe, and what it lets go of: an unpleasant one ends the photo's smile.

    Offsets below 0 take away only what a face has (`talkinghead.motion.wearing`).
    """
    expression = feeling.expression.copy()
    letting_go = RELEASE * max(0.0, -feeling.valence)
    rows = channel_indices(SMILING)
    untouched = expression[rows] <= 0.0
    expression[rows[untouched]] = -min(letting_go, 1.0)
    return np.asarray(expression, np.float32)
