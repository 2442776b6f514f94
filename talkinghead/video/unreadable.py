"""Why no video can be read from a file, in words: what it is instead."""

from __future__ import annotations

import os
import re
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from talkinghead.errors import UnreadableVideo
from talkinghead.video.ffmpeg import Ffmpeg, input_arguments

_EXPECTED = "expected a clip such as MP4, MOV, WebM, MKV, AVI or GIF"


def check_is_file(path: Path) -> None:
    """Refuse what holds no video whatever its content; a pipe would be waited for without end.

    Raises:
        UnreadableVideo: if there is no such file, or it is empty or may not be read.
    """
    if not path.exists():
        message = f"there is no file {path}, {_EXPECTED}: check the name"
    elif not path.is_file():
        kind = "a folder" if path.is_dir() else "a device or a pipe"
        message = f"{path} is {kind}, {_EXPECTED}: name a file"
    elif not os.access(path, os.R_OK):
        message = f"{path} may not be read by this user: change its permissions, or copy it"
    elif path.stat().st_size == 0:
        message = f"{path} is empty (0 bytes), {_EXPECTED}: download or export it again"
    else:
        return
    raise UnreadableVideo(message)


def unreadable(path: Path) -> UnreadableVideo:
    """The error for a file in which ffmpeg finds no video; its own words help nobody."""
    try:
        with Image.open(path) as picture:
            kind = f"a picture ({picture.format})"
            return UnreadableVideo(f"{path.name} is {kind}, {_EXPECTED}: give a video")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError):
        pass
    with Ffmpeg(input_arguments(path)) as program:
        program.stdin.close()
        program.wait()
        streams = re.findall(r"Stream #.*? (Video|Audio): (.*)", program.log())
    if any(kind == "Video" and "attached pic" not in words for kind, words in streams):
        why = "has pictures that cannot be decoded"
        what_to_do = "it is damaged or too large; download or export it again"
    elif streams:
        why, what_to_do = "is a sound without moving pictures", "give a video"
    else:
        why, what_to_do = "is not a video, or is damaged", "download or export it again"
    return UnreadableVideo(f"{path.name} {why}, {_EXPECTED}: {what_to_do}")
