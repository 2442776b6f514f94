"""Decode any photo that a phone, a camera or a browser makes, into upright sRGB.

Decoding is lazy: the header is read first, so that a picture over the limit costs nothing.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from talkinghead.config import MAX_PHOTO_PIXELS
from talkinghead.errors import UnreadableImage

if TYPE_CHECKING:
    from PIL import Image

Photo = NDArray[np.uint8]

# Pillow also opens EPS (which starts Ghostscript), fonts, and scientific formats: not for uploads.
# The several pictures in one file of some phones (MPO) are opened as JPEG.
_FORMATS = (
    "JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "BMP", "DIB", "TIFF", "JPEG2000", "PPM",
    "TGA", "ICO", "QOI",
)  # fmt: skip
# Everything that Pillow's decoders let through on damaged files (found by flipping bytes).
_DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError,
    EOFError, MemoryError, RuntimeError, struct.error, zlib.error,
)  # fmt: skip
_EXPECTED = "expected a JPEG, PNG, WebP, HEIC, AVIF, GIF, BMP or TIFF picture"
_WHITE = (255, 255, 255)


def read_photo(path: Path) -> Photo:
    """Decode a photo file to upright, opaque sRGB.

    EXIF rotation is applied, an embedded colour profile (Display P3, CMYK, grey) is converted to
    sRGB, 16 bits become 8, and of an animation the first frame is taken. Transparent parts become
    white, which is what a browser's page shows behind them: the user gets the picture they saw.

    Args:
        path: the file; its name's ending is ignored, the content decides.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        UnreadableImage: if it is no picture, is damaged, or has more than `MAX_PHOTO_PIXELS`.
    """
    path = Path(path)
    if not path.exists():
        message = f"the photo {path} does not exist; check the path"
        raise UnreadableImage(message)
    if not path.is_file():
        message = f"the photo {path} is not a file, {_EXPECTED}"
        raise UnreadableImage(message)
    if path.stat().st_size == 0:
        message = f"the photo {path.name} is empty (0 bytes); copy or upload it again"
        raise UnreadableImage(message)
    with _open(path) as image:
        width, height = image.size
        if width * height > MAX_PHOTO_PIXELS:
            raise UnreadableImage(_too_large(path.name, f"{width}x{height} pixels"))
        try:
            image.load()
            return _upright_rgb(image)
        except _DECODER_ERRORS as error:
            message = (
                f"the photo {path.name} is damaged or cut off ({_reason(error)}); "
                "open it in a viewer, save it again and use that copy"
            )
            raise UnreadableImage(message) from error


def picture_format(path: Path) -> str:
    """Pillow's name of the format, "JPEG" or "HEIF" say; only the header is read.

    Raises:
        UnreadableImage: if it is no picture.
    """
    with _open(path) as image:
        return str(image.format)


def photo_from_array(array: NDArray[Any]) -> Photo:
    """Bring a picture that is already in memory to the form that `read_photo` returns.

    Args:
        array: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); uint8 0..255, uint16 0..65535, or floating
            point 0..1. RGB order; a fourth channel is alpha and is laid over white.

    Returns:
        (H, W, 3) uint8 RGB, contiguous; never a view of `array`.

    Raises:
        UnreadableImage: for another shape or type, values out of range, or too many pixels.
    """
    array = np.asarray(array)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in {1, 3, 4} or 0 in array.shape:
        message = f"the photo array has shape {array.shape}, expected (height, width, 1, 3 or 4)"
        raise UnreadableImage(message)
    if array.shape[0] * array.shape[1] > MAX_PHOTO_PIXELS:
        raise UnreadableImage(_too_large("array", f"{array.shape[1]}x{array.shape[0]} pixels"))
    pixels = _eight_bits(array).astype(np.float32)
    if pixels.shape[2] == 4:
        alpha = pixels[..., 3:] / 255.0
        pixels = pixels[..., :3] * alpha + 255.0 * (1.0 - alpha)
    return np.ascontiguousarray(np.broadcast_to(np.rint(pixels), (*array.shape[:2], 3)), np.uint8)


def _eight_bits(array: NDArray[Any]) -> Photo:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.uint16:
        return np.asarray((array.astype(np.uint32) + 128) // 257, np.uint8)
    if not np.issubdtype(array.dtype, np.floating):
        message = f"the photo array is {array.dtype}, expected uint8, uint16 or floats in 0..1"
        raise UnreadableImage(message)
    low, high = float(array.min()), float(array.max())
    if not (low >= -1e-3 and high <= 1.0 + 1e-3):  # also catches NaN
        message = f"the photo array holds {low:g}..{high:g}, floats are expected in 0..1"
        raise UnreadableImage(message)
    return np.asarray(np.rint(np.clip(array, 0.0, 1.0) * 255.0), np.uint8)


def _open(path: Path) -> Image.Image:
    """Read the header only."""
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    try:
        return Image.open(path, formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableImage(_too_large(path.name, "far more pixels")) from error
    except PermissionError as error:
        message = f"the photo {path} may not be read (no permission)"
        raise UnreadableImage(message) from error
    except _DECODER_ERRORS as error:
        message = f"{path.name} is not a picture that can be read, {_EXPECTED}"
        raise UnreadableImage(message) from error


def _upright_rgb(image: Image.Image) -> Photo:
    from PIL import Image

    image = _rotated(image)
    image = _shallow(image)
    image = _srgb(image)
    if image.mode != "RGB":
        image = image.convert("RGBA" if _has_alpha(image) else "RGB")
    if image.mode == "RGBA":
        paper = Image.new("RGBA", image.size, (*_WHITE, 255))
        image = Image.alpha_composite(paper, image).convert("RGB")
    return np.array(image, np.uint8)


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info


def _rotated(image: Image.Image) -> Image.Image:
    """Apply the EXIF rotation; unreadable EXIF means none was asked for."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except (SyntaxError, ValueError, LookupError, TypeError, struct.error):
        return image


def _shallow(image: Image.Image) -> Image.Image:
    """Bring grey of 16 or 32 bits to 8; Pillow's own `convert` would clip it to white."""
    from PIL import Image

    if not image.mode.startswith(("I", "F")):
        return image
    grey = np.asarray(image).astype(np.float64)
    # Floats are 0..1 or 0..255 by their writer's habit; integers here are 16 bits.
    white = (1.0 if grey.max() <= 1.0 else 255.0) if image.mode == "F" else 65535.0
    grey = np.clip(np.nan_to_num(grey) / white, 0.0, 1.0)
    shallow = Image.fromarray(np.rint(grey * 255.0).astype(np.uint8))
    shallow.info = dict(image.info)
    shallow.info.pop("transparency", None)
    return shallow


def _srgb(image: Image.Image) -> Image.Image:
    """Convert from the embedded colour profile; a missing or unfit profile changes nothing."""
    from PIL import ImageCms

    icc = image.info.get("icc_profile")
    if not icc:
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return image
        if image.mode in {"P", "PA"}:
            image = image.convert("RGBA" if _has_alpha(image) else "RGB")
        alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
        opaque = {"LA": "L", "RGBA": "RGB", "1": "L"}.get(image.mode)
        flat = image.convert(opaque) if opaque else image
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(flat, profile, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image  # a grey profile on a colour picture is common, and every viewer ignores it
    if converted is None:
        return image
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def _too_large(name: str, given: str) -> str:
    limit = MAX_PHOTO_PIXELS // 1_000_000
    return f"the photo {name} has {given}, at most {limit} megapixels can be read; make it smaller"


def _reason(error: BaseException) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
