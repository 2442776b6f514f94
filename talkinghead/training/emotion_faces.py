"""Faces that show feelings, for the image tower: labelled pictures, and pictures that we render.

A rendered face is a photo of a calm person that wears a recipe of the emotion bank, varied as
people vary. It is found and fitted again like any photo, so that the tower trains on what it will
be given.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import ARKIT_INDEX, Floats, MotionCoefficients, mirrored_name
from renderer.geometric import GeometricRenderer
from talkinghead.emotion.bank import MEAD_CLASSES, Feeling, load_bank
from talkinghead.emotion.facs import recipe_expression
from talkinghead.emotion.release import with_release
from talkinghead.errors import TalkingHeadError
from talkinghead.motion.wearing import wear
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.cues import face_cues
from talkinghead.portrait.fitter import Portrait
from talkinghead.portrait.framing import crop_view
from talkinghead.portrait.photo import read_photo
from talkinghead.training.emotion_labels import SHIPPABLE, class_of, read_index
from talkinghead.types import FaceCues
from talkinghead.video.read import read_video

CALMEST = 0.35
"""A photo whose strongest smile, frown, brow or jaw channel is above this is no neutral face."""
RENDER_SIZE = 256
STRENGTHS = (0.6, 1.3)
"""Of a recipe on a rendered face. Of 0.45 to 1.15, tried before, a recogniser called more than half
neutral."""
CALM_MOMENTS = (0.8, 1.4, 2.0)  # seconds; somebody speaks without feeling
VARIANTS: Mapping[str, tuple[str, ...]] = {
    "angry": ("4E 5C 7D 23D", "4E 7D 17C 24D", "4E 5C 7C 10C 22C 23C 25C 26B", "4D 7C"),
    "contempt": ("L14D", "R14D", "L10C L14C", "R12B R14D"),
    "disgusted": ("9D", "9D 17C", "9D 16C 25B 26B", "10D 17C", "10D 16C 25C 26B", "4B 7C 9C 10C"),
    "fear": ("1D 2D 4D 5E 20C 25C 26B", "1D 2C 4C 5E", "1C 2C 5E 20D 25C", "1E 4C 5D 20C 25B"),
    "happy": ("12D", "6B 12C", "6D 12E 25D 26B", "6C 12D"),
    "neutral": ("", "", "43A", "1A"),
    "sad": ("1D 4C 15C", "1C 4C 11B 15B", "4B 15D 17C", "1E 4C 43B 64A", "6B 15D"),
    "surprised": ("1D 2D 5C", "1C 2C 5B 26C", "1D 2D 5D 27D", "5C 26D"),
}
"""How else people show the plain feelings: prototypes and major variants of the FACS Investigator's
Guide (Ekman, Friesen & Hager 2002), letters ours."""
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class FaceExamples:
    """N faces and what they show.

    Attributes:
        crops: (N, FACE_CROP, FACE_CROP) uint8 grey.
        expression: (N, 52) float32.
        pose: (N, 3) float32 radians.
        mead: (N,) row of `MEAD_CLASSES`.
        feeling: (N,) row of the bank, or -1 if only the class is known.
        person: (N,) who it is; the same person never trains and validates.
    """

    crops: NDArray[np.uint8]
    expression: Floats
    pose: Floats
    mead: NDArray[np.intp]
    feeling: NDArray[np.intp]
    person: NDArray[np.str_]

    def __len__(self) -> int:
        """N."""
        return len(self.mead)

    def chosen(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> FaceExamples:
        """Some of the faces."""
        return FaceExamples(*(getattr(self, field.name)[rows] for field in fields(self)))

    def cues(self, row: int) -> FaceCues:
        """One face as the image tower takes it."""
        return FaceCues(self.crops[row], self.expression[row], self.pose[row])


Labelled = tuple[FaceCues, str, str, str]
"""A face, its class of MEAD, its feeling in the bank or "", and who it is."""


def gathered(faces: Iterable[Labelled]) -> FaceExamples:
    """Stack labelled faces."""
    rows = list(faces)
    names = [feeling.name for feeling in load_bank().feelings]
    return FaceExamples(
        np.stack([cues.crop for cues, _, _, _ in rows]),
        np.stack([cues.expression for cues, _, _, _ in rows]),
        np.stack([cues.pose for cues, _, _, _ in rows]),
        np.array([MEAD_CLASSES.index(mead) for _, mead, _, _ in rows], np.intp),
        np.array([names.index(name) if name else -1 for _, _, name, _ in rows], np.intp),
        np.array([person for _, _, _, person in rows]),
    )


def joined(parts: Iterable[FaceExamples]) -> FaceExamples:
    """One after the other."""
    several = list(parts)
    return FaceExamples(
        *(np.concatenate([getattr(part, field.name) for part in several])
          for field in fields(FaceExamples))
    )  # fmt: skip


def save_faces(path: Path, faces: FaceExamples) -> None:
    """Write `.npz`, complete or not at all."""
    part = path.with_suffix(".part.npz")
    np.savez(part, **{field.name: getattr(faces, field.name) for field in fields(faces)})
    part.replace(path)


def load_faces(path: Path) -> FaceExamples:
    """Read what `save_faces` wrote."""
    with np.load(path) as stored:
        return FaceExamples(*(stored[field.name] for field in fields(FaceExamples)))


def photo_faces(
    model: TalkingHead, folder: Path, labels: Mapping[str, str], split: str = "train"
) -> Iterator[Labelled]:
    """Labelled photos.

    Args:
        model: finds and fits.
        folder: with index.csv (file, split, tier, expression) and a folder a split.
        labels: file to class of MEAD, by a person who looked: goes before the index; "" = leave
            the photo out.
        split: which rows.
    """
    for row in read_index(folder / "index.csv", split, SHIPPABLE):
        mead = labels.get(row["file"], class_of(row["expression"]))
        if not mead:
            continue
        try:
            portrait = model.fit(folder / split / row["file"])
        except TalkingHeadError as error:
            LOG.info("left out %s: %s", row["file"], error)
            continue
        yield face_cues(portrait), mead, "", row["file"]


def clip_faces(
    model: TalkingHead, folder: Path, labels: Mapping[tuple[str, float], str], split: str = "train"
) -> Iterator[Labelled]:
    """Labelled moments of clips; of a clip that the index calls neutral, `CALM_MOMENTS`.

    Args:
        model: finds and fits.
        folder: with index.csv (file, split, tier, identity, emotion) and a folder a split.
        labels: (file, seconds) to class of MEAD, by a person who looked.
        split: which rows.
    """
    for row in read_index(folder / "index.csv", split, SHIPPABLE):
        wanted = {time: mead for (file, time), mead in labels.items() if file == row["file"]}
        if not wanted and row["emotion"] == "neutral":
            wanted = dict.fromkeys(CALM_MOMENTS, "neutral")
        if not wanted:
            continue
        with read_video(folder / split / row["file"]) as clip:
            frames = {round(time * clip.fps): mead for time, mead in wanted.items()}
            for number, frame in enumerate(clip):
                if number not in frames:
                    continue
                try:
                    portrait = model.fit(frame)
                except TalkingHeadError as error:
                    LOG.info("left out %s, frame %d: %s", row["file"], number, error)
                    continue
                yield face_cues(portrait), frames[number], "", row["identity"]


def rendered_faces(
    model: TalkingHead, photos: Iterable[Path], each: int, seed: int, *, variants: bool = False
) -> Iterator[Labelled]:
    """Calm photos that wear feelings of the bank, all feelings in turn.

    Args:
        model: fits and renders.
        photos: those that are not calm are passed over.
        each: faces made of one photo.
        seed: of all variation.
        variants: the plain feelings by `VARIANTS` instead of by the bank's recipes.
    """
    feelings = load_bank().feelings
    for number, path in enumerate(photos):
        generator = np.random.default_rng([seed, number])
        try:
            portrait = model.fit(read_photo(path))
        except TalkingHeadError:
            continue
        if not is_calm(portrait):
            continue
        if variants:
            worn = [_variant(number * each + step, generator) for step in range(each)]
        else:
            worn = [feelings[row] for row in _turns(number, each, generator)]
        motion = _performed(portrait, worn, generator)
        view = crop_view(portrait.source, RENDER_SIZE)
        frames = GeometricRenderer(model.model, view).render(motion)
        for feeling, frame in zip(worn, frames, strict=True):
            try:
                again = model.fit(frame)
            except TalkingHeadError:
                continue
            yield face_cues(again), feeling.mead_class, feeling.name, path.name


def is_calm(portrait: Portrait) -> bool:
    """Whether a fitted face is near enough to neutral to wear other feelings."""
    names = ("mouthSmile", "mouthFrown", "browDown", "eyeWide", "noseSneer", "mouthUpperUp")
    rows = [ARKIT_INDEX[f"{name}{side}"] for name in names for side in ("Left", "Right")]
    rows += [ARKIT_INDEX["jawOpen"]] * 2  # a dropped jaw shows at half the weight
    expression = portrait.resting.expression[0].copy()
    expression[ARKIT_INDEX["jawOpen"]] *= 2
    return bool(expression[rows].max() < CALMEST)


def _turns(number: int, each: int, generator: np.random.Generator) -> list[int]:
    """Rows of the bank: half of them the plain eight, the rest any feeling."""
    count = len(load_bank().feelings)
    plain = [(number * each + step) % len(MEAD_CLASSES) for step in range(each // 2)]
    return plain + [int(row) for row in generator.integers(0, count, each - len(plain))]


def _variant(turn: int, generator: np.random.Generator) -> Feeling:
    """One of the plain feelings, shown in one of its other ways."""
    feeling = load_bank().by_name[MEAD_CLASSES[turn % len(MEAD_CLASSES)]]
    recipe = str(generator.choice(VARIANTS[feeling.name]))
    return replace(feeling, expression=recipe_expression(recipe))


def _performed(
    portrait: Portrait, worn: list[Feeling], generator: np.random.Generator
) -> MotionCoefficients:
    """One frame a feeling: its recipe as a person might do it, talking or not, the head turned."""
    rest = portrait.resting
    rows = []
    for feeling in worn:
        felt = with_release(feeling) * generator.uniform(*STRENGTHS)
        felt = felt * _style(generator)
        if generator.random() < 0.5:
            felt = felt + _talking(generator)
        expression = wear(rest.expression[0], np.clip(felt, -1.0, 1.0))
        turn = generator.normal(0.0, (0.1, 0.14, 0.06)) + 0.5 * feeling.head
        rows.append(np.concatenate([expression, rest.rotation[0] + turn, rest.translation[0]]))
    return MotionCoefficients.from_array(np.stack(rows), rest.fps)


def _style(generator: np.random.Generator) -> Floats:
    """(52,) factors: everyone uses some muscles more and others hardly; both sides alike."""
    factor = np.exp(generator.normal(0.0, 0.35, len(ARKIT_INDEX)))
    factor *= generator.random(len(ARKIT_INDEX)) > 0.08
    lopsided = np.exp(generator.normal(0.0, 0.1, len(ARKIT_INDEX)))
    for name, row in ARKIT_INDEX.items():
        if name.endswith("Right"):
            factor[row] = factor[ARKIT_INDEX[mirrored_name(name)]]
    return np.asarray(factor * lopsided, np.float32)


def _talking(generator: np.random.Generator) -> Floats:
    """(52,) a mouth in the middle of a word."""
    said = np.zeros(len(ARKIT_INDEX), np.float32)
    said[ARKIT_INDEX["jawOpen"]] = generator.uniform(0.0, 0.3)
    for name in ("mouthFunnel", "mouthPucker", "mouthRollLower", "mouthClose"):
        if generator.random() < 0.25:
            said[ARKIT_INDEX[name]] = generator.uniform(0.0, 0.5)
    for stem in ("mouthLowerDown", "mouthUpperUp", "mouthStretch"):
        if generator.random() < 0.3:
            weight = generator.uniform(0.0, 0.35)
            for side in ("Left", "Right"):
                said[ARKIT_INDEX[stem + side]] = weight
    return said
