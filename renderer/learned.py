"""The learned renderer: the geometric picture, changed by the generator, at any resolution.

The network sees the head at 256 pixels, whatever the picture's size. What it answers is smooth
(flow, shading) and applied to the full picture, so skin stays as sharp as the photo; only where
it paints (mouth, eyes, what turns into view) its own resolution shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.coefficients import Floats, MotionCoefficients
from renderer.conditions import (
    WINDOW_RADIUS,
    Box,
    ConditionRenderer,
    Conditions,
    cut,
    network_box,
)
from renderer.easing import smooth_step
from renderer.face_model import FaceModel
from renderer.flow_field import pixel_grid, warp
from renderer.generator import Batch, Change, FaceGenerator
from renderer.geometry import FaceGeometry
from renderer.layers import channels_last
from renderer.precision import mixed_precision
from renderer.source import Source

CHUNK = 4
"""Frames the network takes at once."""
PAINTED_FROM = 0.25
"""A change of colour by so much (of 1) is a new surface: the photo's own detail ends there."""
FEATHER = 0.06
"""Share of the box's side over which changes fade out towards its border."""


@dataclass(frozen=True)
class Answer:
    """One frame's change as arrays: (s, s, 2), (s, s, 3), (S, S, 3) and (S, S, 1) float32.

    Painted is 0..1 where what the network paints takes the place of the moved photo.
    """

    flow: Floats
    shading: Floats
    texture: Floats
    painted: Floats


class LearnedRenderer:
    """Renders motion on one source; the same interface as `GeometricRenderer`.

    Args:
        model: the face model.
        source: the still.
        generator: trained.
        backend: rasteriser backend.
        device: of the generator, "cpu" or "cuda".
    """

    name = "learned"

    def __init__(
        self,
        model: FaceModel,
        source: Source,
        generator: FaceGenerator,
        backend: str = "numba",
        device: str = "cpu",
    ) -> None:
        self.source = source
        self.geometry = FaceGeometry(model, source)
        self._device = device
        self._generator = channels_last(generator.eval().to(device))
        self._renderer = ConditionRenderer(self.geometry, backend)
        self.box: Box = network_box(source.landmarks)
        self._paste = Paste(self.box, source.image.shape[:2])
        self._features = self._encode()

    def render(self, motion: MotionCoefficients) -> Iterator[NDArray[np.uint8]]:
        """Frames of a track, one at a time.

        Args:
            motion: T frames.

        Yields:
            (H, W, 3) uint8 RGB of the source's size.
        """
        faces = self.geometry.poses(motion)
        for start in range(0, len(motion), CHUNK):
            part = list(islice(faces, CHUNK))
            frames = [self._renderer.frame(posed) for posed in part]
            known = [
                self._renderer.conditions(frame, posed.points, self.box)
                for frame, posed in zip(frames, part, strict=True)
            ]
            answers = self._answers(known, self._windows(motion, start, len(part)))
            for frame, answer in zip(frames, answers, strict=True):
                yield self._paste.apply(frame.picture, answer)

    def _windows(self, motion: MotionCoefficients, start: int, count: int) -> Floats:
        """(count, 27, 110) the coefficients around each frame, and beside them the source's."""
        track = np.concatenate([motion.expression, motion.rotation], axis=1)
        still = self.source.motion
        resting = np.concatenate([still.expression[0], still.rotation[0]])
        rows = np.arange(start, start + count)[:, None] + np.arange(
            -WINDOW_RADIUS, WINDOW_RADIUS + 1
        )
        windows = track[np.clip(rows, 0, len(track) - 1)]
        beside = np.broadcast_to(resting, windows.shape)
        return np.asarray(np.concatenate([windows, beside], axis=-1), np.float32)

    @torch.inference_mode()
    def _encode(self) -> list[Tensor]:
        picture = _tensor(cut(self.source.image, self.box, 256)[None]) / 255
        maps = _tensor(self._renderer.source_surface(self.box)[None])
        with mixed_precision(self._device):
            features: list[Tensor] = self._generator.encode_source(
                picture.to(self._device), maps.to(self._device)
            )
        return features

    @torch.inference_mode()
    def _answers(self, known: list[Conditions], windows: Floats) -> list[Answer]:
        missing = CHUNK - len(known)  # always the same shapes: rounding depends on them
        known = known + known[-1:] * missing
        windows = np.concatenate([windows, np.repeat(windows[-1:], missing, axis=0)])
        picture = _tensor(np.stack([one.picture for one in known])) / 255
        batch = Batch(
            source=picture,  # its features are known already
            picture=picture.to(self._device),
            inner=(_tensor(np.stack([one.inner for one in known])) / 255).to(self._device),
            maps=_tensor(np.stack([one.maps for one in known])).to(self._device),
            source_maps=picture,
            motion=torch.from_numpy(windows).to(self._device),
        )
        features = [one.expand(CHUNK, -1, -1, -1) for one in self._features]
        with mixed_precision(self._device):
            change = self._generator.change(features, batch)
        return _arrays(change, batch.inner, CHUNK - missing)


class Paste:
    """Applies changes to the part of a picture that the network saw.

    Args:
        box: that part; it may reach beyond the picture.
        size: (H, W) of the picture.
    """

    def __init__(self, box: Box, size: tuple[int, ...]) -> None:
        left, top, right, _ = (int(edge) for edge in box)
        self._side = right - left
        self._rows = slice(max(top, 0), min(top + self._side, size[0]))
        self._columns = slice(max(left, 0), min(left + self._side, size[1]))
        self._inside = (
            slice(self._rows.start - top, self._rows.stop - top),
            slice(self._columns.start - left, self._columns.stop - left),
        )
        self._grid = pixel_grid(size[0], size[1])[self._rows, self._columns]

    def apply(self, picture: NDArray[np.uint8], answer: Answer) -> NDArray[np.uint8]:
        """(H, W, 3) uint8, a new picture."""
        flow = self._up(answer.flow * _feather(len(answer.flow))) * np.float32(self._side / 2)
        place = self._rows, self._columns
        moved = warp(picture, self._grid, np.ascontiguousarray(flow)).astype(np.float32)
        shading = self._up(answer.shading * _feather(len(answer.shading)))
        feather = _feather(len(answer.texture))
        change = shading + self._up(answer.texture * feather)
        changed = moved + change * 255 - self._detail(moved, answer.painted * feather)
        result = picture.copy()
        result[place] = np.clip(changed + 0.5, 0, 255).astype(np.uint8)
        return result

    def _detail(self, moved: Floats, painted: Floats) -> Floats | float:
        """What is finer than the network sees, where it paints: there it must not show through."""
        seen = len(painted)
        if self._side <= seen:
            return 0.0
        height, width = moved.shape[:2]
        small = (max(1, width * seen // self._side), max(1, height * seen // self._side))
        coarse = cv2.resize(moved, small, interpolation=cv2.INTER_AREA)
        coarse = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray((moved - coarse) * self._up(painted), np.float32)

    def _up(self, values: Floats) -> Floats:
        """(h, w, C) on the part of the picture."""
        size = (self._side, self._side)
        resized = cv2.resize(values, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(resized.reshape(*size, -1)[self._inside], np.float32)


def _feather(side: int) -> Floats:
    """(side, side, 1) 1 inside, 0 at the border."""
    place = (np.arange(side, dtype=np.float32) + 0.5) / side
    fade = smooth_step(np.minimum(place, 1 - place) / FEATHER)
    return np.asarray((fade[:, None] * fade[None])[..., None], np.float32)


def _tensor(values: NDArray[np.uint8] | Floats) -> Tensor:
    """(B, h, w, C) to (B, C, h, w) float32, channels last in memory."""
    return torch.from_numpy(np.asarray(values)).permute(0, 3, 1, 2).float()


def _arrays(change: Change, inner: Tensor, count: int) -> list[Answer]:
    strength = change.texture.abs().amax(1, keepdim=True) / PAINTED_FROM
    painted = torch.maximum(inner.amax(1, keepdim=True), strength.clamp(max=1).square())
    parts = (change.flow, change.shading, change.texture, painted)
    arrays = [part[:count].float().permute(0, 2, 3, 1).cpu().numpy() for part in parts]
    return [Answer(*(np.ascontiguousarray(one[row]) for one in arrays)) for row in range(count)]
