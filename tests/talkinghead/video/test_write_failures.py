"""What can go wrong while a video is written, and that nothing half-written stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from video_clips import facts_of, moving_frames, speech_of

from talkinghead.errors import BadOption, Cancelled, OutputNotWritable, UnreadableSound
from talkinghead.video.write import check_output_path, write_video


@pytest.fixture
def output(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "video.mp4"


def _fake_ffmpeg(folder, monkeypatch, body):
    """A stand-in for the program, through the variable with which users choose their own."""
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program))


def test_a_slow_encoder_holds_the_renderer_back(output, tmp_path, monkeypatch):
    taken = []
    _fake_ffmpeg(tmp_path, monkeypatch, "sleep 1; cat > /dev/null; exit 0")

    def frames():
        for index in range(40):
            taken.append(index)
            yield np.zeros((512, 512, 3), np.uint8)

    writer = threading.Thread(target=lambda: write_video(frames(), output, 25.0))
    writer.start()
    time.sleep(0.5)
    waiting = len(taken)
    writer.join()
    assert 1 <= waiting < 10
    assert len(taken) == 40


@pytest.mark.parametrize("error", [Cancelled, KeyboardInterrupt, RuntimeError, SystemExit])
@pytest.mark.parametrize("after", [0, 3, 30])
def test_whatever_stops_the_renderer_leaves_no_file(output, error, after):
    def frames():
        yield from moving_frames(after)
        raise error

    with pytest.raises(error):
        write_video(frames(), output, 25.0, speech_of(4.0))
    assert list(output.parent.iterdir()) == []


def test_an_earlier_file_survives_a_failure_and_is_replaced_by_a_success(output):
    output.write_bytes(b"precious")

    def failing():
        yield from moving_frames(3)
        raise Cancelled

    with pytest.raises(Cancelled):
        write_video(failing(), output, 25.0)
    assert output.read_bytes() == b"precious"
    write_video(moving_frames(3), output, 25.0)
    assert facts_of(output).frames == 3


def test_the_name_appears_only_when_the_file_is_complete(output):
    def frames():
        for frame in moving_frames(20):
            assert not output.exists()
            yield frame

    write_video(frames(), output, 25.0)
    assert facts_of(output).frames == 20


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_killed_process_leaves_no_file(output, number):
    program = textwrap.dedent(
        f"""
        import time, numpy as np
        from pathlib import Path
        from talkinghead.video.write import write_video
        def frames():
            for index in range(1000):
                if index == 20:
                    print("ready", flush=True)
                time.sleep(0.005)
                yield np.full((64, 64, 3), index % 256, np.uint8)
        write_video(frames(), Path({str(output)!r}), 25.0)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(timeout=10) != 0
    assert list(output.parent.iterdir()) == []


def test_the_signal_handler_is_put_back(output):
    before = signal.getsignal(signal.SIGTERM)
    write_video(moving_frames(2), output, 25.0)
    assert signal.getsignal(signal.SIGTERM) is before


def test_writing_works_outside_the_main_thread(output):
    thread = threading.Thread(target=lambda: write_video(moving_frames(5), output, 25.0))
    thread.start()
    thread.join()
    assert facts_of(output).frames == 5


def test_a_full_disk_is_named(output, tmp_path, monkeypatch):
    words = "av_interleaved_write_frame(): No space left on device"
    _fake_ffmpeg(tmp_path, monkeypatch, f"head -c 50000 > /dev/null; echo '{words}' >&2; exit 228")
    with pytest.raises(OutputNotWritable, match=r"disk of .* is full; free some space"):
        write_video(moving_frames(500), output, 25.0)
    assert list(output.parent.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tiny disk needs root")
def test_a_disk_that_really_fills_up(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this container may not mount")
    try:
        rng = np.random.default_rng(0)
        noise = (rng.integers(0, 256, (128, 128, 3), np.uint8) for _ in range(50))
        with pytest.raises(OutputNotWritable, match="is full"):
            write_video(noise, disk / "video.mp4", 25.0)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S607


def test_a_crashing_encoder_is_reported_by_its_last_words(output, tmp_path, monkeypatch):
    _fake_ffmpeg(tmp_path, monkeypatch, "echo 'Unknown encoder libx264' >&2; exit 1")
    with pytest.raises(OutputNotWritable, match="Unknown encoder libx264"):
        write_video(moving_frames(500), output, 25.0)


def test_a_flood_of_log_lines_does_not_block(output, tmp_path, monkeypatch):
    flood = "yes 'deprecated pixel format' | head -n 50000 >&2; cat > /dev/null; exit 0"
    _fake_ffmpeg(tmp_path, monkeypatch, flood)
    assert write_video(moving_frames(100), output, 25.0).frames == 100


def test_sound_that_cannot_be_read_is_named(output, tmp_path):
    path = tmp_path / "sound.wav"
    path.write_text("this is no sound")
    with pytest.raises(UnreadableSound, match="sound cannot be put into the video"):
        write_video(moving_frames(200), output, 25.0, speech_of(8.0, path))
    assert list(output.parent.iterdir()) == []


def test_a_recording_that_is_gone_is_replaced_by_what_was_heard(output, tmp_path):
    write_video(moving_frames(25), output, 25.0, speech_of(1.0, tmp_path / "gone.wav"))
    assert facts_of(output).sound_seconds >= 1.0


@pytest.mark.parametrize("name", ["video.avi", "video.mov", "video.webm", "video", "mp4"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(BadOption, match=r"should end in \.mp4"):
        check_output_path(tmp_path / name)


def test_outputs_that_cannot_be_written_are_refused_before_any_work(tmp_path):
    folder = tmp_path / "folder.mp4"
    folder.mkdir()
    frames = iter(moving_frames(3))
    with pytest.raises(OutputNotWritable, match="is a folder"):
        write_video(frames, folder, 25.0)
    with pytest.raises(OutputNotWritable, match="does not exist"):
        write_video(frames, tmp_path / "nowhere" / "video.mp4", 25.0)
    with pytest.raises(OutputNotWritable):
        write_video(frames, Path("/proc/video.mp4"), 25.0)
    with pytest.raises(OutputNotWritable, match="cannot be written: File name too long"):
        write_video(frames, tmp_path / ("ü" * 130 + ".mp4"), 25.0)
    assert len(list(frames)) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(output):
    output.parent.chmod(0o555)
    try:
        with pytest.raises(OutputNotWritable, match="not writable"):
            write_video(moving_frames(2), output, 25.0)
    finally:
        output.parent.chmod(0o755)


def test_no_frames_and_unequal_frames_are_our_mistake(output):
    with pytest.raises(ValueError, match="no frames"):
        write_video([], output, 25.0)
    unequal = [np.zeros((8, 8, 3), np.uint8), np.zeros((8, 10, 3), np.uint8)]
    with pytest.raises(ValueError, match="expected"):
        write_video(unequal, output, 25.0)
    with pytest.raises(ValueError, match="uint8"):
        write_video([np.zeros((8, 8, 3))], output, 25.0)
    assert list(output.parent.iterdir()) == []


def test_output_names_with_odd_characters_work(output):
    odd = output.with_name("-y a:b %03d 'ü'.mp4")
    write_video(moving_frames(3), odd, 25.0)
    assert facts_of(odd.absolute()).frames == 3
