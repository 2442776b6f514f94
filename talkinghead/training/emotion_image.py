"""Train the image tower: what an eye sees and the fitted expression, joined."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from talkinghead.emotion.bank import load_bank
from talkinghead.emotion.image_tower import make_network
from talkinghead.training.emotion_alignment import (
    Anchors,
    alignment_loss,
    balanced,
    class_of_vectors,
    smooth_accuracy,
)
from talkinghead.training.emotion_looks import Looks
from talkinghead.training.emotion_teacher import TAUGHT
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
REAL, RENDERED = 40, 40
"""Faces of a step."""
RATE = 1e-3
DECAY = 0.05
DROPOUT = 0.3
WARM_UP = 100
SAVE_EVERY = 200
NO_FIT = 0.3
"""Share of faces of which only what the eye saw is known."""
EVENNESS = 0.7
"""1 = all classes equally often; there are twelve real faces of fear and six hundred smiles."""


@dataclass(frozen=True)
class ImagePlan:
    """How to train.

    Attributes:
        steps: of `REAL` and `RENDERED` faces.
        seed: of everything.
        folder: checkpoint and log go here; None = neither.
        eye: as `teach_eye` returns it; None = an eye that knows nothing.
    """

    steps: int
    seed: int
    folder: Path | None = None
    eye: Mapping[str, Tensor] | None = None


def split_persons(
    parts: Sequence[Looks], share: float, seed: int
) -> tuple[list[Looks], list[Looks]]:
    """Training and validation faces of each part; nobody is in both, of whatever part."""
    persons = np.unique(np.concatenate([part.person for part in parts]))
    generator = np.random.default_rng(seed)
    held = generator.permutation(persons)[: round(share * len(persons))]
    inside = [np.isin(part.person, held) for part in parts]
    pairs = list(zip(parts, inside, strict=True))
    return [part.chosen(~row) for part, row in pairs], [part.chosen(row) for part, row in pairs]


def train_image(
    real: Looks,
    rendered: Looks,
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
    network = _beginner(plan, anchors)
    average = Average(copy.deepcopy(network), 0.99)
    learning = [one for one in network.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=RATE, weight_decay=DECAY)
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
        seen, fitted, mead, feeling = _batch(parts, generator)
        vectors = network.led(network.traits(seen, fitted), network.named(seen))
        loss = alignment_loss(vectors, mead, feeling, anchors).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimiser.step()
        average.update(network, step)
        if log is not None and step % 20 == 0:
            log.write({"step": step, "loss": loss.item()})
        if step % SAVE_EVERY == SAVE_EVERY - 1:
            _save(plan, network, average, optimiser, step + 1)
    _save(plan, network, average, optimiser, max(start, plan.steps))
    return average.module


def measure_image(network: FaceNetwork, faces: Looks, anchors: Anchors) -> dict[str, float]:
    """Accuracy and average recall of the class, by the nearest plain feeling."""
    seen, fitted = (torch.from_numpy(one[:, 0]).float() for one in (faces.seen, faces.fitted))
    with torch.inference_mode():
        vectors = network.eval().led(network.traits(seen, fitted), network.named(seen)).numpy()
    found = class_of_vectors(vectors, anchors.vectors.numpy(), load_bank())
    return {
        "accuracy": float((found == faces.mead).mean()),
        "average_recall": smooth_accuracy(found, faces.mead),
    }


def _allowed(faces: Looks, anchors: Anchors) -> Looks:
    allowed = np.unique(anchors.classes[anchors.allowed].numpy())
    return faces.chosen(np.isin(faces.mead, allowed))


def _pace(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine to nothing."""
    return min(1.0, (step + 1) / WARM_UP) * 0.5 * (1.0 + float(np.cos(np.pi * step / steps)))


def _batch(parts: list[Looks], generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What was seen and fitted of each part, rare classes more often than they occur."""
    drawn = [
        part.drawn(balanced(part.mead, size, generator, EVENNESS), generator)
        for part, size in zip(parts, (REAL, RENDERED), strict=True)
    ]
    seen, fitted, mead, feeling = (torch.cat(column) for column in zip(*drawn, strict=True))
    unknown = torch.rand(len(fitted), generator=generator) < NO_FIT
    return seen, torch.where(unknown[:, None], 0.0, fitted), mead, feeling


def _beginner(plan: ImagePlan, anchors: Anchors) -> FaceNetwork:
    """An untrained tower with a taught eye, which stays as it is."""
    network = make_network(DROPOUT).train()
    if plan.eye is not None:
        network.load_state_dict(plan.eye, strict=False)
    place_names(network, anchors)
    for part in (network.look, network.name, network.places):
        part.requires_grad_(requires_grad=False)
    return network


def place_names(network: FaceNetwork, anchors: Anchors) -> None:
    """Put what the eye names where the plain feelings are."""
    with torch.no_grad():
        network.places.weight.copy_(anchors.vectors[anchors.plain[TAUGHT]].T)


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
