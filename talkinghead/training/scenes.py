"""Training scenes: a source and a target of one face, and the geometric picture between them.

Of a clip both are frames; the target's mesh lies exactly on the target, corrected by its own
residual. Of a photo the target is the photo, and the source is that photo moved by the geometric
renderer to another expression and pose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.camera import Camera, pose
from renderer.coefficients import ARKIT_INDEX, Floats, MotionCoefficients
from renderer.conditions import (
    NETWORK_FACTOR,
    NETWORK_RISE,
    NETWORK_SIDE,
    WINDOW_RADIUS,
    ConditionRenderer,
)
from renderer.face_model import FaceModel
from renderer.geometric import GeometricFrame
from renderer.geometry import NECK_BOTTOM, NECK_TOP, FaceGeometry, PosedFace
from renderer.source import Source
from talkinghead.portrait.residual import ResidualSpreader, lid_closure
from talkinghead.training.shards import Shard

MOUTH_OPENERS = ("jawOpen", "mouthFunnel", "mouthLowerDownLeft", "mouthLowerDownRight",
                 "mouthUpperUpLeft", "mouthUpperUpRight", "mouthShrugUpper")  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """One source, one target, and the geometric picture of the target.

    Attributes:
        renderer: the geometric renderer on the source.
        target: (S, S, 3) uint8.
        frame: the target, drawn from the source.
        points: (V, 3) the target's mesh on the picture.
        window: (27, 55) float32 expression and rotation around the target frame.
    """

    renderer: ConditionRenderer
    target: NDArray[np.uint8]
    frame: GeometricFrame
    points: Floats
    window: Floats

    @property
    def source(self) -> Source:
        """The still."""
        return self.renderer.geometry.source

    @property
    def resting(self) -> Floats:
        """(55,) expression and rotation of the source."""
        return _coefficients(self.source.motion)


@dataclass(frozen=True)
class Cut:
    """A similarity from a stored picture to the network's: scale, turn, move.

    Attributes:
        matrix: (2, 3) float64 on pixel coordinates.
        turn: radians, clockwise as seen.
        scale: network pixels a stored pixel.
        side: of the picture that is cut, pixels.
    """

    matrix: NDArray[np.float64]
    turn: float
    scale: float
    side: int = NETWORK_SIDE

    @classmethod
    def around(
        cls,
        landmarks: Floats,
        factor: float = NETWORK_FACTOR,
        turn: float = 0.0,
        shift: tuple[float, float] = (0.0, 0.0),
        side: int = NETWORK_SIDE,
    ) -> Cut:
        """A square around a face; shift is in units of the side."""
        low, high = landmarks.min(0), landmarks.max(0)
        extent = float((high - low).max())
        centre = (low + high) / 2 - (0.0, NETWORK_RISE * extent)
        centre = centre + np.array(shift) * factor * extent
        scale = side / (factor * extent)
        cosine, sine = scale * np.cos(turn), scale * np.sin(turn)
        linear = np.array([[cosine, -sine], [sine, cosine]])
        offset = side / 2 - linear @ centre
        return cls(np.concatenate([linear, offset[:, None]], axis=1), turn, scale, side)

    def points(self, points: Floats) -> Floats:
        """(N, 2) stored to network pixels."""
        return np.asarray(points @ self.matrix[:, :2].T + self.matrix[:, 2], np.float32)

    def camera(self, camera: Camera) -> Camera:
        """The camera on the network's picture; the turn goes into the head's roll."""
        x, y = self.points(np.array([camera.centre], np.float32))[0]
        return Camera(camera.focal * self.scale, (float(x), float(y)), camera.distance)

    def rotation(self, rotation: Floats) -> Floats:
        """(..., 3) pitch, yaw, roll as seen on the network's picture."""
        return np.asarray(rotation + np.array([0, 0, self.turn], np.float32), np.float32)

    def picture(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(S, S, 3) uint8."""
        matrix = self.matrix.copy()
        matrix[:, 2] += matrix[:, :2].sum(1) / 2 - 0.5  # cv2 counts from the pixels' centres
        size = (self.side, self.side)
        cut = cv2.warpAffine(
            picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(cut, np.uint8)


class SceneMaker:
    """Makes scenes of shards.

    Args:
        model: the face model.
        expressions: (N, 52) of clips: what photos' sources may look like.
    """

    def __init__(self, model: FaceModel, expressions: Floats) -> None:
        self._model = model
        self._expressions = expressions
        self._spreader = ResidualSpreader(model, model.landmarks)

    def from_clip(
        self, shard: Shard, source: int, targets: Sequence[int], cut: Cut
    ) -> Iterator[Scene]:
        """Scenes of one source frame with several targets."""
        still = self.source(shard, source, cut)
        renderer = ConditionRenderer(FaceGeometry(self._model, still))
        for target, posed in zip(
            targets, self._posed(shard, targets, cut, renderer.geometry), strict=True
        ):
            window = shard.window(target, WINDOW_RADIUS)
            yield Scene(
                renderer,
                cut.picture(shard.picture(target)),
                renderer.frame(posed),
                posed.points,
                np.concatenate([window[:, :-3], cut.rotation(window[:, -3:])], axis=1),
            )

    def from_photo(
        self, shard: Shard, index: int, cut: Cut, count: int, generator: np.random.Generator
    ) -> Iterator[Scene]:
        """Scenes whose sources are the photo, moved to other expressions and poses."""
        photo = self.source(shard, index, cut, with_lids=True)
        geometry = FaceGeometry(self._model, photo)
        renderer = ConditionRenderer(geometry)
        photo_points = geometry.source_points
        window = np.repeat(_coefficients(photo.motion)[None], 2 * WINDOW_RADIUS + 1, axis=0)
        for _ in range(count):
            motion = self._other_motion(photo.motion, generator)
            posed = next(geometry.poses(motion))
            source = self._moved(photo, motion, posed, renderer.frame(posed).picture)
            back_geometry = FaceGeometry(self._model, source)
            back_geometry.source_points = posed.points  # the neck has stayed behind
            back = ConditionRenderer(back_geometry)
            target = replace(next(back_geometry.poses(photo.motion)), points=photo_points)
            yield Scene(
                back, _resampled(photo.image, generator), back.frame(target), photo_points, window
            )

    def source(self, shard: Shard, index: int, cut: Cut, *, with_lids: bool = False) -> Source:
        """A stored picture as the still to animate."""
        image = cut.picture(shard.picture(index))
        identity = shard.identity[index]
        residual = self._spreader.spread(shard.residual[index].astype(np.float32))
        closure = (
            lid_closure(self._model, identity, residual)
            if with_lids
            else np.zeros((2, *residual.shape), np.float32)
        )
        motion = MotionCoefficients(
            shard.expression[index][None],
            cut.rotation(shard.rotation[index])[None],
            np.zeros((1, 3), np.float32),
            25.0,
        )
        return Source(
            image, cut.camera(shard.camera(index)), identity, motion, residual, closure,
            cut.points(shard.landmarks[index]), image,
        )  # fmt: skip

    def _posed(
        self, shard: Shard, targets: Sequence[int], cut: Cut, geometry: FaceGeometry
    ) -> Iterator[PosedFace]:
        """The targets' own meshes, and what else drawing them from the source takes."""
        rows = list(targets)
        motion = MotionCoefficients(
            shard.expression[rows],
            cut.rotation(shard.rotation[rows]),
            np.zeros((len(rows), 3), np.float32),
            25.0,
        )
        for target, posed in zip(rows, geometry.poses(motion), strict=True):
            yield replace(posed, points=self._target_points(shard, target, cut, geometry))

    def _target_points(self, shard: Shard, index: int, cut: Cut, geometry: FaceGeometry) -> Floats:
        """(V, 3) the target's mesh on its own frame; the lower neck stays where the source's is."""
        shape = self._model.deform(geometry.resting, shard.expression[index][None])[0]
        shape += self._spreader.spread(shard.residual[index].astype(np.float32))
        rotation = cut.rotation(shard.rotation[index])
        still = np.zeros(3, np.float32)
        points = cut.camera(shard.camera(index)).project(pose(shape, rotation, still))
        share = np.clip((geometry.resting[:, 1] - NECK_BOTTOM) / (NECK_TOP - NECK_BOTTOM), 0, 1)
        neck = np.flatnonzero(share < 1)
        follows = (share * share * (3 - 2 * share))[neck, None]
        source = geometry.source
        at_rest = source.camera.project(pose(shape[neck], source.motion.rotation[0], still))
        points[neck] = at_rest + follows * (points[neck] - at_rest)
        return points

    def _other_motion(
        self, motion: MotionCoefficients, generator: np.random.Generator
    ) -> MotionCoefficients:
        expression = self._expressions[generator.integers(len(self._expressions))].copy()
        if generator.random() < 0.4:  # the usual portrait keeps its mouth shut
            for name in MOUTH_OPENERS:
                expression[ARKIT_INDEX[name]] *= 0.1
        turn = generator.normal(0.0, (0.08, 0.16, 0.05)).astype(np.float32)
        return replace(
            motion, expression=expression[None], rotation=motion.rotation + np.clip(turn, -0.4, 0.4)
        )

    def _moved(
        self,
        photo: Source,
        motion: MotionCoefficients,
        posed: PosedFace,
        image: NDArray[np.uint8],
    ) -> Source:
        """The moved photo as a source; what closed its lids becomes part of its residual."""
        residual = photo.residual + np.tensordot(posed.closing, photo.lid_closure, axes=1)
        return replace(
            photo,
            image=image,
            surroundings=image,
            motion=motion,
            residual=residual.astype(np.float32),
            lid_closure=np.zeros_like(photo.lid_closure),
            landmarks=self._model.landmarks.on(posed.points)[:, :2],
        )


def _coefficients(motion: MotionCoefficients) -> Floats:
    both = np.concatenate([motion.expression[0], motion.rotation[0]])
    return np.asarray(both, np.float32)


def _resampled(picture: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """As soft as its source, which was moved twice: else the network would learn to sharpen."""
    x, y = generator.uniform(0.2, 0.5, 2)
    for sign in (1, -1):
        matrix = np.array([[1, 0, sign * x], [0, 1, sign * y]])
        picture = np.asarray(
            cv2.warpAffine(
                picture, matrix, picture.shape[1::-1],
                flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE,
            ),
            np.uint8,
        )  # fmt: skip
    return picture
