"""The files of a training pack: fitted face crops of one clip, or of a few hundred photos."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.camera import Camera
from renderer.coefficients import Floats
from talkinghead.errors import TalkingHeadError

SIDE = 320
"""Pixels of a stored picture: room to cut 256 from, moved, turned and scaled."""


@dataclass(frozen=True)
class Shard:
    """N fitted pictures, from one clip or from N photos.

    Attributes:
        jpeg: (bytes,) uint8, all pictures, SIDE x SIDE RGB, one after the other.
        jpeg_stop: (N,) int64, where each ends.
        landmarks: (N, 478, 2) float32 pixels of the stored picture.
        identity: (N, Ki) float32.
        expression: (N, 52) float32.
        rotation: (N, 3) float32 radians.
        focal: (N,) float32 pixels.
        centre: (N, 2) float32 pixels; the head's translation is 0 for the camera of each picture.
        residual: (N, 478, 3) float16 cm, what the fit leaves at the landmarks, head frame.
        track: (T, 55) float32 expression and rotation of every frame of the clip; T = N for photos.
        row: (N,) int64 the picture's row of the track.
        person: () str, the identity in the clip; "" for photos, each of which is another person.
    """

    jpeg: NDArray[np.uint8]
    jpeg_stop: NDArray[np.int64]
    landmarks: Floats
    identity: Floats
    expression: Floats
    rotation: Floats
    focal: Floats
    centre: Floats
    residual: NDArray[np.float16]
    track: Floats
    row: NDArray[np.int64]
    person: NDArray[np.str_]

    def __len__(self) -> int:
        """N."""
        return len(self.row)

    @property
    def is_clip(self) -> bool:
        """Whether all pictures show one person."""
        return bool(self.person != "")

    def picture(self, index: int) -> NDArray[np.uint8]:
        """(SIDE, SIDE, 3) uint8 RGB."""
        start = int(self.jpeg_stop[index - 1]) if index else 0
        data = self.jpeg[start : int(self.jpeg_stop[index])]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1], np.uint8)

    def camera(self, index: int) -> Camera:
        """The camera on the stored picture."""
        x, y = self.centre[index]
        return Camera(float(self.focal[index]), (float(x), float(y)))

    def window(self, index: int, radius: int) -> Floats:
        """(2 radius + 1, 55) the track around a picture, held at its ends; photos stand still."""
        row = int(self.row[index])
        if not self.is_clip:
            return np.repeat(self.track[row : row + 1], 2 * radius + 1, axis=0)
        rows = np.clip(np.arange(row - radius, row + radius + 1), 0, len(self.track) - 1)
        return self.track[rows]

    def write(self, path: Path) -> None:
        """Write atomically."""
        temporary = path.with_suffix(".part")
        with temporary.open("wb") as stream:
            np.savez(stream, **{one.name: getattr(self, one.name) for one in fields(self)})
        temporary.replace(path)


def read_shard(path: Path) -> Shard:
    """Read one shard."""
    with np.load(path, allow_pickle=False) as arrays:
        return Shard(**{one.name: arrays[one.name] for one in fields(Shard)})


def read_pack(folder: Path) -> list[Shard]:
    """All shards of a pack in the order of their names.

    Raises:
        TalkingHeadError: if there are none.
    """
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        message = (
            f"no shards in {folder}; make them: python -m talkinghead.training.data -o {folder}"
        )
        raise TalkingHeadError(message)
    return [read_shard(path) for path in paths]
