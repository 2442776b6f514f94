"""The bank's feelings as points of the space that the image and sound towers were aligned to.

They are stored with each tower: the towers stay right when the text tower is another one, or when
the bank has been extended since.
"""

from __future__ import annotations

import numpy as np

from renderer.coefficients import Floats
from talkinghead.emotion.bank import Bank
from talkinghead.weights import Tensors

POINTS, NAMES = "anchors", "anchor_names"


def anchor_tensors(bank: Bank, prototypes: Floats) -> Tensors:
    """What a tower's weight file holds of its anchors.

    Args:
        bank: the named feelings.
        prototypes: (F, E) unit rows, `FeelingSpace.prototypes`.
    """
    names = "\n".join(feeling.name for feeling in bank.feelings)
    return {
        POINTS: prototypes.astype(np.float16),
        NAMES: np.frombuffer(names.encode(), np.uint8).copy(),
    }


def read_anchors(tensors: Tensors, bank: Bank) -> Floats:
    """(F, E) rows in the order of the bank; zeros for a feeling that the tower does not know."""
    points = tensors[POINTS].astype(np.float32)
    known = dict(zip(bytes(tensors[NAMES]).decode().split("\n"), points, strict=True))
    nothing = np.zeros(points.shape[1], np.float32)
    return np.stack([known.get(feeling.name, nothing) for feeling in bank.feelings])


def without_anchors(tensors: Tensors) -> Tensors:
    """The tower itself."""
    return {name: value for name, value in tensors.items() if name not in {POINTS, NAMES}}
