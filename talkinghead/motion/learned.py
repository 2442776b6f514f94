"""What the learned decoders share: their inputs, and the way from an answer to an expression."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from renderer.coefficients import (
    ARKIT_NAMES,
    LOWER_FACE_CHANNELS,
    Floats,
    MotionCoefficients,
)
from talkinghead.motion.coarticulation import smoothstep
from talkinghead.motion.emotion_code import PromptCode, VoiceCode
from talkinghead.motion.lip_seal import OPENING, sealed
from talkinghead.motion.regression_net import SPOKEN, Heard
from talkinghead.motion.speech_rows import SpeechRows, at_rate, from_rate
from talkinghead.motion.wearing import wear
from talkinghead.types import EmotionTrack

FEELING_SECONDS = 0.4
"""In which a feeling arrives on the photo's face."""
TAKE_OVER_SECONDS = 0.2
"""In which speech takes the photo's mouth over, so that a video begins as the photo."""
UNDECIDED = np.array([[0.1, 0.1, 0.3], [0.4, 0.4, 0.7]], np.float32)
"""Gates below are 0, above 1: lips that may be closed are closed, not nearly closed; so early that
they close as often for nothing as those of the rules do (on training recordings). A mouth is put to
rest only when that is sure: real mouths do not shut in every pause."""
UNKNOWN_PERSON = 0
_CONFIG = "config."
_SPOKEN_LIPS = [
    place for place, channel in enumerate(SPOKEN)
    if ARKIT_NAMES[channel] in LOWER_FACE_CHANNELS
]  # fmt: skip


def worn(resting: MotionCoefficients, emotion: EmotionTrack, fps: float, first: int = 0) -> Floats:
    """(T, 52): the photo's own expression with the feeling on it, before any speech.

    Args:
        resting: T = 1.
        emotion: T rows.
        fps: frames per second.
        first: number of the first row in the whole video.
    """
    seconds = (first + np.arange(len(emotion), dtype=np.float32)) / fps
    felt = emotion.expression * smoothstep(seconds / FEELING_SECONDS)[:, None]
    return wear(np.repeat(resting.expression[:1], len(emotion), axis=0), felt)


def prompt_rows(emotion: EmotionTrack, fps: float, rows: int) -> Floats:
    """(rows, PROMPT_COLUMNS) at `RATE`: what a prompt does to a face, arousal, intensity."""
    whole = [emotion.expression, emotion.arousal[:, None], emotion.intensity[:, None]]
    return from_rate(np.concatenate(whole, axis=1), fps, rows)


@torch.inference_mode()
def heard(
    net: Any,  # noqa: ANN401  # either network: both have `prompt` and `voice`
    speech: SpeechRows,
    emotion: EmotionTrack,
    resting: MotionCoefficients,
    fps: float,
    first: int = 0,
) -> Heard:
    """The inputs of a decoder network for one speech, B = 1; `first` as in `worn`."""
    rows = len(speech)
    prompt: PromptCode = net.prompt
    voice: VoiceCode = net.voice
    code = prompt(_batch(prompt_rows(emotion, fps, rows)))
    if emotion.listens:
        code = code + voice(_batch(speech.voice))
    base = from_rate(worn(resting, emotion, fps, first), fps, rows)
    person = torch.full((1,), UNKNOWN_PERSON)
    return Heard(_batch(speech.content), _batch(base), code, person)


def spoken(base: Floats, change: Floats, gates: Floats, fps: float, first: int = 0) -> Floats:
    """From a network's answer to the expression of every frame.

    Args:
        base: (T, 52) at `fps`.
        change: (M, len(SPOKEN)) at `RATE`.
        gates: (M, GATES) at `RATE`, as the network gave them.
        fps: frames per second.
        first: number of the first row in the whole video.

    Returns:
        (T, 52) float32 in 0..1; the base, exactly, where change and gates are 0.
    """
    frames = len(base)
    seconds = (first + np.arange(frames, dtype=np.float32)) / fps
    arrival = smoothstep(seconds / TAKE_OVER_SECONDS)[:, None]
    low, high = UNDECIDED
    decided = smoothstep((at_rate(gates, frames, fps) - low) / (high - low))
    decided = arrival * decided
    moved = arrival * at_rate(change, frames, fps)
    moved[:, _SPOKEN_LIPS] *= 1.0 - decided[:, 2:]
    expression = base.copy()
    expression[:, SPOKEN] += moved
    # A photo's open mouth is no reason to stand open in every pause.
    expression[:, OPENING] *= 1.0 - decided[:, 2:]
    return sealed(np.clip(expression, 0.0, 1.0), decided[:, 0], decided[:, 1])


class _OneThread(AbstractContextManager[None]):
    """Each thread has its own number; one that torch meets first takes over that of the last call.

    So all that overlap give back what was there before the first of them came.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 1

    def __enter__(self) -> None:
        with self._lock:
            threads = torch.get_num_threads()  # always: a thread's first question sets its number
            if self._inside == 0:
                self._before = threads
            self._inside += 1
            torch.set_num_threads(1)

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            torch.set_num_threads(self._before)


one_thread = _OneThread()
"""Small sums row by row: sharing them out over threads costs far more than it saves."""


def net_tensors(net: nn.Module, config: object) -> dict[str, NDArray[np.generic]]:
    """The tensors of a weight file: matrices in half precision, all else as it is, the sizes."""
    tensors: dict[str, NDArray[np.generic]] = {}
    for name, value in net.state_dict().items():
        array = value.detach().cpu().numpy()
        tensors[name] = array.astype(np.float16) if array.ndim > 1 else array
    for name, value in asdict(config).items():  # type: ignore[call-overload]
        tensors[_CONFIG + name] = np.array([value], np.float64)
    return tensors


def sizes(tensors: Mapping[str, NDArray[np.generic]]) -> dict[str, Any]:
    """The keyword arguments of the config that `net_tensors` wrote."""
    found = {
        name[len(_CONFIG) :]: float(np.asarray(value)[0])
        for name, value in tensors.items()
        if name.startswith(_CONFIG)
    }
    return {name: value if name == "dropout" else int(value) for name, value in found.items()}


def load_net(net: nn.Module, tensors: Mapping[str, NDArray[np.generic]]) -> None:
    """Fill a network with what `net_tensors` wrote and set it to inference."""
    net.load_state_dict({
        name: torch.from_numpy(np.asarray(value).astype(_kind(value)))
        for name, value in tensors.items()
        if not name.startswith(_CONFIG)
    })  # fmt: skip
    net.eval().requires_grad_(requires_grad=False)


def _kind(value: NDArray[np.generic]) -> type[np.generic]:
    return np.int64 if np.issubdtype(value.dtype, np.integer) else np.float32


def _batch(rows: Floats) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(rows, np.float32))[None]
