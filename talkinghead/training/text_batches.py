"""Draws batches of texts of one length, so that nothing is padded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class TextBatches:
    """Epoch after epoch of batches, each of one length.

    Args:
        rows: token numbers of each text.
        size: texts in a batch at most.
        generator: of all draws.
    """

    def __init__(
        self, rows: Sequence[Sequence[int]], size: int, generator: np.random.Generator
    ) -> None:
        self._rows = rows
        self._size = size
        self._generator = generator
        lengths = np.array([len(row) for row in rows])
        self._groups = [np.flatnonzero(lengths == length) for length in np.unique(lengths)]
        self._waiting = self._epoch()

    def _epoch(self) -> Iterator[NDArray[np.intp]]:
        parts: list[NDArray[np.intp]] = []
        for group in self._groups:
            mixed = self._generator.permutation(group)
            parts += np.array_split(mixed, -(-len(mixed) // self._size))
        for index in self._generator.permutation(len(parts)):
            yield parts[index]

    def draw(self) -> tuple[list[int], Tensor]:
        """Indices of the texts and their (N, L) tokens."""
        chosen = next(self._waiting, None)
        while chosen is None:
            self._waiting = self._epoch()
            chosen = next(self._waiting, None)
        tokens = [list(self._rows[index]) for index in chosen]
        return chosen.tolist(), torch.tensor(tokens)
