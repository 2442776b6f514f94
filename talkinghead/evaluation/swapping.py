"""Is the feeling in the upper face and the words in the lips?

Every sentence is performed in every feeling, with the same seed. "Emotion swapped" compares a
feeling with neutral on the same words; "words swapped" compares two sentences in the same feeling,
as long as the shorter one; "both swapped" is the measure of all things. Two movements in mm on the
mean face are looked at:

- the upper face: root mean square over frames and vertices of the difference, blinks and gaze taken
  out (they are chance, and a feeling that only changed their times would seem to be felt);
- the timing of the lips: what is left of one opening once the other, scaled and shifted at best,
  is taken away: standard deviation times sqrt(1 - r²), r = Pearson's correlation. A feeling that
  opens the mouth wider throughout, or by a factor, leaves nothing.

Each is taken as a share of what it is when both are swapped, so that millimetres of brows and of
lips can be set against each other. `ratio` is the share that should move by the share that should
not; 3 and more is the bar, and for the lips that is a correlation of about 0.94.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from renderer.coefficients import ARKIT_NAMES, Floats, channel_indices
from renderer.face_model import FaceModel
from talkinghead.evaluation.lip_shape import lip_shape
from talkinghead.evaluation.motion_measures import correlation, face_masks, vertex_offsets
from talkinghead.evaluation.performance import Sentence, perform
from talkinghead.evaluation.statistics import pooled, pooled_quotient, summary
from talkinghead.motion.interface import AudioToMotion
from talkinghead.types import EmotionEmbedding

NEUTRAL = "neutral"
INTENSITY = 0.7
SETTLED = 1.0
"""Seconds at the start that are left out: the feeling is still coming."""
_CHANCE = channel_indices(
    name for name in ARKIT_NAMES if name.startswith(("eyeBlink", "eyeLook"))
)  # fmt: skip


Measure = Callable[["Change"], float]


@dataclass(frozen=True)
class Change:
    """What differs between two performances.

    Attributes:
        upper_face: mm.
        lip_timing: mm.
        opening_r: correlation of the lips' opening; NaN if one of them stands still.
    """

    upper_face: float
    lip_timing: float
    opening_r: float


def change_between(model: FaceModel, made: Floats, reference: Floats) -> Change:
    """Compare two (T, 52) expressions frame by frame, up to the end of the shorter one."""
    count = min(len(made), len(reference))
    first, second = made[:count].copy(), reference[:count].copy()
    openings = [lip_shape(model, one).opening for one in (first, second)]
    first[:, _CHANCE] = second[:, _CHANCE] = 0.0
    moved = vertex_offsets(model, first - second, face_masks(model).upper)
    agreement = correlation(*openings)
    explained = float(np.nan_to_num(agreement)) ** 2
    left = float(openings[0].std()) * float(np.sqrt(max(0.0, 1.0 - explained)))
    return Change(float(np.sqrt((moved**2).sum(axis=2).mean())), left, agreement)


def measure_swapping(
    decoder: AudioToMotion,
    sentences: Sequence[Sentence],
    feelings: Mapping[str, EmotionEmbedding],
    model: FaceModel,
) -> dict[str, dict[str, object]]:
    """Three tables' rows of one decoder.

    Args:
        decoder: what is measured.
        sentences: at least two.
        feelings: by name; `NEUTRAL` among them.
        model: the face model.

    Returns:
        "emotion" and "words": figures over sentences, see `_row`; and a row as "emotion" for each
        feeling.
    """
    tracks = {
        name: [_settled(decoder, one, feeling, model) for one in sentences]
        for name, feeling in feelings.items()
    }
    calm = tracks.pop(NEUTRAL)
    emotion, words, both = (
        {name: _changes(model, own, others(own)) for name, own in tracks.items()}
        for others in (lambda _: calm, _turned, lambda _: _turned(calm))
    )
    upper, lips = attrgetter("upper_face"), attrgetter("lip_timing")
    everything = list(both.values())
    return {
        "emotion": _row(list(emotion.values()), everything, upper, lips),
        "words": _row(list(words.values()), everything, lips, upper),
        **{name: _row([emotion[name]], [both[name]], upper, lips) for name in tracks},
    }


def _turned(tracks: Sequence[Floats]) -> list[Floats]:
    """Each sentence's place taken by the next one."""
    return [*tracks[1:], tracks[0]]


def _changes(model: FaceModel, made: Sequence[Floats], others: Sequence[Floats]) -> list[Change]:
    return [change_between(model, one, other) for one, other in zip(made, others, strict=True)]


def _settled(
    decoder: AudioToMotion, sentence: Sentence, feeling: EmotionEmbedding, model: FaceModel
) -> Floats:
    motion = perform(decoder, sentence.features, feeling, model)
    return motion.expression[round(SETTLED * motion.fps) :]


def _row(
    groups: Sequence[Sequence[Change]],
    both: Sequence[Sequence[Change]],
    moving: Measure,
    still: Measure,
) -> dict[str, object]:
    """Figures over sentences.

    Args:
        groups: (G, N) changes, one of N sentences in each of G feelings.
        both: the same with emotion and words swapped.
        moving: what should change.
        still: what should not.
    """
    shares = {
        name: list(zip(_summed(groups, what), _summed(both, what), strict=True))
        for name, what in (("moving", moving), ("still", still))
    }
    agreement = np.array([[one.opening_r for one in own] for own in groups])
    known = agreement[np.isfinite(agreement)]
    upper, lips = attrgetter("upper_face"), attrgetter("lip_timing")
    return {
        "upper_face_mm": summary([one / len(groups) for one in _summed(groups, upper)]),
        "lip_timing_mm": summary([one / len(groups) for one in _summed(groups, lips)]),
        "share_that_should": {**pooled(shares["moving"]), "count": agreement.size},
        "share_that_should_not": {**pooled(shares["still"]), "count": agreement.size},
        "ratio": {**pooled_quotient(shares["moving"], shares["still"]), "count": agreement.size},
        "opening_r": summary(agreement.mean(axis=0).tolist()),
        "opening_r_worst": round(float(known.min()), 4) if len(known) else None,
    }


def _summed(groups: Sequence[Sequence[Change]], what: Measure) -> list[float]:
    """(N,) sums over the groups."""
    return [sum(what(one) for one in own) for own in zip(*groups, strict=True)]
