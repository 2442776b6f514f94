"""How much of the codebook's alphabet real motion uses, and how well it is spelled.

CodeTalker's readers ask for perplexity and dead codes; its authors published neither.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from renderer.coefficients import ARKIT_NAMES, Floats, MotionCoefficients
from renderer.face_model import FaceModel
from talkinghead.evaluation.motion_measures import face_masks, largest_errors, vertex_offsets
from talkinghead.evaluation.statistics import summary
from talkinghead.motion.codebook_net import CodebookNet
from talkinghead.motion.motion_vq import HEAD, PARTS, head_slices
from talkinghead.motion.regression_net import SPOKEN
from talkinghead.motion.speech_rows import RATE, from_rate


def measure_books(
    net: CodebookNet, tracks: Sequence[MotionCoefficients], model: FaceModel
) -> dict[str, object]:
    """Spell real motion in codes and read it again.

    Args:
        net: of the `codebook` decoder.
        tracks: of people that nothing was trained on.
        model: for errors in mm.

    Returns:
        For every part: perplexity of each head's codes (exp of their entropy), the share of codes
        that are never used, the size of the book; and the mean largest errors of lips and upper
        face in mm (as LVE and EVE).
    """
    codes: list[NDArray[np.int64]] = []
    lips: list[float] = []
    upper: list[float] = []
    masks = face_masks(model)
    for track in tracks:
        motion = _relative(track)
        with torch.inference_mode():
            spelled = net.books.encode(torch.from_numpy(motion)[None])
            again = net.books.decode(spelled)[0].numpy()
        codes.append(spelled[0].numpy())
        error = np.zeros((len(motion), len(ARKIT_NAMES)), np.float32)
        error[:, SPOKEN] = again[:, :-HEAD] - motion[:, :-HEAD]
        still = np.zeros_like(error)
        for chosen, found in ((masks.lips, lips), (masks.upper, upper)):
            moved = vertex_offsets(model, error, chosen)
            found.append(float(largest_errors(moved, vertex_offsets(model, still, chosen)).mean()))
    used = np.concatenate(codes)
    return {
        **{name: _usage(used[:, heads], PARTS[name].size) for name, heads in head_slices().items()},
        "lips_mm": summary(lips), "upper_face_mm": summary(upper),
    }  # fmt: skip


def perplexity(codes: NDArray[np.int64], size: int) -> float:
    """Exp of the entropy of (N,) codes: `size` if all are used alike, 1 if one is."""
    share = np.bincount(codes, minlength=size) / len(codes)
    known = share[share > 0]
    return float(np.exp(-(known * np.log(known)).sum()))


def _usage(codes: NDArray[np.int64], size: int) -> dict[str, object]:
    return {
        "size": size,
        "perplexity": [round(perplexity(one, size), 1) for one in codes.T],
        "unused": [round(1 - len(np.unique(one)) / size, 3) for one in codes.T],
    }


def _relative(track: MotionCoefficients) -> Floats:
    """(T, MOTION) around the clip's median face and mean pose, at the books' rate."""
    rows = max(1, int(len(track) / track.fps * RATE))
    expression = from_rate(track.expression, track.fps, rows)
    rotation = from_rate(track.rotation, track.fps, rows)
    moved = (expression - np.median(expression, axis=0))[:, SPOKEN]
    return np.asarray(np.concatenate([moved, rotation - rotation.mean(0)], axis=1), np.float32)
