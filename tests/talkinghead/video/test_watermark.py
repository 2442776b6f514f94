from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from video_clips import make

from talkinghead.video.mark_search import MarkReading, evened, find_mark, mean_luma, search
from talkinghead.video.read import read_video
from talkinghead.video.watermark import MIN_SIDE, mark_for, marked, tile
from talkinghead.video.write import write_video

CROP = "crop=trunc(iw*0.45)*2:trunc(ih*0.45)*2:iw*0.1:0"
HALF = "scale=trunc(iw/4)*2:trunc(ih/4)*2"


@pytest.fixture(scope="module")
def scene(photo_path):
    """(512, 512, 3): a face before a flag and an even ground."""
    from PIL import Image

    return np.asarray(Image.open(photo_path).convert("RGB"))[:512, :512]


def shaken(picture, count=12):
    """The picture with its middle in motion and fresh noise, as a recording has."""
    generator = np.random.default_rng(0)
    for index in range(count):
        frame = picture.astype(np.int16) + generator.integers(-2, 3, picture.shape)
        frame[180:340, 150:350] = np.roll(frame[180:340, 150:350], index, axis=1)
        yield np.clip(frame, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def videos(scene, tmp_path_factory):
    folder = tmp_path_factory.mktemp("marks")
    write_video(shaken(scene), folder / "marked.mp4", 25.0)
    write_video(shaken(scene), folder / "plain.mp4", 25.0, mark=False)
    return folder


def reading(path):
    with read_video(path) as frames:
        return find_mark(iter(frames))


def attacked(videos, name, filters, crf):
    return make(
        videos / f"{name}-{crf}-{len(filters)}.mp4", "-i", videos / f"{name}.mp4", "-vf", filters,
        "-c:v", "libx264", "-preset", "fast", "-crf", crf,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "crf", "magnification"),
    [
        ("null", 18, 1.0),
        ("null", 28, 1.0),
        (HALF, 23, 1.0),
        (CROP, 23, 1 / 0.9),
        (f"{CROP},{HALF}", 28, 1 / 0.9),
        ("scale=768:768", 23, 1.0),
        ("eq=brightness=0.06:contrast=1.15", 23, 1.0),
    ],
)
def test_the_mark_survives(videos, filters, crf, magnification):
    found = reading(attacked(videos, "marked", filters, crf))
    assert found.found
    assert found.magnification == pytest.approx(magnification, abs=0.012)


@pytest.mark.parametrize("filters", ["null", HALF, CROP])
def test_unmarked_videos_raise_no_alarm(videos, filters):
    found = reading(attacked(videos, "plain", filters, 23))
    assert not found.found
    assert found.score < 6


def test_other_keys_find_nothing_in_a_marked_video(videos):
    with read_video(videos / "marked.mp4") as frames:
        even = evened(mean_luma(iter(frames))[0])
    assert search(even, tile())[0] > 12
    for key in range(5):
        assert search(even, tile(key))[0] < 6.5


def test_the_stated_chance_bounds_what_chance_gives():
    """The bound of the module's note, against pictures of pure noise at one magnification."""
    from talkinghead.video.mark_search import _score

    generator = np.random.default_rng(1)
    spectrum = np.conj(np.fft.rfft2(tile()))
    scores = np.array([
        _score(generator.standard_normal((256, 256)).astype(np.float32), spectrum, 1.0)
        for _ in range(150)
    ])  # fmt: skip
    tries = tile().size
    for level in (4.6, 4.9, 5.2):
        assert (scores > level).mean() <= tries * np.exp(-(level**2) / 2)
    assert 3 < np.median(scores) < 5


def test_a_higher_score_is_less_likely_by_chance():
    chances = [MarkReading.of(score, 1.0, 1).chance for score in (0, 5, 6, 7, 8, 20)]
    assert chances[0] == 1.0
    assert all(later <= earlier for earlier, later in itertools.pairwise(chances))
    assert not MarkReading.of(6.0, 1.0, 1).found
    assert MarkReading.of(8.0, 1.0, 1).found


@pytest.mark.parametrize("side", [256, 512, 1024])
def test_the_mark_costs_less_than_42_db(scene, side):
    picture = cv2.resize(scene, (side, side))
    after = next(marked([picture]))
    before, after = (
        cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(float) for one in (picture, after)
    )
    assert 20 * np.log10(255 / np.sqrt(((after - before) ** 2).mean())) > 42


def test_even_ground_is_marked_more_faintly_than_texture(scene):
    change = np.abs(mark_for(scene)).astype(float)
    textured, even = change[20:200, 10:110], change[60:200, 430:500]
    assert even.mean() < 0.8 * textured.mean()
    assert even.max() <= 4


def test_the_mark_stands_still_and_depends_on_nothing_but_the_first_frame(scene):
    frames = [scene, np.full_like(scene, 128), np.full_like(scene, 60)]
    made = [frame.copy() for frame in marked(frames)]
    change = [after.astype(int) - before for after, before in zip(made, frames, strict=True)]
    np.testing.assert_array_equal(change[1], change[2])
    inner = (scene > 10) & (scene < 245)
    np.testing.assert_array_equal(change[0][inner], change[1][inner])
    again = [frame.copy() for frame in marked(frames)]
    np.testing.assert_array_equal(made, again)


def test_inputs_are_left_as_they_are_and_colours_do_not_wrap(scene):
    white = np.full((128, 128, 3), 255, np.uint8)
    after = next(marked([white])).copy()
    assert (white == 255).all()
    assert after.min() > 245


@pytest.mark.parametrize("shape", [(MIN_SIDE - 2, 300, 3), (2, 2, 3), (0, 4, 3)])
def test_pictures_too_small_to_be_found_again_are_not_touched(shape):
    frame = np.zeros(shape, np.uint8)
    assert next(marked([frame])) is frame


def test_oblong_and_odd_pictures_are_marked(scene):
    for shape in ((301, 512), (512, 201)):
        frames = [scene[: shape[0], : shape[1]]] * 3
        assert find_mark(marked(frames)).found


def test_no_frames_are_our_mistake():
    with pytest.raises(ValueError, match="no frames"):
        find_mark([])
