from __future__ import annotations

import csv

import numpy as np
import pytest

from talkinghead.mesh.live_link import live_link_csv, timecode


def test_the_layout_is_that_of_live_link_face(moving):
    rows = list(csv.DictReader(live_link_csv(moving).splitlines()))
    header = list(rows[0])
    assert header[:4] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft", "EyeLookDownLeft"]
    assert header[16:20] == ["JawForward", "JawRight", "JawLeft", "JawOpen"]
    assert header[-10:-6] == ["TongueOut", "HeadYaw", "HeadPitch", "HeadRoll"]
    assert len(header) == 2 + 61
    assert {row["BlendShapeCount"] for row in rows} == {"61"}
    assert len(rows) == len(moving)


def test_values_are_those_of_the_track(moving):
    rows = list(csv.DictReader(live_link_csv(moving).splitlines()))
    for name in ("jawOpen", "mouthSmileLeft", "browInnerUp", "eyeBlinkRight"):
        written = [float(row[name[0].upper() + name[1:]]) for row in rows]
        np.testing.assert_allclose(written, moving.channel(name), atol=1e-7)
    yaw = [float(row["HeadYaw"]) for row in rows]
    np.testing.assert_allclose(yaw, moving.rotation[:, 1], atol=1e-7)
    assert any(abs(float(row["LeftEyeYaw"])) > 0.05 for row in rows)


@pytest.mark.parametrize(
    ("frame", "fps", "expected"),
    [
        (0, 25.0, "00:00:00:00.000"),
        (26, 25.0, "00:00:01:01.000"),
        (25 * 3600, 25.0, "01:00:00:00.000"),
        (30, 29.97, "00:00:01:00.030"),
        (74, 24.0, "00:00:03:02.000"),
    ],
)
def test_timecodes_count_frames_within_the_second(frame, fps, expected):
    assert timecode(frame, fps) == expected
