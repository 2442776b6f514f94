import numpy as np
import pytest
from PIL import Image

from talkinghead.errors import UnreadableImage
from talkinghead.portrait.photo import read_photo
from talkinghead.web.showable import showable


def saved(path, colour, kind):
    Image.new("RGB", (64, 48), colour).save(path, kind)
    return path


def test_a_picture_that_every_browser_shows_stays_as_it_is(tmp_path):
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        photo = saved(tmp_path / f"a.{kind}", (10, 200, 30), kind)
        assert showable(photo, tmp_path) == photo


def test_a_heic_or_tiff_becomes_a_jpeg_of_the_same_colours_and_size(tmp_path):
    import pillow_heif

    heic = tmp_path / "IMG_0001.HEIC"
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), (10, 200, 30))).save(heic)
    for photo in (heic, saved(tmp_path / "a.tif", (10, 200, 30), "TIFF")):
        copy = showable(photo, tmp_path)
        assert Image.open(copy).format == "JPEG"
        assert copy.stem.startswith(photo.stem)
        difference = read_photo(copy).astype(int) - read_photo(photo)
        assert difference.shape == (48, 64, 3)
        assert np.abs(difference).max() <= 3


def test_another_photo_of_the_same_name_gets_another_copy(tmp_path):
    first = showable(saved(tmp_path / "a.tif", (200, 0, 0), "TIFF"), tmp_path)
    second = showable(saved(tmp_path / "a.tif", (0, 0, 200), "TIFF"), tmp_path)
    assert first != second
    assert read_photo(first)[0, 0, 0] > 150


def test_what_is_no_picture_is_told(tmp_path):
    letter = tmp_path / "letter.heic"
    letter.write_text("Dear diary")
    with pytest.raises(UnreadableImage, match=r"letter\.heic is not a picture"):
        showable(letter, tmp_path)
