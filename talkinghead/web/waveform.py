"""The timeline as a picture: the voice's waveform and the feelings that stand on it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from renderer.coefficients import Floats

if TYPE_CHECKING:
    from talkinghead.emotion.timeline import Keyframe

BARS = 120
WIDTH, HEIGHT = 560, 150
_MIDDLE, _HALF = 92, 34
_LABEL_ROWS = (18, 40)
_EDGE = 7.0  # so that no mark is cut off
_SECONDS_WITHOUT_SOUND = 10.0
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120)
_MOST_STEPS = 7


def bars_of(waveform: Floats, count: int = BARS) -> Floats:
    """(count,) loudest sample of each part of a recording, scaled to 0..1.

    Args:
        waveform: (N,) -1..1.
        count: of parts.
    """
    padded = np.zeros(max(count, -(-len(waveform) // count) * count), np.float32)
    padded[: len(waveform)] = np.abs(waveform)
    loudest = padded.reshape(count, -1).max(axis=1)
    return np.asarray(loudest / max(float(loudest.max()), 1e-3), np.float32)


def timeline_picture(
    keyframes: Sequence[Keyframe], seconds: float | None = None, bars: Floats | None = None
) -> str:
    """SVG of the waveform and its keyframes; a click on it is turned into a time by the page.

    Args:
        keyframes: in ascending time.
        seconds: length of the recording; None = not known yet.
        bars: from `bars_of`.

    Returns:
        SVG text; the root carries `data-seconds`, every keyframe `data-index`.
    """
    length = seconds or max([_SECONDS_WITHOUT_SOUND, *(1.1 * key.time for key in keyframes)])
    drawn = _waveform(bars) + _scale(length) if bars is not None else _empty() + _scale(length)
    marks = "".join(_mark(index, key, length) for index, key in enumerate(keyframes))
    count = "1 feeling" if len(keyframes) == 1 else f"{len(keyframes)} feelings"
    label = f"The voice, {length:.1f} seconds, with {count} on it" if seconds else "The timeline"
    return (
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {HEIGHT}" data-seconds="{length:.4f}" '
        f'role="group" aria-label="{label}">{drawn}{marks}</svg>'
    )


def _waveform(bars: Floats) -> str:
    step = WIDTH / len(bars)
    path = "".join(
        f"M{(index + 0.5) * step:.1f} {_MIDDLE - reach:.1f}V{_MIDDLE + reach:.1f}"
        for index, reach in enumerate(1.0 + _HALF * bars)
    )
    return f'<path class="wave" d="{path}" stroke-width="{step * 0.55:.2f}"/>'


def _empty() -> str:
    words = "Add a voice to see it here"
    return (
        f'<line class="wave" x1="0" x2="{WIDTH}" y1="{_MIDDLE}" y2="{_MIDDLE}"/>'
        f'<text class="hint" x="{WIDTH / 2}" y="{_MIDDLE - 12}">{words}</text>'
    )


def _scale(seconds: float) -> str:
    step = next((one for one in _STEPS if seconds / one <= _MOST_STEPS), _STEPS[-1])
    return "".join(
        f'<text class="scale" x="{WIDTH * at / seconds:.1f}" y="{HEIGHT - 4}">{at:g} s</text>'
        for at in np.arange(step, seconds - 0.3 * step, step).round(3).tolist()
    )


def _mark(index: int, key: Keyframe, seconds: float) -> str:
    """A line with its feeling; a click or the Enter key on it takes it away."""
    x = min(max(WIDTH * key.time / seconds, _EDGE), WIDTH - _EDGE)
    y = _LABEL_ROWS[index % len(_LABEL_ROWS)]
    feeling = html.escape(key.prompt if len(key.prompt) <= 22 else f"{key.prompt[:21]}…")
    anchor = "end" if x > 0.8 * WIDTH else "start"
    beside = x - 10 if anchor == "end" else x + 10
    strength = 1.0 if key.intensity is None else 0.35 + 0.65 * key.intensity
    return (
        f'<g class="mark" data-index="{index}" tabindex="0" role="button" '
        f'aria-label="Remove {html.escape(key.prompt)} at {key.time:g} seconds">'
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 5}" y2="{HEIGHT - 20}"/>'
        f'<circle cx="{x:.1f}" cy="{y - 5}" r="6" fill-opacity="{strength:.2f}"/>'
        f'<text x="{beside:.1f}" y="{y}" text-anchor="{anchor}">{feeling}</text></g>'
    )
