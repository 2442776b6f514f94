"""What a re-rendered motion is said to have lost, gained or been put on."""

from __future__ import annotations

import json
import socket

import numpy as np
import pytest
from material import picture, recording

from renderer.coefficients import MotionCoefficients
from talkinghead.cli import main
from talkinghead.config import GenerateOptions
from talkinghead.errors import BadOption
from talkinghead.motion.track_file import write_motion
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.photo import read_photo


@pytest.fixture
def two_faces(photo_path, tmp_path):
    photo = read_photo(photo_path)
    return picture(tmp_path / "two.png", np.concatenate([photo, photo], axis=1))


def track(frames):
    zeros = np.zeros((frames, 3), np.float32)
    return MotionCoefficients(np.zeros((frames, 52), np.float32), zeros, zeros, 25.0)


def test_two_faces_and_cut_frames_are_told(two_faces, tmp_path, capsys):
    write_motion(track(15), tmp_path / "m.csv")
    sound = recording(tmp_path / "s.wav", 0.4)
    code = main(
        ["render", str(two_faces), str(tmp_path / "m.csv"), "-o", str(tmp_path / "v.mp4"),
         "--sound", str(sound), "--size", "256", "--renderer", "geometric", "--json"]
    )  # fmt: skip
    told = capsys.readouterr()
    report = json.loads(told.out.splitlines()[-1])
    assert code == 0
    assert report["frames"] == 10
    faces, length = report["notices"]
    assert faces.startswith("2 faces were found")
    assert length == (
        "the motion has 15 frames, the sound lasts 10 (at 25 a second): "
        "5 of the motion are cut off at its end"
    )
    assert told.err == f"note: {faces}\nnote: {length}\n"


def test_held_frames_are_told_to_a_program_and_nothing_where_all_is_well(photo_path, tmp_path):
    model, options = TalkingHead.from_pretrained("cpu"), GenerateOptions(size=256)
    given = {"save_to": str(tmp_path / "v.mp4"), "options": options}
    sound = recording(tmp_path / "s.wav", 0.4)
    video = model.render_track(photo_path, track(7), sound=sound, **given)
    assert video.frames == 10
    assert video.notices[-1].endswith("its last frame is held for 3 more")
    assert model.render_track(photo_path, track(10), sound=sound, **given).notices == ()
    assert model.render_track(photo_path, track(3), **given).notices == ()


def test_the_motion_may_be_exported_to_a_path_of_letters(photo_path, tmp_path):
    model, options = TalkingHead.from_pretrained("cpu"), GenerateOptions(size=256, motion="rules")
    motion = tmp_path / "m.csv"
    model.generate(
        photo_path, str(recording(tmp_path / "s.wav", 0.2)), save_to=str(tmp_path / "v.mp4"),
        options=options, export_motion=str(motion),
    )  # fmt: skip
    assert len(motion.read_text().splitlines()) == 6


def test_a_taken_port_is_told_in_words(server):
    from webapp.page import build_page
    from webapp.serving import launch

    _, _, _, studio = server
    page = build_page(studio)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadOption, match=f"cannot listen on 127.0.0.1, port {port}: another"):
            launch(page, studio, "127.0.0.1", port, wait=False)
