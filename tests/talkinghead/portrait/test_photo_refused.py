from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from photo_cases import HEIGHT, WIDTH, smooth_picture
from PIL import Image, PngImagePlugin

from talkinghead.errors import UnreadableImage
from talkinghead.portrait.photo import photo_from_array, read_photo


@pytest.fixture
def picture():
    return smooth_picture()


def test_thirty_megapixels_are_read(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("L", (6000, 5000), 77).save(path, compress_level=1)
    photo = read_photo(path)
    assert photo.shape == (5000, 6000, 3)
    assert (photo[::500, ::500] == 77).all()


@pytest.mark.parametrize("size", [(10_000, 5_001), (30_000, 30_000)])
def test_too_many_pixels_are_refused_from_the_header(tmp_path, size):
    # The file ends after its header, so decoding it would give another error.
    header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    path = tmp_path / "photo.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
        + struct.pack(">I", 5) + b"IDAT"
    )  # fmt: skip
    with pytest.raises(UnreadableImage, match="at most 50 megapixels"):
        read_photo(path)


def test_a_text_bomb_in_a_png_is_refused(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("comment", "a" * 80_000_000, zip=True)
    path = tmp_path / "photo.png"
    Image.new("RGB", (4, 4)).save(path, pnginfo=info)
    assert path.stat().st_size < 200_000
    with pytest.raises(UnreadableImage):
        read_photo(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"Dear diary, this is no picture.", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not a picture"),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path, content, words):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(UnreadableImage, match=words):
        read_photo(path)


def test_a_folder_or_nothing_is_refused(tmp_path):
    with pytest.raises(UnreadableImage, match="not a file"):
        read_photo(tmp_path)
    with pytest.raises(UnreadableImage, match="does not exist"):
        read_photo(tmp_path / "nowhere.jpg")


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "HEIF"])
def test_a_truncated_picture_is_refused(tmp_path, format_name):
    import pillow_heif

    pillow_heif.register_heif_opener()
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, format_name)
    path = tmp_path / "photo.img"
    path.write_bytes(stream.getvalue()[: len(stream.getvalue()) // 2])
    with pytest.raises(UnreadableImage):
        read_photo(path)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "HEIF"])
def test_damaged_bytes_never_raise_anything_else(tmp_path, picture, format_name):
    import pillow_heif

    pillow_heif.register_heif_opener()
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture).save(stream, format_name, exif=exif.tobytes())
    rng = np.random.default_rng(1)
    path = tmp_path / "photo.img"
    outcomes = set()
    for _ in range(60):
        content = bytearray(stream.getvalue())
        for place in rng.integers(0, min(len(content), 600), 4):
            content[place] = rng.integers(0, 256)
        path.write_bytes(content)
        try:
            photo = read_photo(path)
        except UnreadableImage:
            outcomes.add("refused")
        else:
            assert photo.ndim == 3
            outcomes.add("read")
    assert "refused" in outcomes


def test_arrays_of_every_kind_agree(picture):
    np.testing.assert_array_equal(photo_from_array(picture), picture)
    np.testing.assert_array_equal(photo_from_array(picture.astype(np.uint16) * 257), picture)
    np.testing.assert_array_equal(photo_from_array(picture / 255), picture)
    grey = photo_from_array(picture[..., 0])
    np.testing.assert_array_equal(grey, photo_from_array(picture[..., :1]))
    assert grey.shape == picture.shape
    alpha = np.zeros((HEIGHT, WIDTH, 1), np.uint8)
    assert (photo_from_array(np.concatenate([picture, alpha], -1)) == 255).all()


def test_an_array_is_copied(picture):
    photo = photo_from_array(picture)
    before = photo.copy()
    picture[:] = 0
    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 8, 8, 3), np.uint8), np.zeros((8, 8, 2), np.uint8), np.zeros(7, np.uint8),
        np.zeros((0, 8, 3), np.uint8), np.zeros((8, 8, 3), np.int64),
        np.full((8, 8, 3), 255.0), np.full((8, 8, 3), np.nan),
    ],
)  # fmt: skip
def test_arrays_that_are_no_photo_are_refused(array):
    with pytest.raises(UnreadableImage, match="the photo array"):
        photo_from_array(array)
