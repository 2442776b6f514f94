import numpy as np
import pytest

from renderer.coefficients import expression_from
from talkinghead.motion.visemes import ARTICULATORS, LIP_GAP, VISEMES, channel_matrix


@pytest.mark.parametrize("channel", ["jawOpen", "mouthClose", "mouthFunnel", "mouthPucker"])
def test_lip_gap_is_that_of_the_face_model(aperture, channel):
    opening = aperture(expression_from({channel: 1.0})[None])[0]
    assert opening == pytest.approx(LIP_GAP[channel], abs=0.04)


def test_shapes_use_known_articulators_in_range():
    for shapes in VISEMES.values():
        for shape in shapes:
            assert set(shape.targets) <= set(ARTICULATORS)
            assert all(0.0 <= value <= 1.0 for value in shape.targets.values())
            assert 0.0 < shape.jaw <= 1.0
            assert 0.0 < shape.lips <= 1.0


def test_open_vowels_open_more_than_close_ones_on_the_face_model(aperture):
    def opening(symbol):
        targets = VISEMES[symbol][0].targets
        row = np.array([targets.get(name, 0.0) for name in ARTICULATORS], np.float32)
        return aperture((row @ channel_matrix())[None])[0]

    for wide in ("AA", "AE", "AO"):
        for narrow in ("IY", "IH", "UW", "UH"):
            assert opening(wide) > 1.5 * opening(narrow)
