from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from talkinghead.errors import BadOption, OutputNotWritable, UnreadableImage, UnreadableSound
from talkinghead.given import path_of, photo_of, speech_of
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.photo import read_photo


def test_a_path_may_be_written_in_any_way():
    assert path_of("a.mp4", "the output", OutputNotWritable) == Path("a.mp4")
    assert path_of(Path("a.mp4"), "the output", OutputNotWritable) == Path("a.mp4")


@pytest.mark.parametrize("given", [None, 5, b"a.mp4", ["a.mp4"]])
def test_what_is_no_path_is_told_in_words(given):
    words = re.escape(f"the output is {given!r}, expected the path of a file")
    with pytest.raises(OutputNotWritable, match=words):
        path_of(given, "the output", OutputNotWritable)
    with pytest.raises(UnreadableSound, match="the sound is"):
        speech_of(given)


@pytest.mark.parametrize("given", [None, 5, b"a.jpg", [[1, 2]], {}])
def test_what_is_no_photo_is_told_in_words(given):
    with pytest.raises(UnreadableImage, match=r"the photo is .*, expected the path of a file, an"):
        photo_of(given)


def test_a_picture_of_pillow_is_the_same_photo_as_its_file(photo_path, tmp_path):
    np.testing.assert_array_equal(photo_of(Image.open(photo_path)), read_photo(photo_path))
    np.testing.assert_array_equal(photo_of(str(photo_path)), read_photo(photo_path))
    pixels = np.arange(16, dtype=np.uint8).reshape(2, 2, 4) * 15
    for picture in (
        Image.fromarray(pixels),  # half transparent
        Image.fromarray(pixels[..., 0]),  # grey
        Image.fromarray(pixels[..., 0].astype(np.uint16) * 257),  # grey of 16 bits
        Image.fromarray(pixels[..., :3]).convert("P"),
    ):
        path = tmp_path / "picture.png"
        picture.save(path)
        np.testing.assert_array_equal(photo_of(picture), read_photo(path))


def test_a_picture_is_turned_as_its_camera_says():
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = Image.new("RGB", (4, 2))
    picture.info["exif"] = exif.tobytes()
    assert photo_of(picture).shape == (4, 2, 3)


def test_a_picture_that_is_cut_off_is_told_in_words(photo_path, tmp_path):
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(photo_path.read_bytes()[:20_000])
    with pytest.raises(UnreadableImage, match="damaged or cut off"):
        photo_of(Image.open(cut))


@pytest.mark.parametrize("face", [-1, "0", 0.5, [0]])
def test_a_face_that_is_no_number_is_refused_before_any_work(face):
    with pytest.raises(BadOption, match=r"face is .*, expected a whole number from 0 to 99"):
        TalkingHead(None, None, {}).fit("no such photo", face)
