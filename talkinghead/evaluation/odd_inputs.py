"""What the robustness suite tries: one `Case` each, with what must come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Outcome = Literal["video", "error"]


@dataclass(frozen=True)
class Case:
    """One bad or odd input.

    Attributes:
        name: unique.
        expected: "video": it is handled; "error": one clear line and exit code 2.
        photo: the photo, None = the good one.
        sound: the sound, None = the good one.
        options: of `generate`, as on the command line.
        says: words that the error's line must hold, in lower case.
        output: where the video shall go, None = a good place.
    """

    name: str
    expected: Outcome
    photo: Path | None = None
    sound: Path | None = None
    options: tuple[str, ...] = field(default=())
    says: tuple[str, ...] = ()
    output: Path | None = None


def all_cases(folder: Path, photo: Path, sound: Path) -> Iterator[Case]:
    """Make every input in `folder`, which must be empty, from one good photo and one good sound."""
    from talkinghead.evaluation.odd_options import option_cases
    from talkinghead.evaluation.odd_photos import photo_cases
    from talkinghead.evaluation.odd_sounds import sound_cases

    for make, name in ((photo_cases, "photos"), (sound_cases, "sounds"), (option_cases, "options")):
        part = folder / name
        part.mkdir()
        yield from make(part, photo if make is not sound_cases else sound)
