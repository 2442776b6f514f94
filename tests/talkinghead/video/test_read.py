from __future__ import annotations

import gc
import os
import time
from pathlib import Path

import numpy as np
import pytest
from video_clips import make, moving_frames, speech_of

from talkinghead.errors import UnreadableVideo
from talkinghead.video.read import read_video
from talkinghead.video.write import write_video

TWO_COLOURS = "color=red:size=96x64:rate=25:duration=1,drawbox=x=0:y=0:w=48:h=64:color=blue:t=fill"


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.mp4"
    write_video(moving_frames(30), path, 25.0, speech_of(1.2))
    return path


def test_frames_come_back_as_they_were_written(clip):
    video = read_video(clip)
    assert (video.width, video.height, video.fps, video.frame_count) == (96, 64, 25.0, 30)
    frames = list(video)
    assert len(frames) == 30
    for read, written in zip(frames, moving_frames(30), strict=True):
        assert read.dtype == np.uint8
        assert read.flags.writeable
        assert np.abs(read.astype(int) - written).mean() < 3


def test_a_clip_can_be_read_twice(clip):
    video = read_video(clip)
    np.testing.assert_array_equal(np.stack(list(video)), np.stack(list(video)))


def test_max_side_scales_down_and_never_up(clip):
    small = read_video(clip, max_side=48)
    assert (small.width, small.height) == (48, 32)
    assert next(iter(small)).shape == (32, 48, 3)
    assert read_video(clip, max_side=1000).width == 96


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation_marks_of_phones_are_applied(tmp_path, degrees):
    plain = make(tmp_path / "plain.mp4", "-f", "lavfi", "-i", TWO_COLOURS)
    turned = make(
        tmp_path / "turned.mp4", "-display_rotation", degrees, "-i", plain, "-c", "copy"
    )  # fmt: skip
    upright, video = next(iter(read_video(plain))), read_video(turned)
    expected = np.rot90(upright, degrees // 90)  # the mark counts counter-clockwise
    assert (video.height, video.width) == expected.shape[:2]
    assert np.abs(next(iter(video)).astype(int) - expected).mean() < 2


def test_pixels_become_square(tmp_path):
    path = make(tmp_path / "wide.mp4", "-f", "lavfi", "-i", TWO_COLOURS + ",setsar=2/1")
    assert (read_video(path).width, read_video(path).height) == (192, 64)


@pytest.mark.parametrize(("rate", "fps"), [("30000/1001", 29.97), ("24", 24), ("12.5", 12.5)])
def test_the_rate_is_kept(tmp_path, rate, fps):
    source = f"testsrc=size=64x48:rate={rate}:duration=2"
    video = read_video(make(tmp_path / "clip.mkv", "-f", "lavfi", "-i", source))
    assert video.fps == pytest.approx(fps)
    assert len(list(video)) == video.frame_count == round(2 * fps)


def test_an_uneven_rate_becomes_constant(tmp_path):
    # Every other frame of the second half is missing, as in a phone's recording in the dark.
    uneven = "testsrc=size=64x48:rate=20:duration=2,select='lt(t,1)+not(mod(n,2))'"
    path = make(tmp_path / "clip.mp4", "-f", "lavfi", "-i", uneven, "-fps_mode", "vfr")
    video = read_video(path)
    assert len(list(video)) / video.fps == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize("suffix", ["webm", "mkv", "avi", "mov", "gif", "ts"])
def test_the_usual_containers_are_read(tmp_path, suffix):
    codec = ["-c:v", "libvpx"] if suffix == "webm" else []
    path = make(tmp_path / f"clip.{suffix}", "-f", "lavfi", "-i", TWO_COLOURS, *codec)
    frame = next(iter(read_video(path)))
    left, right = frame[:, :40].mean((0, 1)), frame[:, 56:].mean((0, 1))
    assert left[2] - left[0] > 150
    assert right[0] - right[2] > 150


def _children():
    """Process numbers of our living children."""
    listing = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {number for file in listing for number in file.read_text().split()}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_closing_early_ends_the_decoder(tmp_path):
    source = "testsrc=size=640x480:rate=25:duration=12"
    path = make(tmp_path / "long.mp4", "-f", "lavfi", "-i", source, "-preset", "ultrafast")
    before = _children()
    frames = iter(read_video(path))
    next(frames)
    assert len(_children() - before) == 1
    frames.close()
    assert _children() == before


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_leaving_a_with_block_ends_the_decoder(tmp_path):
    source = "testsrc=size=640x480:rate=25:duration=12"
    path = make(tmp_path / "long.mp4", "-f", "lavfi", "-i", source, "-preset", "ultrafast")
    with read_video(path) as video:
        frames = iter(video)
        next(frames)
    assert len(list(frames)) < 250
    assert len(list(video)) == 300


def test_a_decoder_that_dies_is_an_error(clip):
    video = read_video(clip)
    clip.write_bytes(clip.read_bytes()[:900])
    with pytest.raises(UnreadableVideo):
        list(video)


def test_a_forgotten_iterator_does_not_block(clip):
    started = time.monotonic()
    next(iter(read_video(clip)))
    gc.collect()
    assert time.monotonic() - started < 5


def _broken(tmp_path, clip, kind):
    content = clip.read_bytes()
    path = tmp_path / "broken.mp4"
    path.write_bytes(
        {
            "empty": b"",
            "text": b"This is not a video.\n" * 50,
            "head only": content[:400],
            "zeros": bytes(5000),
            "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n" + str(clip).encode(),
            "list of files": f"ffconcat version 1.0\nfile '{clip}'\n".encode(),
        }[kind]
    )
    return path


@pytest.mark.parametrize(
    "kind", ["empty", "text", "head only", "zeros", "playlist", "list of files"]
)
def test_what_is_no_video_is_refused(tmp_path, clip, kind):
    with pytest.raises(UnreadableVideo, match="expected a clip such as MP4"):
        read_video(_broken(tmp_path, clip, kind))


def test_sound_alone_even_with_a_cover_is_refused(tmp_path):
    sound = make(tmp_path / "sound.wav", "-f", "lavfi", "-i", "sine=duration=1")
    cover = make(tmp_path / "cover.jpg", "-f", "lavfi", "-i", TWO_COLOURS, "-frames:v", "1")
    album = make(
        tmp_path / "album.mp3", "-i", sound, "-i", cover, "-map", "0", "-map", "1",
        "-disposition:v", "attached_pic",
    )  # fmt: skip
    for path in (sound, album):
        with pytest.raises(UnreadableVideo):
            read_video(path)


def test_a_missing_file_or_a_folder_is_refused(tmp_path):
    with pytest.raises(UnreadableVideo, match="missing"):
        read_video(tmp_path / "nowhere.mp4")
    with pytest.raises(UnreadableVideo, match="folder"):
        read_video(tmp_path)


def test_names_with_odd_characters_work(tmp_path, clip):
    odd = tmp_path / "-y a:b %03d 'ü'.mp4"
    odd.write_bytes(clip.read_bytes())
    assert read_video(odd).frame_count == 30
