from dataclasses import fields

import numpy as np
import pytest

from talkinghead.errors import TalkingHeadError
from talkinghead.training.data import (
    PICTURES_A_CLIP,
    PICTURES_A_PERSON,
    chosen_clips,
    chosen_photos,
)
from talkinghead.training.shards import SIDE, read_pack


def test_a_clip_keeps_one_person_and_its_frames(clip_shard, clip_frames):
    assert len(clip_shard) == len(clip_frames)
    assert clip_shard.is_clip
    assert clip_shard.person == "grace"
    assert clip_shard.picture(0).shape == (SIDE, SIDE, 3)
    assert np.ptp(clip_shard.identity, axis=0).max() == 0


def test_photos_without_a_face_are_left_out(photo_shard):
    assert len(photo_shard) == 2
    assert not photo_shard.is_clip


def test_landmarks_lie_on_the_stored_picture(clip_shard):
    assert clip_shard.landmarks.min() > 0
    assert clip_shard.landmarks.max() < SIDE
    left, right = clip_shard.landmarks[0, [33, 263]]
    assert right[0] - left[0] > 0.15 * SIDE


def test_the_last_frame_opens_the_mouth(clip_shard):
    gap = clip_shard.landmarks[:, 14, 1] - clip_shard.landmarks[:, 13, 1]
    assert gap[-1] > gap[0] + 8


def test_a_window_is_held_at_the_ends_of_a_clip(clip_shard):
    window = clip_shard.window(0, 3)
    assert window.shape == (7, 55)
    np.testing.assert_array_equal(window[0], window[3])
    np.testing.assert_array_equal(window[4], clip_shard.track[1])


def test_a_photo_stands_still(photo_shard):
    window = photo_shard.window(1, 3)
    np.testing.assert_array_equal(window, np.repeat(photo_shard.track[1:2], 7, axis=0))


def test_a_pack_is_read_as_it_was_written(pack, clip_shard, photo_shard):
    for read, written in zip(read_pack(pack), (clip_shard, photo_shard), strict=True):
        for one in fields(written):
            np.testing.assert_array_equal(getattr(read, one.name), getattr(written, one.name))


def test_an_empty_pack_says_how_to_make_one(tmp_path):
    with pytest.raises(TalkingHeadError, match=r"talkinghead\.training\.data"):
        read_pack(tmp_path)


def write_index(folder, rows):
    lines = ["file,split,tier,identity,seconds,fps"]
    lines += [",".join(map(str, row)) for row in rows]
    (folder / "index.csv").write_text("\n".join(lines) + "\n")


def test_only_cleared_training_material_is_used(tmp_path):
    write_index(
        tmp_path,
        [
            ("a.mp4", "train", "clean", "p1", 4, 25),
            ("b.mp4", "train", "repo", "p2", 4, 25),
            ("c.mp4", "train", "research", "p3", 4, 25),
            ("d.mp4", "eval", "clean", "p4", 4, 25),
        ],
    )
    assert [path.name for path, _ in chosen_clips(tmp_path)] == ["a.mp4", "b.mp4"]
    assert [path.name for path in chosen_photos(tmp_path)] == ["a.mp4", "b.mp4"]


def test_small_faces_can_be_left_out(tmp_path):
    rows = ["file,split,tier,face_px", "a.jpg,train,clean,149", "b.jpg,train,clean,150"]
    (tmp_path / "index.csv").write_text("\n".join(rows))
    assert [path.name for path in chosen_photos(tmp_path, 150)] == ["b.jpg"]


def test_nobody_is_seen_much_more_than_the_others(tmp_path):
    rows = [(f"{index:02d}.mp4", "train", "clean", "p1", 60, 25) for index in range(60)]
    write_index(tmp_path, rows)
    chosen = list(chosen_clips(tmp_path))
    assert len(chosen) == PICTURES_A_PERSON // PICTURES_A_CLIP
    assert chosen[0][0].name == "00.mp4"
    assert chosen[-1][0].name == "59.mp4"
