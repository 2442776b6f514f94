"""What the motion decoders learn from: heard speech beside the motion that belongs to it.

Synthetic and real speech with phoneme times is animated by the rules (the teacher) on the true
times, while the features are those of the recogniser, on clean and on disturbed sound. Clips give
real motion. Made once from a corpus and kept in one file, because hearing takes longer than a step.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import ARKIT_NAMES, Floats, MotionCoefficients
from talkinghead.emotion.bank import MEAD_CLASSES, Bank, Feeling
from talkinghead.motion.coarticulation import articulate
from talkinghead.motion.regression_net import GATES
from talkinghead.motion.rules import spoken_face
from talkinghead.motion.smoothing import smooth_track
from talkinghead.motion.speech_rows import RATE, from_rate, speech_rows
from talkinghead.motion.visemes import ARTICULATORS, gap_vector
from talkinghead.speech.features import extract_features
from talkinghead.training.augmentation import augmented
from talkinghead.training.corpus import CorpusRow, Utterance
from talkinghead.training.emotion_labels import class_of
from talkinghead.types import SAMPLE_RATE, EmotionTrack, Speech, SpeechFeatures

WARM_UP_ROWS = 12
"""Rows in which feeling and speech arrive; they are not learned from."""
SMALLEST_MARGIN = 0.15
"""Of sync: below it a clip's sound may belong to something else, and its lips teach nothing."""
STUDIO = "GRID"
"""How the licence of a studio corpus begins: its recordings are in sync though the measure, which
needs longer clips, doubts some of them."""

SMALLEST_AGREEMENT = 0.1
"""Of mouth and sound: whoever opens the mouth where the sound is silent is not its speaker."""
JAW = ARTICULATORS.index("jaw")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lesson:
    """T rows at `RATE`.

    Attributes:
        content: (T, CONTENT_COLUMNS) float16, as heard; zeros for a silent clip.
        voice: (T, VOICE_COLUMNS) float16.
        target: (T, 52) float16, the expression before the lip gestures are laid over it; of a clip,
            as tracked.
        gates: (T, GATES) float16; NaN where nobody knows them.
        head: (T, 3) float16 radians around the clip's mean; NaN where it teaches nothing.
        resting: (52,) float32; NaN for a clip, whose every frame can be the resting one.
        felt: (52,) float32 offsets of the feeling that the target wears.
        arousal: of it.
        intensity: of it.
        emotion: index in MEAD_CLASSES that the target wears; -1 = unknown.
        voiced_emotion: index of what the speaker felt; -1 = unknown.
        person: who moves; "" for the teacher.
        speaks: whether the lips belong to the sound.
    """

    content: NDArray[np.float16]
    voice: NDArray[np.float16]
    target: NDArray[np.float16]
    gates: NDArray[np.float16]
    head: NDArray[np.float16]
    resting: Floats
    felt: Floats
    arousal: float
    intensity: float
    emotion: int
    voiced_emotion: int
    person: str
    speaks: bool

    def __len__(self) -> int:
        """T."""
        return len(self.content)


def lessons_of(
    utterance: Utterance, faces: Floats, bank: Bank, generator: np.random.Generator
) -> Iterator[Lesson]:
    """All lessons of one utterance.

    Args:
        utterance: of the corpus.
        faces: (N, 52) resting expressions to animate.
        bank: of feelings.
        generator: source of randomness.
    """
    row = utterance.row
    if utterance.motion is not None:
        yield _of_clip(utterance, utterance.motion)
        return
    if not utterance.phonemes:
        return
    own = MEAD_CLASSES.index(class_of(row.emotion)) if class_of(row.emotion) else -1
    for feeling in _feelings(own, bank, generator):
        resting = faces[generator.integers(len(faces))] if generator.random() < 0.7 else None
        yield _of_teacher(utterance, resting, feeling, own, generator)


def read_lessons(path: Path) -> list[Lesson]:
    """What `write_lessons` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        stops = arrays["stops"]
        starts = np.concatenate([[0], stops[:-1]])
        rows = {name: arrays[name] for name in ("content", "voice", "target", "gates", "head")}
        own = {name: arrays[name] for name in ("resting", "felt", "numbers", "people")}
    lessons = []
    for index, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        arousal, intensity, emotion, voiced, speaks = own["numbers"][index]
        lessons.append(
            Lesson(
                **{name: one[start:stop] for name, one in rows.items()},
                resting=own["resting"][index], felt=own["felt"][index], arousal=float(arousal),
                intensity=float(intensity), emotion=int(emotion), voiced_emotion=int(voiced),
                person=str(own["people"][index]), speaks=bool(speaks),
            )
        )  # fmt: skip
    return lessons


def write_lessons(path: Path, lessons: Sequence[Lesson]) -> None:
    """All lessons in one file, complete or not at all."""
    joined = {
        name: np.concatenate([getattr(one, name) for one in lessons])
        for name in ("content", "voice", "target", "gates", "head")
    }
    numbers = [
        (one.arousal, one.intensity, one.emotion, one.voiced_emotion, one.speaks)
        for one in lessons
    ]  # fmt: skip
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as stream:
        np.savez(
            stream, allow_pickle=False, **joined, stops=np.cumsum([len(one) for one in lessons]),
            resting=np.stack([one.resting for one in lessons]),
            felt=np.stack([one.felt for one in lessons]),
            numbers=np.array(numbers, np.float32),
            people=np.array([one.person for one in lessons], np.str_),
        )  # fmt: skip
    part.replace(path)


def make_lessons(
    rows: Sequence[CorpusRow],
    read: Callable[[CorpusRow], Utterance],
    bank: Bank,
    seed: int,
) -> list[Lesson]:
    """Hear and animate every row of a corpus; the same seed gives the same lessons.

    Args:
        rows: of the corpus; clips first give the resting faces.
        read: reads a row.
        bank: of feelings.
        seed: of everything.
    """
    clips = [read(row) for row in rows if row.kind == "clip"]
    faces = np.concatenate([one.motion.expression[::50] for one in clips if one.motion is not None])
    lessons: list[Lesson] = []
    for index, row in enumerate(rows):
        generator = np.random.default_rng([seed, index])
        lessons += lessons_of(read(row), faces, bank, generator)
        if index % 200 == 0:
            logger.info("%d of %d rows, %d lessons", index, len(rows), len(lessons))
    return lessons


def track_of(feeling: Feeling | None, strength: float, frames: int) -> EmotionTrack:
    """A constant feeling, as the decoders are given it; None = no feeling."""
    expression = np.zeros(len(ARKIT_NAMES), np.float32)
    arousal = 0.0
    if feeling is not None:
        expression = strength * feeling.expression
        arousal = strength * feeling.arousal
    return EmotionTrack(
        vectors=np.ones((frames, 1), np.float32),
        intensity=np.full(frames, strength if feeling is not None else 0.0, np.float32),
        expression=np.repeat(expression[None], frames, axis=0).astype(np.float32),
        head=np.zeros((frames, 3), np.float32),
        arousal=np.full(frames, arousal, np.float32),
        understood=(),
    )


def _feelings(
    own: int, bank: Bank, generator: np.random.Generator
) -> list[tuple[Feeling | None, float]]:
    """The speaker's own feeling and another one; without a label, none and any."""
    other = bank.feelings[generator.integers(len(bank.feelings))]
    strength = float(generator.uniform(0.3, 1.0))
    if own < 0:
        return [(None, 0.0), (other, strength)]
    named = [one for one in bank.feelings if one.mead_class == MEAD_CLASSES[own]]
    return [(named[0], 0.8), (other, strength)]


def _of_teacher(
    utterance: Utterance,
    resting: Floats | None,
    felt: tuple[Feeling | None, float],
    own: int,
    generator: np.random.Generator,
) -> Lesson:
    waveform, phonemes = utterance.waveform, utterance.phonemes
    if generator.random() < 0.5:
        waveform, phonemes = augmented((waveform, phonemes), generator)
    features = extract_features(Speech(waveform), RATE)
    true = replace(features, phonemes=phonemes)
    face = resting if resting is not None else np.zeros(len(ARKIT_NAMES), np.float32)
    track = track_of(*felt, len(features))
    taught = spoken_face(true, track, _still(face))
    heard, spoken = speech_rows(features), len(features)
    emotion = MEAD_CLASSES.index(felt[0].mead_class) if felt[0] is not None else -1
    return Lesson(
        content=heard.content[:spoken].astype(np.float16),
        voice=heard.voice[:spoken].astype(np.float16),
        target=taught.free.astype(np.float16),
        gates=np.stack(
            [taught.closure, taught.lip_to_teeth, 1.0 - taught.activity], axis=1
        ).astype(np.float16),
        head=np.full((spoken, 3), np.nan, np.float16),
        resting=face.astype(np.float32), felt=track.expression[0],
        arousal=float(track.arousal[0]), intensity=float(track.intensity[0]),
        emotion=emotion, voiced_emotion=own, person="", speaks=True,
    )  # fmt: skip


def _of_clip(utterance: Utterance, motion: MotionCoefficients) -> Lesson:
    row = utterance.row
    frames = max(1, int(len(motion) / motion.fps * RATE))
    calm = smooth_track(motion)
    target = from_rate(calm.expression, motion.fps, frames)
    head = from_rate(calm.rotation, motion.fps, frames)
    lag = round(row.sync_lag * SAMPLE_RATE)
    waveform = np.roll(utterance.waveform, -lag)
    if lag > 0:
        waveform[-lag:] = 0.0
    features = _heard(waveform, frames)
    heard = speech_rows(features)
    trusted = row.sync_margin >= SMALLEST_MARGIN or row.licence.startswith(STUDIO)
    speaks = trusted and agreement(features, target) >= SMALLEST_AGREEMENT
    return Lesson(
        content=heard.content[:frames].astype(np.float16) * np.float16(speaks),
        voice=heard.voice[:frames].astype(np.float16) * np.float16(speaks),
        target=target.astype(np.float16),
        gates=np.full((frames, GATES), np.nan, np.float16),
        head=(head - head.mean(0)).astype(np.float16),
        resting=np.full(len(ARKIT_NAMES), np.nan, np.float32),
        felt=np.zeros(len(ARKIT_NAMES), np.float32), arousal=0.0, intensity=0.0,
        emotion=-1, voiced_emotion=-1, person=row.speaker, speaks=speaks,
    )  # fmt: skip


def agreement(features: SpeechFeatures, expression: Floats) -> float:
    """Correlation of the jaw that the sound asks for with the mouth's true opening; 0 in silence.

    Args:
        features: T rows.
        expression: (T, 52) of the clip.
    """
    asked = articulate(features, np.ones(len(features), np.float32)).articulators[:, JAW]
    true = expression @ gap_vector()
    if min(asked.std(), true.std()) < 1e-6:
        return 0.0
    return float(np.corrcoef(asked, true)[0, 1])


def _heard(waveform: Floats, frames: int) -> SpeechFeatures:
    """Features of exactly `frames` rows."""
    wanted = int(np.ceil(frames / RATE * SAMPLE_RATE))
    sound = np.pad(waveform, (0, max(0, wanted - len(waveform))))[:wanted]
    return extract_features(Speech(sound.astype(np.float32)), RATE)


def _still(face: Floats) -> MotionCoefficients:
    zero = np.zeros((1, 3), np.float32)
    return MotionCoefficients(face[None].astype(np.float32), zero, zero, RATE)
