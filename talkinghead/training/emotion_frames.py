"""Unlabelled faces for the image tower's eye: frames of the renderer's training packs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from talkinghead.portrait.cues import aligned_crop
from talkinghead.training.shards import read_pack

OF_A_PERSON = 250
"""Frames; all clips of a person have an equal share."""


@dataclass(frozen=True)
class Crops:
    """N faces that nobody has labelled.

    Attributes:
        crops: (N, FACE_CROP, FACE_CROP) uint8 grey.
        person: (N,) who it is.
    """

    crops: NDArray[np.uint8]
    person: NDArray[np.str_]


def pack_crops(folders: Sequence[Path], most: int = OF_A_PERSON) -> Crops:
    """Frames of all clips of some packs, evenly over each clip.

    Args:
        folders: packs of `talkinghead.training.data`, made of clips that may train what ships.
        most: frames of a person.
    """
    clips = [shard for folder in folders for shard in read_pack(folder) if shard.is_clip]
    names, counts = np.unique([str(clip.person) for clip in clips], return_counts=True)
    share = dict(zip(names, np.ceil(most / counts).astype(int), strict=True))
    crops, person = [], []
    for clip in clips:
        name, count = str(clip.person), len(clip)
        picked = np.unique(np.linspace(0, count - 1, min(count, share[name])).astype(int))
        crops += [aligned_crop(clip.picture(row), clip.landmarks[row]) for row in picked]
        person += [name] * len(picked)
    return Crops(np.stack(crops), np.array(person))


def save_crops(path: Path, crops: Crops) -> None:
    """Write `.npz`, complete or not at all."""
    part = path.with_suffix(".part.npz")
    np.savez(part, crops=crops.crops, person=crops.person)
    part.replace(path)


def load_crops(path: Path) -> Crops:
    """Read what `save_crops` wrote."""
    with np.load(path) as stored:
        return Crops(stored["crops"], stored["person"])
