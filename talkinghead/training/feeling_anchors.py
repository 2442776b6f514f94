"""The supervised part of the text tower's loss: one learned anchor for each feeling of the bank."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.coefficients import Floats
from talkinghead.emotion.bank import MEAD_CLASSES, Bank


class Anchors(nn.Module):
    """Scores of the bank's feelings, scale * (x - centre) . anchor, and the loss on them.

    Args:
        start: (F, 384) unit rows.
        bank: the feelings; says which of MEAD's classes each belongs to.
        counts: (8,) labelled texts of each class; rare classes weigh more, by the square root.
        scale: 1 / temperature.
        smoothing: of the labels, 0..1.
    """

    classes: Tensor
    rarity: Tensor

    def __init__(
        self, start: Floats, bank: Bank, counts: Floats, scale: float, smoothing: float
    ) -> None:
        super().__init__()
        centre = torch.from_numpy(start).mean(dim=0)
        self.centre = nn.Parameter(centre)
        self.rows = nn.Parameter(functional.normalize(torch.from_numpy(start) - centre, dim=-1))
        rarity = np.sqrt(counts.mean() / np.maximum(counts, 1.0)).astype(np.float32)
        self.register_buffer("classes", torch.from_numpy(class_matrix(bank)), persistent=False)
        self.register_buffer("rarity", torch.from_numpy(rarity), persistent=False)
        self._scale, self._smoothing = scale, smoothing

    def forward(self, vectors: Tensor) -> Tensor:
        """(N, F) scores of (N, 384) vectors."""
        rows = functional.normalize(self.rows, dim=-1)
        return self._scale * functional.normalize(vectors - self.centre, dim=-1) @ rows.T

    def contrast(self, vectors: Tensor, wanted: Tensor) -> Tensor:
        """Cross-entropy over feelings and over MEAD's classes; background wants all alike.

        Args:
            vectors: (N, 384).
            wanted: (N, F) weights of the feelings; a row of zeros is background.
        """
        about = wanted.sum(dim=1, keepdim=True)
        kept = 1.0 - self._smoothing
        smooth = kept * wanted + (1.0 - kept * about) / wanted.shape[1]
        logs = functional.log_softmax(self(vectors), dim=1)
        feelings = -(smooth * logs).sum(dim=1)
        of_class = (logs.exp() @ self.classes).clamp_min(1e-6).log()
        wanted_class = wanted @ self.classes
        classes = -(wanted_class * of_class).sum(dim=1)
        weight = torch.where(about[:, 0] > 0, wanted_class @ self.rarity, 1.0)
        return (weight * (feelings + classes)).mean()


def class_matrix(bank: Bank) -> Floats:
    """(F, 8) which of MEAD's classes each feeling belongs to."""
    columns = [MEAD_CLASSES.index(feeling.mead_class) for feeling in bank.feelings]
    return np.eye(len(MEAD_CLASSES), dtype=np.float32)[columns]
