"""A face at rest puts on a feeling."""

from __future__ import annotations

import numpy as np

from renderer.coefficients import Floats


def wear(own: Floats, felt: Floats) -> Floats:
    """Combine the photo's own expression with what a feeling adds or takes away.

    What is added fills what is left of a channel's range: a smile on a smiling face does not run
    into the stop, and two raised lips do not add up to a torn one. What is taken away is taken
    from what is there: a feeling that lets go of a smile leaves a neutral mouth as it is.

    Args:
        own: (..., 52) weights 0..1.
        felt: (..., 52) offsets -1..1.

    Returns:
        (..., 52) float32 in 0..1.
    """
    added = own + np.maximum(felt, 0.0) * (1.0 - own)
    worn = added * (1.0 + np.minimum(felt, 0.0))
    return np.asarray(np.clip(worn, 0.0, 1.0), np.float32)
