import json
import time

import numpy as np
import pytest

from renderer.coefficients import ARKIT_NAMES, MotionCoefficients
from talkinghead.errors import OutputNotWritable, UnreadableMotion
from talkinghead.motion.track_file import COLUMNS, read_motion, write_motion


def random_track(frames=7, fps=25.0):
    generator = np.random.default_rng(0)
    return MotionCoefficients(
        generator.random((frames, 52)).astype(np.float32),
        generator.normal(0, 0.3, (frames, 3)).astype(np.float32),
        generator.normal(0, 15, (frames, 3)).astype(np.float32),
        fps,
    )


def lines_of(tmp_path, track=None):
    path = tmp_path / "m.csv"
    write_motion(track or random_track(), path)
    return path, path.read_text().splitlines()


@pytest.mark.parametrize("suffix", [".csv", ".json", ".CSV"])
@pytest.mark.parametrize("fps", [10.0, 23.976, 25.0, 30.0, 60.0])
def test_writing_and_reading_gives_the_same_bytes(tmp_path, suffix, fps):
    path = tmp_path / f"m{suffix}"
    track = random_track(40, fps)
    write_motion(track, path)
    again = read_motion(path)
    assert again.as_array().tobytes() == track.as_array().tobytes()
    assert again.fps == pytest.approx(fps, abs=1e-6)


def test_the_header_is_the_documented_one(tmp_path):
    _, lines = lines_of(tmp_path)
    assert lines[0] == "frame,time," + ",".join(ARKIT_NAMES) + ",pitch,yaw,roll,x,y,z"
    assert lines[2].startswith("1,0.04,")
    assert len(lines) == 8


def test_columns_may_stand_in_any_order_and_excel_may_add_a_byte_order_mark(tmp_path):
    path, lines = lines_of(tmp_path)
    rows = [line.split(",")[::-1] for line in lines]
    path.write_text("\ufeff" + "\r\n".join(",".join(row) for row in rows) + "\r\n\r\n")
    assert np.array_equal(read_motion(path).as_array(), random_track().as_array())


def test_a_single_row_has_25_frames_a_second(tmp_path):
    path, _ = lines_of(tmp_path, random_track(1, 60.0))
    assert read_motion(path).fps == 25.0


def test_rounded_times_still_give_the_frame_rate(tmp_path):
    path, lines = lines_of(tmp_path, random_track(61, 30.0))
    rows = [line.split(",") for line in lines]
    for row in rows[1:]:
        row[1] = f"{float(row[1]):.2f}"
    path.write_text("\n".join(",".join(row) for row in rows))
    assert read_motion(path).fps == pytest.approx(30.0, abs=0.05)


@pytest.mark.parametrize(
    ("cell", "value", "said"),
    [((3, "jawOpen"), "wide", r"line 4, column jawOpen: 'wide'"),
     ((1, "x"), "nan", r"line 2, column x: 'nan'"), ((2, "yaw"), "", r"line 3, column yaw"),
     ((2, "mouthClose"), "1.5", r"column mouthClose: '1.5'.*from 0 to 1"),
     ((2, "pitch"), "90", r"column pitch"),
     ((3, "time"), "0.01", r"line 4, column time: 0.01 is not later")],
)  # fmt: skip
def test_a_mistake_is_named_by_line_and_column(tmp_path, cell, value, said):
    path, lines = lines_of(tmp_path)
    rows = [line.split(",") for line in lines]
    rows[cell[0]][COLUMNS.index(cell[1])] = value
    path.write_text("\n".join(",".join(row) for row in rows))
    with pytest.raises(UnreadableMotion, match=said):
        read_motion(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [(lambda lines: [lines[0].replace("jawOpen", "jaw_open"), *lines[1:]],
      r"missing: jawOpen; unknown: jaw_open"),
     (lambda lines: [lines[0].replace(",yaw", ",pitch"), *lines[1:]], r"twice: pitch"),
     (lambda lines: [*lines[:3], lines[3] + ",7"], r"line 4: 61 values, expected 60"),
     (lambda lines: [*lines[:3], lines[3][:40]], r"line 4: \d+ values"),
     (lambda lines: lines[:1], r"no frames"), (lambda lines: [], r"missing: frame")],
)  # fmt: skip
def test_a_broken_table_is_refused(tmp_path, change, said):
    path, lines = lines_of(tmp_path)
    path.write_text("\n".join(change(lines)))
    with pytest.raises(UnreadableMotion, match=said):
        read_motion(path)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"fps": 25}', '{"fps": "x", "columns": [], "frames": []}',
     '{"fps": 25, "columns": [["a"]], "frames": []}', '{"fps": 25, "columns": 3, "frames": []}'],
)  # fmt: skip
def test_broken_json_is_refused(tmp_path, text):
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(UnreadableMotion, match=r"m\.json"):
        read_motion(path)


def test_json_with_a_wrong_rate_or_value_is_refused(tmp_path):
    path = tmp_path / "m.json"
    write_motion(random_track(), path)
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "fps": 0}))
    with pytest.raises(UnreadableMotion, match="0 frames a second"):
        read_motion(path)
    data["frames"][2][5] = None
    path.write_text(json.dumps(data))
    with pytest.raises(UnreadableMotion, match="frame 2, column browOuterUpLeft"):
        read_motion(path)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UnreadableMotion, match=r"can(not)? be read"):
        read_motion(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(bytes(range(128, 256)))
    with pytest.raises(UnreadableMotion, match=r"can(not)? be read"):
        read_motion(tmp_path / "b.csv")


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    path, before = lines_of(tmp_path)

    def full(self, stream):
        message = "No space left on device"
        raise OSError(28, message)

    monkeypatch.setattr("talkinghead.motion.track_file._write_csv", full)
    with pytest.raises(OutputNotWritable, match="No space left"):
        write_motion(random_track(3), path)
    assert path.read_text().splitlines() == before
    assert list(tmp_path.iterdir()) == [path]


def test_other_suffixes_and_missing_folders_are_refused(tmp_path):
    with pytest.raises(OutputNotWritable, match=r"\.csv or \.json"):
        write_motion(random_track(), tmp_path / "m.txt")
    with pytest.raises(OutputNotWritable, match="does not exist"):
        write_motion(random_track(), tmp_path / "none" / "m.csv")


def test_a_header_without_end_is_refused_at_once(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("1," * 100_000)  # each column was looked for in all the others
    started = time.process_time()
    with pytest.raises(UnreadableMotion, match=r"wide\.csv: wrong columns in the header"):
        read_motion(path)
    assert time.process_time() - started < 2.0


def test_a_line_ends_only_at_its_newline(tmp_path):
    path, lines = lines_of(tmp_path)
    expected = read_motion(path).as_array().tobytes()
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*lines, ""]).encode())
    assert read_motion(path).as_array().tobytes() == expected
    lines[2] = lines[2].replace(",", ",\u2028", 1)
    path.write_text("\n".join([*lines[:3], "nonsense"]), encoding="utf-8")
    with pytest.raises(UnreadableMotion, match=r"m\.csv, line 4: 1 values"):
        read_motion(path)


@pytest.mark.parametrize(("separator", "words"), [(";", "';'"), ("\t", "tabs")])
def test_another_separator_is_told(tmp_path, separator, words):
    path, lines = lines_of(tmp_path)
    path.write_text("\n".join(lines).replace(",", separator))
    with pytest.raises(UnreadableMotion, match=f"separated by {words}, expected commas"):
        read_motion(path)


@pytest.mark.parametrize(
    ("name", "kind"), [("me.jpg", "a picture"), ("me.PNG", "a picture"), ("a.wav", "a sound"),
                       ("a.mp4", "a video")],
)  # fmt: skip
def test_a_file_of_another_kind_is_told(tmp_path, name, kind):
    (tmp_path / name).write_bytes(b"\xff\xd8\xff")
    with pytest.raises(UnreadableMotion, match=rf"{name} is {kind} by its name, expected a motion"):
        read_motion(tmp_path / name)
