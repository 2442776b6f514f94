"""A short motion that moves everything, and its files."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX, ARKIT_NAMES, MotionCoefficients
from talkinghead.mesh.export import write_mesh


def any_motion(frames=7, fps=24.0):
    """Every channel moves; a full blink and a wide gaze are among it."""
    generator = np.random.default_rng(0)
    expression = generator.uniform(0, 1, (frames, len(ARKIT_NAMES))).astype(np.float32)
    expression[2, [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]] = 1.0
    expression[3] = 0.0
    rotation = generator.uniform(-0.5, 0.5, (frames, 3)).astype(np.float32)
    translation = generator.uniform(-2, 2, (frames, 3)).astype(np.float32)
    return MotionCoefficients(expression, rotation, translation, fps)


@pytest.fixture(scope="session")
def moving():
    return any_motion()


@pytest.fixture(scope="session")
def glb(face_model, portrait, moving, tmp_path_factory):
    path = tmp_path_factory.mktemp("mesh") / "face.glb"
    return write_mesh(face_model, portrait.source, moving, path)


@pytest.fixture(scope="session")
def obj(face_model, portrait, moving, tmp_path_factory):
    path = tmp_path_factory.mktemp("mesh") / "face.obj"
    return write_mesh(face_model, portrait.source, moving, path)
