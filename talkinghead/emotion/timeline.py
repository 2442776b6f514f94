"""An emotion over time: constant, or moving through keyframes."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.emotion.bank import time_behaviour
from talkinghead.errors import BadEmotion
from talkinghead.files import read_text
from talkinghead.types import EmotionEmbedding, EmotionTrack

Doubles = NDArray[np.float64]
Integers = NDArray[np.intp]

MAX_KEYFRAMES = 1000
MAX_FILE_BYTES = 1_000_000
WAXING = 0.35
"""Share of its strength that the most variable feeling (variation 1) gains and loses."""
WAVES = 3
WAVE_SECONDS = (2.0, 7.0)


@dataclass(frozen=True)
class Keyframe:
    """What is felt at one moment.

    Attributes:
        time: seconds from the start, >= 0.
        prompt: the feeling in words.
        intensity: 0..1, or None for what the words say.
    """

    time: float
    prompt: str
    intensity: float | None = None


def constant_track(
    embedding: EmotionEmbedding,
    frames: int,
    fps: float = 25.0,
    generator: np.random.Generator | None = None,
) -> EmotionTrack:
    """One feeling for the whole video.

    The first frame is the photo as it is; the feeling then eases in over its own onset time.

    Args:
        embedding: the feeling.
        frames: number of video frames, at least 1.
        fps: frames per second; the onset is given in seconds.
        generator: makes the feeling wax and wane as its entry in the bank says; None keeps it
            constant once it has come.
    """
    return timeline_track([Keyframe(0.0, "")], [embedding], frames, fps, generator)


def timeline_track(
    keyframes: Sequence[Keyframe],
    embeddings: Sequence[EmotionEmbedding],
    frames: int,
    fps: float,
    generator: np.random.Generator | None = None,
) -> EmotionTrack:
    """Move smoothly from keyframe to keyframe; before the first and after the last stand still.

    Vectors turn on the sphere (slerp, Shoemake 1985); all else eases with a cosine, so that it
    has no speed at a keyframe.

    Args:
        keyframes: in ascending time, as `read_timeline` gives them.
        embeddings: what was understood of each keyframe, one each, all from the same tower.
        frames: number of video frames, at least 1.
        fps: frames per second.
        generator: as in `constant_track`.

    Raises:
        BadEmotion: if there is no keyframe, or not one embedding for each.
    """
    if not keyframes or len(keyframes) != len(embeddings):
        message = (
            f"{len(keyframes)} keyframes and {len(embeddings)} emotions were given; "
            "expected at least one keyframe and one emotion for each"
        )
        raise BadEmotion(message)
    times = np.arange(frames) / fps
    left, right, share = _neighbours(np.array([key.time for key in keyframes]), times)
    eased = (0.5 - 0.5 * np.cos(np.pi * share)).astype(np.float32)
    behaviours = [time_behaviour(embedding.feelings) for embedding in embeddings]
    rising = np.clip(times / behaviours[0].onset, 0.0, 1.0)
    strength = 0.5 - 0.5 * np.cos(np.pi * rising)
    if generator is not None:
        variation = _mix(np.array([[one.variation] for one in behaviours]), left, right, eased)
        strength = strength * (1.0 + WAXING * variation[:, 0] * _waves(times, generator))
    strength = strength.astype(np.float32)
    vectors = np.stack([embedding.vector for embedding in embeddings])
    rows = np.array([[one.intensity, one.arousal] for one in embeddings])
    intensity, arousal = _mix(rows, left, right, eased).T
    expression = _mix(np.stack([one.expression for one in embeddings]), left, right, eased)
    head = _mix(np.stack([one.head for one in embeddings]), left, right, eased)
    return EmotionTrack(
        vectors=_slerp(vectors[left], vectors[right], eased),
        intensity=np.clip(intensity * strength, 0.0, 1.0),
        expression=np.clip(expression * strength[:, None], -1.0, 1.0),
        head=head * strength[:, None],
        arousal=np.clip(arousal * strength, -1.0, 1.0),
        understood=tuple(embeddings),
    )


def read_timeline(path: Path) -> list[Keyframe]:
    """Read keyframes from JSON.

    Either `[{"time": 0.0, "prompt": "calm", "intensity": 0.4}, ...]` or
    `[[0.0, "calm", 0.4], ...]`; the intensity may be left out.

    Raises:
        BadEmotion: naming the entry and the key that is wrong.
    """
    try:
        content = json.loads(read_text(path, MAX_FILE_BYTES, BadEmotion))
    except (ValueError, RecursionError) as problem:
        if isinstance(problem, BadEmotion):
            raise
        message = f"the emotion timeline {path} is no JSON text: {problem}"
        raise BadEmotion(message) from problem
    return keyframes_from(content)


def keyframes_from(content: object) -> list[Keyframe]:
    """Check a timeline.

    Args:
        content: a list or tuple of keyframes, each a `Keyframe` or as in `read_timeline`.

    Raises:
        BadEmotion: naming the entry and the key that is wrong.
    """
    if not isinstance(content, list | tuple) or not 1 <= len(content) <= MAX_KEYFRAMES:
        what = f"{len(content)} entries" if isinstance(content, list | tuple) else "no list"
        message = f"the emotion timeline has {what}; expected a list of 1 to {MAX_KEYFRAMES}"
        raise BadEmotion(message)
    keyframes = [_keyframe(index, entry) for index, entry in enumerate(content)]
    for index in range(1, len(keyframes)):
        if keyframes[index].time <= keyframes[index - 1].time:
            message = (
                f"emotion timeline entry {index}: time is {keyframes[index].time:g}, expected "
                f"more than {keyframes[index - 1].time:g}, the time of the entry before it"
            )
            raise BadEmotion(message)
    return keyframes


def _keyframe(index: int, entry: object) -> Keyframe:
    keys = ("time", "prompt", "intensity")
    if isinstance(entry, Keyframe):
        entry = asdict(entry)
    if isinstance(entry, list | tuple) and 2 <= len(entry) <= len(keys):
        entry = dict(zip(keys, entry, strict=False))
    if not isinstance(entry, dict) or not {"time", "prompt"} <= set(entry) <= set(keys):
        message = (
            f'emotion timeline entry {index} is {entry!r:.80}; expected {{"time": seconds, '
            '"prompt": words, "intensity": 0..1} or [seconds, words, 0..1]'
        )
        raise BadEmotion(message)
    prompt = entry["prompt"]
    if not isinstance(prompt, str):
        message = f"emotion timeline entry {index}: prompt is {prompt!r:.80}, expected words"
        raise BadEmotion(message)
    asked = entry.get("intensity")
    return Keyframe(
        _number(index, "time", entry["time"], math.inf),
        prompt,
        None if asked is None else _number(index, "intensity", asked, 1.0),
    )


def _number(index: int, key: str, value: Any, high: float) -> float:  # noqa: ANN401 (any JSON)
    # JSON's true is an int in Python, and its parser lets NaN and Infinity through.
    if not isinstance(value, bool) and isinstance(value, Real):
        try:
            number = float(value)
        except OverflowError:  # an integer of hundreds of digits
            number = math.inf
        if 0.0 <= number <= high and not math.isinf(number):
            return number
    expected = "a number of at least 0" if math.isinf(high) else f"a number from 0 to {high:g}"
    message = f"emotion timeline entry {index}: {key} is {value!r:.80}, expected {expected}"
    raise BadEmotion(message)


def _neighbours(keys: Doubles, times: Doubles) -> tuple[Integers, Integers, Doubles]:
    """For each frame: the keyframes before and after it, and how far it is between them, 0..1."""
    left = np.clip(np.searchsorted(keys, times, side="right") - 1, 0, len(keys) - 1)
    right = np.clip(left + 1, 0, len(keys) - 1)
    span = np.where(right > left, keys[right] - keys[left], 1.0)
    return left, right, np.clip((times - keys[left]) / span, 0.0, 1.0)


def _mix(rows: Floats | Doubles, left: Integers, right: Integers, share: Floats) -> Floats:
    """(T, C) from one row for each keyframe."""
    share = share[:, None]
    return np.asarray(rows[left] * (1.0 - share) + rows[right] * share, np.float32)


def _slerp(start: Floats, stop: Floats, share: Floats) -> Floats:
    """(T, E) unit rows on the great circle from start to stop; opposite rows pass through both."""
    cosine = np.clip((start * stop).sum(axis=1, keepdims=True), -1.0, 1.0)
    angle = np.arccos(cosine)
    sine = np.sin(angle)
    share = share[:, None]
    # Where the sine vanishes the two directions agree (or the path is arbitrary): mix linearly.
    safe = np.where(sine > 1e-4, sine, 1.0)
    first = np.where(sine > 1e-4, np.sin((1.0 - share) * angle) / safe, 1.0 - share)
    second = np.where(sine > 1e-4, np.sin(share * angle) / safe, share)
    rows = first * start + second * stop
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.where(length > 1e-6, rows / np.maximum(length, 1e-6), start)
    return np.asarray(rows, np.float32)


def _waves(times: Doubles, generator: np.random.Generator) -> Doubles:
    """(T,) slow smooth noise in -1..1: a few sines with random periods and phases."""
    periods = generator.uniform(*WAVE_SECONDS, WAVES)
    phases = generator.uniform(0.0, 2.0 * np.pi, WAVES)
    sines = np.sin(2.0 * np.pi * times[:, None] / periods + phases)
    waves: Doubles = sines.mean(axis=1)
    return waves
