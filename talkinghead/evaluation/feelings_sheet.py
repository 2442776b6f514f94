"""The emotion bank as one picture: a face that wears every feeling.

python -m talkinghead.evaluation.feelings_sheet PHOTO -o docs/images/bank.jpg
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import MotionCoefficients
from renderer.geometric import GeometricRenderer
from talkinghead.emotion.bank import load_bank
from talkinghead.emotion.release import with_release
from talkinghead.motion.wearing import wear
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.fitter import Portrait
from talkinghead.portrait.framing import crop_view, square_around

Image = NDArray[np.uint8]
COLUMNS = 9
FACE_FACTOR = 1.25
"""Side of a tile in units of the face's larger extent: the sheet shows faces, not shoulders."""
STRIP = 16
QUALITY = 70
logger = logging.getLogger(__name__)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Render the emotion bank on one portrait.")
    parser.add_argument("photo", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--size", type=int, default=256, help="of the crop that tiles are cut of")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    model = TalkingHead.from_pretrained()
    sheet = bank_sheet(model, model.fit(chosen.photo), chosen.size)
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    picture = cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(chosen.output), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    logger.info("wrote %s, %d kB", chosen.output, chosen.output.stat().st_size // 1000)


def bank_sheet(model: TalkingHead, portrait: Portrait, size: int) -> Image:
    """(H, W, 3): all feelings of the bank at full strength, in its order, with their names."""
    tiles = []
    points = crop_view(portrait.source, size).landmarks
    left, top, right, bottom = square_around(points, (size, size), FACE_FACTOR)
    for feeling, face in zip(load_bank().feelings, bank_faces(model, portrait, size), strict=True):
        tiles.append(np.vstack([face[top:bottom, left:right], _label(feeling.name, right - left)]))
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    return np.asarray(np.vstack(rows), np.uint8)


def bank_faces(model: TalkingHead, portrait: Portrait, size: int) -> list[Image]:
    """A portrait wearing each feeling of the bank at full strength, (size, size, 3) each."""
    rest = portrait.resting
    worn = [
        np.concatenate(
            [wear(rest.expression[0], with_release(feeling)), rest.rotation[0] + feeling.head,
             rest.translation[0]]
        )
        for feeling in load_bank().feelings
    ]  # fmt: skip
    motion = MotionCoefficients.from_array(np.stack(worn), rest.fps)
    return list(GeometricRenderer(model.model, crop_view(portrait.source, size)).render(motion))


def _label(name: str, width: int) -> Image:
    strip = np.full((STRIP, width, 3), 255, np.uint8)
    cv2.putText(strip, name, (3, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.33, (40, 40, 40), 1, cv2.LINE_AA)
    return strip


if __name__ == "__main__":
    main()
