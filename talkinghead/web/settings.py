"""From the values of the page's controls to what the pipeline takes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from talkinghead.config import GenerateOptions
from talkinghead.errors import BadEmotion, BadOption
from talkinghead.types import AutoPrompt, EmotionPrompt, ImagePrompt, SoundPrompt

if TYPE_CHECKING:
    from talkinghead.emotion.timeline import Keyframe
    from talkinghead.pipeline import Feeling
    from talkinghead.web.sessions import Session

FeelingFrom = Literal["words", "picture", "voice", "mix", "timeline", "auto"]
Row = Sequence[object]

MIXED = ("joy", "sadness", "anger", "fear", "surprise", "disgust")
"""The feelings that the page has a slider for."""

QUALITIES: dict[str, tuple[int, float]] = {
    "Quick": (256, 15.0),
    "Standard": (512, 25.0),
    "Smooth": (512, 50.0),
    "Fine": (1024, 25.0),
}
"""Size in pixels and frames a second."""
MAX_SEED = 2**53 - 1
"""JavaScript knows no whole number beyond; the command line takes larger seeds."""
FRAME_RATES = (12.0, 15.0, 24.0, 25.0, 30.0, 50.0, 60.0)


@dataclass(frozen=True)
class FeelingAsked:
    """Everything that the tabs of the page say about the feeling; `source` names the tab in front.

    Attributes:
        source: which of the others counts.
        words: free text.
        picture: path of a picture of a face.
        voice: path of a recording.
        mix: such as "0.7 joy + 0.3 fear".
        timeline: rows of seconds, feeling, intensity.
    """

    source: str = "words"
    words: str = ""
    picture: str | None = None
    voice: str | None = None
    mix: str = ""
    timeline: Sequence[Row] = ()

    def feeling(self, session: Session) -> Feeling:
        """What `TalkingHead.generate` takes as the emotion.

        Raises:
            BadEmotion: if what the tab in front needs is missing or wrong.
            TalkingHeadError: if the picture or the recording cannot be read.
        """
        if self.source not in get_args(FeelingFrom):
            expected = ", ".join(get_args(FeelingFrom))
            message = f"the feeling comes from {self.source!r}, expected one of {expected}"
            raise BadEmotion(message)
        if self.source == "timeline":
            return keyframes(self.timeline)
        if self.source == "auto":
            return AutoPrompt()
        return self.prompt(session)

    def prompt(self, session: Session, sound: str | None = None) -> str | EmotionPrompt:
        """One prompt to show a still of: the last one of a timeline, the whole voice for "auto".

        Args:
            session: reads and remembers files.
            sound: the recording that will be spoken.

        Raises:
            BadEmotion, TalkingHeadError: as `feeling`.
        """
        if self.source == "picture":
            return _picture(self.picture)
        if self.source in {"voice", "auto"}:
            path = self.voice if self.source == "voice" else sound
            what = "the feeling" if self.source == "voice" else "the video"
            if not path:
                message = f"add a recording whose voice gives {what} its feeling"
                raise BadEmotion(message)
            return SoundPrompt(session.speech(path))
        if self.source == "timeline":
            return keyframes(self.timeline)[-1].prompt
        return self.mix if self.source == "mix" else self.words

    def in_words(self) -> str:
        """A short name for the feeling."""
        names = {
            "picture": "from a picture", "voice": "from a voice", "auto": "from the speech itself",
            "mix": self.mix or "neutral",
        }  # fmt: skip
        if self.source == "timeline":
            return " → ".join(str(row[1]) for row in self.timeline if len(row) > 1 and row[1])
        return names.get(self.source, self.words.strip() or "neutral")


def _picture(path: str | None) -> ImagePrompt:
    from talkinghead.portrait.photo import read_photo

    if not path:
        message = "add a picture of a face that shows the feeling"
        raise BadEmotion(message)
    return ImagePrompt(read_photo(Path(path)))


def mix_in_words(weights: Sequence[float]) -> str:
    """Values 0..1 of the sliders, in the order of `MIXED`, as a prompt: "0.7 joy + 0.3 fear"."""
    named = [(weight, name) for weight, name in zip(weights, MIXED, strict=True) if weight > 0]
    return " + ".join(f"{weight:.2g} {name}" for weight, name in named)


def keyframes(rows: Sequence[Row]) -> tuple[Keyframe, ...]:
    """Rows of (seconds, feeling, intensity) in ascending time; rows with nothing in them are none.

    Args:
        rows: an empty intensity leaves it to the words.

    Raises:
        BadEmotion: naming the row, counted from 1, and what is wrong with it.
    """
    from talkinghead.emotion.timeline import MAX_KEYFRAMES, Keyframe

    if len(rows) > MAX_KEYFRAMES:
        message = f"the timeline has {len(rows)} rows, expected at most {MAX_KEYFRAMES}"
        raise BadEmotion(message)
    read: list[Keyframe] = []
    for number, row in enumerate(rows, start=1):
        cells = [*list(row)[:3], None, None, None][:3]
        if all(_is_empty(cell) for cell in cells):
            continue
        time = _number(cells[0], math.inf, f"row {number} of the timeline: the time")
        if _is_empty(cells[1]):
            message = f"row {number} of the timeline has no feeling; type one, or empty the row"
            raise BadEmotion(message)
        strength = None
        if not _is_empty(cells[2]):
            strength = _number(cells[2], 1.0, f"row {number} of the timeline: the intensity")
        read.append(Keyframe(time, str(cells[1]), strength))
    if not read:
        message = "the timeline is empty; add a moment and a feeling"
        raise BadEmotion(message)
    read.sort(key=lambda key: key.time)
    for before, after in itertools.pairwise(read):
        if after.time <= before.time:
            message = f"the timeline has two feelings at {after.time:g} s; move one of them"
            raise BadEmotion(message)
    return tuple(read)


def _is_empty(cell: object) -> bool:
    return (
        cell is None
        or (isinstance(cell, str) and not cell.strip())
        or (isinstance(cell, float) and math.isnan(cell))
    )


def _number(cell: object, high: float, what: str) -> float:
    try:
        number = float(str(cell))
    except ValueError:
        number = math.nan
    if 0.0 <= number <= high and math.isfinite(number):
        return number
    expected = "a number of seconds from 0" if math.isinf(high) else f"a number from 0 to {high:g}"
    message = f"{what} is {cell!r:.40}, expected {expected}"
    raise BadEmotion(message)


@dataclass(frozen=True)
class Controls:
    """The page's controls as they stand; an emptied seed or face counts as not given."""

    automatic: bool = True
    intensity: float = 0.7
    framing: str = "crop"
    size: int = 512
    fps: float = 25.0
    head: str = "natural"
    head_clip: str | None = None
    blink: float = 1.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    motion: str = "regression"
    renderer: str = "auto"
    seed: float | None = 0
    face: int | None = None

    def options(self, device: str = "auto") -> GenerateOptions:
        """What the pipeline takes.

        Raises:
            BadOption: for a value out of its range, or a head to copy without a clip.
        """
        head = self.head
        if head not in {"natural", "still", "copied"}:
            message = f"head is {head!r:.40}, expected natural, still or copied"
            raise BadOption(message)
        if head == "copied":
            if not self.head_clip:
                message = "add the clip whose head motion is to be copied"
                raise BadOption(message)
            head = self.head_clip
        return GenerateOptions(
            intensity=None if self.automatic else self.intensity,
            size=self.size,
            framing=self.framing,
            head=head,
            blink=self.blink,
            gaze=(self.gaze_x, self.gaze_y),
            motion=self.motion,
            renderer=self.renderer,
            seed=int(self.seed or 0),
            fps=self.fps,
            device=device,
            face=self.face,
        )


def with_keyframe(
    rows: Sequence[Row], time: float, feeling: str, intensity: float | None
) -> list[list[object]]:
    """Rows with one more, in ascending time; a feeling at that very time is replaced.

    Args:
        rows: of seconds, feeling, intensity.
        time: seconds, >= 0.
        feeling: words; empty = neutral.
        intensity: 0..1, or None for what the words say.
    """
    kept = [list(row) for row in _filled(rows) if _seconds(row) != time]
    added: list[object] = [time, feeling.strip() or "neutral", intensity]
    return sorted([*kept, added], key=_seconds)


def without_keyframe(rows: Sequence[Row], index: int) -> list[list[object]]:
    """Rows in ascending time without the one at `index`; an unknown index takes none away."""
    kept = sorted((list(row) for row in _filled(rows)), key=_seconds)
    return [row for place, row in enumerate(kept) if place != index]


def _filled(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if not all(_is_empty(cell) for cell in row)]


def _seconds(row: Row) -> float:
    """A row's time; rows without one stand at the end."""
    try:
        time = float(str(row[0]))
    except (ValueError, IndexError):
        return math.inf
    return time if math.isfinite(time) else math.inf
