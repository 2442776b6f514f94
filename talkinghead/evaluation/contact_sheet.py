"""Look at faces: one row a portrait, one column a pose or a feeling.

python -m talkinghead.evaluation.contact_sheet PHOTO [PHOTO ...] -o sheet.jpg
python -m talkinghead.evaluation.contact_sheet PHOTO -o sheet.jpg --emotions happy angry sad
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from renderer.geometric import GeometricRenderer
from talkinghead.errors import TalkingHeadError
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.fitter import Portrait
from talkinghead.portrait.framing import crop_view

Image = NDArray[np.uint8]
logger = logging.getLogger(__name__)

POSES: Mapping[str, tuple[Mapping[str, float], tuple[float, float, float]]] = {
    "photo": ({}, (0, 0, 0)),
    "jaw open": ({"jawOpen": 0.35}, (0, 0, 0)),
    "smile": ({"mouthSmile": 0.8, "cheekSquint": 0.5, "mouthUpperUp": 0.2}, (0, 0, 0)),
    "blink": ({"eyeBlink": 1.0}, (0, 0, 0)),
    "turned 15°": ({}, (0, 15, 0)),
    "pucker, nod": ({"mouthPucker": 0.8, "jawOpen": 0.08, "browInnerUp": 0.8}, (8, -12, 0)),
    "gaze, teeth": (
        {"eyeLookOutLeft": 0.8, "eyeLookInRight": 0.8, "jawOpen": 0.15, "mouthUpperUp": 0.5,
         "mouthLowerDown": 0.5}, (0, 0, 6),
    ),
}  # fmt: skip
"""Blendshape weights (a stem sets both sides), and pitch, yaw, roll in degrees to add."""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Render a contact sheet.")
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--emotions", nargs="+", metavar="TEXT")
    parser.add_argument("--intensity", type=float)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    model = TalkingHead.from_pretrained()
    rows, errors, likenesses = [], [], []
    for path in chosen.photos:
        try:
            portrait = model.fit(path)
        except TalkingHeadError as error:
            logger.info("%s: %s", path.name, error)
            continue
        errors.append(100 * portrait.fit_error)
        likenesses.append(still_psnr(model, portrait, chosen.size))
        logger.info("%s: fit %.2f %%, still %.1f dB", path.name, errors[-1], likenesses[-1])
        if chosen.emotions:
            feelings = [model.feel(text, chosen.intensity) for text in chosen.emotions]
            rows.append(np.hstack([model.preview(portrait, one, chosen.size) for one in feelings]))
        else:
            rows.append(np.hstack(list(posed(model, portrait, chosen.size))))
    if not rows:
        logger.info("no portrait could be used; no sheet is written")
        return
    logger.info(
        "%d portraits: fit error median %.2f %%, worst %.2f %%; still face worst %.1f dB",
        len(rows), np.median(errors), max(errors), min(likenesses),
    )  # fmt: skip
    labels = chosen.emotions or list(POSES)
    sheet = np.vstack([_header(labels, chosen.size), *rows])
    cv2.imwrite(str(chosen.output), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def still_psnr(model: TalkingHead, portrait: Portrait, size: int) -> float:
    """PSNR in dB between the photo's crop and the renderer's frame of the photo's own motion."""
    view = crop_view(portrait.source, size)
    frame = next(GeometricRenderer(model.model, view).render(view.motion))
    error = ((frame.astype(np.float64) - view.image) ** 2).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def posed(model: TalkingHead, portrait: Portrait, size: int) -> Iterable[Image]:
    """The portrait in each of `POSES`, (size, size, 3) uint8 RGB."""
    rest = portrait.resting
    tracks = []
    for weights, degrees in POSES.values():
        expression = rest.expression.copy()
        for name, value in weights.items():
            names = (name,) if name in ARKIT_INDEX else (f"{name}Left", f"{name}Right")
            expression[0, [ARKIT_INDEX[one] for one in names]] = value
        turned = rest.rotation + np.radians(np.array([degrees])).astype(np.float32)
        tracks.append(np.concatenate([expression, turned, rest.translation], axis=1))
    motion = MotionCoefficients.from_array(np.concatenate(tracks), 25.0)
    return GeometricRenderer(model.model, crop_view(portrait.source, size)).render(motion)


def _header(labels: Iterable[str], size: int) -> Image:
    """A strip with one label over each column."""
    strips = []
    for label in labels:
        strip = np.full((28, size, 3), 255, np.uint8)
        short = label.replace("°", " deg")
        cv2.putText(
            strip, short, (6, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA
        )
        strips.append(strip)
    return np.hstack(strips)


if __name__ == "__main__":
    main()
