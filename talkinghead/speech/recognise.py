"""Which sound is spoken when, from the sound alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.speech.listener import Listener, load_listener
from talkinghead.speech.phoneme_net import SYMBOLS
from talkinghead.speech.phoneme_table import BILABIALS, SILENCE
from talkinghead.speech.spectrum import (
    BANDS,
    DIGITAL_SILENCE,
    HOP,
    SILENT_LEVEL,
    level_track,
    log_mel,
    normalised,
)
from talkinghead.types import SAMPLE_RATE, Phoneme, Speech

# Chosen on 120 training rows, clean, in noise and under music (docs: weights/README.md).
_PRIOR_WEIGHT = 0.3
TRANSITION_WEIGHT = 0.7
_BILABIAL_BONUS = 0.5  # nats; a lip closure missed is seen by everybody, a spare one by nobody

_NEVER = -30.0  # log probability of what is excluded; finite, so that sums stay numbers
PAUSE_ROWS = 20  # 200 ms: no stop closure lasts that long
SHORTEST_ROWS = 3  # 30 ms: no mouth makes a shape in less


@dataclass(frozen=True)
class Heard:
    """What the recogniser made of a recording of T rows of 10 ms.

    Attributes:
        phonemes: gap-free from 0 to the end; a single silence for a silent recording.
        log_posteriors: (T, 40) float32, log probability of every symbol, order `SYMBOLS`.
        mel: (T, 40) float32 from `spectrum.normalised`.
    """

    phonemes: tuple[Phoneme, ...]
    log_posteriors: Floats
    mel: Floats


def recognise_phonemes(speech: Speech, listener: Listener | None = None) -> tuple[Phoneme, ...]:
    """The phonemes of `hear`."""
    return hear(speech, listener).phonemes


def hear(speech: Speech, listener: Listener | None = None) -> Heard:
    """Name the sounds of a recording and say when each is spoken.

    The network's probabilities, divided by a power of the symbols' priors, are decoded by Viterbi
    with a phone bigram. Pauses are found by level as well, so that noise is not read as speech.
    Time and memory are linear in the length, with no cuts in the recording.

    The symbols are English. The network also heard nineteen other languages, whose sounds it calls
    by the ARPAbet symbol that looks like them (`phoneme_table`), so the mouth is right where a
    transcript would be odd. How often it is right: weights/README.md.

    Args:
        speech: the recording.
        listener: what tells the sounds apart; the embedded network if None.

    Raises:
        WeightsMissing: the network's weights are not there.
        WeightsCorrupt: they are damaged.
    """
    level = level_track(speech.waveform)
    loud = float(np.percentile(level, 98))
    if loud < DIGITAL_SILENCE:
        return Heard((Phoneme(SILENCE, 0.0, speech.seconds),), *certain_silence(len(level)))
    chosen = listener or load_listener()
    mel = normalised(log_mel(speech.waveform))
    log_posteriors = chosen.log_posteriors(speech.waveform, mel)
    quiet = level < pause_level(float(np.percentile(level, 5)), loud)
    scores = decoding_scores(log_posteriors, chosen.prior, long_runs(quiet))
    path = viterbi(scores, TRANSITION_WEIGHT * chosen.transition)
    return Heard(_segments(path, speech.seconds), log_posteriors, mel)


def certain_silence(rows: int) -> tuple[Floats, Floats]:
    """Log probabilities (T, 40) and mel (T, 40) of digital silence."""
    certain = np.full((rows, len(SYMBOLS)), _NEVER, np.float32)
    certain[:, SYMBOLS.index(SILENCE)] = 0.0
    return certain, np.full((rows, BANDS), SILENT_LEVEL, np.float32)


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


def decoding_scores(log_posteriors: Floats, prior: Floats, pauses: NDArray[np.bool_]) -> Floats:
    """What the decoder adds up.

    Args:
        log_posteriors: (T, 40).
        prior: (40,) as `Listener.prior`.
        pauses: (T,) rows that are silent for certain.

    Returns:
        (T, 40) log scores.
    """
    scores = log_posteriors - _PRIOR_WEIGHT * prior
    scores[:, [SYMBOLS.index(symbol) for symbol in sorted(BILABIALS)]] += _BILABIAL_BONUS
    scores[pauses, SYMBOLS.index(SILENCE)] += 50.0
    return scores


def pause_level(background: float, loud: float) -> float:
    """Decibels below which nobody speaks, from the 5th and the 98th percentile of the level."""
    return max(background + 3.0, loud - 45.0)


def long_runs(quiet: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(T,) rows inside a run of at least `PAUSE_ROWS` quiet rows."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8)))
    pauses = np.zeros(len(quiet), np.bool_)
    for start, stop in edges.reshape(-1, 2):
        if stop - start >= PAUSE_ROWS:
            pauses[start:stop] = True
    return pauses


def _segments(path: NDArray[np.int64], seconds: float) -> tuple[Phoneme, ...]:
    """Runs of equal states; one too short to be seen joins the one before, save a lip closure."""
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    stops = np.append(starts[1:], len(path))
    kept: list[tuple[str, int]] = []
    for start, stop in zip(starts, stops, strict=True):
        symbol = SYMBOLS[path[start]]
        short = stop - start < SHORTEST_ROWS and symbol not in BILABIALS
        if kept and (short or kept[-1][0] == symbol):
            continue
        kept.append((symbol, int(start)))
    edges = [start * HOP / SAMPLE_RATE for _, start in kept] + [seconds]
    return tuple(
        Phoneme(symbol, begin, end)
        for (symbol, _), begin, end in zip(kept, edges[:-1], edges[1:], strict=True)
    )
