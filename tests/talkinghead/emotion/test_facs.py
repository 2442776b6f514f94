import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX, ARKIT_NAMES
from talkinghead.emotion.facs import (
    ACTION_UNITS,
    INTENSITY_LETTERS,
    parse_units,
    recipe_expression,
)


def channel(recipe, name):
    return float(recipe_expression(recipe)[ARKIT_INDEX[name]])


def test_every_unit_moves_channels_that_exist():
    for unit in ACTION_UNITS:
        expression = recipe_expression(f"{unit}E")
        assert expression.shape == (len(ARKIT_NAMES),)
        assert expression.max() > 0.0


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        (1, "browInnerUp"), (2, "browOuterUpLeft"), (4, "browDownRight"), (5, "eyeWideLeft"),
        (6, "cheekSquintLeft"), (7, "eyeSquintRight"), (9, "noseSneerLeft"),
        (10, "mouthUpperUpLeft"), (12, "mouthSmileRight"), (14, "mouthDimpleLeft"),
        (15, "mouthFrownLeft"), (16, "mouthLowerDownLeft"), (17, "mouthShrugLower"),
        (18, "mouthPucker"), (20, "mouthStretchLeft"), (22, "mouthFunnel"), (24, "mouthPressLeft"),
        (26, "jawOpen"), (28, "mouthRollLower"), (43, "eyeBlinkLeft"),
    ],
)  # fmt: skip
def test_a_unit_moves_its_own_channel_most(unit, name):
    assert (
        ARKIT_NAMES[int(recipe_expression(f"{unit}E").argmax())]
        .rstrip("LeftRigh")
        .startswith(name.rstrip("LeftRigh"))
    )
    assert channel(f"{unit}E", name) > 0.1


def test_letters_grow_from_trace_to_maximum():
    smiles = [channel(f"12{letter}", "mouthSmileLeft") for letter in "ABCDE"]
    assert smiles == sorted(smiles)
    assert len(set(smiles)) == len(INTENSITY_LETTERS)
    assert smiles[-1] == 1.0


def test_a_sided_unit_leaves_the_other_side_alone():
    assert channel("L12C", "mouthSmileLeft") == channel("12C", "mouthSmileLeft")
    assert channel("L12C", "mouthSmileRight") == 0.0
    assert channel("R12C", "mouthSmileLeft") == 0.0


def test_both_sides_together_are_the_whole_unit():
    for unit in (1, 2, 6, 9, 12, 14, 17, 23):
        np.testing.assert_allclose(
            recipe_expression(f"L{unit}D R{unit}D"), recipe_expression(f"{unit}D"), atol=1e-6
        )


def test_units_on_one_channel_add_up_to_one_at_most():
    assert channel("4D 9D", "browDownLeft") > channel("4D", "browDownLeft")
    assert channel("4E 9E", "browDownLeft") == 1.0


def test_an_empty_recipe_is_a_face_at_rest():
    assert not recipe_expression("").any()
    assert parse_units("") == ()


@pytest.mark.parametrize("recipe", ["12", "12F", "B12C", "8C", "12c", "6C,12D", "smile"])
def test_what_is_no_action_unit_is_refused(recipe):
    with pytest.raises(ValueError, match="not understood"):
        recipe_expression(recipe)
