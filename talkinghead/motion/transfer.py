"""A track made on one face, worn by another."""

from __future__ import annotations

from typing import Literal

import numpy as np

from renderer.coefficients import Floats, MotionCoefficients

ExpressionTransfer = Literal["absolute", "relative"]


def transfer(
    track: MotionCoefficients,
    resting: MotionCoefficients,
    expression: ExpressionTransfer = "absolute",
) -> MotionCoefficients:
    """Put a track on a portrait.

    The pose is anchored: the portrait's own pose plus the track's change since its first frame, so
    the head starts where the photo has it. A track that `generate` exported starts in the photo's
    pose; on the same photo it is reproduced exactly.

    Args:
        track: T frames.
        resting: T = 1, the portrait's expression and pose.
        expression: "absolute" wears the track's weights as they are; "relative" adds their change
            since the first frame to the portrait's own expression.
    """
    weights = track.expression
    if expression == "relative":
        weights = np.clip(resting.expression + (weights - weights[:1]), 0.0, 1.0)
    return MotionCoefficients(
        weights.astype(np.float32, copy=False),
        _anchored(track.rotation, resting.rotation),
        _anchored(track.translation, resting.translation),
        track.fps,
    )


def _anchored(
    track: Floats,
    start: Floats,
) -> Floats:
    # Equal starts must give equal bytes: start + (track - track[0]) would round.
    offset = start[:1] - track[:1]
    return track if not offset.any() else (track + offset).astype(np.float32)
