"""Identity similarity by a face recogniser that the user brings as an ONNX file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.landmark_groups import LIDS, MOUTH_CORNERS
from talkinghead.errors import BadOption
from talkinghead.evaluation.outside_networks import OnnxNetwork

SIDE = 112
NOSE_TIP = 1
# Where ArcFace (Deng et al. 2019) wants eyes, nose and mouth corners on a 112 px crop.
_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]], np.float32,
)  # fmt: skip


class FaceRecogniser:
    """Embeds faces; two pictures of one person have a high cosine.

    Args:
        path: ONNX network, 1x3x112x112 RGB (x - 127.5) / 128 to (1, E).

    Raises:
        BackendMissing: onnxruntime is not installed.
        BadOption: there is no such file.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            message = f"no face recogniser at {path}; give an ONNX file such as mobilefacenet.onnx"
            raise BadOption(message)
        self._network = OnnxNetwork(path)

    def embed(self, picture: NDArray[np.uint8], landmarks: Floats) -> Floats:
        """(E,) unit vector of the face at `landmarks` (478, 2) of an (H, W, 3) picture."""
        face = aligned(picture, landmarks).astype(np.float32)
        values = ((face - 127.5) / 128).transpose(2, 0, 1)[None]
        vector = self._network(values)[0]
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def aligned(picture: NDArray[np.uint8], landmarks: Floats) -> NDArray[np.uint8]:
    """(112, 112, 3) uint8, the face turned and scaled to ArcFace's five points."""
    # In the picture's order from left to right: the person's right comes first.
    eyes = [landmarks[list(LIDS[side])].mean(0) for side in ("right", "left")]
    points = np.stack([*eyes, landmarks[NOSE_TIP], *(landmarks[one] for one in MOUTH_CORNERS)])
    matrix, _ = cv2.estimateAffinePartial2D(points.astype(np.float32), _TEMPLATE, method=cv2.LMEDS)
    return np.asarray(cv2.warpAffine(picture, matrix, (SIDE, SIDE), borderValue=(0, 0, 0)))
