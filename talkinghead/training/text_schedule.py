"""What the text tower is trained on, how long, and how fast it learns."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """What is trained and for how long.

    Attributes:
        general_texts: how many texts of the dictionary take part.
        general_steps: steps that see them alone, before labelled batches come in between.
        batch: texts a step.
        rate: of AdamW, after `warm_up` steps; it falls to nothing by a cosine.
        labelled_rate: factor on the rate once labelled batches take part.
        labelled_turns: labelled batches to each general one from then on.
        left_out: share of the words of labelled texts that a step does not see.
        memory: of the moving average that is shipped.
        relation: weight of the relational loss.
        supervision: weight of the contrastive loss.
        smoothing: of the labels.
        scale: of the cosine-like scores, 1 / temperature.
        save_every: steps.
    """

    general_texts: int = 60_000
    general_steps: int = 1100
    batch: int = 64
    rate: float = 4e-4
    labelled_rate: float = 0.3
    labelled_turns: int = 3
    left_out: float = 0.15
    memory: float = 0.998
    warm_up: int = 50
    relation: float = 10.0
    supervision: float = 0.6
    smoothing: float = 0.1
    scale: float = 20.0
    save_every: int = 500

    def rate_at(self, step: int, steps: int) -> float:
        """Of AdamW at one step of a training of so many."""
        rate = self.rate * min(1.0, (step + 1) / self.warm_up)
        if step >= self.general_steps:
            rate *= self.labelled_rate
        return rate * (0.5 + 0.5 * math.cos(math.pi * step / steps))
