"""What a user may ask for, in one place: the command line and the web app both read it."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, get_args

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
        _whole("size", self.size, 1024)  # 512.0 equals 512, and is no number of pixels
        _one_of("framing", self.framing, get_args(Framing))
        _one_of("motion", self.motion, get_args(MotionName))
        _one_of("renderer", self.renderer, get_args(RendererName))
        _one_of("device", self.device, get_args(DeviceName))
        _in_range("blink", self.blink, 0.0, 2.0)
        _check_gaze(self.gaze)
        _in_range("fps", self.fps, 10.0, 60.0)
        _whole("seed", self.seed, 2**63 - 1)
        check_face(self.face)
        check_speech(self.speech)
        _check_head(self.head)


def check_face(face: object) -> None:
    """Refuse what is no number of a face; None is the largest face.

    Raises:
        BadOption: naming what is expected.
    """
    if face is not None:
        _whole("face", face, 99)


def check_speech(backend: object) -> None:
    """Refuse a name that is no speech backend.

    Raises:
        BadOption: naming what is expected.
    """
    named = backend if isinstance(backend, str) else ""
    if named == EMBEDDED_SPEECH or (
        named.startswith(PUBLIC_SPEECH) and named.removeprefix(PUBLIC_SPEECH).strip()
    ):
        return
    message = (
        f"speech is {backend!r:.80}, expected 'embedded', or 'transformers:NAME_OR_PATH' such as "
        "transformers:facebook/wav2vec2-lv-60-espeak-cv-ft"
    )
    raise BadOption(message)


def _check_gaze(gaze: Any) -> None:  # noqa: ANN401 (whatever a program sends)
    try:
        x, y = gaze
    except (TypeError, ValueError) as error:
        message = f"gaze is {_shown(gaze)}, expected two numbers from -1 to 1 such as (0.3, -0.1)"
        raise BadOption(message) from error
    _in_range("gaze x", x, -1.0, 1.0)
    _in_range("gaze y", y, -1.0, 1.0)


def _check_head(head: object) -> None:
    if not isinstance(head, str | Path):
        message = f"head is {_shown(head)}, expected natural, still, or the path of a file"
        raise BadOption(message)


def _in_range(name: str, value: Any, low: float, high: float) -> None:  # noqa: ANN401
    is_number = isinstance(value, Real)
    if not is_number or not low <= value <= high:  # also catches NaN
        message = f"{name} is {_shown(value)}, expected a number from {low:g} to {high:g}"
        raise BadOption(message)


def _shown(value: object) -> str:
    """As it is read; what is no number as Python writes it, so that a text is seen to be one."""
    return f"{value}" if isinstance(value, Real) else f"{value!r:.80}"


def _whole(name: str, value: object, high: int) -> None:
    if not isinstance(value, Integral) or not 0 <= int(value) <= high:
        message = f"{name} is {_shown(value)}, expected a whole number from 0 to {high}"
        raise BadOption(message)


def _one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        message = f"{name} is {value!r}, expected one of {', '.join(map(str, allowed))}"
        raise BadOption(message)


def choices(literal: object) -> tuple[str, ...] | tuple[int, ...]:
    """The values of one of the Literal types above, for the command line."""
    return get_args(literal)
