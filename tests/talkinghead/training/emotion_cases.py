"""Faces, looks and voices whose feeling is easy to read, and anchors without meaning."""

import numpy as np

from talkinghead.emotion.bank import MEAD_CLASSES, load_bank
from talkinghead.speech.prosody import statistics_count
from talkinghead.training.emotion_alignment import make_anchors
from talkinghead.training.emotion_faces import FaceExamples
from talkinghead.training.emotion_looks import Looks
from talkinghead.training.emotion_voices import VoiceExamples

BANK = load_bank()
PLAIN = [[one.name for one in BANK.feelings].index(name) for name in MEAD_CLASSES]


def anchors(held_out=""):
    generator = np.random.default_rng(7)
    points = generator.normal(size=(len(BANK.feelings), 384)).astype(np.float32)
    return make_anchors(BANK, points / np.linalg.norm(points, axis=1, keepdims=True), held_out)


def faces(count=64, seed=0):
    """Every feeling is a grey level and one channel."""
    generator = np.random.default_rng(seed)
    mead = np.arange(count) % len(MEAD_CLASSES)
    crops = np.clip(30 + 25 * mead[:, None, None] + generator.normal(0, 4, (count, 96, 96)), 0, 255)
    expression = np.zeros((count, 52), np.float32)
    expression[np.arange(count), mead] = 1.0
    return FaceExamples(
        crops.astype(np.uint8), expression, np.zeros((count, 3), np.float32), mead,
        np.array([PLAIN[one] for one in mead]), np.array([f"p{row % 10}" for row in range(count)]),
    )  # fmt: skip


def looks(count=64, seed=0):
    """As `faces`, seen twice: what is seen is one number a feeling."""
    given = faces(count, seed)
    seen = np.zeros((count, 2, 256), np.float16)
    seen[np.arange(count), :, given.mead] = 4.0
    fitted = np.hstack([given.expression, given.pose])[:, None].repeat(2, axis=1)
    return Looks(seen, fitted, given.mead, given.feeling, given.person)


def voices(count=160, seed=0):
    generator = np.random.default_rng(seed)
    mead = np.arange(count) % len(MEAD_CLASSES)
    statistics = generator.normal(0, 0.4, (count, statistics_count())).astype(np.float32)
    statistics[np.arange(count), mead] += 3.0
    return VoiceExamples(
        statistics, np.array([PLAIN[one] for one in mead]),
        np.array([f"s{row // 80}" for row in range(count)]), np.ones(count, bool),
    )  # fmt: skip
