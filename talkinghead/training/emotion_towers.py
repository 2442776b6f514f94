"""Train the image and the sound tower: `python -m talkinghead.training.emotion_towers`.

    --portraits DIR --clips DIR... --speech DIR --packs DIR... --teacher FILE.onnx --out RUN
    [--minutes M] [--align-only]

Each step leaves its result in RUN and is not done again: reading and rendering faces, teaching the
eye and training the image tower (both go on where they stopped), reading voices, training the sound
tower. The last step lays both into the text space as it is now; run with --align-only after the
text tower or the bank's words have changed.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping
from dataclasses import dataclass
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
from talkinghead.training.emotion_image import (
    EVENNESS,
    ImagePlan,
    measure_image,
    place_names,
    split_persons,
    train_image,
)
from talkinghead.training.emotion_looks import Looks
from talkinghead.training.emotion_material import (
    EYE_STEPS,
    FACES,
    SEED,
    VARIANTS,
    read_eye,
    read_looks,
    read_voices,
)
from talkinghead.training.emotion_sound import (
    VoiceNetwork,
    across_speakers,
    sound_tensors,
    train_sound,
)
from talkinghead.training.emotion_voices import VoiceExamples
from talkinghead.training.loop import Deadline, JsonLog
from talkinghead.weights import save_weights

if TYPE_CHECKING:
    from talkinghead.emotion.face_network import FaceNetwork

LOG = logging.getLogger(__name__)
MADE_BY = (
    "python -m talkinghead.training.emotion_towers "
    "--portraits PORTRAITS --clips CLIPS --speech SPEECH --packs PACKS --teacher FILE.onnx "
    "--out RUN"
)
TIME_IS_OVER = "time is over; run the same command again to go on"
VALIDATION = 0.1
ALIGN_REAL, ALIGN_RENDERED, ALIGN_VOICES = 48, 48, 96
ALIGN_RATES = (5e-4, 3e-3)
PAIR_WEIGHT = 0.2


@dataclass(frozen=True)
class Steps:
    """How long each part is trained, and on whom.

    Attributes:
        image, sound, align: steps.
        check_speakers: whether the sound tower is also trained without each of its speakers.
        validation: share of people whose faces are kept out.
    """

    image: int = 800
    sound: int = 1500
    align: int = 600
    check_speakers: bool = False
    validation: float = VALIDATION


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the image and the sound tower.")
    for name in ("portraits", "speech"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="folder with index.csv")
    parser.add_argument("--clips", type=Path, required=True, nargs="+", help="the same, or several")
    parser.add_argument("--packs", type=Path, required=True, nargs="+", help="of training.data")
    parser.add_argument("--teacher", type=Path, required=True, help="face-api.js's expression net")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=FACES, help="to render from the bank")
    parser.add_argument("--variants", type=int, default=VARIANTS, help="to render in other ways")
    parser.add_argument("--eye-steps", type=int, default=EYE_STEPS, help="of the eye")
    parser.add_argument("--steps", type=int, default=Steps.image, help="of the image tower")
    parser.add_argument("--validation", type=float, default=VALIDATION, help="share of people")
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
    steps = Steps(
        image=image_steps, check_speakers=chosen.check_speakers, validation=chosen.validation
    )
    eye = read_eye(chosen, deadline)
    if eye is None:
        LOG.info(TIME_IS_OVER)
        return
    looks = read_looks(chosen, eye)
    train(looks, read_voices(chosen), Run(chosen.out, steps, eye), deadline)


@dataclass(frozen=True)
class Run:
    """Where a run leaves its checkpoints and logs, and what it begins with.

    Attributes:
        out: folder.
        steps: how long; those that the image tower's checkpoint has had are kept.
        eye: of the image tower; None = one that knows nothing.
    """

    out: Path
    steps: Steps
    eye: Mapping[str, Tensor] | None = None


def train(faces: tuple[Looks, Looks], voices: VoiceExamples, run: Run, deadline: Deadline) -> None:
    """Train both towers and write their weights.

    Args:
        faces: real and rendered.
        voices: recordings and their disguises.
        run: how.
        deadline: when it has passed, nothing is written but the checkpoint.
    """
    bank, steps = load_bank(), run.steps
    anchors = make_anchors(bank, load_emotion_encoder().space.prototypes)
    kept, held = split_persons(faces, steps.validation, SEED)
    plan = ImagePlan(steps.image, SEED, run.out, run.eye)
    image = train_image(kept[0], kept[1], anchors, plan, deadline)
    if image is None:
        LOG.info(TIME_IS_OVER)
        return
    log = JsonLog(run.out / "figures.jsonl")
    sound = train_sound(voices, anchors, SEED, steps.sound)
    align(image.eval(), sound, (kept, voices), anchors, steps.align)
    for name, part in zip(("real", "rendered"), held, strict=True):
        if len(part):
            log.write({"part": f"validation {name}", **measure_image(image, part, anchors)})
    stored = anchor_tensors(bank, anchors.vectors.numpy())
    save_weights({**as_tensors(image.state_dict()), **stored}, IMAGE_NAME, MADE_BY, "Apache-2.0")
    save_weights({**sound_tensors(sound), **stored}, SOUND_NAME, MADE_BY, "Apache-2.0")
    if steps.check_speakers:
        figures = across_speakers(voices, anchors, SEED, steps.sound)
        log.write({"part": "leave one speaker out", **figures})


def align(
    image: FaceNetwork,
    sound: VoiceNetwork,
    examples: tuple[list[Looks], VoiceExamples],
    anchors: Anchors,
    steps: int,
) -> None:
    """Train the last layer of both towers together; all before it stands still.

    Pictures and voices of one class are pulled to the same anchors and to each other.
    """
    generator = torch.Generator().manual_seed(SEED)
    faces, voices = examples
    place_names(image, anchors)
    with torch.no_grad():
        heard = sound.traits(torch.from_numpy(voices.statistics))
    meant = torch.from_numpy(voices.feeling)
    layers = [image.to_space, sound.to_space]
    for layer in layers:  # an average of parameters comes frozen
        layer.requires_grad_(requires_grad=True)
    groups = [
        {"params": list(layer.parameters()), "lr": rate}
        for layer, rate in zip(layers, ALIGN_RATES, strict=True)
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    spoken = np.char.add(voices.person, voices.feeling.astype(str))
    for _ in range(steps):
        drawn = [
            part.drawn(balanced(part.mead, count, generator, EVENNESS), generator)
            for part, count in zip(faces, (ALIGN_REAL, ALIGN_RENDERED), strict=True)
        ]
        seen, fitted, mead, feeling = (torch.cat(column) for column in zip(*drawn, strict=True))
        with torch.no_grad():
            traits, named = image.traits(seen, fitted), image.named(seen)
        said = balanced(spoken, ALIGN_VOICES, generator)
        shown = image.led(traits, named)
        vectors = torch.cat([shown, unit(sound.to_space(heard[said]))])
        feelings = torch.cat([feeling, meant[said]])
        classes = torch.cat([mead, anchors.classes[meant[said]]])
        loss = alignment_loss(vectors, classes, feelings, anchors).mean()
        loss = loss + PAIR_WEIGHT * pair_loss(vectors, classes)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    LOG.info("aligned: loss %.3f", loss.item())


if __name__ == "__main__":
    main()
