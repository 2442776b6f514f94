"""What a user may ask for, in one place: the command line and the web app both read it."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Literal, get_args

from talkinghead.errors import BadOption

Size = Literal[256, 512, 1024]
Framing = Literal["crop", "full"]
MotionName = Literal["rules", "regression", "codebook"]
RendererName = Literal["auto", "geometric", "learned"]
DeviceName = Literal["auto", "cpu", "cuda"]

EMBEDDED_SPEECH = "embedded"
PUBLIC_SPEECH = "transformers:"
"""Prefix of a speech backend that is a public checkpoint; its name or path follows."""

MAX_SOUND_SECONDS = 600.0
MAX_PHOTO_PIXELS = 50_000_000
MIN_FACE_PIXELS = 64.0
MAX_YAW_DEGREES = 60.0


@dataclass(frozen=True)
class GenerateOptions:
    """Options of `generate`; the defaults are the program's defaults everywhere.

    Attributes:
        intensity: 0..1, how strongly the emotion shows; None = as the prompt says.
        size: side of the square video in pixels (framing "crop"); with "full" the photo's own
            resolution is kept and this is ignored.
        framing: "crop" shows head and shoulders, "full" the whole photo with the head moving in it.
        head: "natural", "still", or the path of a clip or motion CSV whose head motion is copied.
        blink: blink rate multiplier, 0..2.
        gaze: (x, y) in -1..1, +x to image right, +y up.
        motion: which decoder turns speech into motion.
        renderer: which renderer paints the frames.
        seed: of all randomness; the same seed gives the same bytes.
        fps: frames per second, 10..60.
        device: where networks run.
        face: which face of the photo, 0 = leftmost; None = the largest.
        speech: what tells the sounds of speech apart: "embedded", or "transformers:NAME_OR_PATH".

    Raises:
        BadOption: for a value outside its range.
    """

    intensity: float | None = None
    size: int = 512
    framing: str = "crop"
    head: str = "natural"
    blink: float = 1.0
    gaze: tuple[float, float] = (0.0, 0.0)
    motion: str = "regression"
    renderer: str = "auto"
    seed: int = 0
    fps: float = 25.0
    device: str = "auto"
    face: int | None = None
    speech: str = EMBEDDED_SPEECH

    def __post_init__(self) -> None:
        """Refuse values outside their range, naming what was given and what is expected."""
        if self.intensity is not None:
            _in_range("intensity", self.intensity, 0.0, 1.0)
        _one_of("size", self.size, get_args(Size))
        _one_of("framing", self.framing, get_args(Framing))
        _one_of("motion", self.motion, get_args(MotionName))
        _one_of("renderer", self.renderer, get_args(RendererName))
        _one_of("device", self.device, get_args(DeviceName))
        _in_range("blink", self.blink, 0.0, 2.0)
        _in_range("gaze x", self.gaze[0], -1.0, 1.0)
        _in_range("gaze y", self.gaze[1], -1.0, 1.0)
        _in_range("fps", self.fps, 10.0, 60.0)
        _whole("seed", self.seed, 2**63 - 1)
        if self.face is not None:
            _whole("face", self.face, 99)
        check_speech(self.speech)


def check_speech(backend: str) -> None:
    """Refuse a name that is no speech backend.

    Raises:
        BadOption: naming what is expected.
    """
    if backend == EMBEDDED_SPEECH or (
        backend.startswith(PUBLIC_SPEECH) and backend.removeprefix(PUBLIC_SPEECH).strip()
    ):
        return
    message = (
        f"speech is {backend!r}, expected 'embedded', or 'transformers:NAME_OR_PATH' such as "
        "transformers:facebook/wav2vec2-lv-60-espeak-cv-ft"
    )
    raise BadOption(message)


def _in_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also catches NaN
        message = f"{name} is {value}, expected a number from {low:g} to {high:g}"
        raise BadOption(message)


def _whole(name: str, value: object, high: int) -> None:
    if not isinstance(value, Integral) or not 0 <= int(value) <= high:
        message = f"{name} is {value}, expected a whole number from 0 to {high}"
        raise BadOption(message)


def _one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        message = f"{name} is {value!r}, expected one of {', '.join(map(str, allowed))}"
        raise BadOption(message)


def choices(literal: object) -> tuple[str, ...] | tuple[int, ...]:
    """The values of one of the Literal types above, for the command line."""
    return get_args(literal)
