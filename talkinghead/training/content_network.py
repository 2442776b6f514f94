"""The torch twin of `speech.phoneme_net.PhonemeNet`, for training."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from talkinghead.speech.phoneme_net import SYMBOLS
from talkinghead.speech.spectrum import BANDS

WIDTH = 256
DILATIONS = (1, 2, 4, 4, 2, 1)
"""With the first layer's two rows, 160 ms to each side: what streaming can wait for."""

_EPSILON = 1e-5  # torch's own for batch normalisation

Tensors = dict[str, NDArray[np.generic]]


class ContentNetwork(nn.Module):
    """Dilated residual layers in time, with batch normalisation that export folds away.

    Args:
        width: channels.
        dilations: rows between the three taps of each layer.
    """

    def __init__(self, width: int = WIDTH, dilations: tuple[int, ...] = DILATIONS) -> None:
        super().__init__()
        self.dilations = dilations
        self.convolutions = nn.ModuleList([nn.Conv1d(BANDS, width, 5, padding=2)])
        for dilation in dilations:
            self.convolutions.append(
                nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
            )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in self.convolutions)
        self.last = nn.Conv1d(width, len(SYMBOLS), 1)

    @classmethod
    def from_tensors(cls, tensors: Tensors, mel: Tensor) -> ContentNetwork:
        """Shipped weights, to be trained further.

        Args:
            tensors: as `exported` gives them.
            mel: (B, 40, T) normalised; export has folded the normalisations away, so that what
                each has to undo and to do again is measured on this.
        """
        network = cls(len(tensors["first_bias"]), tuple(int(one) for one in tensors["dilations"]))
        names = ["first", *(f"layer{index}" for index in range(len(network.dilations)))]
        layers = zip([*names, "last"], [*network.convolutions, network.last], strict=True)
        for name, layer in layers:
            kernel = np.asarray(tensors[name], np.float32).transpose(2, 1, 0)
            bias = np.asarray(tensors[f"{name}_bias"], np.float32)
            layer.load_state_dict(
                {"weight": torch.from_numpy(kernel.copy()), "bias": torch.from_numpy(bias)}
            )
        hidden = torch.zeros(())
        pairs = zip(network.convolutions, network.norms, strict=True)
        for index, (convolution, norm) in enumerate(pairs):
            with torch.no_grad():
                values = convolution(hidden if index else mel)
            mean, variance = values.mean((0, 2)), values.var((0, 2))
            norm.load_state_dict(
                {
                    "weight": (variance + _EPSILON).sqrt(),
                    "bias": mean,
                    "running_mean": mean,
                    "running_var": variance,
                    "num_batches_tracked": torch.tensor(0),
                }
            )
            hidden = hidden + values.relu()
        return network

    def forward(self, mel: Tensor) -> Tensor:
        """(B, 40, T) normalised mel to (B, 40, T) scores."""
        hidden: Tensor = self.norms[0](self.convolutions[0](mel)).relu()
        for convolution, norm in zip(self.convolutions[1:], self.norms[1:], strict=True):
            hidden = hidden + norm(convolution(hidden)).relu()
        scores: Tensor = self.last(hidden)
        return scores

    def exported(self) -> Tensors:
        """Weights as `PhonemeNet` wants them, in half precision, normalisation folded in."""
        names = ["first", *(f"layer{index}" for index in range(len(self.dilations)))]
        tensors: Tensors = {"dilations": np.array(self.dilations, np.int16)}
        state = self.state_dict()
        for index, name in enumerate(names):
            norm, convolution = f"norms.{index}", f"convolutions.{index}"
            scale = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + _EPSILON).sqrt()
            kernel = state[f"{convolution}.weight"] * scale[:, None, None]
            bias = (state[f"{convolution}.bias"] - state[f"{norm}.running_mean"]) * scale
            tensors[name] = _half(kernel.permute(2, 1, 0))
            tensors[f"{name}_bias"] = _half(bias + state[f"{norm}.bias"])
        tensors["last"] = _half(state["last.weight"].permute(2, 1, 0))
        tensors["last_bias"] = _half(state["last.bias"])
        return tensors


def _half(tensor: Tensor) -> NDArray[np.generic]:
    return np.ascontiguousarray(tensor.numpy(), np.float16)
