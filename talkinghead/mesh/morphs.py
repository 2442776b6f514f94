"""The fitted face as what 3D programs animate: a shape at rest, morph targets, turning eyeballs.

`renderer.geometry.FaceGeometry.shapes` is linear in the 52 ARKit weights but for two things: the
eyeballs turn, and a blink closes the eye from where it stands in the photo. The first become nodes
with a rotation; the second is a corrective target beside each blink. So a player that adds morph
targets arrives at exactly our vertices, and one that drives the 52 channels closes the eyes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from renderer.coefficients import ARKIT_INDEX, ARKIT_NAMES, Floats
from renderer.geometry import FaceGeometry

SIDES = ("left", "right")
_LEAST_CORRECTION = 1e-4


@dataclass(frozen=True)
class Eyeball:
    """One eyeball, turned about its centre.

    Attributes:
        side: "left" or "right", the person's own.
        vertices: slice of the model's vertices.
        centre: (3,) float32 cm, head frame.
        shape: (N, 3) float32 cm around the centre.
    """

    side: str
    vertices: slice
    centre: Floats
    shape: Floats


@dataclass(frozen=True)
class Morphs:
    """The face of one portrait, ready to be animated.

    Attributes:
        shape: (V, 3) float32 cm, head frame: identity and residual, no expression. The first
            vertices only: eyeballs are `eyeballs`.
        names: of the targets: the 52 ARKit names, then correctives if the portrait needs them.
        targets: (N, V, 3) float32 cm, added in proportion to the weights.
        eyeballs: left and right.
        blink_at_rest: (2,) the blink weights in the photo.
    """

    shape: Floats
    names: tuple[str, ...]
    targets: Floats
    eyeballs: tuple[Eyeball, ...]
    blink_at_rest: Floats

    def weights(self, expression: Floats) -> Floats:
        """Weights of the targets for (T, 52) expressions: (T, N) float32."""
        expression = np.asarray(expression, np.float32)
        if len(self.names) == len(ARKIT_NAMES):
            return expression
        blinks = expression[:, _blink_indices()]
        return np.concatenate([expression, self._closing(blinks) - blinks], axis=1)

    def _closing(self, blinks: Floats) -> Floats:
        """As `FaceGeometry` closes the eyes: 0 as in the photo, 1 shut."""
        start = self.blink_at_rest
        closing = (blinks - start) / np.maximum(1 - start, 0.2)
        return np.asarray(np.clip(closing, 0, 1), np.float32)


def morphs_of(geometry: FaceGeometry) -> Morphs:
    """Morph targets of a fitted face.

    Args:
        geometry: the face on its photo.
    """
    model, source = geometry.model, geometry.source
    skin = slice(0, model.parts["sclera_left"].start)
    targets = model.expression_basis[:, skin].copy()
    for row, index in enumerate(_blink_indices()):
        targets[index] += source.lid_closure[row, skin]
    names: tuple[str, ...] = ARKIT_NAMES
    start = source.motion.expression[0, _blink_indices()]
    if start.max() > _LEAST_CORRECTION:
        targets = np.concatenate([targets, source.lid_closure[:, skin]])
        names = (*ARKIT_NAMES, "eyeBlinkLeftCorrection", "eyeBlinkRightCorrection")
    return Morphs(
        shape=(geometry.resting + source.residual)[skin],
        names=names,
        targets=np.asarray(targets, np.float32),
        eyeballs=tuple(_eyeball(geometry, side) for side in SIDES),
        blink_at_rest=start,
    )


def _eyeball(geometry: FaceGeometry, side: str) -> Eyeball:
    """What shows is painted on the sclera's mesh, iris and pupil included."""
    part = geometry.model.parts[f"sclera_{side}"]
    centre = geometry.model.eyeball_centre(geometry.resting, side)
    moved = geometry.source.residual[part].mean(0)  # the same for the whole eyeball
    return Eyeball(side, part, centre + moved, geometry.resting[part] - centre)


def _blink_indices() -> list[int]:
    return [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]
