"""What a video says of its origin: the invisible mark, the metadata note, content credentials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from talkinghead.errors import BackendMissing
from talkinghead.video.content_credentials import Credentials, read_credentials
from talkinghead.video.ffmpeg import Ffmpeg, input_arguments
from talkinghead.video.mark_search import MarkReading, find_mark
from talkinghead.video.read import read_video

_SEARCH_SIDE = 1024  # pixels; more would only cost time, the search works on 256


@dataclass(frozen=True)
class Provenance:
    """What was read.

    Attributes:
        mark: the search for the invisible mark.
        note: the metadata note, "" if the file has none that names Evoke.
        credentials: the C2PA manifest; None if there is none or it cannot be read here.
        credentials_readable: whether c2pa-python is installed.
    """

    mark: MarkReading
    note: str
    credentials: Credentials | None
    credentials_readable: bool

    @property
    def made_by_evoke(self) -> bool:
        """Whether anything says so; absence proves nothing, since notes can be removed."""
        signed = self.credentials is not None and self.credentials.made_by.startswith("Evoke")
        return self.mark.found or bool(self.note) or signed


def read_provenance(path: Path) -> Provenance:
    """Read a video.

    Raises:
        UnreadableVideo: if the file is missing, empty, no video, or damaged.
    """
    with read_video(path, max_side=_SEARCH_SIDE) as frames:
        mark = find_mark(iter(frames))
    try:
        credentials, readable = read_credentials(path), True
    except BackendMissing:
        credentials, readable = None, False
    return Provenance(mark, _note(path), credentials, readable)


def _note(path: Path) -> str:
    """The comment with which Evoke marks its files."""
    with Ffmpeg([*input_arguments(path), "-f", "ffmetadata", "pipe:1"]) as program:
        program.stdin.close()
        text = program.stdout.read().decode(errors="replace")
        program.wait()
    found = re.search(r"^comment=(.*)$", text, flags=re.MULTILINE)
    comment = re.sub(r"\\(.)", r"\1", found[1]) if found else ""
    return comment if "Evoke" in comment else ""
