"""The geometric renderer: no learning, deterministic, and the fast path on a CPU.

Photo pixels are moved by the mesh; what the photo does not show behind lips and lids is painted
from the face model in the photo's light.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderer.appearance import appearance_of
from renderer.coarse_flow import CoarseFlow
from renderer.coefficients import Floats, MotionCoefficients
from renderer.face_model import FaceModel
from renderer.flow_field import pixel_grid, warp
from renderer.geometry import FaceGeometry, PosedFace
from renderer.inner_parts import InnerPaint, window_layouts
from renderer.lash_line import LashLine
from renderer.lid_skin import LidSkin
from renderer.source import Source
from renderer.windows import InnerPatch, Window, WindowFrame, compose


@dataclass(frozen=True)
class GeometricFrame:
    """One picture with what it was made from.

    Attributes:
        picture: (H, W, 3) uint8 RGB.
        offset: (H, W, 2) float32 pixels, the backward flow of the skin; the renderer writes its
            next frame's into the same memory.
        patches: what shows behind the skin, by the window's name.
    """

    picture: NDArray[np.uint8]
    offset: Floats
    patches: Mapping[str, InnerPatch]


class GeometricRenderer:
    """Renders motion on one source.

    Args:
        model: the face model.
        source: the still.
        backend: rasteriser backend.
        geometry: the face on its picture, if it is known already.
    """

    name = "geometric"

    def __init__(
        self,
        model: FaceModel,
        source: Source,
        backend: str = "numba",
        geometry: FaceGeometry | None = None,
    ) -> None:
        self.source = source
        self.geometry = geometry or FaceGeometry(model, source)
        self.coarse = CoarseFlow(self.geometry, backend)
        self._windows = [Window(layout, self.geometry, backend) for layout in window_layouts(model)]
        self._paint = InnerPaint(model, appearance_of(source))
        self._lids = LidSkin(self.geometry)
        self._lashes = LashLine(self.geometry)
        height, width = source.image.shape[:2]
        self._grid = pixel_grid(height, width, source.margin)
        self._where, self._offset = np.empty_like(self._grid), np.empty_like(self._grid)

    def render(self, motion: MotionCoefficients) -> Iterator[NDArray[np.uint8]]:
        """Frames of a track, one at a time.

        Args:
            motion: T frames.

        Yields:
            (H, W, 3) uint8 RGB of the source's size.
        """
        for posed in self.geometry.poses(motion):
            yield self.frame(posed).picture

    def frame(self, posed: PosedFace) -> GeometricFrame:
        """One picture; see `FaceGeometry.poses`."""
        colours = self._paint.colours(posed.aperture)
        frames = [window.draw(posed, colours) for window in self._windows]
        offset = self.coarse.offset(posed, self._offset)
        for frame in frames:
            if frame is not None:
                blend_offset(offset, frame)
        picture = warp(self.source.surroundings, self._grid, offset, self._where)
        patches = {}
        for window, frame in zip(self._windows, frames, strict=True):
            if frame is not None and frame.inner is not None:
                compose(picture, self.source, frame.inner, window)
                patches[window.layout.name] = frame.inner
        self._lids.draw(picture, posed)
        self._lashes.draw(picture, posed)
        return GeometricFrame(picture, offset, patches)


def blend_offset(offset: Floats, frame: WindowFrame) -> None:
    """Let a window's finer flow replace the coarse one, in place."""
    rows, columns = frame.where
    coarse = offset[rows, columns]
    offset[rows, columns] = coarse + (frame.offset - coarse) * frame.blend
