"""Measures and looks at a painter on people and photos that were kept out of its training."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from renderer.detail_network import DetailPainter
from renderer.losses import psnr
from talkinghead.training.detail_batches import DetailBatch, as_batch
from talkinghead.training.detail_pack import Details

NEAR = 9
"""Pixels over which the neighbourhood of what geometry paints reaches."""
AT_ONCE, SHEET_ROWS = 16, 16


def painted(batch: DetailBatch, paint: Tensor, share: Tensor) -> Tensor:
    """(B, 3, S, S) the geometric picture with the paint over it."""
    picture = batch.known[:, :3]
    return picture + (paint - picture) * share


def nearness(batch: DetailBatch) -> Tensor:
    """(B, 1, S, S) 0..1 how near each pixel is to what geometry paints."""
    inner = batch.known[:, 3:4]
    return (2 * functional.avg_pool2d(inner, NEAR, 1, NEAR // 2)).clamp(max=1)


@torch.no_grad()
def measure(painter: DetailPainter, kept: Details, sheet: Path | None = None) -> dict[str, float]:
    """PSNR in dB on samples of people and photos that are kept out, and a contact sheet."""
    rows: dict[str, list[Tensor]] = {}
    strips = []
    wanted = np.linspace(0, len(kept) - 1, SHEET_ROWS).astype(int)
    for start in range(0, len(kept), AT_ONCE):
        batch = as_batch(kept.views[start : start + AT_ONCE], kept.motion[start : start + AT_ONCE])
        with torch.autocast("cpu", torch.bfloat16):
            paint, share = painter(batch.known, batch.motion)
        picture = painted(batch, paint, share)
        near = nearness(batch)
        for name, shown in (("geometric", batch.known[:, :3]), ("learned", picture)):
            rows.setdefault(name, []).append(psnr(shown, batch.target))
            rows.setdefault(f"{name}_near", []).append(psnr(shown, batch.target, near + 1e-4))
        columns = (batch.known[:, 4:7], batch.known[:, :3], picture, batch.target)
        beside = torch.cat([*columns, share.expand(-1, 3, -1, -1)], dim=-1).clamp(0, 1)
        strips += [beside[row - start] for row in wanted if start <= row < start + AT_ONCE]
    if sheet is not None:
        halves = [torch.cat(strips[row::2], dim=1) for row in range(2)]
        values = (torch.cat(halves, dim=2).permute(1, 2, 0) * 255 + 0.5).byte().numpy()
        cv2.imwrite(str(sheet), values[..., ::-1])
    return {f"psnr_{name}": float(torch.cat(values).mean()) for name, values in rows.items()}
