"""Which sound is spoken when, from the sound alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.speech.phoneme_net import SYMBOLS, phoneme_net
from talkinghead.speech.phoneme_table import BILABIALS, SILENCE
from talkinghead.speech.spectrum import DIGITAL_SILENCE, HOP, level_track, log_mel, normalised
from talkinghead.types import SAMPLE_RATE, Phoneme, Speech

RECOGNISER = "phoneme_net"

# Chosen on synthetic English and on read English that training did not see.
_PRIOR_WEIGHT = 0.5
_TRANSITION_WEIGHT = 0.7
_BILABIAL_BONUS = 0.5  # nats; a lip closure missed is seen by everybody, a spare one by nobody

_PAUSE_ROWS = 20  # 200 ms: no stop closure lasts that long
_SHORTEST_ROWS = 3  # 30 ms: no mouth makes a shape in less


def recognise_phonemes(speech: Speech) -> tuple[Phoneme, ...]:
    """Name the sounds of a recording and say when each is spoken.

    The network's probabilities, divided by a power of the symbols' priors, are decoded by Viterbi
    with a phone bigram. Pauses are found by level as well, so that noise is not read as speech.
    Time and memory are linear in the length, with no cuts in the recording.

    The symbols are English. The network also heard fourteen other languages, whose sounds it calls
    by the ARPAbet symbol that looks like them (`phoneme_table`), so the mouth is right where a
    transcript would be odd. Share of spoken 10 ms rows with the right mouth (lips shut, lip to
    teeth, rounded, open, spread) on espeak sentences not trained on: English 0.90, German 0.95,
    Spanish 0.94, French 0.85; on read English by two speakers of the training set 0.84, on acted
    English by strangers about 0.6, both against an aligner that errs itself.

    Args:
        speech: the recording.

    Returns:
        Phonemes, gap-free from 0 to the end; a single silence for a silent recording.

    Raises:
        WeightsMissing: the network's weights are not there.
        WeightsCorrupt: they are damaged.
    """
    level = level_track(speech.waveform)
    loud = float(np.percentile(level, 98))
    if loud < DIGITAL_SILENCE:
        return (Phoneme(SILENCE, 0.0, speech.seconds),)
    net = phoneme_net()
    scores = net.log_posteriors(normalised(log_mel(speech.waveform)))
    scores -= _PRIOR_WEIGHT * net.tensors["prior"]
    scores[:, [SYMBOLS.index(symbol) for symbol in sorted(BILABIALS)]] += _BILABIAL_BONUS
    scores[_pauses(level, loud), SYMBOLS.index(SILENCE)] += 50.0
    path = viterbi(scores, _TRANSITION_WEIGHT * net.tensors["transition"])
    return _segments(path, speech.seconds)


def viterbi(scores: Floats, transition: Floats) -> NDArray[np.int64]:
    """Most probable path (Viterbi 1967).

    Args:
        scores: (T, S) log scores.
        transition: (S, S) log score of going from row to column.

    Returns:
        (T,) state indices.
    """
    back = np.zeros(scores.shape, np.int16)
    best = scores[0]
    into = np.ascontiguousarray(transition.T)
    states = np.arange(len(into))
    for row in range(1, len(scores)):
        reach = into + best
        back[row] = reach.argmax(axis=1)
        best = reach[states, back[row]] + scores[row]
    path = np.empty(len(scores), np.int64)
    path[-1] = best.argmax()
    for row in range(len(scores) - 1, 0, -1):
        path[row - 1] = back[row, path[row]]
    return path


def _pauses(level: Floats, loud: float) -> NDArray[np.bool_]:
    """(T,) rows inside a run of at least 200 ms near the background's level."""
    background = float(np.percentile(level, 5))
    quiet = level < max(background + 3.0, loud - 45.0)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8)))
    pauses = np.zeros(len(level), np.bool_)
    for start, stop in edges.reshape(-1, 2):
        if stop - start >= _PAUSE_ROWS:
            pauses[start:stop] = True
    return pauses


def _segments(path: NDArray[np.int64], seconds: float) -> tuple[Phoneme, ...]:
    """Runs of equal states; one too short to be seen joins the one before, save a lip closure."""
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    stops = np.append(starts[1:], len(path))
    kept: list[tuple[str, int]] = []
    for start, stop in zip(starts, stops, strict=True):
        symbol = SYMBOLS[path[start]]
        short = stop - start < _SHORTEST_ROWS and symbol not in BILABIALS
        if kept and (short or kept[-1][0] == symbol):
            continue
        kept.append((symbol, int(start)))
    edges = [start * HOP / SAMPLE_RATE for _, start in kept] + [seconds]
    return tuple(
        Phoneme(symbol, begin, end)
        for (symbol, _), begin, end in zip(kept, edges[:-1], edges[1:], strict=True)
    )
