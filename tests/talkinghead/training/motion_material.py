"""A few lessons made from synthetic speech and a made-up clip, as a corpus would give them."""

from dataclasses import replace

import numpy as np

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from talkinghead.emotion.bank import load_bank
from talkinghead.motion.coarticulation import articulate
from talkinghead.speech.features import extract_features
from talkinghead.speech.synthesis import synthesise
from talkinghead.training.corpus import CorpusRow, Utterance
from talkinghead.training.motion_lessons import lessons_of
from talkinghead.types import SAMPLE_RATE


def row(name, kind, emotion="", speaker="voice", seconds=1.0):
    return CorpusRow(
        name, "train", kind, "espeak-ng", "en-us", "en", speaker, name, emotion, "CC0", "clean",
        seconds, 0.9 if kind == "clip" else float("nan"), 0.0,
    )  # fmt: skip


def spoken_utterance(text, emotion=""):
    speech, phonemes = synthesise(text, "en-us", 160, 50)
    kind = "recording" if emotion else "synthetic"
    return Utterance(row(text.replace(" ", "_"), kind, emotion), speech.waveform, phonemes)


def clip_utterance(name="clip_a", speaker="anna", fps=25.0, silent=False, dubbed=False):
    """A person who speaks; or whose mouth, `dubbed`, moves against the sound."""
    speech, phonemes = synthesise("maybe two boats will move away from here", "en-us", 150, 50)
    waveform = speech.waveform * (0.0 if silent else 1.0)
    frames = int(len(waveform) / SAMPLE_RATE * fps)
    features = replace(extract_features(speech, fps), phonemes=phonemes)
    jaw = articulate(features, np.ones(len(features), np.float32)).articulators[:frames, 0]
    expression = np.zeros((frames, 52), np.float32)
    expression[:, ARKIT_INDEX["jawOpen"]] = 0.5 - 0.6 * jaw if dubbed else 0.1 + 0.6 * jaw
    expression[:, ARKIT_INDEX["browInnerUp"]] = 0.2 + 0.1 * np.sin(np.arange(frames) / 9.0)
    rotation = 0.05 * np.sin(np.arange(frames) / 15.0)[:, None] * np.ones(3)
    motion = MotionCoefficients(
        expression, rotation.astype(np.float32), np.zeros((frames, 3), np.float32), fps
    )
    return Utterance(row(name, "clip", speaker=speaker), waveform, (), motion, np.zeros(50))


def utterances():
    return [
        clip_utterance(), clip_utterance("clip_b", "bert", 30.0),
        clip_utterance("clip_c", "carl", silent=True),
        spoken_utterance("my mother bought a purple bowl and two spoons"),
        spoken_utterance("we know people who move about too much", "angry"),
        spoken_utterance("we know people who move about too much", "sad"),
    ]  # fmt: skip


def some_lessons(seed=0):
    generator = np.random.default_rng(seed)
    faces = np.zeros((2, 52), np.float32)
    faces[1, ARKIT_INDEX["mouthSmileLeft"]] = 0.5
    return [
        lesson for one in utterances() for lesson in lessons_of(one, faces, load_bank(), generator)
    ]
