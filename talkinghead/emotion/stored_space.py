"""The default tower's calibration, worked out beforehand: loading it takes milliseconds.

The stored map belongs to one bank and one tower. If the bank has been edited since, its fingerprint
differs and the map is solved anew, which takes seconds; `python -m talkinghead.training.feelings`
stores the new one.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np

from talkinghead.emotion.bank import Bank
from talkinghead.emotion.calibration import Discriminant, FeelingSpace, calibration_texts
from talkinghead.emotion.examples import Examples
from talkinghead.emotion.text_tower import NAME as EMBEDDED_NAME
from talkinghead.emotion.text_tower import WEIGHTS_NAME as EMBEDDED_WEIGHTS
from talkinghead.weights import Tensors, load_weights, read_manifest

WEIGHTS_NAME = "feelings"


def embedded_key() -> str:
    """What tells one state of the embedded tower from another: its name and its weights' sha256."""
    entry = read_manifest().get(EMBEDDED_WEIGHTS)
    return f"{EMBEDDED_NAME} {entry.sha256 if entry else 'missing'}"


def fingerprint(bank: Bank, tower: str) -> str:
    """sha256 of everything that the calibration depends on."""
    texts, labels, sentences = calibration_texts(bank)
    classes = [feeling.mead_class for feeling in bank.feelings]
    everything = [tower, texts, labels.tolist(), sentences.tolist(), classes]
    return hashlib.sha256(json.dumps(everything).encode()).hexdigest()


def stored_space(bank: Bank, tower: str) -> FeelingSpace | None:
    """The stored calibration, if there is one for this bank and tower.

    Raises:
        WeightsMissing, WeightsCorrupt: the manifest lists it but the file is not as it says.
    """
    if WEIGHTS_NAME not in read_manifest():
        return None
    tensors = load_weights(WEIGHTS_NAME)
    if bytes(tensors["fingerprint"]).hex() != fingerprint(bank, tower):
        return None
    real = {name: value.astype(np.float64) for name, value in tensors.items()}
    return FeelingSpace(
        prototypes=tensors["prototypes"].astype(np.float32),
        discriminant=Discriminant(real["weights"], real["bias"]),
        anchors=tensors["anchors"].astype(np.intp),
        log_prior=real["log_prior"],
        temperature=float(real["temperature"][0]),
        detector=Discriminant(real["detector_weights"], real["detector_bias"]),
        detector_scale=float(real["detector_scale"][0]),
        examples=_stored_examples(tensors),
    )


def as_tensors(space: FeelingSpace, key: str) -> Tensors:
    """The tensors of the weight file."""
    tensors: Tensors = {
        "fingerprint": np.frombuffer(bytes.fromhex(key), np.uint8).copy(),
        "prototypes": space.prototypes,
        "weights": np.ascontiguousarray(space.discriminant.weights, np.float32),
        "bias": space.discriminant.bias.astype(np.float32),
        "anchors": space.anchors.astype(np.int32),
        "log_prior": space.log_prior.astype(np.float32),
        "temperature": np.array([space.temperature], np.float32),
        "detector_weights": np.ascontiguousarray(space.detector.weights, np.float32),
        "detector_bias": np.atleast_1d(space.detector.bias).astype(np.float32),
        "detector_scale": np.array([space.detector_scale], np.float32),
    }
    if space.examples is not None:
        tensors |= {
            "example_mean": space.examples.mean,
            "example_basis": np.ascontiguousarray(space.examples.basis),
            "example_rows": space.examples.rows,
            "example_labels": space.examples.labels.astype(np.int16),
            "example_weights": space.examples.weights.astype(np.float32),
        }
    return tensors


def _stored_examples(tensors: Tensors) -> Examples | None:
    if "example_rows" not in tensors:
        return None
    return Examples(
        tensors["example_mean"].astype(np.float32),
        tensors["example_basis"].astype(np.float32),
        tensors["example_rows"].astype(np.int8),
        tensors["example_labels"].astype(np.intp),
        tensors["example_weights"].astype(np.float64),
    )
