"""Training pairs of the generator: scenes, and what the network is told about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.conditions import NETWORK_SIDE
from renderer.face_model import FaceModel
from talkinghead.training.scenes import Cut, Scene, SceneMaker
from talkinghead.training.shards import Shard

GROUP = 8
"""Pairs that are made together, because they share work."""
_WHOLE = (0.0, 0.0, float(NETWORK_SIDE), float(NETWORK_SIDE))


@dataclass(frozen=True)
class Pair:
    """One sample; S = 256, s = 64.

    Attributes:
        source: (S, S, 3) uint8.
        target: (S, S, 3) uint8.
        picture: (S, S, 3) uint8, this and the next two as in `Conditions`.
        inner: (S, S, 2) uint8.
        maps: (s, s, 7) float16.
        source_maps: (s, s, 4) float16 covered and code of the source.
        window: (27, 55) float32 expression and rotation around the target frame.
        resting: (55,) float32 of the source.
    """

    source: NDArray[np.uint8]
    target: NDArray[np.uint8]
    picture: NDArray[np.uint8]
    inner: NDArray[np.uint8]
    maps: NDArray[np.float16]
    source_maps: NDArray[np.float16]
    window: Floats
    resting: Floats

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """By name, as a loader collates them."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


class PairMaker:
    """Makes pairs of shards.

    Args:
        model: the face model.
        expressions: (N, 52) of clips: what photos' sources may look like.
    """

    def __init__(self, model: FaceModel, expressions: Floats) -> None:
        self._scenes = SceneMaker(model, expressions)

    def from_clip(
        self, shard: Shard, source: int, targets: Sequence[int], cut: Cut
    ) -> Iterator[Pair]:
        """Pairs of one source frame with several targets."""
        source_maps = None
        for scene in self._scenes.from_clip(shard, source, targets, cut):
            if source_maps is None:
                source_maps = _source_maps(scene)
            yield _pair(scene, source_maps)

    def from_photo(
        self, shard: Shard, index: int, cut: Cut, count: int, generator: np.random.Generator
    ) -> Iterator[Pair]:
        """Pairs whose sources are the photo, moved to other expressions and poses."""
        for scene in self._scenes.from_photo(shard, index, cut, count, generator):
            yield _pair(scene, _source_maps(scene))


def _source_maps(scene: Scene) -> NDArray[np.float16]:
    return scene.renderer.source_surface(_WHOLE).astype(np.float16)


def _pair(scene: Scene, source_maps: NDArray[np.float16]) -> Pair:
    conditions = scene.renderer.conditions(scene.frame, scene.points, _WHOLE)
    return Pair(
        scene.source.image, scene.target, conditions.picture, conditions.inner,
        conditions.maps.astype(np.float16), source_maps,
        scene.window.astype(np.float32), scene.resting,
    )  # fmt: skip
