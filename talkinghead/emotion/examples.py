"""Labelled phrases that a text is compared with: what they are like, it is likely to be too.

A kernel classifier (Nadaraya 1964; Watson 1964) beside the discriminant of
`talkinghead.emotion.calibration`: a line through the space cannot follow every idiom, neighbours
can. The phrases are kept in the few directions in which they differ most, a byte a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats

Doubles = NDArray[np.float64]
Integers = NDArray[np.intp]

DIRECTIONS = 64
SHARPNESS = 30.0
"""Of exp(sharpness * cosine): how much nearer neighbours count than farther ones."""
SHARE = 0.3
"""Of the neighbours' vote beside the discriminant's. This and the two above were chosen on the
held-out phrases."""
LARGEST_INTEGER = 127


@dataclass(frozen=True)
class Examples:
    """Labelled phrases of one tower's space.

    Attributes:
        mean: (E,) float32, what is taken off before projecting.
        basis: (E, D) float32 orthonormal columns.
        rows: (M, D) int8; only their directions count.
        labels: (M,) row of the bank.
        weights: (M,) float64, what each has to say.
    """

    mean: Floats
    basis: Floats
    rows: NDArray[np.int8]
    labels: Integers
    weights: Doubles

    def probabilities(self, vectors: Floats, feelings: int) -> Doubles:
        """(N, F) the neighbours' vote, rows that sum to 1, for (N, E) unit vectors."""
        likeness = self._projected(vectors) @ self._directions.T
        # The nearest counts 1: far from all phrases the vote must not vanish.
        nearness = np.exp(SHARPNESS * (likeness - likeness.max(axis=1, keepdims=True)))
        said = nearness * self.weights
        votes = np.stack([np.bincount(self.labels, row, feelings) for row in said])
        share: Doubles = votes / votes.sum(axis=1, keepdims=True)
        return share

    @cached_property
    def _directions(self) -> Floats:
        """(M, D) unit rows."""
        return _unit(self.rows.astype(np.float32))

    def _projected(self, vectors: Floats) -> Floats:
        return _unit((vectors - self.mean) @ self.basis)


def remember(vectors: Floats, labels: Integers, classes: Integers) -> Examples:
    """Keep labelled phrases.

    Args:
        vectors: (M, E) unit rows.
        labels: (M,) row of the bank.
        classes: (M,) number of the phrase's MEAD class; rare classes weigh more, by the square
            root.
    """
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    covariance = (centred.T @ centred).astype(np.float64)
    basis = np.linalg.eigh(covariance)[1][:, ::-1][:, :DIRECTIONS].astype(np.float32)
    projected = centred @ basis
    scale = LARGEST_INTEGER / np.maximum(np.abs(projected).max(axis=1, keepdims=True), 1e-9)
    rows = np.rint(projected * scale).astype(np.int8)
    weights = 1.0 / np.sqrt(np.bincount(classes)[classes])
    return Examples(np.asarray(mean, np.float32), basis, rows, labels, weights)


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)
