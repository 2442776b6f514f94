"""Pictures that a browser cannot show, HEIC before all, as copies that it can."""

from __future__ import annotations

import secrets
from pathlib import Path

from talkinghead.portrait.photo import picture_format, read_photo

_SHOWN = frozenset({"JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "AVIF", "ICO"})
_QUALITY = 97


def showable(photo: Path, folder: Path) -> Path:
    """The photo itself if every browser shows it, else a JPEG copy at full size.

    Args:
        photo: any picture that `read_photo` reads.
        folder: for the copy; every one has a name of its own, since what is remembered of a photo
            is remembered by its path.

    Raises:
        UnreadableImage: as `read_photo`.
    """
    if picture_format(photo) in _SHOWN:
        return photo
    from PIL import Image

    copy = folder / f"{photo.stem[:60]}-{secrets.token_hex(4)}.jpg"
    Image.fromarray(read_photo(photo)).save(copy, "JPEG", quality=_QUALITY, subsampling=0)
    return copy
