"""Lips against the truth: `python -m talkinghead.evaluation --suite motion --json OUT.json`.

Sentences are spoken by espeak-ng, which tells exactly when each sound is spoken. The motion is made
twice: from the phonemes that our recogniser hears, and from the true ones. The lips are measured on
the face model, not on coefficients. The sentences are in no training text.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace

import numpy as np

from renderer.coefficients import IdentityCoefficients, MotionCoefficients, expression_from
from renderer.face_model import FaceModel
from talkinghead.emotion.encoder import load_emotion_encoder
from talkinghead.emotion.timeline import constant_track
from talkinghead.motion.inspection import SpeechReport, inspect_speech
from talkinghead.motion.interface import HeadMotion
from talkinghead.motion.rules import RulesAudioToMotion
from talkinghead.speech.features import extract_features
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import EyeControl, Phoneme, Speech, TextPrompt
from talkinghead.weights import load_weights

FPS = 25.0
VOICES = ("en-us", "en-gb-scotland+f2", "de", "es+f3", "fr", "it+m3")
SENTENCES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "My mother bought a big brown umbrella. People map bumpy paths.",
        "Bob and Pam may bump into my neighbour. Please move the lamp from the table.",
        "Who knew the moon would look so blue? We heard a robin. Stop, maybe later.",
    ),
    "de": (
        "Meine Mama bäckt am Abend ein paar Brote. Papa mag Äpfel und Birnen.",
        "Bitte komm mit mir zum Bahnhof. Am Morgen trinken wir immer Pfefferminztee.",
    ),
    "es": (
        "Mi madre compra pan y plátanos. El perro blanco bebe mucha agua.",
        "Por favor, ven con nosotros a la playa. Mañana empieza el buen tiempo.",
    ),
    "fr": (
        "Ma maman aime beaucoup les pommes. Le bébé mange une banane.",
        "Papa part demain matin avec son petit bateau blanc. Bonjour, mon ami.",
    ),
    "it": (
        "La mia bambina beve sempre poco latte. Mamma prepara il pane bianco.",
        "Buongiorno, possiamo parlare un momento? Il mare è profondo e blu.",
    ),
}

logger = logging.getLogger(__name__)


def measure_lips() -> list[dict[str, object]]:
    """One row for each voice, with the phonemes that are heard and with the true ones."""
    model = FaceModel.from_tensors(load_weights("face_model"))
    rows: list[dict[str, object]] = []
    for voice in VOICES:
        for heard in (True, False):
            reports = [_report(model, text, voice, heard=heard) for text in SENTENCES[voice[:2]]]
            row = {"voice": voice, "phonemes": "heard" if heard else "true", **_pooled(reports)}
            rows.append(row)
            logger.info("%s", json.dumps(row))
    return rows


def _report(model: FaceModel, text: str, voice: str, *, heard: bool) -> SpeechReport:
    speech, truth = synthesise(text, voice)
    motion = animate(speech, None if heard else truth)
    return inspect_speech(motion, model.lip_aperture(motion.expression), truth)


def animate(speech: Speech, phonemes: tuple[Phoneme, ...] | None) -> MotionCoefficients:
    """Neutral motion of a face at rest, from given phonemes or from those that are heard."""
    features = extract_features(speech, FPS)
    if phonemes is not None:
        features = replace(features, phonemes=phonemes)
    neutral = load_emotion_encoder().understand(TextPrompt(""))
    zero = np.zeros((1, 3), np.float32)
    return RulesAudioToMotion()(
        features,
        constant_track(neutral, len(features), FPS),
        IdentityCoefficients(np.zeros(50, np.float32)),
        MotionCoefficients(expression_from({})[None], zero, zero, FPS),
        EyeControl(),
        HeadMotion(),
        np.random.default_rng(0),
    )


def _pooled(reports: list[SpeechReport]) -> dict[str, object]:
    """Sentences of one voice together: rates weighted by sounds, the worst delay."""
    rows = [asdict(report) for report in reports]
    count = sum(report.bilabials for report in reports)
    closed = sum(report.closure_rate * report.bilabials for report in reports) / count
    return {
        "bilabials": count,
        "closure_rate": round(closed, 4),
        "open_vowels": round(float(np.nanmean([row["open_vowels"] for row in rows])), 4),
        "close_vowels": round(float(np.nanmean([row["close_vowels"] for row in rows])), 4),
        "worst_closing_delay": round(float(np.nanmax([row["closing_delay"] for row in rows])), 3),
        "jitter": round(float(np.mean([row["jitter"] for row in rows])), 5),
    }
