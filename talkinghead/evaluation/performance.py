"""Sentences whose sounds are known, and decoders that perform them from what is heard."""

from __future__ import annotations

import csv
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from renderer.coefficients import ARKIT_NAMES, IdentityCoefficients, MotionCoefficients
from renderer.face_model import FaceModel
from talkinghead.emotion.timeline import constant_track
from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.evaluation.held_out_sentences import SENTENCES, voice_of
from talkinghead.feelings import while_speaking
from talkinghead.motion.interface import AudioToMotion, HeadMotion
from talkinghead.speech.features import extract_features
from talkinghead.speech.phoneme_table import SILENCE
from talkinghead.speech.synthesis import synthesise
from talkinghead.speech.waveform import load_speech
from talkinghead.training.corpus_alignment import Aligner, LeftOut
from talkinghead.types import (
    SAMPLE_RATE,
    EmotionEmbedding,
    EmotionTrack,
    EyeControl,
    Phoneme,
    Speech,
    SpeechFeatures,
)

FPS = 25.0
MOST_OF_A_SOURCE = 45
"""Recordings of one source that are measured, evenly chosen: one corpus must not drown the rest."""
LONGEST_SOUND = 0.5
"""Seconds; an alignment with a longer sound stretched it over what it could not place."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sentence:
    """A sentence and the truth about it.

    Attributes:
        language: or another name of the group it is counted in.
        speech: its sound.
        phonemes: the true ones, gap-free.
        features: what is heard of it; the phonemes in there are the recogniser's.
    """

    language: str
    speech: Speech
    phonemes: tuple[Phoneme, ...]
    features: SpeechFeatures


class NoMotion:
    """`AudioToMotion` that holds the resting face: what any decoder must beat."""

    def __call__(
        self,
        features: SpeechFeatures,
        emotion: EmotionTrack,
        identity: IdentityCoefficients,
        resting: MotionCoefficients,
        eyes: EyeControl,
        head: HeadMotion,
        generator: np.random.Generator,
    ) -> MotionCoefficients:
        """See `AudioToMotion`; only the resting face and the length play a part."""
        del emotion, identity, eyes, head, generator
        return resting.frames(0, 1).held(len(features))


def perform(
    decoder: AudioToMotion,
    features: SpeechFeatures,
    feeling: EmotionEmbedding,
    model: FaceModel,
    eyes: EyeControl | None = None,
    seed: int = 0,
) -> MotionCoefficients:
    """A decoder's motion of the mean face at rest, one feeling worn as `Feelings.track` has it."""
    zero = np.zeros((1, 3), np.float32)
    rest = MotionCoefficients(
        np.zeros((1, len(ARKIT_NAMES)), np.float32), zero, zero, features.fps
    )  # fmt: skip
    waxing = np.random.default_rng([seed, 1])
    felt = while_speaking(constant_track(feeling, len(features), features.fps, waxing))
    return decoder(
        features,
        felt,
        IdentityCoefficients(np.zeros(model.identity_count, np.float32)),
        rest,
        eyes or EyeControl(),
        HeadMotion(),
        np.random.default_rng(seed),
    )


def synthesised() -> list[Sentence]:
    """The held-out sentences in the held-out voices, with the synthesiser's own times."""
    return [
        Sentence(language, speech, phonemes, extract_features(speech, FPS))
        for language, texts in SENTENCES.items()
        for index, text in enumerate(texts)
        for speech, phonemes in (synthesise(text, voice_of(language, index)),)
    ]


def ten_seconds() -> Speech:
    """Ten seconds of the English held-out sentences."""
    texts = SENTENCES["en"][:4]
    pieces = [
        synthesise(text, voice_of("en", index))[0].waveform for index, text in enumerate(texts)
    ]
    return Speech(np.resize(np.concatenate(pieces), 10 * SAMPLE_RATE))


def recorded(folder: Path) -> tuple[list[Sentence], dict[str, int]]:
    """Recordings of people that nothing was trained on, with times by forced alignment.

    Aligned by pocketsphinx, which owes our own network nothing.

    Args:
        folder: with index.csv; its rows of split "eval" with a transcript are used.

    Returns:
        The sentences, and how many there were and why some are left out.

    Raises:
        BadOption: the folder has no index.csv.
    """
    index = folder / "index.csv"
    if not index.is_file():
        message = f"{folder} has no index.csv: give a folder of recordings with their transcripts"
        raise BadOption(message)
    with index.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "eval" and row["transcript"]]
    aligner = Aligner()
    left_out: Counter[str] = Counter()
    sentences = []
    chosen = _spread(rows)
    for row in chosen:
        try:
            speech = load_speech(folder / "eval" / row["file"])
        except TalkingHeadError as error:
            logger.info("%s: left out: %s", row["file"], error)
            left_out["unreadable"] += 1
            continue
        phonemes = _aligned(aligner, speech, row)
        if not phonemes:
            left_out[f"unsure alignment, {row['language']}"] += 1
            continue
        features = extract_features(speech, FPS)
        sentences.append(Sentence(row["language"], speech, phonemes, features))
    counts = {"rows with transcript": len(rows), "chosen": len(chosen), "used": len(sentences)}
    return sentences, counts | dict(left_out)


def _spread(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """At most `MOST_OF_A_SOURCE` of each source, evenly over its files."""
    sources: dict[str, list[dict[str, str]]] = {}
    for row in sorted(rows, key=lambda one: one["file"]):
        sources.setdefault(row["source"], []).append(row)
    return [
        own[at]
        for own in sources.values()
        for at in np.linspace(0, len(own) - 1, min(len(own), MOST_OF_A_SOURCE)).astype(int)
    ]


def _aligned(aligner: Aligner, speech: Speech, row: dict[str, str]) -> tuple[Phoneme, ...]:
    """Phoneme times; empty if they cannot be trusted."""
    try:
        phonemes = aligner.align(speech, row["transcript"], row["language"])
    except (LeftOut, TalkingHeadError, ValueError) as error:
        logger.info("%s: cannot be aligned: %s", row["file"], error)
        return ()
    longest = max((p.end - p.start for p in phonemes if p.symbol != SILENCE), default=0.0)
    return phonemes if longest <= LONGEST_SOUND else ()
