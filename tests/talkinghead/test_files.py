import os

import pytest

from talkinghead.cli import main
from talkinghead.errors import BadEmotion, OutputNotWritable
from talkinghead.files import check_not_an_input, read_text


def test_text_is_read_with_and_without_a_mark(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeffgrün".encode())
    assert read_text(tmp_path / "a.txt", 100, BadEmotion) == "grün"


def test_large_binary_and_missing_files_are_refused(tmp_path):
    (tmp_path / "large").write_text("x" * 101)
    with pytest.raises(BadEmotion, match="101 bytes, at most 100"):
        read_text(tmp_path / "large", 100, BadEmotion)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadEmotion, match="cannot be read as text"):
        read_text(tmp_path / "binary", 100, BadEmotion)
    for nothing in (tmp_path / "none", tmp_path, tmp_path / ("n" * 300)):
        with pytest.raises(BadEmotion):
            read_text(nothing, 100, BadEmotion)


def test_devices_and_pipes_are_never_opened(tmp_path):
    """A device has size 0 and no end: reading one took all memory."""
    os.mkfifo(tmp_path / "pipe")
    for endless in ("/dev/zero", tmp_path / "pipe"):
        with pytest.raises(BadEmotion, match="not a file"):
            read_text(type(tmp_path)(endless), 100, BadEmotion)


def test_an_output_that_is_an_input_is_refused(tmp_path):
    given = tmp_path / "a.mp4"
    given.write_bytes(b"precious")
    (tmp_path / "link.mp4").symlink_to(given)
    for output in (given, tmp_path / "link.mp4"):
        with pytest.raises(OutputNotWritable, match="also an input"):
            check_not_an_input(output, [tmp_path / "none", None, str(given)])
    check_not_an_input(tmp_path / "new.mp4", [given])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generate", "{photo}", "{video}", "-o", "{video}"], "also an input"),
        (["generate", "{long}", "{video}", "-o", "o.mp4"], "name too long"),
        (["track", "{long}", "-o", "m.csv"], "name too long"),
        (["track", "{video}", "-o", "{folder}/m.txt"], ".csv or .json"),
        (["render", "{photo}", "/dev/zero", "-o", "o.mp4"], "not a file"),
        (["emotion", "--texts", "/dev/zero"], "not a file"),
        (["serve", "--port", "99999"], "0 to 65535"),
        (["mesh", "a", "b", "-o", "c.glb"], "the photo a does not exist"),
        (["batch", "jobs", "-o", "d", "--workers", "2"], "not a file that can be read"),
        (["emotion", "--text", "joy", "--nonsense"], "--nonsense"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(tmp_path, photo_path, capsys, arguments, words):
    video = tmp_path / "v.mp4"
    video.write_bytes(b"precious")
    names = {"photo": photo_path, "video": video, "long": "n" * 300, "folder": tmp_path}
    code = main([argument.format(**names) for argument in arguments])
    error = capsys.readouterr().err
    assert code == 2
    assert error.startswith("evoke: ")
    assert error.count("\n") == 1
    assert words.lower() in error.lower()
    assert video.read_bytes() == b"precious"


def test_negative_gaze_needs_no_equals_sign(capsys):
    from talkinghead.cli import build_parser

    chosen = build_parser().parse_args(["generate", "p", "s", "-o", "v.mp4", "--gaze", "-1,-0.5"])
    assert chosen.gaze == "-1,-0.5"


def test_the_file_of_a_feeling_is_not_overwritten(tmp_path, photo_path, capsys):
    timeline = tmp_path / "turns.csv"
    timeline.write_text('[{"time": 0, "prompt": "happy"}]')
    arguments = ["generate", str(photo_path), "missing.wav", "-o", str(tmp_path / "o.mp4"),
                 "--emotion-timeline", str(timeline), "--export-motion", str(timeline)]  # fmt: skip
    assert main(arguments) == 2
    assert "also an input" in capsys.readouterr().err
    assert "happy" in timeline.read_text()
