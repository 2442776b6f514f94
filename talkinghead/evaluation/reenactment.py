"""A clip of a real person, and the ways to make it again from its first frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats, MotionCoefficients
from renderer.face_model import FaceModel
from renderer.source import Source
from talkinghead.portrait.fit import FaceFitter
from talkinghead.portrait.fitter import source_of
from talkinghead.portrait.framing import ViewCut, crop_view
from talkinghead.portrait.residual import ResidualSpreader
from talkinghead.portrait.track import follow, motion_of
from talkinghead.video.read import read_video

Image = NDArray[np.uint8]


class SourceRenderer(Protocol):
    """What draws motion on a source."""

    def render(self, motion: MotionCoefficients) -> Iterator[Image]:
        """(H, W, 3) uint8 RGB, one a frame."""
        ...


RendererBuilder = Callable[[Source], SourceRenderer]


@dataclass(frozen=True)
class Clip:
    """A real clip, cut to head and shoulders.

    Attributes:
        name: of the file.
        source: its first frame, size x size pixels.
        motion: T frames, tracked, in the first frame's camera.
        truth: T frames (size, size, 3) uint8 RGB, the same cut of every frame.
        landmarks: (T, 478, 2) float32 pixels on those frames.
        fit_error: median of the fit in outer eye distances.
    """

    name: str
    source: Source
    motion: MotionCoefficients
    truth: Sequence[Image]
    landmarks: Floats
    fit_error: float


class ClipReader:
    """Reads, tracks and cuts clips.

    Args:
        model: the face model.
        size: of the cut in pixels.
        frames: of each clip, its first ones.
    """

    def __init__(self, model: FaceModel, size: int, frames: int) -> None:
        self._model = model
        self._fitter = FaceFitter(model, model.landmarks)
        self._spreader = ResidualSpreader(model, model.landmarks)
        self._size = size
        self._frames = frames

    def read(self, path: Path) -> Clip:
        """Read one clip.

        Raises:
            UnreadableVideo: as `read_video` and `follow`.
        """
        with read_video(path) as video:
            frames = [np.asarray(one) for one in islice(video, self._frames)]
            fps = video.fps
        points, _ = follow(frames, fps)
        fit = self._fitter.fit_clip(points)
        whole = source_of(self._model, frames[0], points[0], fit.picture(0), self._spreader)
        cut = ViewCut.around(points[0], frames[0].shape, self._size)
        view = crop_view(whole, self._size)
        # Landmarks go the way of the first frame's: one shift, one scale.
        there = (points - points[0, :1]) * (view.camera.pixels_per_cm / whole.camera.pixels_per_cm)
        return Clip(
            name=path.name,
            source=view,
            motion=motion_of(fit, fps),
            truth=[cut.view(one) for one in frames],
            landmarks=(view.landmarks[:1] + there).astype(np.float32),
            fit_error=float(np.median(fit.error)),
        )


def no_motion(source: Source) -> SourceRenderer:
    """The first frame for ever: what any method must beat."""
    return _Still(source)


class _Still:
    def __init__(self, source: Source) -> None:
        self._image = source.image

    def render(self, motion: MotionCoefficients) -> Iterator[Image]:
        for _ in range(len(motion)):
            yield self._image
