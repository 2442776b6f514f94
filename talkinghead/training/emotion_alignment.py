"""What pulls pictures and voices to the words of their feelings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from renderer.coefficients import Floats
from talkinghead.emotion.bank import MEAD_CLASSES, Bank

TEMPERATURE = 0.05
PLAIN_SHARE = 0.5
"""How much a label that names only a class asks for the plain feeling of that class."""
EXACT_SHARE = 0.5
"""How much a label that names a feeling asks for that feeling rather than any of its class."""
NEAR_WEIGHT = 2.0
"""Of the cosine to the anchor beside the contrast; it keeps the geometry of the text space, so
that a feeling that was never shown is still met near its words."""


@dataclass(frozen=True)
class Anchors:
    """The bank's feelings as points of the emotion space.

    Attributes:
        vectors: (F, 384) unit rows.
        classes: (F,) row of `MEAD_CLASSES` of each feeling.
        plain: (8,) row in the bank of each class's plain feeling.
        allowed: (F,) False for feelings that are held out: they are no answer in training.
    """

    vectors: Tensor
    classes: Tensor
    plain: Tensor
    allowed: Tensor


def make_anchors(bank: Bank, prototypes: Floats, held_out: str = "") -> Anchors:
    """Anchors of a bank.

    Args:
        bank: the named feelings.
        prototypes: (F, 384) unit rows, `FeelingSpace.prototypes`.
        held_out: a class of MEAD that training must not see; "" = none.
    """
    names = [feeling.name for feeling in bank.feelings]
    classes = [MEAD_CLASSES.index(feeling.mead_class) for feeling in bank.feelings]
    allowed = [feeling.mead_class != held_out for feeling in bank.feelings]
    return Anchors(
        torch.from_numpy(np.array(prototypes, np.float32)),
        torch.tensor(classes),
        torch.tensor([names.index(one) for one in MEAD_CLASSES]),
        torch.tensor(allowed),
    )


def alignment_loss(vectors: Tensor, mead: Tensor, feeling: Tensor, anchors: Anchors) -> Tensor:
    """(N,) multi-positive InfoNCE against the bank's anchors, and the distance to the label's own.

    After Khosla et al. 2020 (supervised contrastive learning, eq. 3: every positive inside the
    logarithm) with the anchors as the other view: all feelings of a class are positives of a label
    that names the class, and the named one counts extra.

    Args:
        vectors: (N, 384) unit rows.
        mead: (N,) class.
        feeling: (N,) row in the bank; -1 if only the class is known.
        anchors: of the bank.
    """
    scores = vectors @ anchors.vectors.T / TEMPERATURE
    chance = scores.masked_fill(~anchors.allowed, -torch.inf).log_softmax(dim=1)
    same = anchors.classes[None] == mead[:, None]
    of_class = chance.masked_fill(~same, -torch.inf).logsumexp(dim=1)
    target = torch.where(feeling >= 0, feeling, anchors.plain[mead])
    own = chance.gather(1, target[:, None])[:, 0]
    share = torch.where(feeling >= 0, EXACT_SHARE, PLAIN_SHARE)
    near = 1.0 - (vectors * anchors.vectors[target]).sum(dim=1)
    return -(share * own + (1.0 - share) * of_class) + NEAR_WEIGHT * near


def pair_loss(vectors: Tensor, mead: Tensor, temperature: float = 0.1) -> Tensor:
    """Supervised contrast between rows of one batch, pictures and voices alike.

    Khosla et al. 2020, eq. 2.

    Args:
        vectors: (N, 384) unit rows.
        mead: (N,) class.
        temperature: of the softmax.
    """
    scores = vectors @ vectors.T / temperature
    itself = torch.eye(len(vectors), dtype=torch.bool)
    chance = scores.masked_fill(itself, -torch.inf).log_softmax(dim=1)
    same = (mead[:, None] == mead[None]) & ~itself
    count = same.sum(dim=1)
    each = torch.where(same, chance, torch.zeros_like(chance)).sum(dim=1) / count.clamp(min=1)
    return -(each * (count > 0)).sum() / (count > 0).sum().clamp(min=1)


def class_of_vectors(vectors: Floats, prototypes: Floats, bank: Bank) -> NDArray[np.intp]:
    """(N,) the nearest of the eight plain feelings."""
    names = [feeling.name for feeling in bank.feelings]
    plain = prototypes[[names.index(one) for one in MEAD_CLASSES]]
    return np.asarray((vectors @ plain.T).argmax(axis=1), np.intp)


def balanced(
    groups: NDArray[np.generic], size: int, generator: torch.Generator, evenness: float = 1.0
) -> Tensor:
    """(size,) rows drawn so that small groups come more often than they occur.

    Args:
        groups: (N,) what each row belongs to, such as its class.
        size: how many.
        generator: draws.
        evenness: 1 = every group is as likely as any other, 0 = as they occur.
    """
    _, group, counts = np.unique(groups, return_inverse=True, return_counts=True)
    weights = torch.from_numpy(1.0 / counts[group] ** evenness)
    return torch.multinomial(weights, size, replacement=True, generator=generator)


def smooth_accuracy(found: NDArray[np.intp], truth: NDArray[np.intp]) -> float:
    """Mean recall over the classes that occur (unweighted average recall)."""
    return float(np.mean([np.mean(found[truth == one] == one) for one in np.unique(truth)]))


def unit(vectors: Tensor) -> Tensor:
    """Rows of length 1."""
    return functional.normalize(vectors, dim=-1)
