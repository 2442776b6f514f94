"""Train the image tower: a small vision transformer and the fitted expression, joined."""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from renderer.coefficients import ARKIT_INDEX, mirrored_name
from talkinghead.emotion.bank import load_bank
from talkinghead.emotion.image_tower import encode_faces, make_network
from talkinghead.training.emotion_alignment import (
    Anchors,
    alignment_loss,
    balanced,
    class_of_vectors,
    smooth_accuracy,
)
from talkinghead.training.emotion_faces import FaceExamples
from talkinghead.training.loop import (
    Average,
    Deadline,
    JsonLog,
    load_checkpoint,
    load_module,
    load_optimizer,
    module_tensors,
    optimizer_tensors,
    save_checkpoint,
)

if TYPE_CHECKING:
    from talkinghead.emotion.face_network import FaceNetwork

LOG = logging.getLogger(__name__)
BATCH = 64
RATE = 1e-3
DECAY = 0.05
DROPOUT = 0.3
WARM_UP = 100
SAVE_EVERY = 200
MISSING = 0.15
"""Share of faces of which only the crop, and of which only the fit, is seen."""
EVENNESS = 0.7
"""1 = all classes equally often; there are six real faces of fear and six hundred smiles."""
MIRROR = [ARKIT_INDEX[mirrored_name(name)] for name in ARKIT_INDEX] + [52, 53, 54]


@dataclass(frozen=True)
class ImagePlan:
    """How to train.

    Attributes:
        steps: of `BATCH` faces, half of them real, half rendered.
        seed: of everything.
        folder: checkpoint and log go here; None = neither.
    """

    steps: int
    seed: int
    folder: Path | None = None


def split_persons(
    faces: FaceExamples, share: float, seed: int
) -> tuple[FaceExamples, FaceExamples]:
    """Training and validation faces; nobody is in both."""
    persons = np.unique(faces.person)
    generator = np.random.default_rng(seed)
    held = generator.permutation(persons)[: round(share * len(persons))]
    inside = np.isin(faces.person, held)
    return faces.chosen(~inside), faces.chosen(inside)


def train_image(
    real: FaceExamples,
    rendered: FaceExamples,
    anchors: Anchors,
    plan: ImagePlan,
    deadline: Deadline,
) -> FaceNetwork | None:
    """Train, or go on where the checkpoint in the plan's folder stands.

    Args:
        real: labelled photographs and moments of clips.
        rendered: photographs that wear recipes of the bank.
        anchors: of the bank; classes that are not allowed are left out of the faces too.
        plan: how.
        deadline: when it has passed, the state is saved and None returned.

    Returns:
        The average of the parameters over the last steps, or None if there is more to do.
    """
    parts = [_allowed(part, anchors) for part in (real, rendered)]
    torch.manual_seed(plan.seed)
    network = make_network(DROPOUT).train()
    average = Average(copy.deepcopy(network), 0.998)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    start = _resume(plan, network, average, optimiser)
    log = JsonLog(plan.folder / "image.jsonl") if plan.folder is not None else None
    for step in range(start, plan.steps):
        if deadline.passed:
            _save(plan, network, average, optimiser, step)
            return None
        generator = torch.Generator().manual_seed(plan.seed * 1_000_003 + step)
        torch.manual_seed(plan.seed * 7_000_003 + step)  # dropout, the same after a resume
        for group in optimiser.param_groups:
            group["lr"] = RATE * _pace(step, plan.steps)
        crops, fitted, mead, feeling = _batch(parts, generator)
        loss = alignment_loss(network(crops, fitted), mead, feeling, anchors).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update(network, step)
        if log is not None and step % 20 == 0:
            log.write({"step": step, "loss": loss.item()})
        if step % SAVE_EVERY == SAVE_EVERY - 1:
            _save(plan, network, average, optimiser, step + 1)
    _save(plan, network, average, optimiser, max(start, plan.steps))
    return average.module


def measure_image(network: FaceNetwork, faces: FaceExamples, anchors: Anchors) -> dict[str, float]:
    """Accuracy and average recall of the class, by the nearest plain feeling."""
    vectors = encode_faces(network.eval(), [faces.cues(row) for row in range(len(faces))])
    found = class_of_vectors(vectors, anchors.vectors.numpy(), load_bank())
    return {
        "accuracy": float((found == faces.mead).mean()),
        "average_recall": smooth_accuracy(found, faces.mead),
    }


def _allowed(faces: FaceExamples, anchors: Anchors) -> FaceExamples:
    allowed = np.unique(anchors.classes[anchors.allowed].numpy())
    return faces.chosen(np.isin(faces.mead, allowed))


def _pace(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine to nothing."""
    return min(1.0, (step + 1) / WARM_UP) * 0.5 * (1.0 + float(np.cos(np.pi * step / steps)))


def _batch(
    parts: list[FaceExamples], generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Half a batch of each part, rare classes more often than they occur; disguised."""
    picked = []
    for part in parts:
        rows = balanced(part.mead, BATCH // len(parts), generator, EVENNESS).numpy()
        picked.append(part.chosen(rows))
    crops = torch.from_numpy(np.concatenate([one.crops for one in picked])).float() / 255.0
    fitted = torch.from_numpy(
        np.concatenate([np.hstack([one.expression, one.pose]) for one in picked])
    )
    mead = torch.from_numpy(np.concatenate([one.mead for one in picked]))
    feeling = torch.from_numpy(np.concatenate([one.feeling for one in picked]))
    crops, fitted = disguised(crops, fitted.float(), generator)
    return crops, fitted, mead, feeling


def disguised(crops: Tensor, fitted: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Other light, sharpness and framing; sides exchanged; one of the two inputs missing.

    Args:
        crops: (N, 96, 96) grey 0..1.
        fitted: (N, 55) expression and pose.
        generator: chooses.
    """
    count = len(crops)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    flip = uniform(0, 1) < 0.5
    mirrored = fitted[:, MIRROR] * torch.tensor([1.0] * 53 + [-1.0, -1.0])
    fitted = torch.where(flip[:, None], mirrored, fitted)
    crops = torch.where(flip[:, None, None], crops.flip(2), crops)
    turn, size = uniform(-0.12, 0.12), uniform(0.9, 1.1)
    matrix = torch.stack(
        [size * turn.cos(), -size * turn.sin(), uniform(-0.08, 0.08),
         size * turn.sin(), size * turn.cos(), uniform(-0.08, 0.08)], dim=1,
    ).view(-1, 2, 3)  # fmt: skip
    grid = functional.affine_grid(matrix, [count, 1, *crops.shape[1:]], align_corners=False)
    crops = functional.grid_sample(crops[:, None], grid, align_corners=False, padding_mode="border")
    soft = functional.interpolate(functional.avg_pool2d(crops, 3, 2, 1), scale_factor=2.0)
    crops = torch.where(uniform(0, 1, 1, 1, 1) < 0.3, soft, crops)[:, 0]
    crops = crops.clamp(1e-3, 1.0) ** uniform(0.6, 1.6, 1, 1)
    crops = (crops - 0.5) * uniform(0.6, 1.3, 1, 1) + 0.5 + uniform(-0.12, 0.12, 1, 1)
    crops = crops + 0.03 * torch.randn(crops.shape, generator=generator)
    fitted = fitted + 0.04 * torch.randn(fitted.shape, generator=generator)
    missing = uniform(0, 1)
    crops = torch.where((missing < MISSING)[:, None, None], torch.full_like(crops, 0.45), crops)
    fitted = torch.where((missing > 1 - MISSING)[:, None], torch.zeros_like(fitted), fitted)
    return crops.clamp(0.0, 1.0), fitted


def _resume(
    plan: ImagePlan, network: FaceNetwork, average: Average[FaceNetwork],
    optimiser: torch.optim.Optimizer,
) -> int:  # fmt: skip
    """The step to go on with."""
    if plan.folder is None or not (plan.folder / "image").exists():
        return 0
    tensors, state = load_checkpoint(plan.folder / "image")
    load_module("network", network, tensors)
    load_module("average", average.module, tensors)
    load_optimizer("optimiser", optimiser, tensors)
    LOG.info("image tower: goes on at step %d", state["step"])
    return int(state["step"])


def _save(
    plan: ImagePlan, network: FaceNetwork, average: Average[FaceNetwork],
    optimiser: torch.optim.Optimizer, step: int,
) -> None:  # fmt: skip
    if plan.folder is None:
        return
    tensors = {
        **module_tensors("network", network),
        **module_tensors("average", average.module),
        **optimizer_tensors("optimiser", optimiser),
    }
    save_checkpoint(plan.folder / "image", tensors, {"step": step})
