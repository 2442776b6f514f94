import numpy as np
import pytest

from renderer.coefficients import (
    ARKIT_INDEX,
    ARKIT_NAMES,
    EYE_CHANNELS,
    MotionCoefficients,
    expression_from,
    mirrored_name,
)


def track(frames=3):
    rng = np.random.default_rng(0)
    return MotionCoefficients(
        rng.random((frames, 52), np.float32),
        rng.random((frames, 3), np.float32),
        rng.random((frames, 3), np.float32),
        25.0,
    )


def test_names_are_emotalks_order():
    assert len(ARKIT_NAMES) == len(set(ARKIT_NAMES)) == 52
    assert list(ARKIT_NAMES) == sorted(ARKIT_NAMES)
    assert ARKIT_NAMES[24] == "jawOpen"
    assert ARKIT_NAMES[51] == "tongueOut"


def test_mirror_is_its_own_inverse():
    for name in ARKIT_NAMES:
        assert mirrored_name(name) in ARKIT_INDEX
        assert mirrored_name(mirrored_name(name)) == name
    assert mirrored_name("jawLeft") == "jawRight"


def test_expression_from_sets_pairs_by_stem():
    smile = expression_from({"mouthSmile": 0.5, "jawOpen": 0.2})
    assert smile[ARKIT_INDEX["mouthSmileLeft"]] == smile[ARKIT_INDEX["mouthSmileRight"]] == 0.5
    assert smile[ARKIT_INDEX["jawOpen"]] == np.float32(0.2)
    assert smile.sum() == pytest.approx(1.2)


def test_expression_from_refuses_unknown_names():
    with pytest.raises(KeyError, match="mouthWobble"):
        expression_from({"mouthWobble": 1.0})


def test_array_round_trip():
    one = track()
    again = MotionCoefficients.from_array(one.as_array(), one.fps)
    np.testing.assert_array_equal(again.expression, one.expression)
    np.testing.assert_array_equal(again.rotation, one.rotation)
    np.testing.assert_array_equal(again.translation, one.translation)


@pytest.mark.parametrize("field", ["expression", "rotation", "translation"])
def test_wrong_shapes_and_values_are_refused(field):
    parts = {name: getattr(track(), name) for name in ("expression", "rotation", "translation")}
    with pytest.raises(ValueError, match=field):
        MotionCoefficients(**{**parts, field: parts[field][:, :2]}, fps=25.0)
    bad = parts[field].copy()
    bad[1, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        MotionCoefficients(**{**parts, field: bad}, fps=25.0)


def test_frame_rate_must_be_positive():
    one = track()
    with pytest.raises(ValueError, match="fps"):
        MotionCoefficients(one.expression, one.rotation, one.translation, 0.0)


def test_eye_channels_are_the_fourteen_of_lids_and_gaze():
    assert len(EYE_CHANNELS) == 14
