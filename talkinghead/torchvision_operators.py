"""Lets a CUDA build of torchvision be imported beside a CPU build of torch.

open_clip, timm and every model of transformers import torchvision when it is installed. PyPI's
torchvision is built for CUDA; beside PyPI's CPU torch its compiled part cannot be loaded, and its
Python part then fails on import with "operator torchvision::nms does not exist". No text model
needs these operators: declaring them is enough.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_OPERATORS = ("nms", "qnms")


def define_missing_operators() -> bool:
    """Declare torchvision::nms and ::qnms if the installed torchvision cannot bring its own.

    Call it before anything imports open_clip or transformers. Calling it again does nothing.

    Returns:
        True if the operators were declared now, False if there was no need.
    """
    if "torchvision" in sys.modules:
        return False
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        return False
    import torch

    if hasattr(torch.ops.torchvision, "nms") or _loads(Path(found.origin).parent):
        return False
    for name in _OPERATORS:
        torch.library.define(f"torchvision::{name}", _SCHEMA)
    return True


def _loads(package: Path) -> bool:
    """Whether torchvision's compiled operators can be loaded; if so, they are now.

    The only reliable question is to load them: versions say nothing about libraries on this host.
    """
    import torch

    for library in (*package.glob("_C*.so"), *package.glob("_C*.pyd")):
        try:
            torch.ops.load_library(str(library))  # type: ignore[no-untyped-call]
        except OSError:
            continue
        return True
    return False
