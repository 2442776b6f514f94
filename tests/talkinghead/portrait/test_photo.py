from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from photo_cases import HEIGHT, WIDTH, difference, smooth_picture
from PIL import Image, ImageCms

from talkinghead.portrait.photo import read_photo


@pytest.fixture
def picture():
    return smooth_picture()


@pytest.mark.parametrize(
    ("suffix", "format_name", "tolerance"),
    [
        ("png", "PNG", 0), ("bmp", "BMP", 0), ("tiff", "TIFF", 0), ("ppm", "PPM", 0),
        ("jpg", "JPEG", 3), ("webp", "WEBP", 4), ("avif", "AVIF", 4), ("jp2", "JPEG2000", 3),
        ("tga", "TGA", 0),
    ],
)  # fmt: skip
def test_every_common_format_gives_the_picture(tmp_path, picture, suffix, format_name, tolerance):
    path = tmp_path / f"photo.{suffix}"
    Image.fromarray(picture).save(path, format_name)
    assert difference(read_photo(path), picture) <= tolerance


def test_heic_from_a_phone_gives_the_picture(tmp_path, picture):
    import pillow_heif

    path = tmp_path / "photo.HEIC"
    pillow_heif.from_pillow(Image.fromarray(picture)).save(path, quality=95)
    assert difference(read_photo(path), picture) <= 4


def test_the_content_decides_not_the_ending(tmp_path, picture):
    path = tmp_path / "photo.jpg"
    Image.fromarray(picture).save(path, "PNG")
    np.testing.assert_array_equal(read_photo(path), picture)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_rotation_is_applied(tmp_path, picture, orientation, format_name):
    stored = {
        1: picture, 2: picture[:, ::-1], 3: picture[::-1, ::-1], 4: picture[::-1],
        5: picture.swapaxes(0, 1), 6: np.rot90(picture), 7: picture[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(picture, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo.img"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, format_name, exif=exif.tobytes())
    assert difference(read_photo(path), picture) <= 4


def test_heic_rotation_is_applied_once(tmp_path, picture):
    import pillow_heif

    exif = Image.Exif()
    exif[0x0112] = 6
    pillow_heif.register_heif_opener()
    path = tmp_path / "photo.heic"
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(picture)))
    stored.save(path, exif=exif.tobytes(), quality=95)
    assert b"irot" in path.read_bytes()
    assert difference(read_photo(path), picture) <= 4


def test_unreadable_exif_is_ignored(tmp_path, picture):
    path = tmp_path / "photo.jpg"
    Image.fromarray(picture).save(path, exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7fgarbage")
    assert difference(read_photo(path), picture) <= 3


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparent_parts_become_white(tmp_path, picture, mode):
    grey = np.full((HEIGHT, WIDTH), 100, np.uint8)
    alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
    alpha[:, WIDTH // 2 :] = 255
    image = Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)])
    path = tmp_path / "photo.tiff" if mode == "PA" else tmp_path / "photo.png"
    image.convert(mode if mode != "PA" else "RGBA").save(path)
    photo = read_photo(path)
    assert (photo[:, : WIDTH // 2] == 255).all()
    assert (photo[:, WIDTH // 2 :] == 100).all()


def test_half_transparent_is_half_white(tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGBA", (8, 8), (0, 0, 0, 128)).save(path)
    assert np.abs(read_photo(path).astype(int) - 127).max() <= 1


@pytest.mark.parametrize("transparent", [False, True])
def test_a_palette_is_expanded(tmp_path, transparent):
    image = Image.new("P", (WIDTH, HEIGHT), 0)
    image.putpalette([10, 200, 30, 250, 0, 7] + [0] * 762)
    image.paste(1, (0, 0, 10, 10))
    path = tmp_path / "photo.png"
    image.save(path, transparency=1) if transparent else image.save(path)
    photo = read_photo(path)
    assert photo[-1, -1].tolist() == [10, 200, 30]
    assert photo[0, 0].tolist() == ([255] * 3 if transparent else [250, 0, 7])


@pytest.mark.parametrize("mode", ["L", "1"])
def test_grey_becomes_three_equal_channels(tmp_path, picture, mode):
    grey = Image.fromarray(picture).convert(mode)
    path = tmp_path / "photo.png"
    grey.save(path)
    photo = read_photo(path)
    assert photo.shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_array_equal(photo[..., 1], np.asarray(grey.convert("L")))
    np.testing.assert_array_equal(photo[..., 0], photo[..., 2])


def test_the_first_frame_of_an_animation_is_taken(tmp_path):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    for name in ("photo.gif", "photo.webp", "photo.png"):
        path = tmp_path / name
        frames[0].save(path, save_all=True, append_images=frames[1:])
        red, _, blue = read_photo(path)[8, 8].astype(int)
        assert red > 240
        assert blue < 15


def test_mpo_of_a_phone_gives_its_first_picture(tmp_path, picture):
    path = tmp_path / "photo.jpg"
    first = Image.fromarray(picture)
    first.save(path, "MPO", save_all=True, append_images=[Image.new("RGB", first.size)])
    assert difference(read_photo(path), picture) <= 3


def png_of_16_bits(pixels):
    """Pillow writes no 16-bit colour, so the chunks are made by hand (PNG specification 11.2)."""
    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_keeps_its_brightness(tmp_path, picture, channels):
    deep = (picture.astype(np.uint16) * 257)[..., :1].repeat(channels, axis=2)
    expected = picture[..., :1].repeat(3, axis=2)
    if channels in {2, 4}:
        deep[..., -1] = 65535
    path = tmp_path / "photo.png"
    path.write_bytes(png_of_16_bits(deep))
    assert np.abs(read_photo(path).astype(int) - expected).max() <= 1


def test_16_bit_and_float_grey_tiff_keep_their_brightness(tmp_path, picture):
    grey = picture[..., 0]
    expected = np.repeat(grey[..., None], 3, axis=2)
    for array in (grey.astype(np.uint16) * 257, grey.astype(np.float32) / 255):
        path = tmp_path / "photo.tiff"
        Image.fromarray(array).save(path)
        assert np.abs(read_photo(path).astype(int) - expected).max() <= 1


def test_cmyk_becomes_rgb(tmp_path, picture):
    path = tmp_path / "photo.jpg"
    Image.fromarray(picture).convert("CMYK").save(path, quality=95)
    assert difference(read_photo(path), picture) <= 4


def profile_with_swapped_primaries():
    """An RGB profile whose red primary is sRGB's green one: the conversion cannot go unnoticed."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = {}
    for index in range(struct.unpack(">I", data[128:132])[0]):
        name, offset, size = struct.unpack(">4sII", data[132 + 12 * index : 144 + 12 * index])
        places[name] = (offset, size)
    (red, size), (green, _) = places[b"rXYZ"], places[b"gXYZ"]
    data[red : red + size], data[green : green + size] = (
        data[green : green + size], data[red : red + size],
    )  # fmt: skip
    return bytes(data).replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_colour_profile_is_converted_to_srgb(tmp_path, mode):
    path = tmp_path / "photo.png"
    image = Image.new("RGB", (8, 8), (200, 40, 90))
    image = image.quantize(4) if mode == "P" else image.convert(mode)
    image.save(path, icc_profile=profile_with_swapped_primaries())
    assert np.abs(read_photo(path).astype(int) - [40, 200, 90]).max() <= 3


def test_display_p3_is_widened_towards_its_true_colour(tmp_path):
    # Primaries of Display P3 adapted to D50 (Apple's profile), in s15Fixed16.
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    primaries = {
        b"rXYZ": (0.51512, 0.24120, -0.00105), b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
    }  # fmt: skip
    for index in range(struct.unpack(">I", data[128:132])[0]):
        name, offset, _ = struct.unpack(">4sII", data[132 + 12 * index : 144 + 12 * index])
        if name in primaries:
            numbers = [round(value * 65536) for value in primaries[name]]
            data[offset + 8 : offset + 20] = struct.pack(">3i", *numbers)
    icc = bytes(data).replace("sRGB".encode("utf-16-be"), "P3 D".encode("utf-16-be"))
    path = tmp_path / "photo.png"
    Image.new("RGB", (8, 8), (200, 100, 80)).save(path, icc_profile=icc)
    # Hand-computed: P3 (200, 100, 80) lies at sRGB (214, 93, 73).
    assert np.abs(read_photo(path)[0, 0].astype(int) - [214, 93, 73]).max() <= 2


@pytest.mark.parametrize("icc", [b"no profile at all", b"", "grey"])
def test_an_unfit_colour_profile_is_ignored(tmp_path, picture, icc):
    if icc == "grey":
        icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    path = tmp_path / "photo.png"
    Image.fromarray(picture).save(path, icc_profile=icc)
    np.testing.assert_array_equal(read_photo(path), picture)
