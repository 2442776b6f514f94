"""What the image tower's eye sees in faces: looked at once, because training leaves it as it is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.coefficients import Floats
from talkinghead.training.emotion_disguise import disguised
from talkinghead.training.emotion_faces import FaceExamples

if TYPE_CHECKING:
    from talkinghead.emotion.face_network import FaceNetwork

AT_ONCE = 64


@dataclass(frozen=True)
class Looks:
    """N faces, each seen V times: first as it is, then in disguise.

    Attributes:
        seen: (N, V, 256) float16, `FaceNetwork.see`.
        fitted: (N, V, 55) float32 expression and pose.
        mead: (N,) row of `MEAD_CLASSES`.
        feeling: (N,) row of the bank, or -1 if only the class is known.
        person: (N,) who it is.
    """

    seen: NDArray[np.float16]
    fitted: Floats
    mead: NDArray[np.intp]
    feeling: NDArray[np.intp]
    person: NDArray[np.str_]

    def __len__(self) -> int:
        """N."""
        return len(self.mead)

    def chosen(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Looks:
        """Some of the faces."""
        return Looks(*(getattr(self, field.name)[rows] for field in fields(self)))

    def drawn(self, rows: Tensor, generator: torch.Generator) -> tuple[Tensor, ...]:
        """One of the looks at each row: seen, fitted, class, feeling."""
        picked = rows.numpy()
        which = torch.randint(self.seen.shape[1], (len(picked),), generator=generator).numpy()
        given = (
            self.seen[picked, which].astype(np.float32), self.fitted[picked, which],
            self.mead[picked], self.feeling[picked],
        )  # fmt: skip
        return tuple(torch.from_numpy(one) for one in given)


def look(network: FaceNetwork, faces: FaceExamples, times: int, seed: int) -> Looks:
    """Look at every face.

    Args:
        network: with a taught eye.
        faces: what to look at.
        times: V.
        seed: of the disguises.
    """
    generator = torch.Generator().manual_seed(seed)
    crops = torch.from_numpy(faces.crops).float() / 255.0
    fitted = torch.from_numpy(np.hstack([faces.expression, faces.pose])).float()
    seen, known = [], []
    for time in range(times):
        crop, fit = disguised(crops, fitted, generator) if time else (crops, fitted)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):  # as it was taught
            parts = [network.see(few) for few in torch.split(crop, AT_ONCE)]
        seen.append(torch.cat(parts).float().numpy().astype(np.float16))
        known.append(fit.numpy())
    return Looks(
        np.stack(seen, axis=1), np.stack(known, axis=1), faces.mead, faces.feeling, faces.person
    )


def save_looks(path: Path, looks: Looks) -> None:
    """Write `.npz`, complete or not at all."""
    part = path.with_suffix(".part.npz")
    np.savez(part, **{field.name: getattr(looks, field.name) for field in fields(looks)})
    part.replace(path)


def load_looks(path: Path) -> Looks:
    """Read what `save_looks` wrote."""
    with np.load(path) as stored:
        return Looks(*(stored[field.name] for field in fields(Looks)))
