"""Facial landmarks behind one return type: MediaPipe (embedded) or face-alignment (optional)."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.errors import BackendMissing, BadOption
from talkinghead.portrait.framing import square_around

MAX_FACES = 16
SETTLING = 8
"""How many more times one picture is looked at until MediaPipe's answer stands."""
_SURROUNDINGS = 2.0  # side of the square in which a face is looked at again, in faces
_TILES = (2, 4)
_SMALLEST_TILE = 160  # pixels; smaller ones hold no usable face, and noise looks like one
_LARGE_FACE = 0.2  # of the photo's width: no group photo
_LARGE_PHOTO = 700  # pixels; in a smaller photo smaller faces could not be used anyway
_MEDIAPIPE_COUNT = 478
_IBUG_COUNT = 68


@dataclass(frozen=True)
class FaceLandmarks:
    """The landmarks of one face.

    Attributes:
        points: (L, 2) float32 pixels, x right, y down; L = 478 (MediaPipe) or 68 (iBUG).
    """

    points: Floats

    def __post_init__(self) -> None:
        """Only the two layouts that the face model knows."""
        if self.points.shape not in {(_MEDIAPIPE_COUNT, 2), (_IBUG_COUNT, 2)}:
            message = f"landmarks have shape {self.points.shape}, expected (478, 2) or (68, 2)"
            raise ValueError(message)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) in pixels."""
        left, top = self.points.min(0)
        right, bottom = self.points.max(0)
        return float(left), float(top), float(right), float(bottom)

    @property
    def width(self) -> float:
        """Width of the face in pixels."""
        return self.box[2] - self.box[0]


class LandmarkDetector(Protocol):
    """Finds faces in a picture."""

    name: str

    def detect(self, image: NDArray[np.uint8]) -> list[FaceLandmarks]:
        """All faces of an (H, W, 3) uint8 RGB picture, from left to right; none = empty list."""

    def settle(self, image: NDArray[np.uint8], face: FaceLandmarks) -> FaceLandmarks:
        """One of the faces that `detect` found, its landmarks more exact where that is possible."""


def landmark_detector(name: str = "mediapipe", *, tracking: bool = False) -> LandmarkDetector:
    """Build a detector by name.

    Args:
        name: "mediapipe" or "face-alignment".
        tracking: True for the successive frames of one clip: faster, less jitter, one face.

    Raises:
        BadOption: for another name.
        BackendMissing: if the optional package is not installed.
    """
    if name == "mediapipe":
        return MediaPipeDetector(tracking=tracking)
    if name == "face-alignment":
        return FaceAlignmentDetector()
    message = f"landmark backend is {name!r}, expected mediapipe or face-alignment"
    raise BadOption(message)


@contextmanager
def without_chatter() -> Iterator[None]:
    """Keep the warnings that MediaPipe's C++ prints while it starts off standard error.

    Standard error is for one clear line of ours; no setting of MediaPipe's stops these.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class MediaPipeDetector:
    """MediaPipe 0.10.21's face mesh with irises; its models come inside the wheel."""

    name = "mediapipe"

    def __init__(self, *, tracking: bool = False) -> None:
        self._tracking = tracking
        self._quiet = False  # its chatter ends with the first face
        self._settler: MediaPipeDetector | None = None
        self._one_at_a_time = threading.Lock()  # two at once break its graph, and for good
        with without_chatter():
            from mediapipe.python.solutions import face_mesh

            self._mesh: Any = face_mesh.FaceMesh(
                static_image_mode=not tracking,
                max_num_faces=1 if tracking else MAX_FACES,
                refine_landmarks=True,
                min_detection_confidence=0.4,
            )
            self._mesh.process(np.zeros((64, 64, 3), np.uint8))  # waits until its threads run

    def detect(self, image: NDArray[np.uint8]) -> list[FaceLandmarks]:
        """All faces from left to right; see `LandmarkDetector`."""
        faces = self._meshes(image)
        if not self._tracking:
            faces = self._with_small_faces(image, faces)
        return sorted(faces, key=lambda face: face.box[0])

    def settle(self, image: NDArray[np.uint8], face: FaceLandmarks) -> FaceLandmarks:
        """Look again and again, each time cut out by the last answer.

        The first answer depends on how the face detector happened to cut the face out. Shift and
        scale of the picture change it by 1.0 pixels of a face of 200, the settled one by 0.3.
        """
        with self._one_at_a_time:
            self._settler = self._settler or MediaPipeDetector(tracking=True)
        left, top, right, bottom = square_around(face.points, image.shape, _SURROUNDINGS)
        near, offset = image[top:bottom, left:right], np.array([left, top], np.float32)
        found = [
            FaceLandmarks(one.points + offset) for one in self._settler.again(near, 1 + SETTLING)
        ]
        return found[0] if found and _same_face(found[0], face) else face

    def again(self, image: NDArray[np.uint8], times: int) -> list[FaceLandmarks]:
        """The last answer to one picture, looked at so many times by a tracker that forgets."""
        with self._one_at_a_time:
            self._mesh.reset()
            for _ in range(times):
                faces = self._found(image)
        return faces

    def _with_small_faces(
        self, image: NDArray[np.uint8], faces: list[FaceLandmarks]
    ) -> list[FaceLandmarks]:
        """Look again in overlapping tiles where the faces are small, as in a group, or missing."""
        height, width = image.shape[:2]
        for tiles in _TILES:
            if min(height, width) < tiles * _SMALLEST_TILE:
                break
            largest = max((face.width for face in faces), default=0.0)
            if faces and (largest > _LARGE_FACE * width or min(height, width) < _LARGE_PHOTO):
                break
            for rows, columns in _tiles(height, width, tiles):
                offset = np.array([columns.start, rows.start], np.float32)
                for found in self._meshes(image[rows, columns]):
                    face = FaceLandmarks(found.points + offset)
                    if not any(_same_face(face, known) for known in faces):
                        faces.append(face)
        return faces

    def _meshes(self, image: NDArray[np.uint8]) -> list[FaceLandmarks]:
        with self._one_at_a_time:
            return self._found(image)

    def _found(self, image: NDArray[np.uint8]) -> list[FaceLandmarks]:
        with nullcontext() if self._quiet else without_chatter():
            found = self._mesh.process(np.ascontiguousarray(image)).multi_face_landmarks or []
        self._quiet = self._quiet or bool(found)
        size = np.array([image.shape[1], image.shape[0]], np.float32)
        return [
            FaceLandmarks(np.array([(p.x, p.y) for p in face.landmark], np.float32) * size)
            for face in found
        ]


def _tiles(height: int, width: int, count: int) -> Iterator[tuple[slice, slice]]:
    """Tiles that overlap by half, `count` across each side plus those between them."""
    tall, wide = -(-height // count), -(-width // count)
    for row in range(2 * count - 1):
        for column in range(2 * count - 1):
            top, left = row * tall // 2, column * wide // 2
            yield slice(top, min(top + tall, height)), slice(left, min(left + wide, width))


def _same_face(first: FaceLandmarks, second: FaceLandmarks) -> bool:
    """Whether two finds are one face: their centres are closer than half a face."""
    distance = np.linalg.norm(first.points.mean(0) - second.points.mean(0))
    return float(distance) < 0.5 * max(first.width, second.width)


class Aligner(Protocol):
    """The one call of the face-alignment package that is used."""

    def get_landmarks(self, image_or_path: NDArray[np.uint8]) -> object:
        """A list of (68, 2 or 3) arrays, a tuple that starts with one, or None."""


class FaceAlignmentDetector:
    """The face-alignment package (Bulat & Tzimiropoulos, ICCV 2017), 68 points in two dimensions.

    It returns a list, a tuple or None depending on what it found and how it was asked; here that
    becomes one type. It fetches its own weights on first use.
    """

    name = "face-alignment"

    def __init__(self, aligner: Aligner | None = None) -> None:
        self._aligner = _build_aligner() if aligner is None else aligner

    def detect(self, image: NDArray[np.uint8]) -> list[FaceLandmarks]:
        """All faces from left to right; see `LandmarkDetector`."""
        found = self._aligner.get_landmarks(image)
        if isinstance(found, tuple):  # (landmarks, scores, boxes) when it is asked for more
            found = found[0]
        if found is None:
            return []
        if not isinstance(found, list):
            message = f"face-alignment returned {type(found).__name__}, expected a list"
            raise TypeError(message)
        faces = [FaceLandmarks(np.asarray(points, np.float32)[:, :2]) for points in found]
        return sorted(faces, key=lambda face: face.box[0])

    def settle(self, image: NDArray[np.uint8], face: FaceLandmarks) -> FaceLandmarks:
        """The face itself: a second look would be the same."""
        return face


def _build_aligner() -> Aligner:
    try:
        import face_alignment
    except ImportError as error:
        message = "face-alignment is not installed; run: pip install -r requirements-optional.txt"
        raise BackendMissing(message) from error
    try:
        aligner: Aligner = face_alignment.FaceAlignment(
            face_alignment.LandmarksType.TWO_D, device="cpu", compile=False
        )
    except OSError as error:  # urllib's URLError is one
        message = (
            f"face-alignment could not fetch its weights ({error}); connect once, or place "
            "2DFAN4-11f355bf06.pth.tar and s3fd-619a316812.pth in $TORCH_HOME/hub/checkpoints"
        )
        raise BackendMissing(message) from error
    return aligner
