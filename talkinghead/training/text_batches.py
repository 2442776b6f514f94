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

    def draw(self, left_out: float = 0.0) -> tuple[list[int], Tensor]:
        """Indices of the texts and their (N, L) tokens.

        Args:
            left_out: share 0..1 of the tokens to leave out at random (word dropout, Iyyer et al.
                2015); the same number of each text, never its marks, and never more than half.
        """
        chosen = next(self._waiting, None)
        while chosen is None:
            self._waiting = self._epoch()
            chosen = next(self._waiting, None)
        tokens = np.array([self._rows[index] for index in chosen])
        return chosen.tolist(), torch.from_numpy(self._thinned(tokens, left_out))

    def _thinned(self, tokens: NDArray[np.intp], left_out: float) -> NDArray[np.intp]:
        count, inner = tokens.shape[0], tokens.shape[1] - 2
        lost = min(self._generator.binomial(inner, left_out), inner // 2) if inner > 0 else 0
        if not lost:
            return tokens
        order = self._generator.random((count, inner)).argsort(axis=1)
        kept = np.sort(order[:, lost:], axis=1) + 1
        return np.hstack([tokens[:, :1], np.take_along_axis(tokens, kept, axis=1), tokens[:, -1:]])
