"""An endless stream of training pairs that can be entered at any place.

Every pair and every augmentation is a function of the seed, the worker and the position, so a
resumed run sees what an uninterrupted one would have seen.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from renderer.coefficients import mirrored_motion
from renderer.conditions import NETWORK_FACTOR
from renderer.face_model import FaceModel
from talkinghead.training.pairs import GROUP, Pair, PairMaker
from talkinghead.training.scenes import Cut
from talkinghead.training.shards import Shard

PHOTO_SHARE = 0.4
VARIANTS = 4
"""Pairs made of each photo of a group."""
REUSE = 3
"""How often a pair is shown, each time with another colour and maybe mirrored."""
POOL = 64
"""Groups from which samples are drawn."""
FIRST_GROUPS = 8
Sample = dict[str, Tensor]


@dataclass(frozen=True)
class Sources:
    """Shards that may be trained on, clips by person."""

    people: tuple[tuple[Shard, ...], ...]
    photos: tuple[Shard, ...]

    @classmethod
    def of(cls, shards: Sequence[Shard], held_out: frozenset[str]) -> Sources:
        """Leave the held-out people away."""
        names = sorted({str(one.person) for one in shards if one.is_clip} - held_out)
        people = [tuple(one for one in shards if str(one.person) == name) for name in names]
        return cls(tuple(people), tuple(one for one in shards if not one.is_clip))

    def expressions(self) -> NDArray[np.float32]:
        """(N, 52) of all clips; of the photos if there are no clips."""
        shards = [one for clips in self.people for one in clips] or list(self.photos)
        return np.concatenate([one.expression for one in shards])


class PairStream(IterableDataset[Sample]):
    """Samples for ever.

    Args:
        sources: the shards.
        model: the face model.
        seed: of everything.
        start: samples of this stream (all workers together) that were seen already.
    """

    def __init__(self, sources: Sources, model: FaceModel, seed: int, start: int = 0) -> None:
        super().__init__()
        self._sources = sources
        self._maker = PairMaker(model, sources.expressions())
        self._seed = seed
        self._start = start

    def __iter__(self) -> Iterator[Sample]:
        """The worker's share of the stream."""
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        cv2.setNumThreads(1)
        groups: dict[int, list[Pair]] = {}
        position = self._start // workers
        while True:
            generator = np.random.default_rng([self._seed, worker, position, 1])
            newest = FIRST_GROUPS + position // (GROUP * REUSE)
            oldest = max(0, newest - POOL)
            for past in [number for number in groups if number < oldest]:
                del groups[past]
            number = int(generator.integers(oldest, newest))
            if number not in groups:
                groups[number] = self._group(np.random.default_rng([self._seed, worker, number]))
            pair = groups[number][int(generator.integers(len(groups[number])))]
            yield as_sample(augmented(pair, generator))
            position += 1

    def _group(self, generator: np.random.Generator) -> list[Pair]:
        if not self._sources.people or (self._sources.photos and generator.random() < PHOTO_SHARE):
            return self._photo_group(generator)
        weights = np.sqrt([sum(len(one) for one in clips) for clips in self._sources.people])
        person = generator.choice(len(weights), p=weights / weights.sum())
        clips = self._sources.people[int(person)]
        clip = clips[int(generator.integers(len(clips)))]
        source = int(generator.integers(len(clip)))
        targets = [int(one) for one in generator.integers(len(clip), size=GROUP)]
        cut = random_cut(clip, source, generator)
        return list(self._maker.from_clip(clip, source, targets, cut))

    def _photo_group(self, generator: np.random.Generator) -> list[Pair]:
        pairs: list[Pair] = []
        for _ in range(GROUP // VARIANTS):
            shard = self._sources.photos[int(generator.integers(len(self._sources.photos)))]
            index = int(generator.integers(len(shard)))
            cut = random_cut(shard, index, generator)
            pairs += self._maker.from_photo(shard, index, cut, VARIANTS, generator)
        return pairs


def random_cut(shard: Shard, index: int, generator: np.random.Generator) -> Cut:
    """Scale, turn and move."""
    return Cut.around(
        shard.landmarks[index],
        NETWORK_FACTOR * float(generator.uniform(0.88, 1.14)),
        float(np.clip(generator.normal(0, 0.1), -0.25, 0.25)),
        (float(generator.uniform(-0.06, 0.06)), float(generator.uniform(-0.06, 0.06))),
    )


def augmented(pair: Pair, generator: np.random.Generator) -> Pair:
    """Another light, and left and right exchanged half of the time."""
    table = _colour_table(generator)
    pair = replace(
        pair,
        source=_recoloured(pair.source, table),
        target=_recoloured(pair.target, table),
        picture=_recoloured(pair.picture, table),
    )
    return mirrored(pair) if generator.random() < 0.5 else pair


def _colour_table(generator: np.random.Generator) -> NDArray[np.uint8]:
    """(256, 3): gamma, contrast, brightness, and a gain for each colour."""
    level = np.linspace(0, 1, 256)[:, None]
    gamma = np.exp(generator.normal(0, 0.12))
    gain = np.exp(generator.normal(0, 0.12) + generator.normal(0, 0.06, 3))
    values = level**gamma * gain + generator.normal(0, 0.02)
    table: NDArray[np.uint8] = np.clip(values * 255 + 0.5, 0, 255).astype(np.uint8)
    return table


def _recoloured(picture: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.LUT(picture, np.ascontiguousarray(table[None])), np.uint8)


def mirrored(pair: Pair) -> Pair:
    """The same pair in a mirror: a valid pair of a mirrored face."""
    maps, source_maps = pair.maps[:, ::-1].copy(), pair.source_maps[:, ::-1].copy()
    maps[..., 0] *= -1  # flow to image right
    maps[..., 4] *= -1  # code x
    source_maps[..., 1] *= -1
    return Pair(
        pair.source[:, ::-1], pair.target[:, ::-1], pair.picture[:, ::-1], pair.inner[:, ::-1],
        maps, source_maps,
        mirrored_motion(pair.window), mirrored_motion(pair.resting),
    )  # fmt: skip


def as_sample(pair: Pair) -> Sample:
    """Tensors, pictures and maps with channels first; types as they are."""
    return {
        name: torch.from_numpy(
            np.ascontiguousarray(array.transpose(2, 0, 1) if array.ndim == 3 else array)
        )
        for name, array in pair.arrays().items()
    }


def pair_loader(
    stream: PairStream, batch: int, workers: int, *, pinned: bool = False
) -> DataLoader[Sample]:
    """Batches, made beside the training by worker processes; 0 = in this process."""
    return DataLoader(
        stream, batch, num_workers=workers, prefetch_factor=6 if workers else None,
        worker_init_fn=_prepare_worker, pin_memory=pinned,
    )  # fmt: skip


def _prepare_worker(worker: int) -> None:
    """One thread; and who stops the run stops the trainer, which must still save."""
    del worker
    torch.set_num_threads(1)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
