"""What moves along when real heads move, drawn from packs: what the follow network learns from.

    python -m talkinghead.training.follow_pack --pack PACK [--pack MORE] -o FOLLOW --groups 3000
    python -m talkinghead.training.follow_pack --pack PACK -o HELD --held-out A,B --kept

A group is one frame of a clip as the source, and several frames of the same clip with the flow that
would take everything along with the head. Photos, which do not move, come with a mask of the person
(MediaPipe's selfie segmentation, Apache-2.0, is the teacher). Nothing of it is shipped.
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

from renderer.camera import DISTANCE_CM
from renderer.coarse_flow import CoarseFlow
from renderer.coefficients import Floats, MotionCoefficients
from renderer.face_model import FaceModel
from renderer.follow_network import SIDE
from renderer.following import FACTOR, follow_known
from renderer.geometry import FaceGeometry
from talkinghead.training.detail_pack import SceneSources
from talkinghead.training.scenes import Cut, SceneMaker
from talkinghead.training.shards import Shard, read_pack
from talkinghead.weights import load_weights

TARGETS = 8
NEAR_SHARE, NEAR_FRAMES = 0.5, 100
"""How many of the targets lie within so many frames of the source."""
PERSON_SIDE = 256

logger = logging.getLogger(__name__)

Group = dict[str, NDArray[np.generic]]


class FollowMaker:
    """Makes groups of shards.

    Args:
        model: the face model.
        seed: of all draws.
    """

    def __init__(self, model: FaceModel, seed: int) -> None:
        self._model = model
        self._scenes = SceneMaker(model, np.zeros((1, 52), np.float32))
        self._generator = np.random.default_rng(seed)
        self._segment = person_segmenter()

    def clip(self, clip: Shard) -> Group:
        """One group of a clip.

        Returns:
            known: (SIDE, SIDE, 8) float16, see `renderer.following.follow_known`.
            person: (SIDE, SIDE) uint8 0..255.
            targets: (K, SIDE, SIDE, 3) uint8.
            head: (K, SIDE / 2, SIDE / 2, 2) float16 flow in pixels of SIDE if all followed.
            face: (K, SIDE, SIDE) uint8 0..255 where the face itself is.
            known_at: (K, SIDE, SIDE) uint8 1 where the stored picture reaches.
            plane: the same if all lay on the plane through the head's origin.
            motion: (K, 6) float32, this and the next see `HeadFlow`.
            far: (K,) float32.
        """
        source = int(self._generator.integers(len(clip)))
        rows = self._targets(clip, source)
        cut = self._cut(clip, source)
        group, coarse = self._still(clip, source, cut)
        motion = track_from(clip, source, rows, cut)
        flows = [coarse.head_flow(posed) for posed in coarse.geometry.poses(motion)]
        reach = reached(cut, clip.picture(source).shape)
        return group | {
            "targets": np.stack([cut.picture(clip.picture(row)) for row in rows]),
            "head": np.stack([_half(one.head) for one in flows]),
            "plane": np.stack([_half(one.plane) for one in flows]),
            "face": np.stack([one.face[..., 0] * 255 + 0.5 for one in flows]).astype(np.uint8),
            "known_at": np.stack([reach] * len(rows)),
            "motion": np.stack([one.motion for one in flows]),
            "far": np.array([one.far for one in flows], np.float32),
        }

    def photo(self, shard: Shard, index: int) -> Group:
        """`known` and `person` of a photo."""
        return self._still(shard, index, self._cut(shard, index))[0]

    def _still(self, shard: Shard, index: int, cut: Cut) -> tuple[Group, CoarseFlow]:
        source = self._scenes.source(shard, index, cut)
        coarse = CoarseFlow(FaceGeometry(self._model, source))
        known = follow_known(coarse.geometry, (0.0, 0.0, float(SIDE), float(SIDE)))
        person = self._segment(cut_at(cut, shard.picture(index), PERSON_SIDE))
        small = cv2.resize(person, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        return {
            "known": known.astype(np.float16),
            "person": (small * 255 + 0.5).clip(0, 255).astype(np.uint8),
        }, coarse

    def _targets(self, clip: Shard, source: int) -> list[int]:
        """Frames of the clip; many of them not long before or after the source."""
        near = np.flatnonzero(np.abs(clip.row - clip.row[source]) <= NEAR_FRAMES)
        count = round(TARGETS * NEAR_SHARE)
        anywhere = self._generator.integers(len(clip), size=TARGETS - count)
        return [*self._generator.choice(near, count).tolist(), *anywhere.tolist()]

    def _cut(self, shard: Shard, index: int) -> Cut:
        draw = self._generator
        factor = FACTOR * float(draw.uniform(0.9, 1.12))
        turn = float(np.clip(draw.normal(0, 0.08), -0.2, 0.2))
        x, y = draw.uniform(-0.05, 0.05, 2)
        return Cut.around(shard.landmarks[index], factor, turn, (float(x), float(y)), SIDE)


def _half(flow: Floats) -> NDArray[np.float16]:
    """(SIDE / 2, SIDE / 2, 2): it is smooth."""
    small = cv2.resize(flow, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float16)


def track_from(clip: Shard, source: int, rows: Sequence[int], cut: Cut) -> MotionCoefficients:
    """Frames of a clip as a track that the source's camera sees, as `portrait.track.motion_of`."""
    cameras = [cut.camera(clip.camera(row)) for row in rows]
    still = cut.camera(clip.camera(source))
    scale = np.array([one.pixels_per_cm for one in cameras])[:, None]
    origin = np.array([one.centre for one in cameras])
    sideways = (origin - still.centre) / scale * (1, -1)
    nearer = DISTANCE_CM * (1 - still.pixels_per_cm / scale)
    return MotionCoefficients(
        clip.expression[list(rows)],
        cut.rotation(clip.rotation[list(rows)]),
        np.concatenate([sideways, nearer], axis=1).astype(np.float32),
        25.0,
    )


def cut_at(cut: Cut, picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The same cut at another resolution."""
    factor = side / cut.side
    return Cut(cut.matrix * factor, cut.turn, cut.scale * factor, side).picture(picture)


def reached(cut: Cut, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """(S, S) uint8 1 where a stored picture of this shape reaches, 0 where its edge is repeated."""
    size = (cut.side, cut.side)
    return np.asarray(cv2.warpAffine(np.ones(shape[:2], np.uint8), cut.matrix, size), np.uint8)


@dataclass(frozen=True)
class PersonSegmenter:
    """MediaPipe's selfie segmentation."""

    solution: object

    def __call__(self, picture: NDArray[np.uint8]) -> Floats:
        """(H, W) 0..1 how likely each pixel of (H, W, 3) uint8 RGB shows a person."""
        result = self.solution.process(np.ascontiguousarray(picture))  # type: ignore[attr-defined]
        return np.asarray(result.segmentation_mask, np.float32)


def person_segmenter() -> PersonSegmenter:
    """The teacher; its model lies in the mediapipe package."""
    from mediapipe.python.solutions.selfie_segmentation import SelfieSegmentation

    return PersonSegmenter(SelfieSegmentation(model_selection=0))


def clip_groups(sources: SceneSources, maker: FollowMaker, seed: int) -> Iterator[Group]:
    """Groups for ever; every person's share grows with the root of their frames."""
    generator = np.random.default_rng([seed, 1])
    weights = np.sqrt([sum(len(one) for one in clips) for clips in sources.clips])
    while True:
        clips = sources.clips[int(generator.choice(len(weights), p=weights / weights.sum()))]
        yield maker.clip(clips[int(generator.integers(len(clips)))])


def write_groups(groups: Iterator[Group], count: int, folder: Path, name: str) -> None:
    """Write `count` groups in one file for every 200 of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, count, 200):
        part = [next(groups) for _ in range(min(200, count - start))]
        path = folder / f"{name}_{start // 200:04d}.npz"
        temporary = path.with_suffix(".part")
        with temporary.open("wb") as stream:
            np.savez(stream, **{key: np.stack([one[key] for one in part]) for key in part[0]})
        temporary.replace(path)
        logger.info("%s: %d groups, %.0f MB", path.name, len(part), path.stat().st_size / 1e6)


def read_groups(folder: Path, kind: str) -> dict[str, NDArray[np.generic]]:
    """Read all groups of a kind, "clips" or "photos", stacked.

    Raises:
        FileNotFoundError: if there are none.
    """
    paths = sorted(folder.glob(f"{kind}_*.npz"))
    if not paths:
        message = f"no {kind} in {folder}; make them: python -m talkinghead.training.follow_pack"
        raise FileNotFoundError(message)
    parts = []
    for path in paths:
        with np.load(path, allow_pickle=False) as arrays:
            parts.append({name: arrays[name] for name in arrays.files})
    return {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pack", type=Path, action="append", required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--groups", type=int, default=3000, help="of clips")
    parser.add_argument("--held-out", default="", help="people kept out, by commas")
    parser.add_argument("--kept", action="store_true", help="draw only who is kept out")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    cv2.setNumThreads(1)
    model = FaceModel.from_tensors(load_weights("face_model"))
    held_out = frozenset(chosen.held_out.split(",")) - {""}
    shards = [shard for pack in chosen.pack for shard in read_pack(pack)]
    sources = SceneSources.of(shards, held_out, kept=chosen.kept)
    maker = FollowMaker(model, chosen.seed)
    groups = clip_groups(sources, maker, chosen.seed)
    write_groups(groups, chosen.groups, chosen.output, f"clips_{chosen.seed}")
    photos = (maker.photo(shard, index) for shard, index in sources.photos)
    write_groups(photos, len(sources.photos), chosen.output, f"photos_{chosen.seed}")


if __name__ == "__main__":
    main()
