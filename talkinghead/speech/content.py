"""Content features: what the phone recogniser and the spectrum say, 50 rows a second."""

from __future__ import annotations

import numpy as np

from renderer.coefficients import Floats
from talkinghead.speech.spectrum import HOP
from talkinghead.types import CONTENT_RATE, SAMPLE_RATE

ROWS_EACH = SAMPLE_RATE // (HOP * CONTENT_RATE)
"""10 ms rows in a row of content."""


def content_rows(log_posteriors: Floats, mel: Floats) -> Floats:
    """Join probabilities and spectrum.

    Args:
        log_posteriors: (T, 40) log probabilities of the symbols every 10 ms.
        mel: (T, 40) from `spectrum.normalised`.

    Returns:
        (ceil(T / 2), CONTENT_WIDTH) float32, as `SpeechFeatures.content`; an odd last row counts
        twice.
    """
    bands = mel.reshape(len(mel), mel.shape[1] // 2, 2).mean(axis=2)
    rows = np.concatenate([np.exp(log_posteriors), bands], axis=1)
    missing = -len(rows) % ROWS_EACH
    rows = np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)])
    shape = (len(rows) // ROWS_EACH, ROWS_EACH, rows.shape[1])
    return np.asarray(rows.reshape(shape).mean(axis=1), np.float32)
