import numpy as np

from renderer.coefficients import ARKIT_INDEX, expression_from
from renderer.geometry import FaceGeometry
from renderer.landmark_groups import FIRST_IRIS, LOWER_LIDS, UPPER_LIDS
from talkinghead.portrait.residual import ResidualSpreader


def spread(model, residual):
    return ResidualSpreader(model, model.landmarks).spread(residual)


def on_photo(model, source, motion):
    geometry = FaceGeometry(model, source)
    return model.landmarks.on(geometry.project(motion)[0])[:, :2]


def test_the_mesh_lies_on_the_photo(face_model, portrait):
    source = portrait.source
    found = on_photo(face_model, source, source.motion)[:FIRST_IRIS]
    width = np.linalg.norm(source.landmarks[33] - source.landmarks[263])
    error = np.linalg.norm(found - source.landmarks[:FIRST_IRIS], axis=1) / width
    assert np.sqrt((error**2).mean()) < 0.006
    assert portrait.fit_error < 0.02


def test_nothing_left_over_needs_no_correction(face_model):
    field = spread(face_model, np.zeros((478, 3), np.float32))
    assert np.abs(field).max() < 1e-6


def test_a_common_shift_moves_the_face_and_fades_out(face_model):
    shift = np.tile(np.array([0.3, -0.2, 0.1], np.float32), (478, 1))
    field = spread(face_model, shift)
    nose = face_model.landmarks.corners[1, 0]
    np.testing.assert_allclose(field[nose], [0.3, -0.2, 0.1], atol=0.01)
    np.testing.assert_allclose(
        field[face_model.parts["teeth"]], shift[:1].repeat(4412, 0), atol=0.01
    )
    back_of_the_head = face_model.neutral[: face_model.parts["head_and_neck"].stop, 2] < -5
    assert np.abs(field[: len(back_of_the_head)][back_of_the_head]).max() < 0.02


def test_a_full_blink_closes_the_corrected_eye(face_model, portrait):
    shut = portrait.source.motion.expression.copy()
    shut[:, [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]] = 1.0
    motion = type(portrait.source.motion)(
        shut, portrait.source.motion.rotation, portrait.source.motion.translation, 25.0
    )
    points = on_photo(face_model, portrait.source, motion)
    height = np.linalg.norm(portrait.source.landmarks[33] - portrait.source.landmarks[263])
    for side in ("left", "right"):
        gap = points[list(LOWER_LIDS[side]), 1] - points[list(UPPER_LIDS[side]), 1]
        assert gap[1:-1].max() < 0.02 * height


def test_the_blink_correction_holds_only_lids(face_model, portrait):
    closure = portrait.source.lid_closure
    moved = np.flatnonzero(np.abs(closure).sum((0, 2)) > 0)
    lids = face_model.landmarks.on(face_model.neutral)[[*UPPER_LIDS["left"], *UPPER_LIDS["right"]]]
    distance = np.linalg.norm(face_model.neutral[moved][:, None] - lids[None], axis=-1).min(1)
    assert distance.max() < 2.0
    assert expression_from({})[0] == 0
