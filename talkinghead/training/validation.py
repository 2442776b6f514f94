"""Measures and looks at the generator on people that were kept out of the training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import default_collate

from renderer.face_model import FaceModel
from renderer.generator import Batch, FaceGenerator
from renderer.layers import upsampled
from renderer.losses import Regions, psnr, region_weight
from talkinghead.training.batches import to_batch
from talkinghead.training.pairs import PairMaker
from talkinghead.training.scenes import Cut
from talkinghead.training.shards import Shard
from talkinghead.training.stream import as_sample

TARGETS = 10
"""Frames of each clip."""
SHEET_ROWS = 10


class Validation:
    """Self-reenactment of a clip from its first frame, as the evaluation does it.

    Args:
        batches: one a clip, with its targets.
        regions: mouth and eyes.
    """

    def __init__(self, batches: Sequence[tuple[Batch, Tensor]], regions: Regions) -> None:
        self._batches = batches
        self._regions = regions

    @classmethod
    def of(
        cls, shards: Sequence[Shard], held_out: frozenset[str], model: FaceModel, device: str
    ) -> Validation | None:
        """The held-out people's clips; None if there are none."""
        clips = [one for one in shards if one.is_clip and str(one.person) in held_out]
        if not clips:
            return None
        maker = PairMaker(model, clips[0].expression)
        batches = []
        for clip in clips:
            rows = np.unique(np.linspace(0, len(clip) - 1, TARGETS + 1).astype(int))[1:]
            cut = Cut.around(clip.landmarks[0])
            pairs = maker.from_clip(clip, 0, [int(row) for row in rows], cut)
            batches.append(to_batch(default_collate([as_sample(pair) for pair in pairs]), device))
        return cls(batches, Regions.of(model))

    @torch.no_grad()
    def measure(self, generator: FaceGenerator, sheet: Path | None = None) -> dict[str, float]:
        """PSNR in dB of the whole picture and of mouth and eyes, geometric and learned."""
        rows: dict[str, list[Tensor]] = {}
        strips: list[NDArray[np.uint8]] = []
        for batch, target in self._batches:
            with torch.autocast(target.device.type, torch.bfloat16):
                learned, change = generator(batch)
            size = (target.shape[-2], target.shape[-1])
            closeness = self._regions.closeness(batch.maps)
            mouth = upsampled(closeness[:, :1], size)
            eyes = upsampled(closeness[:, 1:].amax(1, keepdim=True), size)
            head = region_weight(batch.maps, torch.zeros_like(closeness), size) - 0.3
            weights = {"": None, "_head": head, "_mouth": mouth, "_eyes": eyes}
            pictures = {"geometric": batch.picture, "learned": learned, "still": batch.source}
            for name, picture in pictures.items():
                for place, weight in weights.items():
                    rows.setdefault(f"{name}{place}", []).append(psnr(picture, target, weight))
            columns = (batch.source, batch.picture, learned, target, change.texture * 2 + 0.5)
            strips += _strips(columns)
        if sheet is not None:
            step = max(1, len(strips) // SHEET_ROWS)
            cv2.imwrite(str(sheet), np.vstack(strips[::step][:SHEET_ROWS])[..., ::-1])
        return {f"psnr_{name}": float(torch.cat(values).mean()) for name, values in rows.items()}


def _strips(columns: tuple[Tensor, ...]) -> list[NDArray[np.uint8]]:
    """One picture row a sample: source, geometric, learned, target, mask."""
    beside = torch.cat([one.float().clamp(0, 1).cpu() for one in columns], dim=-1)
    pictures = (beside.permute(0, 2, 3, 1).numpy() * 255 + 0.5).astype(np.uint8)
    return list(pictures)
