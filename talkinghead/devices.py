"""Where things run."""

from __future__ import annotations

import importlib.util

from talkinghead.errors import BadOption


def raster_backend(device: str) -> str:
    """The rasteriser for a device: compiled on the CPU, nvdiffrast or torch on a GPU.

    Args:
        device: "auto", "cpu" or "cuda". "auto" is the CPU: the geometric renderer is fastest there.

    Raises:
        BadOption: "cuda" where torch sees no GPU.
    """
    if device != "cuda":
        return "numba"
    import torch

    if not torch.cuda.is_available():
        message = "device is cuda, but torch sees no CUDA GPU here; use --device cpu"
        raise BadOption(message)
    return "nvdiffrast" if importlib.util.find_spec("nvdiffrast") else "torch"


def torch_device(device: str) -> str:
    """Where torch's networks of the picture run: "auto" is a GPU if there is one.

    Args:
        device: "auto", "cpu" or "cuda", checked by `raster_backend`.
    """
    if device != "auto":
        return device
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
