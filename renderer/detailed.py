"""The geometric picture, its surroundings moved and its mouth and eyes painted by networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.coefficients import Floats, MotionCoefficients, mirrored_motion
from renderer.detail_network import DetailPainter
from renderer.detail_views import VIEWS, Box, DetailView
from renderer.face_model import FaceModel
from renderer.follow_network import FollowNetwork
from renderer.following import follow_maps
from renderer.geometric import GeometricFrame, GeometricRenderer
from renderer.geometry import PosedFace
from renderer.layers import channels_last
from renderer.precision import mixed_precision
from renderer.source import Source

CHUNK = 8
"""Frames that a network takes at once."""
WIDE_FROM, WIDE_TO, LEAST_CERTAIN = 0.02, 0.07, 0.45
"""Share of a view in which its inside shows, from which on and at which the painter is believed
least, and how much that is."""


class DetailedRenderer:
    """Renders motion on one source; the same interface as `GeometricRenderer`.

    Args:
        model: the face model.
        source: the still.
        painters: by name, see `DetailView.painter`; trained. Views without one stay geometric.
        follow: says what goes along with the head; None = the geometric renderer's ring.
        backend: rasteriser backend.
        device: of the networks, "cpu" or "cuda".
    """

    name = "learned"

    def __init__(
        self,
        model: FaceModel,
        source: Source,
        painters: Mapping[str, DetailPainter],
        follow: FollowNetwork | None = None,
        backend: str = "numba",
        device: str = "cpu",
    ) -> None:
        self.source = source
        self._model = model
        self._device = device
        self._painters = {
            name: channels_last(painter.eval().to(device)) for name, painter in painters.items()
        }
        self._renderer = GeometricRenderer(model, source, backend)
        if follow is not None:
            self._renderer.coarse.maps = follow_maps(follow.eval(), self._renderer.coarse)
        self.geometry = self._renderer.geometry
        still = source.motion
        self._resting = np.concatenate([still.expression[0], still.rotation[0]])
        self._seen = {
            view: view.cut(source.image, self._box(view, self.geometry.source_points))
            for view in VIEWS
            if view.painter in painters
        }

    def render(self, motion: MotionCoefficients) -> Iterator[NDArray[np.uint8]]:
        """Frames of a track, one at a time.

        Args:
            motion: T frames.

        Yields:
            (H, W, 3) uint8 RGB of the source's size.
        """
        faces = self.geometry.poses(motion)
        track = np.concatenate([motion.expression, motion.rotation], axis=1)
        for start in range(0, len(motion), CHUNK):
            part = list(islice(faces, CHUNK))
            frames = [self._renderer.frame(posed) for posed in part]
            for view in self._seen:
                self._paint(view, frames, part, track[start : start + len(part)])
            for frame in frames:
                yield frame.picture

    def _box(self, view: DetailView, points: Floats) -> Box:
        return view.box(self._model, points, self.source.camera.pixels_per_cm)

    def _paint(
        self, view: DetailView, frames: list[GeometricFrame], part: list[PosedFace], track: Floats
    ) -> None:
        """Paint one view into the pictures of some frames."""
        boxes = [self._box(view, posed.points) for posed in part]
        known = [self._known(view, frame, box) for frame, box in zip(frames, boxes, strict=True)]
        paint, share = self._answers(view, np.stack(known), track)
        for row, (frame, box) in enumerate(zip(frames, boxes, strict=True)):
            view.put(frame.picture, box, paint[row], share[row])

    def _known(self, view: DetailView, frame: GeometricFrame, box: Box) -> NDArray[np.uint8]:
        """(side, side, 7) what the network is shown of a frame."""
        inner = np.clip(view.cut_inner(frame, box) * 255 + 0.5, 0, 255).astype(np.uint8)
        return np.concatenate([view.cut(frame.picture, box), inner, self._seen[view]], axis=-1)

    @torch.inference_mode()
    def _answers(
        self, view: DetailView, known: NDArray[np.uint8], track: Floats
    ) -> tuple[Floats, Floats]:
        """(n, side, side, 3) paint 0..255 and (n, side, side, 1) its share."""
        count = len(known)
        rows = np.minimum(np.arange(CHUNK), count - 1)  # always one shape: rounding depends on it
        motion, resting = track[rows], np.broadcast_to(self._resting, (CHUNK, len(self._resting)))
        if view.mirrored:
            motion, resting = mirrored_motion(motion), mirrored_motion(resting)
        beside = np.concatenate([motion, resting], axis=1).astype(np.float32)
        pictures = torch.from_numpy(known[rows]).permute(0, 3, 1, 2).to(self._device).float() / 255
        painter = self._painters[view.painter]
        with mixed_precision(self._device):
            paint, share = painter(pictures, torch.from_numpy(beside).to(self._device))
        share = share * certainty(pictures[:, 3:4])
        both = torch.cat([paint.clamp(0, 1) * 255, share], dim=1)[:count]
        answer = both.permute(0, 2, 3, 1).float().cpu().numpy()
        return np.ascontiguousarray(answer[..., :3]), np.ascontiguousarray(answer[..., 3:])


def certainty(inner: Tensor) -> Tensor:
    """(N, 1, 1, 1) 0..1 how far a painter is believed, given (N, 1, S, S) 0..1 inner masks.

    What a stranger's mouth looks like wide open cannot be known: the painter answers with a grey
    mean, on which the crisp teeth of geometry have to show through.
    """
    wide = ((inner.mean((2, 3), keepdim=True) - WIDE_FROM) / (WIDE_TO - WIDE_FROM)).clamp(0, 1)
    return 1 - (1 - LEAST_CERTAIN) * wide * wide * (3 - 2 * wide)
