"""How much the face fit believes landmarks and blendshapes."""

from __future__ import annotations

import numpy as np

from renderer.coefficients import ARKIT_INDEX, ARKIT_NAMES
from renderer.landmark_groups import COUNT, FACE_OVAL, FIRST_IRIS, LIDS, LIPS
from talkinghead.portrait.solve import Doubles

NOISE_CM = 0.12
"""Standard deviation that a landmark may be off; sets how much the priors count."""
INDEPENDENT_LANDMARKS = 60
"""Neighbouring landmarks err together: all of them say as much as this many independent ones."""
EXPRESSION_PRIOR = 0.5
"""Standard deviation of a blendshape weight; 0 is the mode."""
_PINNED = ("mouthClose", "tongueOut", "jawForward")
"""Not visible from landmarks apart from other channels: kept at 0. (mouthClose only undoes jawOpen;
without an open jaw it would push the lower lip through the nose.)"""
_DOUBTFUL = (
    "cheekPuff", "mouthRollLower", "mouthRollUpper", "mouthLeft", "mouthRight", "jawLeft",
    "jawRight", "mouthShrugLower", "mouthShrugUpper",
)  # fmt: skip
"""Channels that identity explains about as well: believed less."""


def landmark_confidence(count: int) -> Doubles:
    """(count,) how much each landmark counts in the fit; 478 or 68 of them."""
    confidence = np.ones(count)
    if count == COUNT:
        confidence[list(LIPS)] = 2.5
        confidence[[*LIDS["left"], *LIDS["right"]]] = 2.5
        confidence[list(FACE_OVAL)] = 0.5  # it slides along the silhouette as the head turns
        confidence[FIRST_IRIS:] = 0.0  # gaze is solved by itself
    else:
        confidence[:17] = 0.3  # iBUG's jaw line slides along the silhouette
        confidence[36:] = 2.0
    return confidence


def identity_prior(landmarks: int) -> float:
    """Weight of one squared standard deviation of identity, in squared cm of landmarks."""
    return NOISE_CM**2 * landmarks / INDEPENDENT_LANDMARKS


def expression_prior(landmarks: int) -> Doubles:
    """(52,) the same for blendshape weights."""
    prior = np.full(len(ARKIT_NAMES), identity_prior(landmarks) / EXPRESSION_PRIOR**2)
    prior[[ARKIT_INDEX[name] for name in _DOUBTFUL]] *= 4.0
    return prior


def expression_bounds() -> Doubles:
    """(52,) upper bounds: 1, or 0 for what is not fitted."""
    upper = np.ones(len(ARKIT_NAMES))
    upper[[ARKIT_INDEX[name] for name in _PINNED]] = 0.0
    return upper
