"""Viterbi with a fixed delay: sounds are settled while the recording goes on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.speech.phoneme_net import SYMBOLS
from talkinghead.speech.phoneme_table import BILABIALS
from talkinghead.speech.recognise import SHORTEST_ROWS, TRANSITION_WEIGHT


class RunningDecoder:
    """What `recognise.viterbi` and the removal of too short sounds do, row by row.

    Args:
        transition: (40, 40) as `Listener.transition`.
    """

    def __init__(self, transition: Floats) -> None:
        self._into = np.ascontiguousarray(TRANSITION_WEIGHT * transition.T)
        self._best: Floats | None = None
        self._state, self._run = -1, 0
        self._symbol = ""

    def settle(self, scores: Floats, count: int) -> list[str]:
        """Decide about the next rows.

        Args:
            scores: (T, 40) from `recognise.decoding_scores`: the next rows, and those after them
                that are known already.
            count: how many rows to settle, at most T.

        Returns:
            The symbol of each settled row.
        """
        path = self._path(scores, count)
        return [self._label(path[row:]) for row in range(count)]

    def _path(self, scores: Floats, count: int) -> NDArray[np.int64]:
        """(T,) best states; keeps the scores of the last settled row."""
        back = np.zeros(scores.shape, np.int64)
        states = np.arange(len(self._into))
        best = self._best
        settled = best
        for row, score in enumerate(scores):
            if best is None:
                best = score
            else:
                reach = self._into + best
                back[row] = reach.argmax(axis=1)
                best = reach[states, back[row]] + score
            if row == count - 1:
                settled = best
        if best is None or settled is None:
            return np.zeros(0, np.int64)
        self._best = np.asarray(settled - settled.max(), np.float32)
        path = np.empty(len(scores), np.int64)
        path[-1] = best.argmax()
        for row in range(len(scores) - 1, 0, -1):
            path[row - 1] = back[row, path[row]]
        return path

    def _label(self, ahead: NDArray[np.int64]) -> str:
        """Symbol of the first row; a sound too short to be seen is given to what was before."""
        state = int(ahead[0])
        self._run = self._run + 1 if state == self._state else 1
        self._state = state
        others = np.flatnonzero(ahead != state)
        length = self._run - 1 + (int(others[0]) if len(others) else len(ahead))
        symbol = SYMBOLS[state]
        if not self._symbol or length >= SHORTEST_ROWS or symbol in BILABIALS:
            self._symbol = symbol
        return self._symbol
