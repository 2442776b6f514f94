"""Batches for the follow network: drawn at random, in another light, mirrored.

Every batch is a function of the seed and the step, so a resumed run sees what an uninterrupted one
would have seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from renderer.follow_network import SIDE, FollowAnswers
from renderer.layers import upsampled
from talkinghead.training.detail_batches import relit

PLACE_X = 4
"""Channel of `known` that holds the place's x on the face, which a mirror turns round."""
TURNED = torch.tensor([1.0, -1.0, -1.0, -1.0, 1.0, 1.0])
"""What a mirror makes of pitch, yaw, roll and of the way."""
GREY_SHARE = 0.1

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class FollowBatch:
    """B photos with K targets each; S = `SIDE`.

    Attributes:
        known: (B, 8, S, S) float32, see `renderer.follow_network.KNOWN`.
        person: (B, 1, S / 2, S / 2) float32 0..1.
        targets: (B, K, 3, S, S) float32 0..1.
        head: (B, K, 2, S, S) this and the next three as in `HeadFlow`.
        plane: (B, K, 2, S, S).
        motion: (B, K, 6).
        far: (B, K).
        face: (B, K, 1, S, S) 0..1.
        weight: (B, K, 1, S, S) 1 where a target is known and no face.
    """

    known: Tensor
    person: Tensor
    targets: Tensor
    head: Tensor
    plane: Tensor
    motion: Tensor
    far: Tensor
    face: Tensor
    weight: Tensor

    def moved(self, answers: FollowAnswers) -> Tensor:
        """(B, K, 3, S, S) the photos as the answers move them; `FollowMaps.field` in tensors."""
        size = (SIDE, SIDE)
        share = torch.stack([1 - self.far, self.far], dim=-1)
        follow, plane = (
            torch.einsum("bnhw,bkn->bkhw", upsampled(one, size), share)[:, :, None]
            for one in (answers.follow, answers.plane)
        )
        drift = upsampled(answers.drift, size).view(-1, 2, 2, 6, SIDE, SIDE)
        besides = torch.einsum("bndahw,bka,bkn->bkdhw", drift, self.motion, share)
        outside = self.head * follow + self.plane * plane + besides
        return self.sampled(outside + (self.head - outside) * self.face)

    def ring(self) -> Tensor:
        """(B, K, 3, S, S) the photos as the geometric renderer's ring moves them."""
        return self.sampled(self.head * self.known[:, None, -1:])

    def sampled(self, flow: Tensor) -> Tensor:
        """(B, K, 3, S, S) the photos at (B, K, 2, S, S) pixels from each place."""
        count, targets = flow.shape[:2]
        centres = torch.arange(SIDE, dtype=torch.float32, device=flow.device) + 0.5
        x, y = centres[None, :] + flow[:, :, 0], centres[:, None] + flow[:, :, 1]
        where = torch.stack([x, y], dim=-1) * (2 / SIDE) - 1
        photos = self.known[:, None, :3].expand(-1, targets, -1, -1, -1)
        sampled = functional.grid_sample(
            photos.flatten(0, 1), where.flatten(0, 1), padding_mode="border", align_corners=False
        )
        return sampled.view(count, targets, 3, SIDE, SIDE)


def as_batch(groups: Arrays, rows: NDArray[np.intp], targets: NDArray[np.intp]) -> FollowBatch:
    """Chosen groups and targets of what `read_groups` gave.

    Args:
        groups: stacked.
        rows: (B,) groups.
        targets: (B, K) of each group's targets.
    """

    def chosen(name: str) -> Tensor:
        return torch.from_numpy(np.asarray(groups[name][rows[:, None], targets], np.float32))

    known, person = (
        torch.from_numpy(np.asarray(groups[name][rows], np.float32)) for name in ("known", "person")
    )
    face = chosen("face")[:, :, None] / 255

    def flow(name: str) -> Tensor:
        half = chosen(name).movedim(-1, 2)
        return upsampled(half.flatten(0, 1), (SIDE, SIDE)).view(*face.shape[:2], 2, SIDE, SIDE)

    return FollowBatch(
        known.movedim(-1, 1).contiguous(),
        functional.avg_pool2d(person[:, None] / 255, 2),
        chosen("targets").movedim(-1, 2) / 255,
        flow("head"),
        flow("plane"),
        chosen("motion"),
        chosen("far"),
        face,
        chosen("known_at")[:, :, None] * (1 - face),
    )


def mirrored(batch: FollowBatch) -> FollowBatch:
    """The same in a mirror."""
    known = batch.known.flip(-1)
    known[:, PLACE_X] *= -1
    aside = torch.tensor([-1.0, 1.0])[:, None, None]
    head, plane = (one.flip(-1) * aside for one in (batch.head, batch.plane))
    flipped = (one.flip(-1) for one in (batch.person, batch.targets, batch.face, batch.weight))
    person, targets, face, weight = flipped
    motion = batch.motion * TURNED
    return FollowBatch(known, person, targets, head, plane, motion, batch.far, face, weight)


class FollowBatches:
    """Draws batches.

    Args:
        clips: groups with targets.
        photos: groups without, or None.
        size: groups a batch, and photos beside them.
        targets: of each group.
        seed: of all draws.
    """

    def __init__(
        self, clips: Arrays, photos: Arrays | None, size: int, targets: int, seed: int
    ) -> None:
        self._clips, self._photos = clips, photos
        self._size, self._targets, self._seed = size, targets, seed

    def draw(self, step: int) -> FollowBatch:
        """The batch of a step."""
        generator = np.random.default_rng([self._seed, step])
        rows = generator.integers(len(self._clips["known"]), size=self._size)
        each = self._clips["targets"].shape[1]
        order = generator.random((self._size, each)).argsort(axis=1)[:, : self._targets]
        batch = as_batch(self._clips, rows, order)
        if generator.random() < 0.5:
            batch = mirrored(batch)
        pictures = torch.cat([batch.known[:, None, :3], batch.targets], dim=1)
        pictures = greyed(relit(pictures, generator), generator)
        batch.known[:, :3] = pictures[:, 0]
        batch.targets[:] = pictures[:, 1:]
        return batch

    def photos(self, step: int) -> tuple[Tensor, Tensor] | None:
        """`known` (B, 8, S, S) and `person` (B, 1, S / 2, S / 2) of photos, for a step."""
        if self._photos is None:
            return None
        generator = np.random.default_rng([self._seed, step, 1])
        rows = generator.integers(len(self._photos["known"]), size=self._size)
        known, person = (
            torch.from_numpy(np.asarray(self._photos[name][rows], np.float32))
            for name in ("known", "person")
        )
        known = known.movedim(-1, 1).contiguous()
        person = functional.avg_pool2d(person[:, None] / 255, 2)
        if generator.random() < 0.5:
            known, person = known.flip(-1), person.flip(-1)
            known[:, PLACE_X] *= -1
        known[:, :3] = greyed(relit(known[:, None, :3], generator), generator)[:, 0]
        return known, person


def greyed(pictures: Tensor, generator: np.random.Generator) -> Tensor:
    """(B, P, 3, S, S) some of the samples without colour."""
    chosen = torch.from_numpy(generator.random(len(pictures)) < GREY_SHARE)
    grey = pictures.mean(2, keepdim=True).expand_as(pictures)
    return torch.where(chosen[:, None, None, None, None], grey, pictures)
