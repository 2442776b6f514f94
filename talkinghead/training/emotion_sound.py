"""Train the sound tower: a small perceptron over the statistics of a voice."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.coefficients import Floats
from talkinghead.emotion.bank import MEAD_CLASSES, load_bank
from talkinghead.training.emotion_alignment import (
    Anchors,
    alignment_loss,
    balanced,
    class_of_vectors,
    smooth_accuracy,
)
from talkinghead.training.emotion_voices import VoiceExamples
from talkinghead.weights import Tensors

LOG = logging.getLogger(__name__)
WIDTHS = (128, 64)
SPACE = 384
BATCH = 128
RATE = 2e-3
DECAY = 0.02
DROPOUT = 0.4
CLIP = 3.0
AROUSAL_WEIGHT = 0.5


class VoiceNetwork(nn.Module):
    """Statistics of a voice to a unit vector of the emotion space, and to its arousal.

    Args:
        mean: (S,) of the training statistics.
        spread: (S,) their standard deviation.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, mean: Floats, spread: Floats) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("spread", torch.from_numpy(spread))
        self.first = nn.Linear(len(mean), WIDTHS[0])
        self.second = nn.Linear(WIDTHS[0], WIDTHS[1])
        self.to_space = nn.Linear(WIDTHS[1], SPACE)
        self.to_arousal = nn.Linear(WIDTHS[1], 1)
        self.drop = nn.Dropout(DROPOUT)

    def traits(self, statistics: Tensor) -> Tensor:
        """(N, 64) of (N, S) raw statistics."""
        normal = ((statistics - self.mean) / self.spread).clamp(-CLIP, CLIP)
        hidden = functional.relu(self.first(self.drop(normal)))
        return functional.relu(self.second(self.drop(hidden)))

    def forward(self, statistics: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 384) unit rows and (N,) arousal."""
        traits = self.traits(statistics)
        vectors = functional.normalize(self.to_space(self.drop(traits)), dim=-1)
        return vectors, self.to_arousal(traits)[:, 0]


def train_sound(voices: VoiceExamples, anchors: Anchors, seed: int, steps: int) -> VoiceNetwork:
    """Train from nothing; minutes are not needed, so there is nothing to resume.

    Args:
        voices: recordings and their disguises.
        anchors: of the bank; classes that are not allowed are left out of the voices too.
        seed: of initialisation, order and dropout.
        steps: of `BATCH` recordings.
    """
    kept = anchors.allowed[torch.from_numpy(voices.feeling)].numpy()
    voices = voices.chosen(kept)
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    spread = voices.statistics.std(axis=0) + 1e-6
    network = VoiceNetwork(voices.statistics.mean(axis=0), spread).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    statistics = torch.from_numpy(voices.statistics)
    feeling = torch.from_numpy(voices.feeling)
    arousal = torch.tensor([one.arousal for one in load_bank().feelings])[feeling]
    groups = np.char.add(voices.person, voices.feeling.astype(str))
    for _ in range(steps):
        rows = balanced(groups, BATCH, generator)
        vectors, heard = network(statistics[rows])
        mead = anchors.classes[feeling[rows]]
        loss = alignment_loss(vectors, mead, feeling[rows], anchors).mean()
        loss = loss + AROUSAL_WEIGHT * functional.mse_loss(heard, arousal[rows])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return network.eval()


def across_speakers(
    voices: VoiceExamples, anchors: Anchors, seed: int, steps: int
) -> Mapping[str, float]:
    """Leave one speaker out, each in turn: accuracy of the class of MEAD on original recordings."""
    bank = load_bank()
    prototypes = anchors.vectors.numpy()
    found, truth = [], []
    for person in np.unique(voices.person):
        inside = voices.person == person
        tested = voices.chosen(inside & voices.original)
        if len(tested) < len(MEAD_CLASSES):
            continue  # a reader of five neutral sentences says nothing
        network = train_sound(voices.chosen(~inside), anchors, seed, steps)
        with torch.inference_mode():
            vectors = network(torch.from_numpy(tested.statistics))[0].numpy()
        found.append(class_of_vectors(vectors, prototypes, bank))
        truth.append(anchors.classes.numpy()[tested.feeling])
    every, right = np.concatenate(found), np.concatenate(truth)
    return {
        "accuracy": float((every == right).mean()),
        "average_recall": smooth_accuracy(every, right),
    }


def sound_tensors(network: VoiceNetwork) -> Tensors:
    """The weight file, as `talkinghead.emotion.sound_tower` reads it."""
    return {
        name: value.detach().numpy().astype(np.float32)
        for name, value in network.state_dict().items()
    }
