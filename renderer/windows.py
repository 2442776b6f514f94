"""Fine windows on mouth and eyes: exact lid and lip edges, and what lies behind them.

Each window is rasterised at twice the picture's resolution. The skin's flow replaces the coarse
one there. Behind the skin's opening lie eyeball, or teeth, gums and tongue: where the photo shows
that very piece of surface it is sampled from the photo, elsewhere it is painted.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.easing import smooth_step
from renderer.flow_field import pixel_grid, warp
from renderer.geometry import FaceGeometry, PosedFace
from renderer.rasterizer import rasterize
from renderer.resolve import SUPERSAMPLING, resolve
from renderer.source import Source

FEATHER = 0.18
"""Share of a window over which its flow blends into the coarse flow."""
RIM_CM = 0.2
"""Where the lower lip borders on teeth in the photo, its shadow and its edge are no part of the
teeth: once it has moved they would show as a second edge."""
MIN_OPENING_CM = 0.2
"""Below half of this the photo's own opening is not trusted, above one and a half fully."""


@dataclass(frozen=True)
class WindowLayout:
    """What a window looks at.

    Attributes:
        name: "mouth", "eye_left" or "eye_right".
        triangles: (F, 3) int32 skin and inner triangles near the window.
        inner_start: triangles from this index on are inner ones.
        frame_vertices: vertices whose bounding box, grown by `margin`, is the window.
        margin: share of the box's size.
        depth_bias: (V,) cm added to the depth.
        outline: vertices of the closed contour inside which anything inner may show at all.
        carried: (V,) 0..1 inner vertices that the jaw carries away from where the photo has them.
    """

    name: str
    triangles: NDArray[np.int32]
    inner_start: int
    frame_vertices: NDArray[np.intp]
    margin: tuple[float, float]
    depth_bias: Floats
    outline: NDArray[np.intp] | NDArray[np.int32]
    carried: Floats


@dataclass(frozen=True)
class InnerPatch:
    """What lies behind the skin, in the smallest box that holds it.

    Attributes:
        left: x of the box on the picture.
        top: y of the box.
        alpha: (h, w, 1) 0..1 how far the pixel shows the inner surface.
        flow: (h, w, 3) its flow, and 0..1 how far it has left the place where the photo shows it.
        paint: (h, w, 3) its painted colours, 0..255.
        parted: 0..1 how far the opening is another than the photo's, so that its rim is not to be
            sampled.
    """

    left: int
    top: int
    alpha: Floats
    flow: Floats
    paint: Floats
    parted: float

    @property
    def where(self) -> tuple[slice, slice]:
        """Rows and columns on the picture."""
        return _place(self.left, self.top, self.alpha)


@dataclass(frozen=True)
class WindowFrame:
    """One frame of one window, at the picture's resolution.

    Attributes:
        left: x of the window's first column on the picture.
        top: y of the window's first row.
        offset: (h, w, 2) flow of the skin.
        blend: (h, w, 1) how far this flow replaces the coarse one.
        inner: what shows behind the skin; None if nothing does.
    """

    left: int
    top: int
    offset: Floats
    blend: Floats
    inner: InnerPatch | None

    @property
    def where(self) -> tuple[slice, slice]:
        """Rows and columns on the picture."""
        return _place(self.left, self.top, self.offset)


class Window:
    """Draws one window frame by frame.

    Args:
        layout: what it looks at.
        geometry: the face on its picture.
        backend: rasteriser backend.
    """

    def __init__(self, layout: WindowLayout, geometry: FaceGeometry, backend: str) -> None:
        self.layout = layout
        self.geometry = geometry
        self.backend = backend
        self._used, triangles = np.unique(layout.triangles, return_inverse=True)
        self._triangles = triangles.reshape(-1, 3).astype(np.int32)
        self._bias = layout.depth_bias[self._used]
        self._carried = layout.carried[self._used]
        self._most_carried = np.flatnonzero(layout.carried > 0.99)
        self._fixed = np.arange(*geometry.model.parts["teeth"].indices(len(layout.carried))[:2])
        self._fixed = self._fixed[layout.carried[self._fixed] < 0.01]
        self._fixed_source = geometry.source_points[self._fixed, 1]
        height, width = geometry.source.image.shape[:2]
        self._size = (height, width)
        self.photo_trust = self._photo_trust()
        self.inner_trust = _without_rim(
            self.photo_trust, RIM_CM * geometry.source.camera.pixels_per_cm
        )

    def draw(self, posed: PosedFace, colours: Floats) -> WindowFrame | None:
        """One frame.

        Args:
            posed: the face.
            colours: (V, 3) painted colours of the vertices, 0..255.

        Returns:
            The window, or None if it lies outside the picture.
        """
        points = posed.points
        box = self._box(points)
        if box is None:
            return None
        left, top, width, height = box
        fine = SUPERSAMPLING
        local = (points[self._used] - np.array([left, top, 0], np.float32)) * np.array(
            [fine, fine, 1], np.float32
        )
        local[:, 2] += self._bias
        displacement = posed.sampled_at[self._used] - points[self._used, :2]
        carried = self._centimetres_carried(points)
        distrust = self._carried * float(smooth_step(carried / 0.3))
        attributes = np.concatenate([displacement, distrust[:, None], colours[self._used]], axis=1)
        raster = rasterize(
            local, self._triangles, attributes, (height * fine, width * fine), self.backend
        )
        allowed = self._inside_outline(points, box)
        skin, inner = resolve(raster.attributes, raster.triangle, self.layout.inner_start, allowed)
        # Beyond the mesh, where the window reaches over the cheek's edge, the coarse flow is right.
        covered = cv2.blur(skin[..., 2] + inner[..., 6], (5, 5)) * (skin[..., 2] > 0)
        blend = self._blend(width, height) * covered[..., None]
        return WindowFrame(
            left,
            top,
            np.ascontiguousarray(skin[..., :2]),
            blend,
            _patch(left, top, skin, inner, self._shown(posed), float(smooth_step(carried / 0.15))),
        )

    def _shown(self, posed: PosedFace) -> float:
        """0..1 how far anything inner shows: nothing between shut lids, whatever the mesh says."""
        closing = {"eye_left": posed.closing[0], "eye_right": posed.closing[1]}
        return 1.0 - float(smooth_step((closing.get(self.layout.name, 0.0) - 0.85) / 0.15))

    def _centimetres_carried(self, points: Floats) -> float:
        """How far the jaw has moved from where the photo has it."""
        if not len(self._most_carried):
            return 0.0
        source = self.geometry.source_points[self._most_carried]
        moved = points[self._most_carried, :2] - source[:, :2]
        relative = moved[:, 1].mean() - (points[self._fixed, 1] - self._fixed_source).mean()
        return abs(float(relative)) / self.geometry.source.camera.pixels_per_cm

    def _inside_outline(self, points: Floats, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """(2h, 2w) 1 where something inner may show at all."""
        left, top, width, height = box
        contour = (points[self.layout.outline, :2] - (left, top)) * SUPERSAMPLING
        mask = np.zeros((height * SUPERSAMPLING, width * SUPERSAMPLING), np.uint8)
        cv2.fillPoly(mask, [np.round(contour).astype(np.int32)], 1)
        return np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), np.uint8)

    def _box(self, points: Floats) -> tuple[int, int, int, int] | None:
        """(left, top, width, height) on the picture; None if nothing of it is inside."""
        shown = points[self.layout.frame_vertices, :2]
        low, high = shown.min(0), shown.max(0)
        grow = (high - low) * np.array(self.layout.margin, np.float32)
        left, top = np.maximum(np.floor(low - grow), 0).astype(int)
        right, bottom = np.minimum(np.ceil(high + grow), self._size[::-1]).astype(int)
        if right - left < 8 or bottom - top < 8:
            return None
        return int(left), int(top), int(right - left), int(bottom - top)

    def _blend(self, width: int, height: int) -> Floats:
        x = (np.arange(width, dtype=np.float32) + 0.5) / width
        y = (np.arange(height, dtype=np.float32) + 0.5) / height
        across = smooth_step(np.minimum(x, 1 - x) / FEATHER)
        down = smooth_step(np.minimum(y, 1 - y) / FEATHER)
        return (down[:, None] * across[None])[..., None]

    def _photo_trust(self) -> Floats:
        """(H, W) float32 where the photo shows the inner surface: eyeball, or the open mouth.

        It reaches one pixel over the edge, so that a still face reproduces the photo exactly.
        """
        trust = np.zeros(self._size, np.float32)
        points = self.geometry.source_points
        motion = self.geometry.source.motion
        pose = (motion.rotation[0], motion.translation[0])
        still = PosedFace(points, points[:, :2], 0.0, (0.0, 0.0), *pose)
        frame = self.draw(still, np.zeros_like(points))
        if frame is not None and frame.inner is not None:
            trust[frame.inner.where] = frame.inner.alpha[..., 0]
            trust = np.minimum(2 * cv2.dilate(trust, np.ones((3, 3), np.uint8)), 1)
            trust *= self._openness(frame.inner.alpha)
        return np.asarray(trust, np.float32)

    def _openness(self, alpha: Floats) -> float:
        """0 for a slit, which is a line of the fit and not a view of the inside; 1 when open."""
        columns = alpha[..., 0].sum(0)
        height = float(np.sort(columns)[-max(1, len(columns) // 5) :].mean())
        opening = height / (self.geometry.source.camera.pixels_per_cm * MIN_OPENING_CM)
        return float(smooth_step(opening - 0.5))


def _without_rim(trust: Floats, width: float) -> Floats:
    """(H, W) trust that fades out so many pixels further up: below it lies the lower lip."""
    reaches = range(max(1, round(0.5 * width)), max(1, round(1.5 * width)) + 1)
    shortened = [
        cv2.erode(trust, np.ones((reach + 1, 1), np.uint8), anchor=(0, 0), borderValue=0)
        for reach in reaches
    ]
    return np.asarray(np.mean(shortened, axis=0), np.float32)


def compose(picture: NDArray[np.uint8], source: Source, patch: InnerPatch, window: Window) -> None:
    """Put what lies behind the skin into the warped picture, in place.

    Args:
        picture: (H, W, 3) the warped skin.
        source: the photo.
        patch: of the window.
        window: says where the photo shows what lies behind the skin.
    """
    rows, columns = patch.where
    height, width = patch.alpha.shape[:2]
    grid = pixel_grid(height, width, (patch.left, patch.top))
    in_surroundings = grid + np.array(source.margin, np.float32)
    offset = np.ascontiguousarray(patch.flow[..., :2])
    shown = warp(source.surroundings, in_surroundings, offset).astype(np.float32)
    whole, inner = (
        np.asarray(warp(one, grid, offset), np.float32)
        for one in (window.photo_trust, window.inner_trust)
    )
    trust = whole + (inner - whole) * np.float32(patch.parted)
    known = np.clip(trust, 0, 1)[..., None] * (1 - patch.flow[..., 2:])
    behind = shown * known + patch.paint * (1 - known)
    skin = picture[rows, columns].astype(np.float32)
    mixed = skin + (behind - skin) * patch.alpha
    picture[rows, columns] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def _place(left: int, top: int, pixels: Floats) -> tuple[slice, slice]:
    height, width = pixels.shape[:2]
    return slice(top, top + height), slice(left, left + width)


def _patch(
    left: int, top: int, skin: Floats, inner: Floats, shown: float, parted: float
) -> InnerPatch | None:
    """Cut the inner part out of a window's resolved pixels."""
    share = inner[..., 6] * np.float32(shown)
    rows, columns = np.flatnonzero(share.any(1)), np.flatnonzero(share.any(0))
    if not len(rows):
        return None
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    alpha = share[box] / np.maximum(inner[..., 6][box] + skin[..., 2][box], 1e-6)
    return InnerPatch(
        left + int(columns[0]), top + int(rows[0]), alpha[..., None],
        np.ascontiguousarray(inner[box][..., :3]), inner[box][..., 3:6], parted,
    )  # fmt: skip
