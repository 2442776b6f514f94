"""How well a decoder in training follows people whom it does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from renderer.coefficients import Floats
from talkinghead.motion.learned import spoken
from talkinghead.motion.speech_rows import RATE
from talkinghead.motion.visemes import gap_vector
from talkinghead.training.motion_lessons import Lesson


@dataclass(frozen=True)
class Course:
    """What a network made of a clip.

    Attributes:
        lesson: the clip.
        resting: (52,) its first frame.
        change: (T, len(SPOKEN)).
        gates: (T, GATES).
    """

    lesson: Lesson
    resting: Floats
    change: Floats
    gates: Floats


def validate(courses: Sequence[Course]) -> dict[str, float]:
    """Correlation of the mouth's opening, its size against the true one, and its error.

    Args:
        courses: of clips whose sound belongs to the mouth.
    """
    correlations, sizes, errors = [], [], []
    for one in courses:
        base = np.repeat(one.resting[None], len(one.change), axis=0)
        made = spoken(base, one.change, one.gates, RATE) @ gap_vector()
        true = one.lesson.target.astype(np.float32) @ gap_vector()
        if min(made.std(), true.std()) < 1e-6:
            continue
        correlations.append(float(np.corrcoef(made, true)[0, 1]))
        sizes.append(float(made.std() / true.std()))
        errors.append(float(np.abs(made - true).mean()))
    return {
        "opening_r_mean": float(np.mean(correlations)),
        "opening_r_median": float(np.median(correlations)),
        "opening_size": float(np.median(sizes)),
        "opening_error": float(np.mean(errors)),
    }
