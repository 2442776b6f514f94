"""Numbers in a prompt: which feeling has which weight, and which weights can be used."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from talkinghead.errors import BadEmotion

_NUMBER = r"[-−]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?"
_NO_NUMBER = r"[-−]?(?:nan|inf|infinity)(?=\s)"
"""What programs write for a result that is none; `float` reads it."""
_NUMBER_FIRST = re.compile(
    rf"({_NUMBER}|{_NO_NUMBER})\s*(%)?\s*(?:[x×*]\s*|of\s+|parts?\s+)?(\D.*)"
)
# In "joy - 0.7" a dash stands between, in "joy -0.7" and "joy: -0.7" it is the number's sign.
_NUMBER_LAST = re.compile(
    rf"(.*[^\d.\s:=(])(?:(?<![\s:=(][-−])|(?=\s))\s*[:=(]?\s*({_NUMBER})\s*(%)?\)?"
)
_MARKS = re.compile(r"\s*(?:[,;&/]|(?<!\de)\+)\s*(?:and\s+)?|\s+and\s+")


def numbered_pieces(text: str) -> list[tuple[float, str]]:
    """(weight, what is said) of each piece; empty unless every piece has a number.

    Args:
        text: lower case, such as "0.7 joy + 0.3 fear" or "happy 70%, sad 30%".

    Raises:
        BadEmotion: if a number has no words beside it.
    """
    pieces = []
    for piece in _MARKS.split(text):
        first, last = _NUMBER_FIRST.fullmatch(piece), _NUMBER_LAST.fullmatch(piece)
        if first is not None:
            number, percent, said = first.groups()
        elif last is not None:
            said, number, percent = last.groups()
        else:
            return []
        if not said.strip(" .,0123456789%"):
            message = f"in {text!r} a number has no feeling beside it; write 0.7 joy + 0.3 fear"
            raise BadEmotion(message)
        weight = float(number.replace("−", "-")) / (100.0 if percent else 1.0)
        pieces.append((weight, said.strip()))
    return pieces


def check_weights(weights: Sequence[float], text: str) -> None:
    """Refuse weights that make no mix.

    Args:
        weights: of the feelings; a single one is an intensity and may be 0.
        text: they stand in it.

    Raises:
        BadEmotion: if one is negative, their sum is not finite, or all of several are zero.
    """
    if not all(weight >= 0.0 for weight in weights) or not math.isfinite(sum(weights)):
        message = (
            f"the weights in {text!r} are {', '.join(f'{weight:g}' for weight in weights)}; "
            "expected numbers from 0 on, such as 0.7 joy + 0.3 fear"
        )
        raise BadEmotion(message)
    if len(weights) > 1 and not sum(weights):
        message = f"the weights in {text!r} are all zero; expected at least one above zero"
        raise BadEmotion(message)
