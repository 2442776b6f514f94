"""Do the lips do what the sounds need, when they need it?

Every measure is a share of two sums, gathered sentence by sentence ("tallies"), so that sentences
can be pooled and resampled. Beside every "does it when it should" stands a "does it elsewhere": a
mouth that never opens closes on every /m/, and must not win by that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from renderer.face_model import FaceModel
from talkinghead.evaluation.lip_shape import LipShape
from talkinghead.evaluation.statistics import Tally, pooled, pooled_difference
from talkinghead.motion.visemes import BILABIALS, LABIODENTALS, SILENCE
from talkinghead.types import Phoneme

ROUNDED = frozenset({"UW", "OW", "W"})
SPREAD = frozenset({"IY", "EY", "EH"})
UNROUNDED_VOWELS = frozenset({"AA", "AE", "AH", "AY", "EH", "EY", "IH", "IY"})

CLOSING_SECONDS = 0.12
"""Design section 5: silence closes the mouth within 120 ms."""
_LONG_SILENCE = 0.3  # s; in a shorter one the lips already prepare the next sound
_AROUND = 1  # frames at each side of a sound in which a lip gesture still belongs to it
_DUE_AROUND = 2  # frames at each side of /m b p/ in which closed lips are no mistake

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SpeakingMean:
    """A decoder's own mouth in the middle of speech: what rounding is measured from.

    Attributes:
        width: mm, mean over all spoken frames.
        protrusion: mm.
    """

    width: float
    protrusion: float


def speaking_mean(
    shapes: Sequence[LipShape], sentences: Sequence[Sequence[Phoneme]], fps: float
) -> SpeakingMean:
    """Mean shape over the spoken frames of all sentences of one decoder and language."""
    spoken = [
        ~covered(phonemes, frozenset({SILENCE}), len(shape.width), fps)
        for shape, phonemes in zip(shapes, sentences, strict=True)
    ]
    pairs = list(zip(shapes, spoken, strict=True))
    return SpeakingMean(
        float(np.concatenate([shape.width[mask] for shape, mask in pairs]).mean()),
        float(np.concatenate([shape.protrusion[mask] for shape, mask in pairs]).mean()),
    )


def lip_tallies(
    model: FaceModel,
    shape: LipShape,
    phonemes: Sequence[Phoneme],
    fps: float,
    mean: SpeakingMean,
) -> dict[str, Tally]:
    """Count one sentence.

    Args:
        model: the face model.
        shape: the lips, T frames.
        phonemes: the truth, gap-free.
        fps: frames a second.
        mean: the same decoder's own mouth in speech.

    Returns:
        Measure to (sum, count): the share is sum / count. A sound of no length in the sentence
        counts 0 of 0.
    """
    closed, teeth = shape.closed, shape.at_the_teeth(model)
    others = [
        each for each in phonemes
        if each.symbol not in BILABIALS | LABIODENTALS and each.symbol != SILENCE
    ]  # fmt: skip
    rounded = [_is_rounded(shape, each, fps, mean) for each in _named(phonemes, ROUNDED)]
    flat = [_is_rounded(shape, each, fps, mean) for each in _named(phonemes, UNROUNDED_VOWELS)]
    silences = [
        each for each in _named(phonemes, frozenset({SILENCE}))
        if each.start > 0.0 and each.end - each.start >= _LONG_SILENCE
    ]  # fmt: skip
    return {
        "closure": _count(closed[_frames(each, len(closed), fps, _AROUND)].any()
                          for each in _named(phonemes, BILABIALS)),
        "false_closures_a_minute": _false_closures(closed, phonemes, fps),
        "lip_to_teeth": _count(teeth[_frames(each, len(teeth), fps, _AROUND)].any()
                               for each in _named(phonemes, LABIODENTALS)),
        "lip_to_teeth_elsewhere": _count(teeth[_middle(each, len(teeth), fps)] for each in others),
        "rounding": _count(rounded),
        "rounding_elsewhere": _count(flat),
        "silence_closed": _count(_closes_in_time(closed, each, fps) for each in silences),
        **_sums(shape, phonemes, fps),
    }  # fmt: skip


def lip_figures(tallies: Sequence[Mapping[str, Tally]]) -> dict[str, object]:
    """Figures over sentences, each with its interval (sentences resampled) and its n.

    `width_contrast_mm` is how much wider the mouth is on /i e/ than on /u o w/,
    `protrusion_contrast_mm` how much further forward the lips are on /u o w/.
    """
    columns = {key: [row[key] for row in tallies] for key in tallies[0]}
    sums = {key: columns.pop(key) for key in list(columns) if key.startswith("mm_")}
    return {
        **{key: pooled(values) for key, values in columns.items()},
        "width_contrast_mm": pooled_difference(sums["mm_width_spread"], sums["mm_width_rounded"]),
        "protrusion_contrast_mm": pooled_difference(
            sums["mm_protrusion_rounded"], sums["mm_protrusion_spread"]
        ),
    }


def covered(
    phonemes: Sequence[Phoneme], symbols: frozenset[str], frames: int, fps: float, around: int = 0
) -> Mask:
    """(T,) frames on screen during the sounds named, and `around` more at each side."""
    mask = np.zeros(frames, np.bool_)
    for each in _named(phonemes, symbols):
        mask[_frames(each, frames, fps, around)] = True
    return mask


def _named(phonemes: Sequence[Phoneme], symbols: frozenset[str]) -> list[Phoneme]:
    return [each for each in phonemes if each.symbol in symbols]


def _frames(phoneme: Phoneme, count: int, fps: float, around: int = 0) -> slice:
    """The frames on screen during a sound, one at least, and `around` more at each side."""
    first = min(count - 1, int(phoneme.start * fps + 1e-6))
    stop = max(first + 1, int(np.ceil(phoneme.end * fps - 1e-6)))
    return slice(max(0, first - around), min(count, stop + around))


def _middle(phoneme: Phoneme, count: int, fps: float) -> int:
    return min(count - 1, int((phoneme.start + phoneme.end) / 2 * fps))


def _count(values: Iterable[bool | np.bool_]) -> Tally:
    """How many are true, and how many there are."""
    known = [bool(one) for one in values]
    return float(sum(known)), float(len(known))


def _is_rounded(shape: LipShape, phoneme: Phoneme, fps: float, mean: SpeakingMean) -> bool:
    """Narrower and further forward than the same mouth is in speech, in the mean over the sound."""
    narrow = _mean_during(shape.width, phoneme, fps) < mean.width
    return narrow and _mean_during(shape.protrusion, phoneme, fps) > mean.protrusion


def _mean_during(track: Floats, phoneme: Phoneme, fps: float) -> float:
    """Mean of a (T,) track over a sound, each frame weighted by how long both last together."""
    during = _frames(phoneme, len(track), fps)
    starts = np.arange(during.start, during.stop) / fps
    shared = np.minimum(starts + 1 / fps, phoneme.end) - np.maximum(starts, phoneme.start)
    return float(np.average(track[during], weights=np.maximum(shared, 1e-6)))


def _closes_in_time(closed: Mask, silence: Phoneme, fps: float) -> bool:
    first = int(silence.start * fps + 1e-6)
    last = int((silence.start + CLOSING_SECONDS) * fps + 1e-6)
    return bool(closed[first : last + 1].any())


def _false_closures(closed: Mask, phonemes: Sequence[Phoneme], fps: float) -> Tally:
    """Runs of closed frames where none is due, and minutes of speech."""
    count = len(closed)
    around = round(CLOSING_SECONDS * fps)
    silent = covered(phonemes, frozenset({SILENCE}), count, fps)
    due = covered(phonemes, BILABIALS, count, fps, _DUE_AROUND)
    # On /f v/ the lower lip lies behind the upper one: what it does is judged at the teeth.
    due |= covered(phonemes, LABIODENTALS, count, fps, _AROUND)
    due |= covered(phonemes, frozenset({SILENCE}), count, fps, around)
    false = np.concatenate([[False], closed & ~due])
    runs = int((false[1:] & ~false[:-1]).sum())
    return float(runs), float((~silent).sum() / fps / 60)


def _sums(shape: LipShape, phonemes: Sequence[Phoneme], fps: float) -> dict[str, Tally]:
    """Sums over sounds of the mean width and protrusion in mm."""
    sums: dict[str, Tally] = {}
    for what, track in (("width", shape.width), ("protrusion", shape.protrusion)):
        for name, symbols in (("rounded", ROUNDED), ("spread", SPREAD)):
            values = [_mean_during(track, each, fps) for each in _named(phonemes, symbols)]
            sums[f"mm_{what}_{name}"] = float(sum(values)), float(len(values))
    return sums
