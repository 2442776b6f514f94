"""From a photo to its `FollowMaps`: what the network is shown, and its answer on the grid."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from renderer.coarse_flow import CoarseFlow, FollowMaps, moving_triangles, ring_around
from renderer.coefficients import Floats
from renderer.conditions import Box, canonical_code, cut
from renderer.easing import smooth_step
from renderer.follow_network import SIDE, FollowNetwork
from renderer.geometry import FaceGeometry
from renderer.rasterizer import rasterize

FACTOR, RISE = 2.3, 0.06
"""What the network sees: a square of this many times the face's larger extent, raised by so much of
it."""
RIM = 0.07
"""Share of the side along the square's border where it is not asked: few clips show so much."""
BEYOND = 0.2
"""Outside that square its answer fades to nothing over this share of its side."""


def follow_box(landmarks: Floats) -> Box:
    """(left, top, right, bottom) of the square that the network sees; it may reach beyond."""
    low, high = landmarks.min(0), landmarks.max(0)
    extent = float((high - low).max())
    x, y = (low + high) / 2 - (0.0, RISE * extent)
    half = FACTOR * extent / 2
    return float(x - half), float(y - half), float(x + half), float(y + half)


def follow_known(geometry: FaceGeometry, box: Box, backend: str = "numba") -> Floats:
    """(SIDE, SIDE, 8) float32: what the network is shown of a photo, see `follow_network.KNOWN`."""
    source = geometry.source
    left, top = source.margin
    around = (box[0] + left, box[1] + top, box[2] + left, box[3] + top)
    picture = np.asarray(cut(source.surroundings, around, SIDE), np.float32) / 255
    scale = SIDE / (box[2] - box[0])
    local = (geometry.source_points - np.array([box[0], box[1], 0], np.float32)) * np.array(
        [scale, scale, 1], np.float32
    )
    triangles = moving_triangles(geometry.model)
    code = canonical_code(geometry.model)
    raster = rasterize(local, triangles, code, (SIDE, SIDE), backend)
    width = float(np.ptp(source.landmarks[:, 0])) * scale
    ring = ring_around(raster.covered, width)
    covered = raster.covered[..., None].astype(np.float32)
    return np.concatenate([picture, covered, raster.attributes, ring], axis=-1)


@torch.inference_mode()
def follow_maps(network: FollowNetwork, coarse: CoarseFlow) -> FollowMaps:
    """What goes along with the head on one photo.

    Args:
        network: on the CPU; it runs once.
        coarse: the flow whose grid the maps are for.
    """
    geometry = coarse.geometry
    box = follow_box(geometry.source.landmarks)
    known = torch.from_numpy(follow_known(geometry, box, coarse.backend))
    answers = network(known.permute(2, 0, 1)[None])
    stacked = torch.cat([answers.follow, answers.plane, answers.drift], dim=1)[0]
    every = np.ascontiguousarray(stacked.permute(1, 2, 0).numpy(), np.float32)
    placed, inside = _placed(every, box, coarse)
    placed = np.moveaxis(placed * inside, -1, 0)
    follow, plane, drift = np.split(placed, [2, 4])
    drift = np.moveaxis(drift.reshape(2, 2, 6, *coarse.size), 1, -1)
    return FollowMaps(follow[..., None], plane[..., None], np.ascontiguousarray(drift))


def _placed(answer: Floats, box: Box, coarse: CoarseFlow) -> tuple[Floats, Floats]:
    """The answer on the grid of the flow, and (h, w, 1) 1 in the box, fading to 0 around it."""
    height, width = coarse.size
    across = _places(width, float(coarse.scale[0]), box[0], box[2])
    down = _places(height, float(coarse.scale[1]), box[1], box[3])
    side = answer.shape[0]
    x, y = (np.clip(one, RIM, 1 - RIM) * side - 0.5 for one in (across, down))
    columns, lines = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    parts = [  # remap takes four channels at most
        cv2.remap(part, columns, lines, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for part in np.split(answer, answer.shape[-1], axis=-1)
    ]
    beside, above = (np.maximum(-one, one - 1) / np.float32(BEYOND) for one in (across, down))
    inside = smooth_step(1 - np.maximum(above[:, None], beside[None]).astype(np.float32))
    return np.stack(parts, axis=-1), inside[..., None]


def _places(count: int, scale: float, start: float, stop: float) -> Floats:
    """(count,) where the pixels of the flow's grid lie along the box, 0..1 inside it."""
    centres = (np.arange(count, dtype=np.float32) + 0.5) / np.float32(scale)
    return np.asarray((centres - start) / (stop - start), np.float32)
