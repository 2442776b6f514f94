"""Phrases by their hashes: a book of fifty thousand that is loaded instead of parsed.

A text is known by eight bytes of its BLAKE2b (RFC 7693). That a text which is not in the book
agrees with one of n phrases by chance has a probability of n / 2^64.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")
HASH_BYTES = 8


def text_hash(text: str) -> np.uint64:
    """Eight bytes that stand for a text."""
    return np.uint64(int.from_bytes(blake2b(text.encode(), digest_size=HASH_BYTES).digest()))


class PhraseTable(Generic[Value]):
    """Texts to values, the texts by hash.

    Args:
        hashes: (N,) uint64, ascending.
        rows: (N,) which of the values belongs to each.
        values: any number.
    """

    def __init__(
        self, hashes: NDArray[np.uint64], rows: NDArray[np.int32], values: Sequence[Value]
    ) -> None:
        self.hashes, self.rows, self.values = hashes, rows, values

    def get(self, text: str) -> Value | None:
        """The value of a text; None if it is not in the table."""
        key = text_hash(text)
        at = int(np.searchsorted(self.hashes, key))
        if at == len(self.hashes) or self.hashes[at] != key:
            return None
        return self.values[int(self.rows[at])]

    @classmethod
    def of(cls, known: Mapping[str, Value], values: Sequence[Value]) -> PhraseTable[Value]:
        """A table of texts whose values are among `values`."""
        hashes = np.array([text_hash(text) for text in known], np.uint64)
        rows = np.array([values.index(value) for value in known.values()], np.int32)
        order = np.argsort(hashes)
        return cls(hashes[order], rows[order], values)
