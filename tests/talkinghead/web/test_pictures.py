"""The timeline's drawing, the first second, the measured photo, the words."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import cv2
import numpy as np
import soundfile

from talkinghead.config import GenerateOptions
from talkinghead.emotion.timeline import Keyframe
from talkinghead.types import no_progress
from talkinghead.video.read import read_video
from talkinghead.web.first_second import FirstSecond
from talkinghead.web.preflight import BLURRED, Preflight, look_at, sharpness
from talkinghead.web.waveform import WIDTH, bars_of, timeline_picture
from talkinghead.web.words import bullets, facts, plain, sentence


def test_the_bars_follow_the_loudness():
    waveform = np.concatenate([np.full(500, 0.1), np.full(500, 0.4), np.zeros(500)])
    bars = bars_of(waveform.astype(np.float32), 3)
    assert np.allclose(bars, [0.25, 1.0, 0.0])
    assert bars_of(np.zeros(7, np.float32), 20).shape == (20,)


def test_keyframes_stand_where_their_time_is_and_their_words_are_no_markup():
    keys = [Keyframe(1.0, "calm", 0.5), Keyframe(3.0, '<script>"x"</script>', None)]
    drawing = timeline_picture(keys, 4.0, np.ones(120, np.float32))
    root = ElementTree.fromstring(drawing)  # noqa: S314
    assert root.get("data-seconds") == "4.0000"
    marks = [one for one in root.iter() if one.get("class") == "mark"]
    assert [mark.get("data-index") for mark in marks] == ["0", "1"]
    places = [float(mark.find("line").get("x1")) / WIDTH for mark in marks]
    assert np.allclose(places, [0.25, 0.75], atol=0.002)
    assert all(mark.get("tabindex") == "0" and mark.get("aria-label") for mark in marks)
    assert "<script>" not in drawing


def test_a_timeline_can_be_drawn_before_there_is_a_voice():
    root = ElementTree.fromstring(timeline_picture([Keyframe(30.0, "joy")]))  # noqa: S314
    assert float(root.get("data-seconds")) > 30.0
    assert "Add a voice" in "".join(root.itertext())


def seen(first, frames, total=None):
    report = first.listening(no_progress)
    report("frames", 0, len(frames) if total is None else total)
    for frame in frames:
        first.watch(frame)
    return first.finish()


def test_the_first_second_is_small_has_sound_and_is_left_out_of_short_videos(tmp_path):
    sound = tmp_path / "a.wav"
    soundfile.write(sound, 0.1 * np.sin(np.arange(48_000) / 9), 16_000)
    frames = [np.full((512, 256, 3), 10 + number, np.uint8) for number in range(75)]
    first = FirstSecond(tmp_path, sound, 25.0)
    assert first.video is None
    thumbnail = seen(first, frames)
    clip = read_video(first.video)
    assert (clip.width, clip.height, len(list(clip))) == (128, 256, 25)
    assert cv2.imread(str(thumbnail)).shape == (256, 128, 3)
    (tmp_path / "short").mkdir()
    first = FirstSecond(tmp_path / "short", sound, 25.0)
    assert seen(first, frames[:30]) is not None
    assert first.video is None


def test_without_a_frame_there_is_no_thumbnail(tmp_path):
    assert FirstSecond(tmp_path, None, 25.0).finish() is None


def test_a_real_photo_is_measured_and_found_good(portrait):
    found = look_at(portrait)
    box = portrait.source.landmarks
    assert abs(found.width - np.ptp(box[:, 0])) <= 2
    assert found.turned < 20
    assert found.sharpness > BLURRED
    assert found.warnings() == ()
    assert "1 face, " in found.figures()


def test_blur_darkness_and_glare_are_told_with_their_measure(portrait):
    points = portrait.source.landmarks

    def with_image(image):
        source = SimpleNamespace(image=image, landmarks=points)
        return look_at(SimpleNamespace(source=source, resting=portrait.resting, faces=(1, 2)))

    image = portrait.source.image
    blurred = with_image(cv2.GaussianBlur(image, (0, 0), 0.04 * np.ptp(points[:, 0])))
    assert blurred.sharpness < 0.5 * look_at(portrait).sharpness
    assert any("blurred (sharpness 0.0" in words for words in blurred.warnings())
    dark = with_image((image * 0.25).astype(np.uint8))
    assert any("is dark" in words for words in dark.warnings())
    glare = with_image(np.clip(image.astype(int) + 150, 0, 255).astype(np.uint8))
    assert any("overexposed" in words for words in glare.warnings())


def test_a_soft_photo_stays_soft_when_it_is_enlarged(portrait):
    left, top, right, bottom = (int(edge) for edge in portrait.faces[portrait.chosen])
    face = np.ascontiguousarray(portrait.source.image[top:bottom, left:right])
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (24, 24), interpolation=cv2.INTER_AREA)
    soft = cv2.resize(small, (1000, 1000), interpolation=cv2.INTER_CUBIC)
    assert sharpness(soft) < BLURRED < sharpness(grey)


def test_figures_say_how_far_the_head_is_turned():
    assert "facing the camera" in Preflight(200, 1.0, 0.2, 120, 1).figures()
    assert "2 faces, 200 px wide, turned 31°" in Preflight(200, 31.0, 0.2, 120, 2).figures()


def test_facts_name_each_notice_once_and_then_the_figures():
    result = SimpleNamespace(
        video=SimpleNamespace(frames=50, fps=25.0, width=512, height=512, path=Path("x.mp4")),
        notices=("the sound is silent", "the prompt was empty"),
        emotion=SimpleNamespace(notices=("the prompt was empty",)),
    )
    assert facts(result, GenerateOptions(seed=7), 1.26) == (
        "- The sound is silent.\n- The prompt was empty.\n"
        "- 2.0 s of 512 × 512 video, made in 1.3 s. Seed 7."
    )


def test_sentences_are_written_as_sentences_and_file_names_as_they_are():
    assert sentence("no face found") == "No face found."
    assert sentence("Really? ") == "Really?"
    assert sentence("poem.mp3 is no sound") == "poem.mp3 is no sound."
    assert bullets([]) == ""
    assert bullets(["one"]) == "One."


def test_what_is_quoted_is_no_markup():
    assert plain("<b> [x](y)") == "&#60;b&#62; &#91;x&#93;&#40;y&#41;"
