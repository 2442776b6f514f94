"""Fine views of mouths and eyes, cut out of training scenes: what the painters learn from.

    python -m talkinghead.training.data --clips DIR --portraits DIR --side 512 \
        --smallest-face 150 -o PACK
    python -m talkinghead.training.detail_pack --pack PACK -o DETAILS --samples 8000 --seed 0
    python -m talkinghead.training.detail_pack --pack PACK -o HELD --samples 512 --kept --seed 9

Scenes cost far more to draw than a painter takes to learn from them, so they are drawn once. Run
one process for each core, each with its own seed. Nothing of it is shipped.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats, mirrored_motion
from renderer.conditions import NETWORK_FACTOR, WINDOW_RADIUS
from renderer.detail_views import VIEWS, DetailView
from renderer.face_model import FaceModel
from talkinghead.errors import TalkingHeadError
from talkinghead.training.scenes import Cut, Scene, SceneMaker
from talkinghead.training.shards import Shard, read_pack
from talkinghead.weights import load_weights

SCENE_SIDE = 448
"""Pixels of a scene: a mouth then has about as many as its view."""
SAMPLES_A_SHARD = 256
TARGETS, VARIANTS = 8, 4
PHOTO_SHARE = 0.45
STILL_SHARE = 0.04
"""Scenes whose target is the source itself: there nothing is to be painted."""
KEPT_PHOTO = 20
"""Every so many-th photo is kept out of the training."""

logger = logging.getLogger(__name__)

Sample = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class SceneSources:
    """Where scenes are drawn from: the clips of each person, and (shard, index) of each photo."""

    clips: tuple[tuple[Shard, ...], ...]
    photos: tuple[tuple[Shard, int], ...]

    @classmethod
    def of(cls, shards: Sequence[Shard], held_out: frozenset[str], *, kept: bool) -> SceneSources:
        """The people and photos to train on, or those that are kept out.

        Raises:
            TalkingHeadError: if there are none.
        """
        names = {str(one.person) for one in shards if one.is_clip}
        names = names & held_out if kept else names - held_out
        clips = tuple(
            tuple(one for one in shards if str(one.person) == name) for name in sorted(names)
        )
        photos = tuple(
            (one, index)
            for one in shards
            if not one.is_clip
            for index in range(len(one))
            if (index % KEPT_PHOTO == 0) == kept
        )
        if not clips and not photos:
            message = f"the pack holds nobody to take: --held-out {','.join(sorted(held_out))}"
            raise TalkingHeadError(message)
        return cls(clips, photos)

    def expressions(self) -> Floats:
        """(N, 52) what photos' sources may look like."""
        shards = [one for clips in self.clips for one in clips] or [one for one, _ in self.photos]
        return np.concatenate([one.expression for one in shards])


def scenes(
    sources: SceneSources, model: FaceModel, generator: np.random.Generator
) -> Iterator[Scene]:
    """Scenes for ever."""
    maker = SceneMaker(model, sources.expressions())
    weights = np.sqrt([sum(len(one) for one in clips) for clips in sources.clips])
    while True:
        if not sources.clips or (sources.photos and generator.random() < PHOTO_SHARE):
            for _ in range(TARGETS // VARIANTS):
                shard, index = sources.photos[int(generator.integers(len(sources.photos)))]
                cut = _cut(shard, index, generator)
                yield from maker.from_photo(shard, index, cut, VARIANTS, generator)
            continue
        clips = sources.clips[int(generator.choice(len(weights), p=weights / weights.sum()))]
        clip = clips[int(generator.integers(len(clips)))]
        source = int(generator.integers(len(clip)))
        targets = generator.integers(len(clip), size=TARGETS)
        targets[generator.random(TARGETS) < STILL_SHARE] = source
        cut = _cut(clip, source, generator)
        yield from maker.from_clip(clip, source, [int(one) for one in targets], cut)


def _cut(shard: Shard, index: int, generator: np.random.Generator) -> Cut:
    return Cut.around(
        shard.landmarks[index],
        NETWORK_FACTOR * float(generator.uniform(0.85, 1.2)),
        float(np.clip(generator.normal(0, 0.1), -0.25, 0.25)),
        side=SCENE_SIDE,
    )


def details(scene: Scene, model: FaceModel) -> Sample:
    """One sample.

    Returns:
        mouth: (S, S, 10) uint8: geometric picture, inner mask, source, target.
        eyes: (2, s, s, 10) uint8: the same of the left eye, and of the right one in a mirror.
        motion: (110,) float32 expression and rotation of the target, then of the source.
    """
    views = [_view(view, scene, model) for view in VIEWS]
    motion = np.concatenate([scene.window[WINDOW_RADIUS], scene.resting]).astype(np.float32)
    return {"mouth": views[0], "eyes": np.stack(views[1:]), "motion": motion}


def _view(view: DetailView, scene: Scene, model: FaceModel) -> NDArray[np.uint8]:
    scale = scene.source.camera.pixels_per_cm
    box = view.box(model, scene.points, scale)
    source_box = view.box(model, scene.renderer.geometry.source_points, scale)
    inner = np.clip(view.cut_inner(scene.frame, box) * 255 + 0.5, 0, 255).astype(np.uint8)
    parts = (
        view.cut(scene.frame.picture, box),
        inner,
        view.cut(scene.source.image, source_box),
        view.cut(scene.target, box),
    )
    return np.concatenate(parts, axis=-1).astype(np.uint8)


def write_details(samples: Iterator[Sample], count: int, folder: Path, name: str) -> None:
    """Write `count` samples as shards of `SAMPLES_A_SHARD`; existing shards of the name go."""
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, count, SAMPLES_A_SHARD):
        part = [next(samples) for _ in range(min(SAMPLES_A_SHARD, count - start))]
        path = folder / f"{name}_{start // SAMPLES_A_SHARD:04d}.npz"
        temporary = path.with_suffix(".part")
        with temporary.open("wb") as stream:
            np.savez(stream, **{key: np.stack([one[key] for one in part]) for key in part[0]})
        temporary.replace(path)
        logger.info("%s: %d samples, %.0f MB", path.name, len(part), path.stat().st_size / 1e6)


@dataclass(frozen=True)
class Details:
    """Samples of one painter in memory.

    Attributes:
        views: (N, S, S, 10) uint8, see `details`.
        motion: (N, 110) float32, in a mirror where the view is.
    """

    views: NDArray[np.uint8]
    motion: Floats

    def __len__(self) -> int:
        """N."""
        return len(self.views)


def read_details(folder: Path, painter: str) -> Details:
    """Read what one painter learns from.

    Args:
        folder: of shards.
        painter: "mouth" or "eye".

    Raises:
        TalkingHeadError: if there are no shards.
    """
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        message = f"no shards in {folder}; make them: python -m talkinghead.training.detail_pack"
        raise TalkingHeadError(message)
    views, motions = [], []
    for path in paths:
        with np.load(path, allow_pickle=False) as arrays:
            motion = np.asarray(arrays["motion"], np.float32)
            if painter == "mouth":
                views.append(arrays["mouth"])
                motions.append(motion)
            else:
                eyes = arrays["eyes"]
                views += [eyes[:, 0], eyes[:, 1]]
                mirror = [mirrored_motion(motion[:, :55]), mirrored_motion(motion[:, 55:])]
                motions += [motion, np.concatenate(mirror, axis=1)]
    return Details(np.concatenate(views), np.concatenate(motions))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pack", type=Path, required=True, help="of talkinghead.training.data")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=8000)
    parser.add_argument("--held-out", default="", help="people kept out, by commas")
    parser.add_argument("--kept", action="store_true", help="draw only who is kept out")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    cv2.setNumThreads(1)
    model = FaceModel.from_tensors(load_weights("face_model"))
    held_out = frozenset(chosen.held_out.split(",")) - {""}
    sources = SceneSources.of(read_pack(chosen.pack), held_out, kept=chosen.kept)
    drawn = scenes(sources, model, np.random.default_rng(chosen.seed))
    samples = (details(scene, model) for scene in drawn)
    write_details(samples, chosen.samples, chosen.output, f"details_{chosen.seed}")


if __name__ == "__main__":
    main()
