"""Train the image and the sound tower: `python -m talkinghead.training.emotion_towers`.

    --portraits DIR --clips DIR --speech DIR --out RUN [--minutes M] [--align-only]

Each step leaves its result in RUN and is not done again: reading and rendering faces, reading
voices, training the image tower (which goes on where it stopped), training the sound tower. The
last step lays both into the text space as it is now; run with --align-only after the text tower
or the bank's words have changed.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from talkinghead.emotion.anchors import anchor_tensors
from talkinghead.emotion.bank import load_bank
from talkinghead.emotion.encoder import load_emotion_encoder
from talkinghead.emotion.image_tower import WEIGHTS_NAME as IMAGE_NAME
from talkinghead.emotion.image_tower import as_tensors
from talkinghead.emotion.sound_tower import WEIGHTS_NAME as SOUND_NAME
from talkinghead.training.emotion_alignment import (
    Anchors,
    alignment_loss,
    balanced,
    make_anchors,
    pair_loss,
    unit,
)
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
from talkinghead.training.emotion_image import (
    EVENNESS,
    ImagePlan,
    disguised,
    measure_image,
    split_persons,
    train_image,
)
from talkinghead.training.emotion_labels import SHIPPABLE, clip_labels, photo_labels, read_index
from talkinghead.training.emotion_sound import (
    VoiceNetwork,
    across_speakers,
    sound_tensors,
    train_sound,
)
from talkinghead.training.emotion_voices import (
    VoiceExamples,
    labelled_voices,
    load_voices,
    save_voices,
)
from talkinghead.training.loop import Deadline, JsonLog
from talkinghead.weights import save_weights

if TYPE_CHECKING:
    from talkinghead.emotion.face_network import FaceNetwork

LOG = logging.getLogger(__name__)
MADE_BY = (
    "python -m talkinghead.training.emotion_towers "
    "--portraits PORTRAITS --clips CLIPS --speech SPEECH --out RUN"
)
SEED = 0
VALIDATION = 0.1
EACH = 12  # faces rendered of one photo
DISGUISES = 10
ALIGN_BATCH = 96
ALIGN_RATE = 3e-3
PAIR_WEIGHT = 0.2


@dataclass(frozen=True)
class Steps:
    """How long each part is trained, and whether the sound tower is cross-validated."""

    image: int = 2000
    sound: int = 1500
    align: int = 600
    check_speakers: bool = False


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the image and the sound tower.")
    for name in ("portraits", "clips", "speech"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="folder with index.csv")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=2250, help="to render from the bank")
    parser.add_argument("--variants", type=int, default=1500, help="to render in other ways")
    parser.add_argument("--steps", type=int, default=Steps.image, help="of the image tower")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after, and save")
    parser.add_argument("--check-speakers", action="store_true", help="leave each out, in turn")
    parser.add_argument("--align-only", action="store_true", help="the backbones are trained")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    chosen.out.mkdir(parents=True, exist_ok=True)
    deadline = Deadline(chosen.minutes)
    deadline.listen()
    image_steps = 0 if chosen.align_only else chosen.steps
    steps = Steps(image=image_steps, check_speakers=chosen.check_speakers)
    train(read_faces(chosen), read_voices(chosen), chosen.out, steps, deadline)


def train(
    faces: tuple[FaceExamples, FaceExamples],
    voices: VoiceExamples,
    out: Path,
    steps: Steps,
    deadline: Deadline,
) -> None:
    """Train both towers and write their weights.

    Args:
        faces: real and rendered.
        voices: recordings and their disguises.
        out: for checkpoints and logs.
        steps: how long; those that the image tower's checkpoint has had are kept.
        deadline: when it has passed, nothing is written but the checkpoint.
    """
    bank = load_bank()
    anchors = make_anchors(bank, load_emotion_encoder().space.prototypes)
    parts = [split_persons(part, VALIDATION, SEED) for part in faces]
    image = train_image(
        parts[0][0], parts[1][0], anchors, ImagePlan(steps.image, SEED, out), deadline
    )
    if image is None:
        LOG.info("time is over; run the same command again to go on")
        return
    log = JsonLog(out / "figures.jsonl")
    sound = train_sound(voices, anchors, SEED, steps.sound)
    align(image.eval(), sound, ([part[0] for part in parts], voices), anchors, steps.align)
    for name, part in zip(("real", "rendered"), parts, strict=True):
        log.write({"part": f"validation {name}", **measure_image(image, part[1], anchors)})
    stored = anchor_tensors(bank, anchors.vectors.numpy())
    save_weights({**as_tensors(image.state_dict()), **stored}, IMAGE_NAME, MADE_BY, "Apache-2.0")
    save_weights({**sound_tensors(sound), **stored}, SOUND_NAME, MADE_BY, "Apache-2.0")
    if steps.check_speakers:
        figures = across_speakers(voices, anchors, SEED, steps.sound)
        log.write({"part": "leave one speaker out", **figures})


def align(
    image: FaceNetwork,
    sound: VoiceNetwork,
    examples: tuple[list[FaceExamples], VoiceExamples],
    anchors: Anchors,
    steps: int,
) -> None:
    """Train the last layer of both towers together; all before it stands still.

    Pictures and voices of one class are pulled to the same anchors and to each other.
    """
    generator = torch.Generator().manual_seed(SEED)
    faces, voices = examples
    traits, mead, feeling = _face_traits(image, faces, generator)
    real = 2 * len(faces[0])  # each face as it is and in disguise
    with torch.no_grad():
        heard = sound.traits(torch.from_numpy(voices.statistics))
    meant = torch.from_numpy(voices.feeling)
    layers = [image.to_space, sound.to_space]
    for layer in layers:  # an average of parameters comes frozen
        layer.requires_grad_(requires_grad=True)
    optimiser = torch.optim.AdamW(
        [weight for layer in layers for weight in layer.parameters()], ALIGN_RATE, weight_decay=0.05
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    spoken = np.char.add(voices.person, voices.feeling.astype(str))
    for _ in range(steps):
        seen = torch.cat(  # as many real faces as rendered ones, as in training
            [
                balanced(mead[:real].numpy(), ALIGN_BATCH // 2, generator, EVENNESS),
                balanced(mead[real:].numpy(), ALIGN_BATCH // 2, generator, EVENNESS) + real,
            ]
        )
        said = balanced(spoken, ALIGN_BATCH, generator)
        vectors = torch.cat([unit(image.to_space(traits[seen])), unit(sound.to_space(heard[said]))])
        feelings = torch.cat([feeling[seen], meant[said]])
        classes = torch.cat([mead[seen], anchors.classes[meant[said]]])
        loss = alignment_loss(vectors, classes, feelings, anchors).mean()
        loss = loss + PAIR_WEIGHT * pair_loss(vectors, classes)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    LOG.info("aligned: loss %.3f", loss.item())


def _face_traits(
    image: FaceNetwork, faces: list[FaceExamples], generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Traits, classes and feelings of all faces, as they are and once in disguise."""
    rows = []
    for part in faces:
        crops = torch.from_numpy(part.crops).float() / 255.0
        fitted = torch.from_numpy(np.hstack([part.expression, part.pose])).float()
        for given in ((crops, fitted), disguised(crops, fitted, generator)):
            split = [torch.split(one, 64) for one in given]
            with torch.no_grad():
                pieces = [image.traits(*pair) for pair in zip(*split, strict=True)]
            rows.append(
                (torch.cat(pieces), torch.from_numpy(part.mead),
                 torch.from_numpy(part.feeling))
            )  # fmt: skip
    traits, mead, feeling = (torch.cat(column) for column in zip(*rows, strict=True))
    return traits, mead, feeling


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
            clip_faces(model, chosen.clips, clip_labels()),
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


def read_voices(chosen: argparse.Namespace) -> VoiceExamples:
    """Voices and their disguises; from RUN if they were read before."""
    path = chosen.out / "voices.npz"
    if not path.is_file():
        save_voices(path, labelled_voices(chosen.speech, DISGUISES, SEED))
    return load_voices(path)


if __name__ == "__main__":
    main()
