"""Samples of a loader to what the generator takes."""

from __future__ import annotations

import torch
from torch import Tensor

from renderer.generator import Batch
from talkinghead.training.stream import Sample


def to_batch(sample: Sample, device: str) -> tuple[Batch, Tensor]:
    """Collated samples to the network's input, and the target (B, 3, S, S) 0..1."""
    moved = {name: value.to(device, non_blocking=True).float() for name, value in sample.items()}
    resting = moved["resting"][:, None].expand(-1, moved["window"].shape[1], -1)
    batch = Batch(
        source=moved["source"] / 255,
        picture=moved["picture"] / 255,
        inner=moved["inner"] / 255,
        maps=moved["maps"],
        source_maps=moved["source_maps"],
        motion=torch.cat([moved["window"], resting], dim=-1),
    )
    return batch, moved["target"] / 255
