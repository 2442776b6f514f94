"""Motion on the test portrait."""

import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients


@pytest.fixture(scope="session")
def opened():
    """Makes a track of three frames in which a view's mouth opens and its head turns."""

    def track(view):
        expression = np.repeat(view.motion.expression, 3, axis=0)
        expression[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0, 0.5, 3)
        rotation = np.repeat(view.motion.rotation, 3, axis=0)
        rotation[:, 1] += np.linspace(0, 0.1, 3)
        return MotionCoefficients(expression, rotation, np.zeros((3, 3), np.float32), 25.0)

    return track
