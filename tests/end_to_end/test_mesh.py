"""`mesh` from the command line, with the shipped weights."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import trimesh
from material import recording

from talkinghead.cli import main
from talkinghead.motion.track_file import read_motion


def test_a_photo_and_a_sound_become_a_talking_face(photo_path, tmp_path, capsys):
    sound = recording(tmp_path / "beep.wav", 0.6)
    output = tmp_path / "face.glb"
    code = main([
        "mesh", str(photo_path), str(sound), "-o", str(output), "--emotion", "happy", "--seed", "3",
        "--fps", "30", "--export-motion", str(tmp_path / "motion.csv"), "--json",
    ])  # fmt: skip
    assert code == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["output"], report["frames"], report["fps"]) == (str(output), 18, 30.0)
    assert {"face", "eye_left", "eye_right"} <= set(trimesh.load(output).geometry)
    with (tmp_path / "face.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    track = read_motion(tmp_path / "motion.csv")
    smile = [float(row["MouthSmileLeft"]) for row in rows]
    np.testing.assert_allclose(smile, track.channel("mouthSmileLeft"), atol=1e-7)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "face.fbx"], "should end in .glb"),
        (["-o", "nowhere/face.glb"], "does not exist"),
        (["-o", "face.glb", "--fps", "5"], "10 to 60"),
        (["-o", "face.glb", "--export-motion", "beep.wav"], ".csv or .json"),
        (["-o", "face.glb", "--export-motion", "face.csv"], "another name"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(
    photo_path, tmp_path, capsys, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    recording(tmp_path / "beep.wav", 0.3)
    assert main(["mesh", str(photo_path), "beep.wav", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
    assert [one.name for one in tmp_path.iterdir()] == ["beep.wav"]
