import numpy as np
import pytest

from talkinghead.config import GenerateOptions
from talkinghead.errors import BadOption


@pytest.mark.parametrize("given", [{"seed": 1.5}, {"seed": -1}, {"seed": 2**63}, {"face": 0.5}])
def test_what_is_counted_is_whole(given):
    name = next(iter(given))
    with pytest.raises(BadOption, match=f"{name} is .* expected a whole number from 0 to"):
        GenerateOptions(**given)


def test_whole_numbers_of_any_kind_are_taken():
    options = GenerateOptions(seed=np.int64(7), face=np.uint8(1))
    assert options.seed == 7
    assert options.face == 1
