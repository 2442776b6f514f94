"""Whether a face stands on its head.

The landmarker finds a mouth on any forehead: a photo upside down would be animated. MediaPipe's
face detector (BlazeFace, Bazarevsky et al. 2019) is surer of a face that stands upright.
"""

from __future__ import annotations

import threading
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from talkinghead.errors import FaceTurnedAway
from talkinghead.portrait.landmarks import FaceLandmarks, without_chatter

SIDE = 256
SURROUNDINGS = 0.6
"""Share of the face's size that is seen beyond it on every side."""
LEAST_CERTAIN = 0.05
SURER = 0.1
"""How much surer of the turned face the detector must be. Of 452 portraits the right way up it was
for none, of 111 upside down for 104."""


class UprightCheck:
    """Refuses faces that stand on their head; safe to share by threads."""

    def __init__(self) -> None:
        self._detection: Any = None
        self._one_at_a_time = threading.Lock()

    def __call__(self, photo: NDArray[np.uint8], face: FaceLandmarks) -> None:
        """Look at one face of an (H, W, 3) RGB photo.

        Raises:
            FaceTurnedAway: it stands on its head.
        """
        view = _view(photo, face)
        with self._one_at_a_time:
            gain = self._certainty(view[::-1, ::-1]) - self._certainty(view)
        if gain > SURER:
            message = (
                "the face stands on its head; turn the photo by 180°, so that the eyes are above "
                "the mouth, and try again"
            )
            raise FaceTurnedAway(message)

    def _certainty(self, view: NDArray[np.uint8]) -> float:
        """0..1 that there is an upright face."""
        if self._detection is None:
            self._detection = _loaded_detection()
        found = self._detection.process(np.ascontiguousarray(view)).detections or []
        return max((float(one.score[0]) for one in found), default=0.0)


def _loaded_detection() -> Any:  # noqa: ANN401 - MediaPipe has no types
    with without_chatter():
        from mediapipe.python.solutions import face_detection

        detection = face_detection.FaceDetection(min_detection_confidence=LEAST_CERTAIN)
        detection.process(np.zeros((64, 64, 3), np.uint8))  # waits until its threads run
    return detection


def _view(photo: NDArray[np.uint8], face: FaceLandmarks) -> NDArray[np.uint8]:
    """(SIDE, SIDE, 3) the face in its middle; beyond the photo its edge repeats."""
    left, top, right, bottom = face.box
    reach = max(right - left, bottom - top) * (0.5 + SURROUNDINGS)
    scale = 0.5 * SIDE / reach
    middle = 0.5 * SIDE - scale * np.array([left + right, top + bottom]) / 2
    matrix = np.array([[scale, 0, middle[0]], [0, scale, middle[1]]], np.float32)
    seen = cv2.warpAffine(
        photo, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(seen, np.uint8)
