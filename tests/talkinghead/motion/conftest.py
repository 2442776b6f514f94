import numpy as np
import pytest

from renderer.face_model import FaceModel
from talkinghead.weights import load_weights


@pytest.fixture(scope="session")
def aperture():
    """The opening of the lips on the true face model, (T, 52) to (T,).

    Two pairs of inner lip landmarks, in outer eye distances, less their distance at rest.
    """
    model = FaceModel.from_tensors(load_weights("face_model"))
    upper, lower, eyes = [81, 311], [178, 402], [33, 263]

    def measure(expression):
        shapes = model.deform(model.neutral, np.concatenate([np.zeros((1, 52)), expression]))
        points = model.landmarks.on(shapes)
        gap = (points[:, upper, 1] - points[:, lower, 1]).mean(axis=1)
        gap = gap / np.linalg.norm(points[:, eyes[0]] - points[:, eyes[1]], axis=1)
        return gap[1:] - gap[0]

    return measure
