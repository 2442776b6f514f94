"""What a run of `talkinghead.training.emotion_towers` needs before the towers: made once, kept."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, islice

import numpy as np
from torch import Tensor

from talkinghead.emotion.image_tower import make_network
from talkinghead.training.emotion_eye import EyePlan, lessons, teach_eye
from talkinghead.training.emotion_faces import (
    FaceExamples,
    Labelled,
    clip_faces,
    gathered,
    joined,
    load_faces,
    photo_faces,
    rendered_faces,
    save_faces,
)
from talkinghead.training.emotion_frames import Crops, load_crops, pack_crops, save_crops
from talkinghead.training.emotion_labels import SHIPPABLE, clip_labels, photo_labels, read_index
from talkinghead.training.emotion_looks import Looks, load_looks, look, save_looks
from talkinghead.training.emotion_teacher import read_teacher
from talkinghead.training.emotion_voices import (
    VoiceExamples,
    labelled_voices,
    load_voices,
    save_voices,
)
from talkinghead.training.loop import Deadline

LOG = logging.getLogger(__name__)
SEED = 0
EACH = 6  # faces rendered of one photo
FACES, VARIANTS = 1000, 2000
DISGUISES = 10
EYE_STEPS = 3600
LOOKS: Mapping[str, int] = {"real": 4, "rendered": 2}
"""How often each face is looked at: as it is, and else in disguise."""


def read_faces(chosen: argparse.Namespace) -> tuple[FaceExamples, FaceExamples]:
    """Real and rendered faces; each kind from RUN if it was read before."""
    from talkinghead.pipeline import TalkingHead

    model = TalkingHead.from_pretrained("cpu")
    rows = read_index(chosen.portraits / "index.csv", "train", SHIPPABLE)
    order = np.random.default_rng(SEED).permutation(len(rows))
    photos = [chosen.portraits / "train" / rows[row]["file"] for row in order]
    makers: Mapping[str, Callable[[], Iterable[Labelled]]] = {
        "real": lambda: chain(
            photo_faces(model, chosen.portraits, photo_labels()),
            *(clip_faces(model, folder, clip_labels()) for folder in chosen.clips),
        ),
        "rendered": lambda: islice(rendered_faces(model, photos, EACH, SEED), chosen.faces),
        "variants": lambda: islice(
            rendered_faces(model, photos[::-1], EACH, SEED + 1, variants=True), chosen.variants
        ),
    }
    for name, make in makers.items():
        path = chosen.out / f"{name}.npz"
        if not path.is_file():
            save_faces(path, gathered(make()))
    real, *made = [load_faces(chosen.out / f"{name}.npz") for name in makers]
    return real, joined(made)


def read_frames(chosen: argparse.Namespace) -> Crops:
    """Unlabelled frames of the packs; from RUN if they were read before."""
    path = chosen.out / "frames.npz"
    if not path.is_file():
        save_crops(path, pack_crops(chosen.packs))
    return load_crops(path)


def read_eye(chosen: argparse.Namespace, deadline: Deadline) -> Mapping[str, Tensor] | None:
    """The eye that the teacher has taught, from RUN if it is done; None if the time is over."""
    from safetensors.torch import load_file, save_file

    path = chosen.out / "eye.safetensors"
    if not path.is_file():
        teacher = read_teacher(chosen.teacher)
        given = lessons(teacher, [*read_faces(chosen), read_frames(chosen)])
        LOG.info("the teacher has answered on %d faces", len(given))
        taught = teach_eye(given, EyePlan(chosen.eye_steps, SEED, chosen.out), deadline)
        if taught is None:
            return None
        part = path.with_suffix(".part")
        save_file(taught, part)
        part.replace(path)
    eye: dict[str, Tensor] = load_file(path)
    return eye


def read_looks(chosen: argparse.Namespace, eye: Mapping[str, Tensor]) -> tuple[Looks, Looks]:
    """What the eye sees in real and in rendered faces; from RUN if it was looked at before."""
    paths = [chosen.out / f"looks_{name}.npz" for name in LOOKS]
    if not all(path.is_file() for path in paths):
        network = make_network()
        network.load_state_dict(eye, strict=False)
        pairs = zip(paths, read_faces(chosen), LOOKS.values(), strict=True)
        for seed, (path, faces, times) in enumerate(pairs):
            save_looks(path, look(network, faces, times, SEED + seed))
    real, rendered = (load_looks(path) for path in paths)
    return real, rendered


def read_voices(chosen: argparse.Namespace) -> VoiceExamples:
    """Voices and their disguises; from RUN if they were read before."""
    path = chosen.out / "voices.npz"
    if not path.is_file():
        save_voices(path, labelled_voices(chosen.speech, DISGUISES, SEED))
    return load_voices(path)
