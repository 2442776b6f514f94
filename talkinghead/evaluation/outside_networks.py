"""Networks that a user may bring as ONNX files: Inception for FID, SyncNet for lip sync.

Neither comes with Evoke, so neither figure stands in its README. Put the files into the evaluators'
folder under these names:

- `inception.onnx`: N x 3 x 299 x 299 RGB -1..1 to N x 2048 (pool3);
- `syncnet_face.onnx`: N x 3 x 5 x 224 x 224 RGB 0..255 to N x 1024, and `syncnet_sound.onnx`:
  N x 1 x 13 x 20 MFCC to N x 1024, both of Chung and Zisserman 2016, at 25 frames a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.errors import BackendMissing, BadOption

Image = NDArray[np.uint8]
INCEPTION, SYNC_FACE, SYNC_SOUND = "inception.onnx", "syncnet_face.onnx", "syncnet_sound.onnx"
INCEPTION_SIDE, SYNC_SIDE, SYNC_FRAMES, MFCC_ROWS = 299, 224, 5, 20
ROWS_A_FRAME = 4
"""MFCC rows, one every 10 ms, in a frame of 1/25 s."""
BATCH = 16
FURTHEST = 15
"""Frames of shift that lip sync is searched in."""


class Network(Protocol):
    """A network that turns a batch of arrays into vectors."""

    def __call__(self, batch: Floats) -> Floats:
        """(N, ...) float32 to (N, E)."""
        ...


class OnnxNetwork:
    """An ONNX file with one input and one output.

    Args:
        path: the file.

    Raises:
        BackendMissing: onnxruntime is not installed.
        BadOption: the file is no ONNX network.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            message = "onnxruntime is not installed; run: pip install -r requirements-optional.txt"
            raise BackendMissing(message) from error
        known = onnxruntime.capi.onnxruntime_pybind11_state
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), providers=["CPUExecutionProvider"]
            )
        except (known.Fail, known.InvalidProtobuf, known.InvalidGraph, RuntimeError) as error:
            message = f"{path} is no ONNX network that can be run: {str(error).splitlines()[0]}"
            raise BadOption(message) from error
        self._input = self._session.get_inputs()[0].name

    def __call__(self, batch: Floats) -> Floats:
        """As `Network`."""
        values = self._session.run(None, {self._input: batch})[0]
        return np.asarray(values, np.float32).reshape(len(batch), -1)


def found(folder: Path | None, *names: str) -> list[Network] | None:
    """The networks of these names, or None if the folder does not hold them all."""
    if folder is None or not all((folder / name).is_file() for name in names):
        return None
    return [OnnxNetwork(folder / name) for name in names]


def inception_vectors(network: Network, frames: Sequence[Image]) -> Floats:
    """(N, 2048) of (H, W, 3) uint8 pictures."""
    size = (INCEPTION_SIDE, INCEPTION_SIDE)
    small = [cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in frames]
    return _in_batches(network, np.stack(small).transpose(0, 3, 1, 2) / np.float32(127.5) - 1)


def frechet_distance(first: Floats, second: Floats) -> float:
    """FID: ||m1 - m2||² + tr(C1 + C2 - 2 (C1 C2)^½), Heusel et al. 2017.

    Args:
        first: (N, E) vectors, N > 1.
        second: (M, E).
    """
    from scipy.linalg import sqrtm

    one, two = first.astype(np.float64), second.astype(np.float64)
    covariance_1, covariance_2 = (np.atleast_2d(np.cov(each, rowvar=False)) for each in (one, two))
    root = np.real(np.asarray(sqrtm(covariance_1 @ covariance_2)))
    mean = float(((one.mean(0) - two.mean(0)) ** 2).sum())
    return mean + float(np.trace(covariance_1 + covariance_2 - 2 * root))


def sync_vectors(
    face: Network, sound: Network, faces: Sequence[Image], waveform: Floats
) -> tuple[Floats, Floats]:
    """SyncNet's vectors of a video at 25 frames a second, one a window of five frames.

    Args:
        face: the network that sees.
        sound: the network that hears.
        faces: T crops (224, 224, 3) uint8 RGB, T >= 5.
        waveform: (S,) float32 at 16 kHz.

    Raises:
        BackendMissing: python_speech_features, which SyncNet's MFCC are defined by, is missing.
    """
    try:
        from python_speech_features import mfcc
    except ImportError as error:
        message = "SyncNet needs python_speech_features; run: pip install python_speech_features"
        raise BackendMissing(message) from error
    rows = np.asarray(mfcc(waveform * 32768, 16000), np.float32)
    count = min(len(faces) - SYNC_FRAMES, (len(rows) - MFCC_ROWS) // ROWS_A_FRAME) + 1
    pictures = np.stack(faces).astype(np.float32).transpose(3, 0, 1, 2)
    seen = np.stack([pictures[:, at : at + SYNC_FRAMES] for at in range(count)])
    heard = np.stack(
        [rows[ROWS_A_FRAME * at : ROWS_A_FRAME * at + MFCC_ROWS].T[None] for at in range(count)]
    )
    return _in_batches(face, seen), _in_batches(sound, heard)


def lip_sync_errors(seen: Floats, heard: Floats) -> tuple[float, float, int]:
    """LSE-D, LSE-C and the best shift in frames (Chung and Zisserman 2016; Prajwal et al. 2020).

    With d(k) the mean distance of the picture at i and the sound at i + k, LSE-D is the least d
    (smaller is better), LSE-C the median of d less the least (larger is better).

    Args:
        seen: (T, E) vectors of the pictures.
        heard: (T, E) of the sound.
    """
    shifts = range(-min(FURTHEST, len(seen) - 1), min(FURTHEST, len(seen) - 1) + 1)
    distances = []
    for shift in shifts:
        pictures = seen[max(0, -shift) : len(seen) - max(0, shift)]
        sounds = heard[max(0, shift) : len(heard) - max(0, -shift)]
        distances.append(float(np.linalg.norm(pictures - sounds, axis=1).mean()))
    best = int(np.argmin(distances))
    return distances[best], float(np.median(distances)) - distances[best], shifts[best]


def _in_batches(network: Network, values: Floats) -> Floats:
    parts = [network(values[at : at + BATCH]) for at in range(0, len(values), BATCH)]
    return np.concatenate(parts)
