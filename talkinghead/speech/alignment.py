"""Forced alignment: when each sound of a known text is spoken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.speech.phoneme_net import SYMBOLS, PhonemeNet, phoneme_net
from talkinghead.speech.phoneme_table import SILENCE
from talkinghead.speech.spectrum import HOP, log_mel, normalised
from talkinghead.types import SAMPLE_RATE, Phoneme, Speech

_PAUSE_PENALTY = 3.0  # nats for a silence between two sounds, so that closures do not become one
_SHORTEST_ROWS = 3  # as in the hidden Markov models of speech recognisers
_IMPOSSIBLE = np.float32(-1e9)


def align_phonemes(
    speech: Speech, symbols: Sequence[str], net: PhonemeNet | None = None
) -> tuple[tuple[Phoneme, ...], float]:
    """Fit a known sequence of sounds to a recording.

    The best path through the sounds in order (Viterbi), each at least 30 ms long (10 ms if there is
    no room), with an optional silence before, between and after them.

    Args:
        speech: the recording.
        symbols: ARPAbet without silences, as `synthesise` says them for the transcript.
        net: the acoustic model; the shipped one if None.

    Returns:
        Phonemes, gap-free from 0 to the end of the sound, and the mean log probability of a 10 ms
        row on the path: below about -2 the text is not what was said.

    Raises:
        ValueError: if there are no symbols, an unknown one, or more than the sound has room for.
    """
    model = phoneme_net() if net is None else net
    scores = model.log_posteriors(normalised(log_mel(speech.waveform)))
    if not symbols or not set(symbols) <= set(SYMBOLS) or len(symbols) > len(scores):
        message = f"{len(symbols)} symbols cannot be aligned to {len(scores)} rows of 10 ms"
        raise ValueError(message)
    rows_each = _SHORTEST_ROWS if len(scores) >= 1.5 * _SHORTEST_ROWS * len(symbols) else 1
    states = [SILENCE]
    for symbol in symbols:
        states += [symbol] * rows_each + [SILENCE]
    columns = scores[:, [SYMBOLS.index(state) for state in states]]
    period = rows_each + 1
    path = _best_chain(columns, period)
    quality = float(columns[np.arange(len(path)), path].mean())
    # States 0, (1, 2, 3), 4, (5, 6, 7), ...: a sound is all that is between two silences.
    parts = -(-path // period) * 2 - (path % period == 0)
    starts = np.flatnonzero(np.diff(parts, prepend=-9))
    edges = [*(starts * HOP / SAMPLE_RATE), speech.seconds]
    spans = zip(starts, edges[:-1], edges[1:], strict=True)
    return tuple(
        Phoneme(states[path[row]], float(begin), float(end)) for row, begin, end in spans
    ), quality


def _best_chain(columns: Floats, period: int) -> NDArray[np.int64]:
    """Best path through a left-to-right chain in which every `period`-th state may be skipped.

    Args:
        columns: (T, n * period + 1) log scores of silence, a sound's states, silence, ... silence.
        period: states of a sound, and one for its silence.

    Returns:
        (T,) state indices, rising.
    """
    count = columns.shape[1]
    place = np.arange(count) % period
    into_silence = np.where(place == 0, -_PAUSE_PENALTY, 0.0).astype(np.float32)
    may_skip = np.where(place == 1, 0.0, _IMPOSSIBLE).astype(np.float32)
    best = np.full(count, _IMPOSSIBLE, np.float32)
    best[:2] = columns[0, :2]
    steps = np.zeros(columns.shape, np.int8)
    for row in range(1, len(columns)):
        reach = np.full((3, count), _IMPOSSIBLE, np.float32)
        reach[0] = best
        reach[1, 1:] = best[:-1] + into_silence[1:]
        reach[2, 2:] = best[:-2] + may_skip[2:]
        steps[row] = reach.argmax(axis=0)
        best = reach.max(axis=0) + columns[row]
    path = np.empty(len(columns), np.int64)
    path[-1] = count - 1 if best[-1] > best[-2] else count - 2
    for row in range(len(columns) - 1, 0, -1):
        path[row - 1] = path[row] - steps[row, path[row]]
    return path
