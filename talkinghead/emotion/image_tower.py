"""The image tower: a face that shows a feeling to a vector of the emotion space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.emotion.anchors import read_anchors, without_anchors
from talkinghead.emotion.bank import Bank
from talkinghead.types import FaceCues
from talkinghead.weights import Tensors, load_weights

if TYPE_CHECKING:
    from torch import Tensor

    from talkinghead.emotion.face_network import FaceNetwork

WEIGHTS_NAME = "image_tower"
NAME = "evoke: embedded image network"
BATCH = 64


class ImageTower:
    """Faces to unit vectors, 384 wide, on the CPU.

    Args:
        tensors: as `as_tensors` writes them, with anchors; None = the repository's own.

    Raises:
        WeightsMissing, WeightsCorrupt: the weights are not as the manifest says.
    """

    name = NAME

    def __init__(self, tensors: Tensors | None = None) -> None:
        self._tensors = load_weights(WEIGHTS_NAME) if tensors is None else tensors
        self._network = make_network()
        self._network.load_state_dict(as_state(without_anchors(self._tensors)))
        self._network.eval()

    def anchors(self, bank: Bank) -> Floats:
        """(F, 384) the bank's feelings in this tower's space, see `read_anchors`."""
        return read_anchors(self._tensors, bank)

    def encode(self, faces: Sequence[FaceCues]) -> Floats:
        """(N, 384) float32 unit rows."""
        return encode_faces(self._network, faces)


def encode_faces(network: FaceNetwork, faces: Sequence[FaceCues]) -> Floats:
    """(N, 384) float32 unit rows of a network in evaluation mode."""
    import torch

    rows = []
    for start in range(0, len(faces), BATCH):
        with torch.inference_mode():
            rows.append(network(*as_input(faces[start : start + BATCH])).numpy())
    return np.asarray(np.concatenate(rows), np.float32)


def make_network(dropout: float = 0.0) -> FaceNetwork:
    """The untrained network."""
    from talkinghead.emotion.face_network import FaceNetwork

    return FaceNetwork(dropout)


def as_input(faces: Sequence[FaceCues]) -> tuple[Tensor, Tensor]:
    """(N, 96, 96) grey 0..1 and (N, 55) fitted expression and pose, as the network takes them."""
    import torch

    crops = torch.from_numpy(np.stack([face.crop for face in faces]).astype(np.float32) / 255.0)
    fitted = np.stack([np.concatenate([face.expression, face.pose]) for face in faces])
    return crops, torch.from_numpy(fitted.astype(np.float32))


def as_tensors(state: Mapping[str, Tensor]) -> Tensors:
    """The weight file, float16."""
    return {
        name: value.detach().float().numpy().astype(np.float16) for name, value in state.items()
    }


def as_state(tensors: Mapping[str, NDArray[np.generic]]) -> dict[str, Tensor]:
    """Inverse of `as_tensors`, float32."""
    import torch

    return {name: torch.from_numpy(value.astype(np.float32)) for name, value in tensors.items()}
