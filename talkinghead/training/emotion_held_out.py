"""What the towers make of a feeling that training never showed them.

python -m talkinghead.training.emotion_held_out --out RUN --faces DIR --speech DIR --json OUT.json

For each class of MEAD in turn, small towers are trained without any face or voice of that class and
without its anchors, then asked about strangers: do words of the class find its pictures and voices
(text to image, text to sound), and do these find the class's words (image to text, sound to text)?
The small tower for pictures sees the fitted expression and pose only: the image tower's eye
learned from a teacher that was shown all classes. RUN holds what
`talkinghead.training.emotion_towers` has read.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.emotion.bank import MEAD_CLASSES, load_bank
from talkinghead.emotion.encoder import load_emotion_encoder
from talkinghead.emotion.sound_tower import SoundTower
from talkinghead.evaluation.emotion_sets import Labelled, face_set, voice_set
from talkinghead.pipeline import TalkingHead
from talkinghead.training.emotion_alignment import Anchors, make_anchors
from talkinghead.training.emotion_faces import FaceExamples, joined, load_faces
from talkinghead.training.emotion_sound import sound_tensors, train_sound
from talkinghead.training.emotion_voices import VoiceExamples, load_voices
from talkinghead.types import FaceCues, VoiceCues

LOG = logging.getLogger(__name__)
SEED = 0
STEPS = 800


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Hold one emotion out of training, each in turn.")
    parser.add_argument("--out", type=Path, required=True, help="the run of emotion_towers")
    parser.add_argument("--faces", type=Path, required=True, help="folder with index.csv")
    parser.add_argument("--speech", type=Path, required=True, help="folder with index.csv")
    parser.add_argument("--json", type=Path, required=True)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    asked_faces = face_set(chosen.faces, TalkingHead.from_pretrained("cpu"))
    asked_voices = voice_set(chosen.speech)
    parts = [load_faces(chosen.out / f"{name}.npz") for name in ("real", "rendered", "variants")]
    voices = load_voices(chosen.out / "voices.npz")
    result: dict[str, dict[str, float]] = {}
    for name in MEAD_CLASSES:
        anchors = make_anchors(load_bank(), load_emotion_encoder().space.prototypes, name)
        row = held_out(name, fitted_as_voices(parts, anchors), asked_faces, anchors)
        row |= held_out(name, voices, asked_voices, anchors)
        result[name] = row
        LOG.info("%s: %s", name, json.dumps(row))
        chosen.json.write_text(json.dumps(result, indent=2) + "\n")


def fitted_as_voices(parts: Sequence[FaceExamples], anchors: Anchors) -> VoiceExamples:
    """Fitted expression and pose of all faces in place of the statistics of voices.

    A label that names only a class stands for its plain feeling.
    """
    faces = joined(parts)
    plain = anchors.plain.numpy()[faces.mead]
    count = len(faces)
    return VoiceExamples(
        np.hstack([faces.expression, faces.pose]).astype(np.float32),
        np.where(faces.feeling >= 0, faces.feeling, plain),
        np.full(count, "anybody"),
        np.ones(count, bool),
    )


def held_out(
    name: str, examples: VoiceExamples, asked: Sequence[Labelled], anchors: Anchors
) -> dict[str, float]:
    """Figures of one class for a tower that was never shown it; nothing if nobody asks for it.

    Args:
        name: the class.
        examples: what to train on; what belongs to the class is left out.
        asked: faces or voices of strangers.
        anchors: without the class.
    """
    if not any(one.mead == name for one in asked):
        return {}
    tower = SoundTower({**sound_tensors(train_sound(examples, anchors, SEED, STEPS))})
    vectors = tower.encode([_as_voice(one.cues) for one in asked])[0]
    kind = "image" if isinstance(asked[0].cues, FaceCues) else "sound"
    return _figures(name, vectors, asked, anchors, kind)


def _as_voice(cues: FaceCues | VoiceCues) -> VoiceCues:
    if isinstance(cues, VoiceCues):
        return cues
    return VoiceCues(np.concatenate([cues.expression, cues.pose]).astype(np.float32), 1.0)


def _figures(
    name: str, vectors: Floats, asked: Sequence[Labelled], anchors: Anchors, kind: str
) -> dict[str, float]:
    """R@1 both ways, and chance for the way from words."""
    truth = np.array([one.mead for one in asked])
    points = anchors.vectors.numpy()
    row = MEAD_CLASSES.index(name)
    words = points[anchors.classes.numpy() == row]
    nearest = truth[(words @ vectors.T).argmax(axis=1)]
    found: NDArray[np.intp] = (vectors[truth == name] @ points[anchors.plain.numpy()].T).argmax(1)
    return {
        f"text to {kind}": round(float(np.mean(nearest == name)), 4),
        f"text to {kind}, chance": round(float(np.mean(truth == name)), 4),
        f"{kind} to text": round(float(np.mean(found == row)), 4),
        f"{kind} to text, chance": round(1 / len(MEAD_CLASSES), 4),
    }


if __name__ == "__main__":
    main()
