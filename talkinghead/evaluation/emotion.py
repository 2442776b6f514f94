"""The suite "emotion": what others see in our faces, and what our towers see and hear in others.

`python -m talkinghead.evaluation --suite emotion --portraits DIR --faces DIR --speech DIR
--evaluators DIR --json OUT.json`; each part is measured if its folder is given.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from talkinghead.emotion.bank import MEAD_CLASSES, load_bank
from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.evaluation.emotion_sets import (
    Labelled,
    face_set,
    features_of,
    retrieval,
    voice_set,
)
from talkinghead.evaluation.expression_recogniser import NAMES, ExpressionRecogniser
from talkinghead.evaluation.suites import Inputs
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.fitter import Portrait
from talkinghead.portrait.landmarks import LandmarkDetector, landmark_detector
from talkinghead.portrait.photo import read_photo
from talkinghead.training.emotion_faces import is_calm

RENDERED_PORTRAITS = 20
STRENGTHS = (1.0, 0.7)
MOST_TURNED = 25.0  # degrees
ACTED = "acted clips, 7 classes"
LOG = logging.getLogger(__name__)


def measure_emotion(inputs: Inputs) -> dict[str, object]:
    """All parts for which folders are given.

    Raises:
        BadOption: for no part there is enough.
    """
    model = TalkingHead.from_pretrained()
    result: dict[str, object] = {}
    if inputs.portraits is not None and inputs.evaluators is not None:
        recogniser = ExpressionRecogniser(inputs.evaluators / "face_expression.onnx")
        result |= measure_rendered(model, recogniser, inputs.portraits)
    faces = face_set(inputs.faces, model) if inputs.faces is not None else []
    voices = voice_set(inputs.speech) if inputs.speech is not None else []
    if faces:
        result["image_tower"] = by_set(faces, features_of(faces)) | acted(faces, features_of(faces))
    if voices:
        result["sound_tower"] = by_set(voices, features_of(voices))
    if faces or voices:
        result["retrieval"] = retrieval(faces, voices)
    if not result:
        message = (
            "the suite emotion needs --portraits and --evaluators, or --faces, or --speech; see "
            "docs/evaluation.md"
        )
        raise BadOption(message)
    return result


def measure_rendered(
    model: TalkingHead, recogniser: ExpressionRecogniser, folder: Path
) -> dict[str, object]:
    """What an independent recogniser sees in calm portraits that wear the seven basic feelings."""
    portraits = calm_portraits(model, folder)
    detector = landmark_detector()
    result: dict[str, object] = {}
    for strength in STRENGTHS:
        table = np.zeros((len(NAMES), len(NAMES)), int)
        clear = np.zeros_like(table)
        for portrait in portraits:
            named = [
                _named(model, recogniser, detector, portrait, (name, strength)) for name in NAMES
            ]
            for row, column in enumerate(named):
                if column is not None:
                    table[row, column] += 1
                    clear[row, column] += int(named[0] == 0)
        title = f"rendered at intensity {strength:g}"
        result[title] = {
            "portraits": len(portraits), "chance": round(1 / len(NAMES), 3),
            "named_rightly": _trace(table),
            "named_rightly_where_the_calm_face_is": _trace(clear),
            "confusion": as_table(table, NAMES),
        }  # fmt: skip
        LOG.info("%s: %s", title, _trace(table))
    return result


def calm_portraits(model: TalkingHead, folder: Path) -> list[Portrait]:
    """The first `RENDERED_PORTRAITS` by name that are calm and seen from the front."""
    portraits: list[Portrait] = []
    for path in sorted(folder.glob("*.jpg")):
        try:
            portrait = model.fit(read_photo(path))
        except TalkingHeadError:
            continue
        turned = abs(float(np.degrees(portrait.resting.rotation[0, 1])))
        if is_calm(portrait) and turned < MOST_TURNED:
            portraits.append(portrait)
        if len(portraits) == RENDERED_PORTRAITS:
            break
    if not portraits:
        message = f"no calm face seen from the front among the .jpg files of {folder}"
        raise BadOption(message)
    return portraits


def _named(
    model: TalkingHead,
    recogniser: ExpressionRecogniser,
    detector: LandmarkDetector,
    portrait: Portrait,
    asked: tuple[str, float],
) -> int | None:
    frame = model.preview(portrait, model.feel(*asked))
    faces = detector.detect(frame)
    if not faces:
        return None
    largest = max(faces, key=lambda face: face.width)
    return int(recogniser.probabilities(frame, largest.points).argmax())


def by_set(
    examples: Sequence[Labelled], features: NDArray[np.float32]
) -> dict[str, dict[str, object]]:
    """Accuracy of each set: which classes, chance, per item and per group of items (a clip)."""
    plain = _plain_rows()
    result: dict[str, dict[str, object]] = {}
    for name in dict.fromkeys(one.source for one in examples):
        rows = [row for row, one in enumerate(examples) if one.source == name]
        result[name] = _one_set([examples[row] for row in rows], features[rows], plain)
    return result


def acted(
    examples: Sequence[Labelled], features: NDArray[np.float32]
) -> dict[str, dict[str, object]]:
    """The sets in which several feelings are acted, together, without contempt: seven classes."""
    classes: dict[str, set[str]] = {}
    for one in examples:
        classes.setdefault(one.source, set()).add(one.mead)
    rows = [
        row for row, one in enumerate(examples)
        if len(classes[one.source]) > 1 and one.mead != "contempt"
    ]  # fmt: skip
    if not rows:
        return {}
    plain = _plain_rows()
    return {ACTED: _one_set([examples[row] for row in rows], features[rows], plain)}


def _plain_rows() -> NDArray[np.intp]:
    """Where the bank has the eight plain feelings."""
    names = [feeling.name for feeling in load_bank().feelings]
    return np.array([names.index(one) for one in MEAD_CLASSES])


def _one_set(
    examples: Sequence[Labelled], features: NDArray[np.float32], plain: NDArray[np.intp]
) -> dict[str, object]:
    """Items are named among all eight; the contempt column stays open although few sets have it."""
    scores = features @ examples[0].anchors[plain].T
    truth = np.array([MEAD_CLASSES.index(one.mead) for one in examples])
    found = scores.argmax(axis=1)
    groups = np.array([one.group for one in examples])
    right = [
        scores[groups == group].mean(axis=0).argmax() == truth[groups == group][0]
        for group in np.unique(groups)
    ]
    table = np.zeros((len(MEAD_CLASSES), len(MEAD_CLASSES)), int)
    np.add.at(table, (truth, found), 1)
    present = np.unique(truth)
    return {
        "items": len(examples), "people": len({one.person for one in examples}),
        "classes": len(present), "chance": round(1 / len(MEAD_CLASSES), 3),
        "accuracy": round(float((found == truth).mean()), 4),
        "average_recall": round(float(np.mean([(found == truth)[truth == one].mean()
                                              for one in present])), 4),
        "clips": len(right), "accuracy_of_clips": round(float(np.mean(right)), 4),
        "confusion": as_table(table, MEAD_CLASSES),
    }  # fmt: skip


def as_table(table: NDArray[np.int64], names: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    """Rows: what was meant; columns: what was named; rows without items are left out."""
    return {
        name: dict(zip(names, map(int, row), strict=True))
        for name, row in zip(names, table, strict=True)
        if row.any()
    }


def _trace(table: NDArray[np.int64]) -> float | None:
    total = int(table.sum())
    return round(float(np.trace(table) / total), 4) if total else None
