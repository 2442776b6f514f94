"""Clips and photos to a pack of fitted face crops, which the generator trains on.

    python -m talkinghead.training.data --clips DIR --portraits DIR -o PACK

A pack is a folder of shards, one for each clip and one for every `PHOTOS_A_SHARD` photos. A shard
is an .npz file without pickles, at most 60 MB. Nothing of a pack is shipped.
"""

from __future__ import annotations

import argparse
import csv
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.camera import DISTANCE_CM, Camera
from renderer.coefficients import Floats
from renderer.face_model import FaceModel
from talkinghead.portrait.fit import FaceFit, FaceFitter
from talkinghead.portrait.framing import square_around
from talkinghead.portrait.landmarks import LandmarkDetector, landmark_detector
from talkinghead.portrait.photo import read_photo
from talkinghead.portrait.residual import landmark_residual
from talkinghead.portrait.track import followed
from talkinghead.training.shards import SIDE, Shard
from talkinghead.video.read import read_video
from talkinghead.weights import load_weights

TIERS = frozenset({"clean", "repo"})
"""What shipped weights may be trained on (data/README.md)."""
FACTOR = 2.1
"""Side of a stored crop in units of the face's larger extent."""
JPEG_QUALITY = 95
PICTURES_A_CLIP = 250
PICTURES_A_PERSON = 1500
PHOTOS_A_SHARD = 200
LARGEST_FIT_ERROR = 0.06
"""Outer eye distances; above it the fit has failed (half the faces lie below 0.02)."""

logger = logging.getLogger(__name__)


class Packer:
    """Finds, fits and cuts faces.

    Args:
        model: the face model.
        side: pixels of a stored crop.
    """

    def __init__(self, model: FaceModel, side: int = SIDE) -> None:
        self._fitter = FaceFitter(model, model.landmarks)
        self._side = side

    def clip(self, frames: Iterable[NDArray[np.uint8]], person: str) -> Shard | None:
        """Track a clip and keep at most `PICTURES_A_CLIP` of its frames, evenly.

        Returns:
            None if no face can be followed.
        """
        seen = [(frame, points) for frame, points in followed(frames) if points is not None]
        if len(seen) < 2:
            return None
        points = np.stack([one for _, one in seen])
        fit = self._fitter.fit_clip(points)
        box = square_around(points.reshape(-1, 2), seen[0][0].shape, FACTOR)
        count = min(len(seen), PICTURES_A_CLIP)
        rows = np.unique(np.linspace(0, len(seen) - 1, count).astype(np.int64))
        rows = rows[fit.error[rows] < LARGEST_FIT_ERROR]
        if len(rows) < 2:
            return None
        pictures = [(seen[row][0], points[row], box, fit.picture(int(row))) for row in rows]
        return _shard(
            pictures,
            np.concatenate([fit.expression, fit.rotation], axis=1),
            rows,
            person,
            self._side,
        )

    def photos(self, photos: Iterable[NDArray[np.uint8]]) -> Shard | None:
        """Fit photos, each of another person.

        Returns:
            None if no face was found in any.
        """
        detector = landmark_detector("mediapipe")
        pictures = []
        for photo in photos:
            points = _largest(detector, photo)
            if points is None:
                continue
            fit = self._fitter.fit(points[None])
            if fit.error[0] < LARGEST_FIT_ERROR:
                pictures.append((photo, points, square_around(points, photo.shape, FACTOR), fit))
        if not pictures:
            return None
        track = [np.concatenate([one[3].expression, one[3].rotation], axis=1) for one in pictures]
        rows = np.arange(len(pictures))
        return _shard(pictures, np.concatenate(track), rows, "", self._side)


def _largest(detector: LandmarkDetector, picture: NDArray[np.uint8]) -> Floats | None:
    faces = detector.detect(picture)
    if not faces:
        return None
    return detector.settle(picture, max(faces, key=lambda face: face.width)).points


Picture = tuple[NDArray[np.uint8], Floats, tuple[int, int, int, int], FaceFit]
"""The whole picture, its landmarks, the box to cut and the fit."""


def _shard(
    pictures: Sequence[Picture], track: Floats, rows: NDArray[np.int64], person: str, side: int
) -> Shard:
    jpegs, landmarks, focal, centre, residual = [], [], [], [], []
    for picture, points, (left, top, right, bottom), fit in pictures:
        scale = side / (right - left)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        cut = cv2.resize(picture[top:bottom, left:right], (side, side), interpolation=how)
        jpegs.append(
            cv2.imencode(".jpg", cut[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
        )
        landmarks.append((points - (left, top)) * scale)
        x, y = fit.origin[0]
        camera = Camera(float(fit.scale[0]) * DISTANCE_CM, (float(x), float(y)))
        camera = camera.seen_from((left, top), scale)
        focal.append(camera.focal)
        centre.append(camera.centre)
        residual.append(landmark_residual(fit, points))
    return Shard(
        jpeg=np.concatenate([np.ravel(one) for one in jpegs]),
        jpeg_stop=np.cumsum([one.size for one in jpegs]).astype(np.int64),
        landmarks=np.stack(landmarks).astype(np.float32),
        identity=np.stack([one[3].identity for one in pictures]),
        expression=np.concatenate([one[3].expression for one in pictures]),
        rotation=np.concatenate([one[3].rotation for one in pictures]),
        focal=np.array(focal, np.float32),
        centre=np.array(centre, np.float32),
        residual=np.stack(residual).astype(np.float16),
        track=track.astype(np.float32),
        row=np.asarray(rows, np.int64),
        person=np.array(person),
    )


def chosen_clips(folder: Path, smallest: float = 0.0) -> Iterator[tuple[Path, str]]:
    """(file, person) of the clips to train on, no person with many more frames than the others.

    Args:
        folder: with index.csv and train/.
        smallest: pixels that a face must measure.
    """
    by_person: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _index(folder, smallest):
        by_person[row["identity"]].append(row)
    for person, rows in sorted(by_person.items()):
        frames = [min(float(row["seconds"]) * float(row["fps"]), PICTURES_A_CLIP) for row in rows]
        share = min(1.0, PICTURES_A_PERSON / sum(frames))
        count = max(1, round(share * len(rows)))
        for index in np.linspace(0, len(rows) - 1, count).astype(int):
            yield folder / "train" / rows[index]["file"], person


def chosen_photos(folder: Path, smallest: float = 0.0) -> list[Path]:
    """The photos to train on; see `chosen_clips`."""
    return [folder / "train" / row["file"] for row in _index(folder, smallest)]


def _index(folder: Path, smallest: float) -> list[dict[str, str]]:
    with (folder / "index.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [
        row
        for row in rows
        if row["split"] == "train"
        and row["tier"] in TIERS
        and (not smallest or float(row["face_px"]) >= smallest)
    ]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clips", type=Path, help="folder with index.csv and train/")
    parser.add_argument("--portraits", type=Path, help="folder with index.csv and train/")
    parser.add_argument("--side", type=int, default=SIDE, help="pixels of a stored crop")
    parser.add_argument("--smallest-face", type=float, default=0.0, help="pixels; less is left out")
    parser.add_argument("-o", "--output", type=Path, required=True)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    chosen.output.mkdir(parents=True, exist_ok=True)
    packer = Packer(FaceModel.from_tensors(load_weights("face_model")), chosen.side)
    if chosen.clips:
        for path, person in chosen_clips(chosen.clips, chosen.smallest_face):
            target = chosen.output / f"clip_{path.stem}.npz"
            if not target.exists():
                with read_video(path) as frames:
                    _save(packer.clip(frames, person), target)
    if chosen.portraits:
        files = chosen_photos(chosen.portraits, chosen.smallest_face)
        for start in range(0, len(files), PHOTOS_A_SHARD):
            target = chosen.output / f"photos_{start:05d}.npz"
            if not target.exists():
                part = files[start : start + PHOTOS_A_SHARD]
                _save(packer.photos(read_photo(path) for path in part), target)


def _save(shard: Shard | None, path: Path) -> None:
    if shard is None:
        logger.info("%s: no face to follow, left out", path.name)
        return
    shard.write(path)
    logger.info("%s: %d pictures, %.1f MB", path.name, len(shard), path.stat().st_size / 1e6)


if __name__ == "__main__":
    main()
