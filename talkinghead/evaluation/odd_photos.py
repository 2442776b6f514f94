"""Odd and bad photos."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from talkinghead.evaluation.odd_inputs import Case

EXIF_ORIENTATION = 0x0112
Change = Callable[[Image.Image], Image.Image]


def photo_cases(folder: Path, good: Path) -> Iterator[Case]:
    """All cases with another photo."""
    photo = Image.open(good).convert("RGB")
    yield from _formats(folder, photo)
    yield from _appearances(folder, photo)
    yield from _unusable(folder, photo)
    yield from _damaged(folder, good)
    yield from _no_files(folder, good)


def _formats(folder: Path, photo: Image.Image) -> Iterator[Case]:
    """Every way in which a phone, a scanner or a web page stores a picture."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    saved: dict[str, tuple[str, str]] = {
        "grey.png": ("L", "PNG"), "alpha.png": ("RGBA", "PNG"), "palette.png": ("P", "PNG"),
        "bits.png": ("1", "PNG"), "cmyk.jpg": ("CMYK", "JPEG"), "picture.bmp": ("RGB", "BMP"),
        "picture.tiff": ("RGB", "TIFF"), "picture.webp": ("RGB", "WEBP"),
        "picture.heic": ("RGB", "HEIF"), "picture.gif": ("P", "GIF"), "picture.ppm": ("RGB", "PPM"),
        "lab.tiff": ("LAB", "TIFF"), "wrong_suffix.jpg": ("RGB", "PNG"),
        "no_suffix": ("RGB", "JPEG"), "grey_alpha.png": ("LA", "PNG"),
    }  # fmt: skip
    for name, (mode, kind) in saved.items():
        path = folder / name
        converted = photo.convert("RGB").convert(mode) if mode != "LAB" else _lab(photo)
        converted.save(path, kind)
        # One bit a pixel leaves a pattern in which a face may or may not be found.
        if mode != "1":
            yield Case(f"photo {name}", "video", photo=path)
    deep = np.asarray(photo.convert("L"), np.uint16) * 257
    Image.fromarray(deep).save(folder / "deep.png")
    yield Case("photo 16 bit", "video", photo=folder / "deep.png")
    for orientation in range(1, 9):
        path = folder / f"exif_{orientation}.jpg"
        exif = Image.Exif()
        exif[EXIF_ORIENTATION] = orientation
        _stored_as(photo, orientation).save(path, exif=exif)
        yield Case(f"photo EXIF orientation {orientation}", "video", photo=path)
    for quality, progressive in ((3, False), (90, True), (100, False)):
        path = folder / f"quality_{quality}.jpg"
        photo.save(path, quality=quality, progressive=progressive)
        yield Case(f"photo JPEG quality {quality}", "video", photo=path)


def _lab(photo: Image.Image) -> Image.Image:
    from PIL import ImageCms

    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    made = ImageCms.applyTransform(photo, ImageCms.buildTransform(srgb, lab, "RGB", "LAB"))
    if made is None:
        message = "littlecms made no picture"
        raise RuntimeError(message)
    return made


def _stored_as(photo: Image.Image, orientation: int) -> Image.Image:
    """What a camera held in this way stores: undone by the orientation tag."""
    undo: dict[int, Image.Transpose] = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    return photo.transpose(undo[orientation]) if orientation in undo else photo


def _appearances(folder: Path, photo: Image.Image) -> Iterator[Case]:
    """Bad light, bad focus, odd frames: the face can still be seen."""
    width, height = photo.size
    changes: dict[str, Change] = {
        "dark": lambda one: ImageEnhance.Brightness(one).enhance(0.25),
        "bright": lambda one: ImageEnhance.Brightness(one).enhance(1.8),
        "pale": lambda one: ImageEnhance.Contrast(one).enhance(0.3),
        "garish": lambda one: ImageEnhance.Color(one).enhance(4.0),
        "soft": lambda one: one.filter(ImageFilter.GaussianBlur(3)),
        "noisy": _noisy,
        "posterised": lambda one: ImageOps.posterize(one, 2),
        "inverted colours of hue": lambda one: Image.merge("RGB", one.split()[::-1]),
        "mirrored": ImageOps.mirror,
        "tilted 15": lambda one: one.rotate(15, expand=True),
        "tilted -30": lambda one: one.rotate(-30, expand=True),
        "half the size": lambda one: one.resize((width // 2, height // 2)),
        "12 megapixels": lambda one: one.resize((width * 6, height * 6)),
        "stretched": lambda one: one.resize((int(width * 1.3), height)),
        "odd size": lambda one: one.crop((1, 2, width - 2, height - 3)),
        "wide border": lambda one: ImageOps.expand(one, 400, (200, 30, 30)),
        "two faces": lambda one: _beside([one, ImageOps.mirror(one)]),
        "four faces": lambda one: _beside([one] * 4),
        "tight": lambda one: one.crop((130, 60, 400, 420)),
        "one row of black": lambda one: ImageOps.expand(one, (0, 1, 0, 0), 0),
    }
    for name, change in changes.items():
        path = folder / f"{name.replace(' ', '_')}.png"
        change(photo).save(path)
        yield Case(f"photo {name}", "video", photo=path)
    yield Case("photo second of two faces", "video", photo=folder / "two_faces.png",
               options=("--face", "1"))  # fmt: skip
    yield Case("photo full frame", "video", photo=folder / "odd_size.png",
               options=("--framing", "full"))  # fmt: skip
    yield Case("photo full frame with two faces", "video", photo=folder / "two_faces.png",
               options=("--framing", "full"))  # fmt: skip
    yield Case("photo third of two faces", "error", photo=folder / "two_faces.png",
               options=("--face", "2"), says=("face 2", "2 faces"))  # fmt: skip


def _noisy(photo: Image.Image) -> Image.Image:
    pixels = np.asarray(photo, np.float64)
    noise = np.random.default_rng(0).normal(0, 25, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def _beside(photos: list[Image.Image]) -> Image.Image:
    return Image.fromarray(np.hstack([np.asarray(one) for one in photos]))


def _unusable(folder: Path, photo: Image.Image) -> Iterator[Case]:
    """Pictures without a face that can be animated."""
    small = photo.resize((photo.width // 5, photo.height // 5))
    generator = np.random.default_rng(1)
    pictures: dict[str, tuple[Image.Image, tuple[str, ...]]] = {
        "black": (Image.new("RGB", (300, 300)), ("no face",)),
        "white": (Image.new("RGB", (300, 300), "white"), ("no face",)),
        "noise": (Image.fromarray(generator.integers(0, 256, (300, 300, 3), np.uint8)),
                  ("no face",)),
        "one pixel": (Image.new("RGB", (1, 1)), ()),
        "one row": (Image.new("RGB", (400, 1)), ()),
        "one column": (Image.new("RGB", (1, 400)), ()),
        "face too small": (small, ()),
        "chin only": (photo.crop((150, 330, 370, 500)), ()),
        "back of the picture": (photo.crop((0, 420, 512, 600)), ()),
    }  # fmt: skip
    for name, (picture, says) in pictures.items():
        path = folder / f"{name.replace(' ', '_')}.png"
        picture.save(path)
        yield Case(f"photo {name}", "error", photo=path, says=says)
    Image.new("L", (8000, 6500), 128).save(folder / "52_megapixels.png")
    yield Case("photo over 50 megapixels", "error", photo=folder / "52_megapixels.png",
               says=("megapixels",))  # fmt: skip
    bomb = folder / "bomb.png"
    bomb.write_bytes(_png_that_claims(60_000, 60_000))
    yield Case("photo decompression bomb", "error", photo=bomb)


def _png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1_000_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def _damaged(folder: Path, good: Path) -> Iterator[Case]:
    """Files that are not what they say."""
    data = good.read_bytes()
    generator = np.random.default_rng(2)
    contents: dict[str, bytes] = {
        "empty.jpg": b"",
        "text.jpg": b"this is not a picture\n" * 20,
        "html.png": b"<html><script>alert(1)</script></html>",
        "header_only.jpg": data[:20],
        "first_tenth.jpg": data[: len(data) // 10],
        "random.jpg": bytes(generator.integers(0, 256, 5000, np.uint8)),
        "zeros.png": bytes(5000),
        "vector.svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        "page.pdf": b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF",
        "archive.png": b"PK\x03\x04" + bytes(200),
        "shell.png": b"#!/bin/sh\nrm -rf ~\n",
        "pointer.jpg": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        yield Case(f"photo {name}", "error", photo=folder / name)
    (folder / "appended.jpg").write_bytes(data + b"<?php system($_GET['c']); ?>" * 10)
    yield Case("photo with something behind it", "video", photo=folder / "appended.jpg")


def _no_files(folder: Path, good: Path) -> Iterator[Case]:
    """Paths that are no file, and names that look like something else."""
    (folder / "a folder").mkdir()
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    for name, path in {
        "missing": folder / "missing.jpg", "folder": folder / "a folder",
        "link to itself": folder / "loop", "named pipe": folder / "pipe",
        "null device": Path("/dev/null"), "endless device": Path("/dev/zero"),
        "name of 400 letters": folder / ("x" * 400),
        "address": Path("http://127.0.0.1:9/photo.jpg"), "own process": Path("/proc/self/environ"),
    }.items():  # fmt: skip
        yield Case(f"photo {name}", "error", photo=path)
    data = good.read_bytes()
    for name in ("spaces and ümlauts.jpg", "表情😀.jpg", "quote'\".jpg", "semi;colon&.jpg",
                 "%s%n.jpg", "line\nbreak.jpg", "-o.jpg", "[glob]*.jpg"):  # fmt: skip
        (folder / name).write_bytes(data)
        yield Case(f"photo named {name!r}", "video", photo=folder / name)
    (folder / "link.jpg").symlink_to(good)
    yield Case("photo link", "video", photo=folder / "link.jpg")
