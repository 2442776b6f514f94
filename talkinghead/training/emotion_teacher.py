"""The image tower's teacher: face-api.js's expression net, brought as an ONNX file.

It answers while the eye is taught and is kept nowhere; no weight file holds anything of it. Its
licence (MIT) is in THIRD_PARTY.md. How it was made is not known to us beyond its author's word: "a
variety of images from publicly available datasets as well as images scraped from the web".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from talkinghead.emotion.bank import MEAD_CLASSES
from talkinghead.errors import BackendMissing, BadOption
from talkinghead.evaluation.expression_recogniser import NAMES

TAUGHT = [MEAD_CLASSES.index(name) for name in NAMES]
"""What the teacher names, as rows of `MEAD_CLASSES`; it knows no contempt."""
BEFORE = 2
"""Constants of the graph before its first weight: the mean colour and 255."""
SIDE = 112
WIDTHS = (32, 64, 128, 256)
RGB_MEAN = (122.782, 117.001, 104.298)
BRIGHTEST = 255.0


class Teacher(nn.Module):
    """face-api.js's expression net in torch (V. Mühler 2018).

    Four stages of four convolutions, all but the first of them separable, each stage at half the
    size; the input of each in a stage is the sum of the outputs of all before it.
    """

    def __init__(self) -> None:
        super().__init__()
        first = nn.Conv2d(3, WIDTHS[0], 3, stride=2)
        sizes = zip((WIDTHS[0], *WIDTHS[:-1]), WIDTHS, strict=True)
        self.stages = nn.ModuleList(
            _Stage(first if row == 0 else _separable(before, width, 2), width)
            for row, (before, width) in enumerate(sizes)
        )
        self.name = nn.Linear(WIDTHS[-1], len(NAMES))

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """What it sees, (N, 256), and its (N, 7) logits for (N, S, S) grey 0..1."""
        pictures = functional.interpolate(crops[:, None], (SIDE, SIDE), mode="bilinear")
        mean = pictures.new_tensor(RGB_MEAN)[:, None, None]
        values: Tensor = pictures - mean / BRIGHTEST
        for stage in self.stages:
            values = stage(values)
        seen = values.float().mean(dim=(2, 3))
        return seen, self.name(seen)


class _Stage(nn.Module):
    def __init__(self, first: nn.Module, width: int) -> None:
        super().__init__()
        self.first = first
        self.rest = nn.ModuleList(_separable(width, width, 1) for _ in range(3))

    def forward(self, values: Tensor) -> Tensor:
        # The reference pads below and to the right, and so strides of 2 meet its weights.
        total: Tensor = self.first(functional.pad(values, (0, 1, 0, 1))).relu()
        for layer in self.rest:
            total = total + layer(total.relu())
        return total.relu()


def _separable(before: int, width: int, stride: int) -> nn.Sequential:
    padding = 1 if stride == 1 else 0
    return nn.Sequential(
        nn.Conv2d(before, before, 3, stride, padding, groups=before, bias=False),
        nn.Conv2d(before, width, 1),
    )


def read_teacher(path: Path) -> Teacher:
    """The teacher, ready to answer.

    Args:
        path: face_expression.onnx.

    Raises:
        BackendMissing: the package onnx is not installed.
        BadOption: there is no such file, or it holds another network.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
        from onnx import numpy_helper
    except ImportError as error:
        message = "onnx is not installed; run: pip install -r requirements-training.txt"
        raise BackendMissing(message) from error
    if not path.is_file():
        message = f"no expression net at {path}; give face-api.js's as an ONNX file"
        raise BadOption(message)
    try:
        stored = onnx.load(path).graph.initializer
    except DecodeError as error:
        message = f"{path} is no ONNX file; give face-api.js's expression net"
        raise BadOption(message) from error
    arrays = [np.array(numpy_helper.to_array(one), np.float32) for one in stored][BEFORE:]
    if len(arrays) > 1:
        arrays[-2] = arrays[-2].T  # the reference multiplies from the other side
    teacher = Teacher()
    parameters = list(teacher.parameters())
    if [array.shape for array in arrays] != [tuple(value.shape) for value in parameters]:
        message = f"{path} is not face-api.js's expression net: its layers have other sizes"
        raise BadOption(message)
    with torch.no_grad():
        for value, array in zip(parameters, arrays, strict=True):
            value.copy_(torch.from_numpy(array.copy()))
    teacher.requires_grad_(requires_grad=False)
    teacher.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return teacher.eval()
