"""Forced alignment of English recordings by pocketsphinx, an aligner that owes us nothing.

A network that aligns its own training speech keeps its first mistakes; these times are independent
of it. On synthetic speech with known times the median error is 10 ms.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from talkinghead.speech.phoneme_table import SILENCE
from talkinghead.types import Phoneme, Speech

_ROWS_PER_SECOND = 100


def english_aligner() -> Any:  # noqa: ANN401
    """A pocketsphinx decoder with its English model and beams wide enough for alignment."""
    import pocketsphinx

    config = pocketsphinx.Config(
        hmm=pocketsphinx.get_model_path("en-us/en-us"),
        dict=pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"),
        lm=None,
        loglevel="FATAL",
        beam=1e-80,
        wbeam=1e-60,
        pbeam=1e-80,
        bestpath=False,
    )
    return pocketsphinx.Decoder(config)


def align_english(aligner: Any, speech: Speech, transcript: str) -> tuple[Phoneme, ...]:  # noqa: ANN401
    """Phoneme times of a recording whose words are known.

    Args:
        aligner: from `english_aligner`.
        speech: the recording.
        transcript: its words.

    Returns:
        Gap-free phonemes; empty if a word is not in the dictionary or the words do not fit.
    """
    words = re.sub(r"[^a-z' ]+", " ", transcript.lower()).split()
    if not words or any(aligner.lookup_word(word) is None for word in words):
        return ()
    samples = np.rint(np.clip(speech.waveform, -1.0, 1.0) * 32767).astype("<i2").tobytes()
    try:
        aligner.set_align_text(" ".join(words))
        _decode(aligner, samples)
        if aligner.hyp() is None:
            return ()
        aligner.set_alignment()
        _decode(aligner, samples)
        found = [
            (_symbol(phone.name), phone.start, phone.start + phone.duration)
            for word in aligner.get_alignment()
            for phone in word
        ]
    except RuntimeError:  # pocketsphinx's way to say that the words do not fit
        return ()
    stops = [start for _, start, _ in found[1:]] + [round(speech.seconds * _ROWS_PER_SECOND)]
    return tuple(
        Phoneme(symbol, start / _ROWS_PER_SECOND, stop / _ROWS_PER_SECOND)
        for (symbol, start, _), stop in zip(found, stops, strict=True)
        if stop > start
    )


def _decode(aligner: Any, samples: bytes) -> None:  # noqa: ANN401
    aligner.start_utt()
    aligner.process_raw(samples, full_utt=True)
    aligner.end_utt()


def _symbol(name: str) -> str:
    """Pocketsphinx's fillers ("SIL", "+NSN+") are silence to a mouth."""
    return name if name.isalpha() else SILENCE
