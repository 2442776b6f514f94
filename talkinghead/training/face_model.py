"""Build `weights/face_model.safetensors` from ICT-FaceKit (MIT).

    python -m talkinghead.training.face_model --source ict_face.npz --portraits FOLDER

The source is the light face model as one archive: vertices, expressions, identities, parts. The
portraits calibrate the place of MediaPipe's landmarks on the mesh (`landmark_embedding`).
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import ARKIT_NAMES, Floats
from renderer.face_model import PART_NAMES, FaceModel
from talkinghead.portrait.landmarks import landmark_detector
from talkinghead.portrait.photo import read_photo
from talkinghead.training.landmark_embedding import calibrate, vertex_embedding
from talkinghead.weights import Tensors, save_weights

IDENTITY_COUNT = 50
"""Of 100 that ICT-FaceKit has: keeps the file below 16 MB; the rest moves no landmark by 0.2 mm."""
_MERGED = ("browInnerUp", "cheekPuff")
_UNPAIRED = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")

logger = logging.getLogger(__name__)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--portraits", type=Path, required=True, help="a folder of photos")
    parser.add_argument("--limit", type=int, default=600, help="photos used to calibrate")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    model = read_ict(chosen.source)
    points = landmarks_of_folder(chosen.portraits, chosen.limit)
    logger.info("calibrating the landmarks on %d portraits", len(points))
    model = calibrate(model, points)
    entry = save_weights(
        as_tensors(model), "face_model", "python -m talkinghead.training.face_model", "MIT"
    )
    logger.info("wrote %s, %.2f MB", entry.file, entry.size / 1e6)


def read_ict(path: Path) -> FaceModel:
    """The face model with vertex landmarks, before calibration."""
    source = np.load(path)
    names = [str(name) for name in source["expression_names"]]
    shapes = {name: source["expression"][index] for index, name in enumerate(names)}
    parts = {
        name: slice(int(start), int(stop))
        for name, start, stop in zip(
            PART_NAMES, source["part_start"], source["part_stop"], strict=True
        )
    }
    neutral = source["vertices"].astype(np.float32)
    expression = [arkit_shape(name, shapes) for name in ARKIT_NAMES[:-1]]
    jaw = expression[ARKIT_NAMES.index("jawOpen")]
    expression.append(tongue_out(neutral, jaw, parts["gums_and_tongue"]))
    return FaceModel(
        neutral=neutral,
        identity_basis=source["identity"][:IDENTITY_COUNT].astype(np.float32),
        expression_basis=np.stack(expression).astype(np.float32),
        triangles=source["triangles"].astype(np.int32),
        parts=parts,
        landmarks=vertex_embedding(source["landmarks_mediapipe478"]),
        landmarks_68=vertex_embedding(source["landmarks_ibug68"]),
    )


def arkit_shape(name: str, shapes: Mapping[str, NDArray[np.float16]]) -> Floats:
    """One ARKit blendshape from ICT's, whose halves are called `_L` and `_R`."""
    if name in _MERGED:
        both = shapes[f"{name}_L"].astype(np.float32) + shapes[f"{name}_R"].astype(np.float32)
        return both.astype(np.float32)
    if name not in _UNPAIRED:
        for side in ("Left", "Right"):
            if name.endswith(side):
                name = f"{name[: -len(side)]}_{side[0]}"
    return shapes[name].astype(np.float32)


def tongue_out(neutral: Floats, jaw_open: Floats, part: slice) -> Floats:
    """ICT-FaceKit has no tongueOut: push the tongue's front forward and a little up.

    The tongue is the upper, inner part of what the jaw moves inside the dental arch.
    """
    x, y, z = neutral[part].T
    moved_by_jaw = np.linalg.norm(jaw_open[part], axis=1) > 0.5
    inside_arch = np.clip((2.3 - np.abs(x)) / 0.6, 0, 1) * np.clip((9.7 - z) / 0.2, 0, 1)
    above_floor = np.clip((y + 4.6) / 0.4, 0, 1)
    front = np.clip((z - 4.0) / 4.0, 0, 1) ** 2
    weight = moved_by_jaw * inside_arch * above_floor * front
    shape = np.zeros_like(neutral)
    shape[part] = weight[:, None] * np.array([0.0, 0.3, 2.4], np.float32)
    return shape


def landmarks_of_folder(folder: Path, limit: int) -> Floats:
    """(N, 478, 2) landmarks of the largest face of each photo, N ≤ limit, spread out."""
    files = sorted(path for path in folder.iterdir() if path.suffix in {".jpg", ".png"})
    detector = landmark_detector("mediapipe")
    found = []
    for path in files[:: max(1, len(files) // limit)][:limit]:
        faces = detector.detect(read_photo(path))
        if faces:
            found.append(max(faces, key=lambda face: face.width).points)
    return np.stack(found)


def as_tensors(model: FaceModel) -> Tensors:
    """The tensors of the weight file; bases in half precision (error below 0.01 mm)."""
    return {
        "neutral": model.neutral,
        "identity_basis": model.identity_basis.astype(np.float16),
        "expression_basis": model.expression_basis.astype(np.float16),
        "triangles": model.triangles.astype(np.uint16),
        "part_stops": np.array([part.stop for part in model.parts.values()], np.int32),
        "landmark_corners": model.landmarks.corners.astype(np.uint16),
        "landmark_weights": model.landmarks.weights,
        "landmark_68_corners": model.landmarks_68.corners.astype(np.uint16),
        "landmark_68_weights": model.landmarks_68.weights,
    }


if __name__ == "__main__":
    main()
