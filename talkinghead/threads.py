"""One thread for each numeric library, so that numbers do not depend on how many cores there are.

Sums that are shared out over threads are rounded otherwise: the same seed would give other bytes
on another machine, or in a batch with more workers. Nothing is lost: a video is rendered, painted
and encoded side by side already (9.1 against 9.5 s for 6.4 s of sound on two cores).
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""They are read when the libraries are loaded."""


def pin_threads(environment: MutableMapping[str, str] = os.environ) -> None:
    """Ask for one thread each, but where the user has asked for more.

    To be called before NumPy and torch are imported.
    """
    for name in VARIABLES:
        environment.setdefault(name, "1")
