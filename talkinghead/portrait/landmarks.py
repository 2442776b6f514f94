"""Facial landmarks behind one return type: MediaPipe (embedded) or face-alignment (optional)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.errors import BackendMissing, BadOption

MAX_FACES = 16
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


class MediaPipeDetector:
    """MediaPipe 0.10.21's face mesh with irises; its models come inside the wheel."""

    name = "mediapipe"

    def __init__(self, *, tracking: bool = False) -> None:
        # MediaPipe writes its graph's chatter to standard error unless told not to.
        os.environ.setdefault("GLOG_minloglevel", "3")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        from mediapipe.python.solutions import face_detection, face_mesh

        self._tracking = tracking
        self._mesh: Any = face_mesh.FaceMesh(
            static_image_mode=not tracking,
            max_num_faces=1 if tracking else MAX_FACES,
            refine_landmarks=True,
            min_detection_confidence=0.4,
        )
        self._far: Any = None if tracking else face_detection.FaceDetection(model_selection=1)

    def detect(self, image: NDArray[np.uint8]) -> list[FaceLandmarks]:
        """All faces from left to right; see `LandmarkDetector`."""
        faces = self._meshes(image)
        if not faces and self._far is not None:
            faces = self._far_faces(image)
        return sorted(faces, key=lambda face: face.box[0])

    def _meshes(self, image: NDArray[np.uint8]) -> list[FaceLandmarks]:
        found = self._mesh.process(np.ascontiguousarray(image)).multi_face_landmarks or []
        size = np.array([image.shape[1], image.shape[0]], np.float32)
        return [
            FaceLandmarks(np.array([(p.x, p.y) for p in face.landmark], np.float32) * size)
            for face in found
        ]

    def _far_faces(self, image: NDArray[np.uint8]) -> list[FaceLandmarks]:
        """Small faces: find boxes with the full-range detector, then look at each one closely."""
        height, width = image.shape[:2]
        faces: list[FaceLandmarks] = []
        for found in self._far.process(np.ascontiguousarray(image)).detections or []:
            box = found.location_data.relative_bounding_box
            side = 2.0 * max(box.width * width, box.height * height)
            x, y = (box.xmin + box.width / 2) * width, (box.ymin + box.height / 2) * height
            left, top = max(0, int(x - side / 2)), max(0, int(y - side / 2))
            part = image[top : int(y + side / 2) + 1, left : int(x + side / 2) + 1]
            if min(part.shape[:2], default=0) > 0:
                faces += [
                    FaceLandmarks(face.points + np.array([left, top], np.float32))
                    for face in self._meshes(part)[:1]
                ]
        return faces


class FaceAlignmentDetector:
    """The face-alignment package (Bulat & Tzimiropoulos, ICCV 2017), 68 points in two dimensions.

    It returns a list, a tuple or None depending on what it found and how it was asked; here that
    becomes one type. It fetches its own weights on first use.
    """

    name = "face-alignment"

    def __init__(self, aligner: Any = None) -> None:
        self._aligner = _build_aligner() if aligner is None else aligner

    def detect(self, image: NDArray[np.uint8]) -> list[FaceLandmarks]:
        """All faces from left to right; see `LandmarkDetector`."""
        found = self._aligner.get_landmarks(image)
        if isinstance(found, tuple):  # (landmarks, scores, boxes) when it is asked for more
            found = found[0]
        faces = [FaceLandmarks(_as_points(points)) for points in found or []]
        return sorted(faces, key=lambda face: face.box[0])


def _build_aligner() -> Any:
    try:
        import face_alignment
    except ImportError as error:
        message = "face-alignment is not installed; run: pip install -r requirements-optional.txt"
        raise BackendMissing(message) from error
    try:
        return face_alignment.FaceAlignment(
            face_alignment.LandmarksType.TWO_D, device="cpu", compile=False
        )
    except OSError as error:  # urllib's URLError is one
        message = (
            f"face-alignment could not fetch its weights ({error}); connect once, or place "
            "2DFAN4-11f355bf06.pth.tar and s3fd-619a316812.pth in $TORCH_HOME/hub/checkpoints"
        )
        raise BackendMissing(message) from error


def _as_points(points: Sequence[Sequence[float]] | NDArray[np.generic]) -> Floats:
    return np.asarray(points, np.float32)[:, :2]
