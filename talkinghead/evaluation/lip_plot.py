"""Look at the lips: opening and width under the waveform, with the sounds that need them marked.

python -m talkinghead.evaluation.lip_plot "Mamá prepara una sopa." --voice es+linda -o plot.png
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.errors import OutputNotWritable
from talkinghead.evaluation.lip_events import ROUNDED
from talkinghead.evaluation.lip_shape import CLOSED_MM, LipShape, lip_shape
from talkinghead.evaluation.performance import FPS, NoMotion, perform
from talkinghead.motion.visemes import BILABIALS, LABIODENTALS, SILENCE
from talkinghead.pipeline import TalkingHead
from talkinghead.speech.features import extract_features
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import SAMPLE_RATE, Phoneme, Speech

Image = NDArray[np.uint8]
WIDE = 240
"""Pixels a second."""
_MARGIN, _PANEL = 70, 150
_MARKS = (
    (BILABIALS, (205, 205, 255)), (LABIODENTALS, (255, 225, 190)), (ROUNDED, (205, 240, 205)),
    (frozenset({SILENCE}), (232, 232, 232)),
)  # fmt: skip
"""Sounds and their colour (BGR): red for /m b p/, blue for /f v/, green for /u o w/, grey."""


def lip_plot(speech: Speech, phonemes: Sequence[Phoneme], shape: LipShape, fps: float) -> Image:
    """(H, W, 3) uint8 BGR: three panels over one time axis.

    Args:
        speech: drawn as its waveform.
        phonemes: the truth, written and shaded.
        shape: opening (with the line below which the lips count as closed), width, protrusion.
        fps: of `shape`.
    """
    width = _MARGIN + int(speech.seconds * WIDE) + 10
    canvas = np.full((3 * _PANEL + 30, width, 3), 255, np.uint8)
    for each in phonemes:
        left, right = (_MARGIN + int(one * WIDE) for one in (each.start, each.end))
        for symbols, colour in _MARKS:
            if each.symbol in symbols:
                cv2.rectangle(canvas, (left, 0), (right, 3 * _PANEL), colour, cv2.FILLED)
        _write(canvas, each.symbol, left, 3 * _PANEL + 18)
    step = SAMPLE_RATE // WIDE
    peaks = np.abs(speech.waveform[: len(speech.waveform) // step * step]).reshape(-1, step).max(1)
    _curve(canvas, "sound", np.arange(len(peaks)) / WIDE, peaks, 0)
    seconds = (np.arange(len(shape.opening)) + 0.5) / fps
    top = _curve(canvas, "opening mm", seconds, shape.opening, 1)
    closed = int(2 * _PANEL - 10 - (CLOSED_MM - top[0]) / top[1] * (_PANEL - 30))
    cv2.line(canvas, (_MARGIN, closed), (width, closed), (0, 0, 200), 1)
    _curve(canvas, "width mm", seconds, shape.width, 2)
    return canvas


def _curve(
    canvas: Image, name: str, seconds: NDArray[np.float64], values: Floats, panel: int
) -> tuple[float, float]:
    """Draw a curve into a panel; its lowest value and its range."""
    low, span = float(values.min()), float(np.ptp(values)) or 1.0
    x = _MARGIN + seconds * WIDE
    y = (panel + 1) * _PANEL - 10 - (values - low) / span * (_PANEL - 30)
    points = np.stack([x, y], axis=1).astype(np.int32)[:, None]
    cv2.polylines(canvas, [points], isClosed=False, color=(30, 30, 30), thickness=1,
                  lineType=cv2.LINE_AA)  # fmt: skip
    _write(canvas, name, 2, panel * _PANEL + 14)
    _write(canvas, f"{low + span:.1f}", 2, panel * _PANEL + 30)
    _write(canvas, f"{low:.1f}", 2, (panel + 1) * _PANEL - 8)
    return low, span


def _write(canvas: Image, words: str, x: int, y: int) -> None:
    cv2.putText(canvas, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (60, 60, 60), 1, cv2.LINE_AA)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Plot the lips of a spoken sentence.")
    parser.add_argument("text")
    parser.add_argument("--voice", default="en-us")
    parser.add_argument("--decoder", default="rules")
    parser.add_argument("--emotion", default="")
    parser.add_argument("-o", "--output", type=Path, required=True)
    chosen = parser.parse_args()
    model = TalkingHead.from_pretrained("cpu")
    decoders = {"no motion": NoMotion(), **model.decoders}
    if chosen.decoder not in decoders:
        parser.error(f"no decoder {chosen.decoder!r}: give one of {', '.join(decoders)}")
    speech, phonemes = synthesise(chosen.text, chosen.voice)
    features = extract_features(speech, FPS)
    feeling = model.feel(chosen.emotion)
    motion = perform(decoders[chosen.decoder], features, feeling, model.model)
    picture = lip_plot(speech, phonemes, lip_shape(model.model, motion.expression), FPS)
    if not cv2.imwrite(str(chosen.output), picture):
        message = f"{chosen.output} cannot be written: give a .png in a folder that exists"
        raise OutputNotWritable(message)


if __name__ == "__main__":
    main()
