from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from renderer.geometric import GeometricRenderer
from renderer.geometry import FaceGeometry
from renderer.inner_parts import window_layouts
from renderer.windows import InnerPatch, Window, _without_rim, compose
from talkinghead.portrait.framing import crop_view

TEETH, SHADOW, PAINT = 200, 20, 120


@pytest.fixture(scope="module")
def parted(face_model, portrait):
    """A portrait whose mouth is open."""
    view = crop_view(portrait.source, 512)
    expression = view.motion.expression.copy()
    expression[0, ARKIT_INDEX["jawOpen"]] = 0.2
    opened = MotionCoefficients(expression, view.motion.rotation, view.motion.translation, 25.0)
    renderer = GeometricRenderer(face_model, view)
    posed = next(renderer.geometry.poses(opened))
    points = face_model.landmarks.on(posed.points)[:, :2]
    photo = renderer.frame(posed).picture
    return replace(view, image=photo, surroundings=photo, margin=(0, 0), motion=opened,
                   landmarks=points.astype(np.float32))  # fmt: skip


@pytest.mark.parametrize("parted_by", [0.0, 1.0])
def test_the_lower_lip_s_shadow_is_no_second_edge_of_the_teeth(parted_by):
    """In a photo teeth are seen down to row 20, the last three of them in the lip's shadow."""
    photo = np.full((40, 30, 3), TEETH, np.uint8)
    photo[18:] = SHADOW
    trust = np.zeros((40, 30), np.float32)
    trust[5:21] = 1.0
    window = SimpleNamespace(photo_trust=trust, inner_trust=_without_rim(trust, 3.0))
    box = (40, 30)
    patch = InnerPatch(0, 0, np.ones((*box, 1), np.float32), np.zeros((*box, 3), np.float32),
                       np.full((*box, 3), PAINT, np.float32), parted_by)  # fmt: skip
    picture = np.zeros_like(photo)
    compose(picture, SimpleNamespace(surroundings=photo, margin=(0, 0)), patch, window)
    column = picture[:, 15, 0]
    assert (column[6:15] == TEETH).all()
    assert (column[22:] == PAINT).all()
    assert (column[18:21] == SHADOW).all() == (parted_by == 0)
    if parted_by:
        assert column[5:].min() > SHADOW + 40


def test_less_is_trusted_the_nearer_the_lower_lip(face_model, parted):
    window = Window(window_layouts(face_model)[0], FaceGeometry(face_model, parted), "numba")
    assert window.photo_trust.max() > 0.9
    assert (window.inner_trust <= window.photo_trust + 1e-6).all()
    assert 0.2 < window.inner_trust.sum() / window.photo_trust.sum() < 0.95
    lost = np.nonzero(window.photo_trust - window.inner_trust > 0.5)[0].mean()
    assert lost > np.nonzero(window.photo_trust > 0.5)[0].mean()
