from __future__ import annotations

import numpy as np
import pytest
import soundfile
from video_clips import facts_of, make, moving_frames, sound_of, speech_of, tone

from talkinghead.types import Speech
from talkinghead.video.read import read_video
from talkinghead.video.write import write_video


@pytest.fixture
def output(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "video.mp4"


def test_what_is_written_plays_as_said(output):
    video = write_video(moving_frames(50), output, 25.0, speech_of(2.0))
    assert (video.path, video.width, video.height) == (output, 96, 64)
    assert (video.fps, video.frames) == (25.0, 50)
    facts = facts_of(output)
    assert "h264" in facts.log
    assert "aac" in facts.log
    assert "yuv420p(tv, bt709" in facts.log
    assert facts.frames == 50
    assert list(output.parent.iterdir()) == [output]


@pytest.mark.parametrize("fps", [10.0, 23.976, 25.0, 29.97, 60.0])
@pytest.mark.parametrize("seconds", [0.01, 1.0, 2.003, 2.04])
def test_picture_and_sound_end_within_one_frame(output, fps, seconds):
    speech = speech_of(seconds)
    expected = speech.frame_count(fps)
    video = write_video(moving_frames(expected), output, fps, speech)
    facts = facts_of(output)
    assert video.frames == facts.frames == expected
    assert facts.picture_seconds == pytest.approx(expected / fps, abs=0.002)
    assert facts.sound_seconds >= seconds - 0.0005  # kept whole
    # AAC comes in blocks of 1024 samples, and decoders give the last one whole.
    assert facts.sound_seconds - facts.picture_seconds < max(1 / fps, 1024 / 44_100)
    stated = [float(part) for part in facts.log.split("Duration: 00:00:")[1].split(",")[:1]]
    assert stated[0] == pytest.approx(expected / fps, abs=1 / fps)


@pytest.mark.parametrize("given", [3, 49, 51, 80])
def test_the_sound_decides_the_length(output, given):
    assert write_video(moving_frames(given), output, 25.0, speech_of(2.0)).frames == 50
    frames = list(read_video(output))
    assert len(frames) == 50
    expected = list(moving_frames(given))[min(given, 50) - 1]
    assert np.abs(frames[-1].astype(int) - expected).mean() < 3


def test_without_speech_the_video_is_silent_and_takes_all_frames(output):
    assert write_video(moving_frames(7), output, 25.0).frames == 7
    facts = facts_of(output)
    assert (facts.frames, facts.sound_seconds) == (7, 0.0)


def test_the_original_sound_keeps_its_stereo_and_rate(output, tmp_path):
    path = tmp_path / "sound.wav"
    left, right = tone(1.5, 48_000), -0.25 * tone(1.5, 48_000)
    soundfile.write(path, np.stack([left, right], 1), 48_000)
    write_video(moving_frames(38), output, 25.0, speech_of(1.5, path))
    facts = facts_of(output)
    assert (facts.sound_rate, facts.sound_channels) == (48_000, 2)
    heard = sound_of(output, 48_000, 2)[: len(left)]
    assert np.corrcoef(heard[:, 0], left)[0, 1] > 0.999  # also says: no delay
    assert np.corrcoef(heard[:, 1], right)[0, 1] > 0.999


def test_a_waveform_in_memory_is_heard_without_delay(output):
    speech = Speech(tone(1.0) * (np.arange(16_000) > 8_000))
    write_video(moving_frames(25), output, 25.0, speech)
    heard = sound_of(output, 16_000)[:16_000, 0]
    assert np.corrcoef(heard, speech.waveform)[0, 1] > 0.999


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (96_000, 2), (192_000, 1), (48_000, 6)])
def test_unusual_rates_and_channels_are_brought_to_what_players_know(
    output, tmp_path, rate, channels
):
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.repeat(tone(1.0, rate)[:, None], channels, 1), rate)
    write_video(moving_frames(25), output, 25.0, speech_of(1.0, path))
    facts = facts_of(output)
    assert facts.sound_rate in {44_100, 48_000}
    assert facts.sound_channels == min(channels, 2)
    assert 1.0 <= facts.sound_seconds < 1.04


def test_the_sound_of_a_video_that_starts_late_is_not_shifted(output, tmp_path):
    wav = tmp_path / "sound.wav"
    soundfile.write(wav, tone(1.0, 48_000), 48_000)
    clip = make(
        tmp_path / "clip.mkv", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=25:duration=2",
        "-itsoffset", "0.5", "-i", wav, "-c:a", "flac",
    )  # fmt: skip
    write_video(moving_frames(25), output, 25.0, speech_of(1.0, clip))
    heard = sound_of(output, 48_000)[:48_000, 0]
    assert np.corrcoef(heard, tone(1.0, 48_000))[0, 1] > 0.999


@pytest.mark.parametrize(("height", "width"), [(64, 64), (63, 96), (64, 95), (33, 35), (2, 1)])
def test_odd_sides_are_padded_and_nothing_is_stretched(output, height, width):
    # Colour is stored at half the resolution, so only grey may be compared at an edge.
    ramp = np.linspace(30, 220, height * width).reshape(height, width)
    frame = np.repeat(ramp[..., None], 3, 2).astype(np.uint8)
    video = write_video([frame] * 3, output, 25.0)
    assert (video.height, video.width) == (height + height % 2, width + width % 2)
    read = next(iter(read_video(output)))
    assert read.shape[:2] == (video.height, video.width)
    assert np.abs(read[:height, :width].astype(int) - frame).max() <= 6
    assert np.abs(read[-1, :width].astype(int) - frame[-1]).max() <= 6


def test_colours_survive(output):
    colours = [(200, 30, 40), (30, 180, 60), (40, 60, 210), (224, 172, 140), (128, 128, 128)]
    frame = np.zeros((32, 160, 3), np.uint8)
    for index, colour in enumerate(colours):
        frame[:, 32 * index : 32 * (index + 1)] = colour
    write_video([frame] * 2, output, 25.0)
    read = next(iter(read_video(output)))
    for index, colour in enumerate(colours):
        patch = read[8:24, 32 * index + 8 : 32 * index + 24].mean((0, 1))
        assert np.abs(patch - colour).max() < 3


def test_the_file_says_that_it_is_synthetic_and_keeps_nothing_of_the_recording(output, tmp_path):
    path = make(
        tmp_path / "sound.m4a", "-f", "lavfi", "-i", "sine=duration=1",
        "-metadata", "artist=Ada", "-metadata", "location=+48.2+16.3/",
    )  # fmt: skip
    write_video(moving_frames(25), output, 25.0, speech_of(1.0, path), note="Feeling: joy; seed 7.")
    log = facts_of(output).log
    assert "Synthetic video made by Evoke" in log
    assert "not a recording of a real event. Feeling: joy; seed 7." in log
    assert "Ada" not in log
    assert "48.2" not in log


def test_playback_can_start_before_the_download_ends(output):
    write_video(moving_frames(10), output, 25.0)
    content = output.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_the_same_input_gives_the_same_bytes(output, tmp_path):
    path = tmp_path / "sound.wav"
    soundfile.write(path, tone(1.0, 44_100), 44_100)
    contents = []
    for _ in range(2):
        write_video(moving_frames(25, 128, 160), output, 25.0, speech_of(1.0, path))
        contents.append(output.read_bytes())
    assert contents[0] == contents[1]


def test_frames_are_taken_at_the_encoders_pace(output):
    """A renderer that reuses its buffer is safe, and frames are never held whole."""
    buffer = np.zeros((64, 96, 3), np.uint8)

    def frames():
        for index in range(40):
            buffer[:] = 5 * index
            yield buffer

    write_video(frames(), output, 25.0)
    levels = [frame.mean() for frame in read_video(output)]
    np.testing.assert_allclose(levels, np.arange(40) * 5, atol=3)
