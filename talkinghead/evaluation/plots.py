"""Figures as drawings: bars with their intervals as SVG, frames side by side as a contact sheet."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_WIDTH, _ROW, _LABEL = 420, 22, 130
_COLOUR = "#0f766e"
MOST_COLUMNS = 8
_CELL = 128


def bars(title: str, figures: Mapping[str, Mapping[str, object]]) -> str:
    """One horizontal bar a row with its 95 % interval, as SVG.

    Args:
        title: of the drawing.
        figures: name to what `statistics.summary` gives; rows without a mean are left out.
    """
    known = {name: one for name, one in figures.items() if one.get("mean") is not None}
    ends = [float(str(one["mean"])) for one in known.values()]
    ends += [float(end) for one in known.values() for end in _interval(one)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    scale = (_WIDTH - _LABEL - 60) / ((high - low) or 1.0)

    def place(value: float) -> float:
        return _LABEL + (value - low) * scale

    parts = []
    for row, (name, one) in enumerate(known.items()):
        top, mean = 26 + row * _ROW, float(str(one["mean"]))
        left, right = sorted((place(0.0), place(mean)))
        parts.append(
            f'<text x="{_LABEL - 6}" y="{top + 12}" text-anchor="end">{html.escape(name)}</text>'
            f'<rect x="{left:.1f}" y="{top}" width="{max(right - left, 0.5):.1f}" height="15"'
            f' fill="{_COLOUR}"/><text x="{place(high) + 6:.1f}" y="{top + 12}">{mean:.4g}</text>'
        )
        span = _interval(one)
        if span:
            parts.append(
                f'<line x1="{place(span[0]):.1f}" x2="{place(span[1]):.1f}" y1="{top + 7.5}"'
                f' y2="{top + 7.5}" stroke="#222" stroke-width="2"/>'
            )
    height = 32 + _ROW * len(known)
    return (
        f'<svg role="img" aria-label="{html.escape(title)}" width="{_WIDTH}" height="{height}"'
        ' xmlns="http://www.w3.org/2000/svg" font-family="system-ui" font-size="12">'
        f'<text x="0" y="14" font-weight="bold">{html.escape(title)}</text>{"".join(parts)}</svg>'
    )


def _interval(figure: Mapping[str, object]) -> tuple[float, float] | tuple[()]:
    given = figure.get("interval")
    if isinstance(given, list | tuple) and len(given) == 2:
        return float(given[0]), float(given[1])
    return ()


def sheet(rows: Mapping[str, Sequence[Image]]) -> Image:
    """(H, W, 3) uint8: one row a name, its name in the corner, pictures side by side.

    Args:
        rows: at least one picture each; the first `MOST_COLUMNS`, evenly chosen, are shown.
    """
    strips = []
    for name, pictures in rows.items():
        chosen = np.linspace(0, len(pictures) - 1, min(len(pictures), MOST_COLUMNS)).astype(int)
        cells = [
            cv2.resize(pictures[at], (_CELL, _CELL), interpolation=cv2.INTER_AREA) for at in chosen
        ]
        strip = np.ascontiguousarray(np.hstack(cells))
        cv2.rectangle(strip, (0, 0), (8 * len(name) + 8, 16), (255, 255, 255), cv2.FILLED)
        cv2.putText(strip, name, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
        strips.append(strip)
    width = max(strip.shape[1] for strip in strips)
    padded = [np.pad(one, ((0, 0), (0, width - one.shape[1]), (0, 0))) for one in strips]
    return np.asarray(np.vstack(padded), np.uint8)


def as_image_tag(name: str, picture: Image) -> str:
    """An HTML image that carries its own bytes."""
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    words = base64.b64encode(bytes(data)).decode()
    title = html.escape(name)
    return f'<h2>{title}</h2><img alt="{title}" src="data:image/jpeg;base64,{words}">'
