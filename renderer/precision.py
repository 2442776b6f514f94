"""The precision in which networks run."""

from __future__ import annotations

import torch


def mixed_precision(device: str) -> torch.autocast:
    """bf16 on a GPU and on CPUs that compute with it; elsewhere it would only be slow."""
    able = device != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device, torch.bfloat16, enabled=bool(able))
