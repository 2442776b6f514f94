"""What a Python program hands in, brought to one form or refused in words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from talkinghead.errors import TalkingHeadError, UnreadableImage, UnreadableSound
from talkinghead.portrait.photo import Photo, photo_from_array, read_photo
from talkinghead.speech.waveform import load_speech
from talkinghead.types import Speech

if TYPE_CHECKING:
    from PIL.Image import Image


def path_of(given: object, what: str, error: type[TalkingHeadError]) -> Path:
    """A file's path.

    Args:
        given: a text, or anything that stands for a path.
        what: its name in the message, such as "the sound".
        error: what to raise.

    Raises:
        TalkingHeadError: as `error`, if it is something else.
    """
    path = os.fspath(given) if isinstance(given, str | os.PathLike) else None
    if not isinstance(path, str):
        message = f"{what} is {given!r:.80}, expected the path of a file"
        raise error(message)
    return Path(path)


def photo_of(given: object) -> Photo:
    """(H, W, 3) uint8 RGB of a photo.

    Args:
        given: the path of a file, an array as `photo_from_array` takes it, or a picture of Pillow.

    Raises:
        UnreadableImage: if it is something else, or cannot be read.
    """
    if isinstance(given, np.ndarray):
        return photo_from_array(given)
    if isinstance(given, str | os.PathLike):
        return read_photo(path_of(given, "the photo", UnreadableImage))
    from PIL import Image

    if isinstance(given, Image.Image):
        return photo_from_array(_pixels(given))
    message = (
        f"the photo is {given!r:.80}, expected the path of a file, an array (height, width, 3), or "
        "a picture of Pillow"
    )
    raise UnreadableImage(message)


def speech_of(given: object) -> Speech:
    """A recording, decoded.

    Args:
        given: the path of a file with sound.

    Raises:
        UnreadableSound: if it is something else, or cannot be read.
        SoundTooLong: as `load_speech`.
    """
    return load_speech(path_of(given, "the sound", UnreadableSound))


def _pixels(picture: Image) -> NDArray[Any]:
    """Upright; 16 bits stay 16, which `convert` would clip to white."""
    from PIL import ImageOps

    try:
        upright = ImageOps.exif_transpose(picture)
        if not upright.mode.startswith("I;16"):
            upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
        return np.asarray(upright)
    except (OSError, SyntaxError, ValueError) as error:  # it is decoded only now
        message = f"the picture is damaged or cut off ({error}); open its file again"
        raise UnreadableImage(message) from error
