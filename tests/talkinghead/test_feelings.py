from dataclasses import replace

import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX
from talkinghead.config import GenerateOptions
from talkinghead.emotion.timeline import Keyframe
from talkinghead.errors import BadEmotion, NoFaceFound
from talkinghead.feelings import SPOKEN_JAW, Feelings, checked, steadied, windows
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.photo import read_photo
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import (
    SAMPLE_RATE,
    AutoPrompt,
    ImagePrompt,
    SoundPrompt,
    Speech,
)


@pytest.fixture(scope="module")
def feelings(fitter):
    return Feelings(fitter)


@pytest.fixture(scope="module")
def speech():
    return synthesise("The train leaves at seven. We shall be there on time, I hope.", "en-us")[0]


def silence(seconds):
    return Speech(np.zeros(round(seconds * SAMPLE_RATE), np.float32))


def test_a_face_that_we_made_happy_is_read_as_happy(feelings, portrait):
    """From words to motion to a picture, and back through the image tower."""
    model = TalkingHead.from_pretrained("cpu")
    asked = feelings.understand("happy", 1.0)
    seen = feelings.understand(ImagePrompt(model.preview(portrait, asked, 384)))
    assert seen.mead_class == "happy"
    assert np.corrcoef(seen.expression, asked.expression)[0, 1] > 0.6


def test_a_picture_without_a_face_says_so(feelings):
    with pytest.raises(NoFaceFound, match="no face"):
        feelings.understand(ImagePrompt(np.full((200, 200, 3), 90, np.uint8)))


def test_a_voice_is_read(feelings, speech):
    understood = feelings.understand(SoundPrompt(speech))
    assert understood.feelings
    assert feelings.understand(SoundPrompt(silence(2))).mead_class == "neutral"


def test_auto_needs_the_speech_it_is_about(feelings):
    with pytest.raises(BadEmotion, match="speech"):
        feelings.understand(AutoPrompt())


def test_auto_follows_the_speech_over_time(feelings, speech):
    lively = np.concatenate([speech.waveform] * 4)
    track = feelings.track(AutoPrompt(), Speech(lively), GenerateOptions(), 400)
    assert len(track) == 400
    assert len(track.understood) > 2
    assert np.abs(np.diff(track.expression, axis=0)).max() < 0.15  # smooth
    again = feelings.track(AutoPrompt(), Speech(lively), GenerateOptions(), 400)
    np.testing.assert_array_equal(track.expression, again.expression)


def test_auto_on_silence_is_neutral_with_a_notice(feelings):
    track = feelings.track(AutoPrompt(), silence(9), GenerateOptions(), 225)
    assert not track.expression.any()
    assert "neutral was used" in track.understood[0].notices[0]


def test_a_given_intensity_holds_for_every_kind_of_prompt(feelings, photo_path, speech):
    options = GenerateOptions(intensity=0.3)
    prompts = (
        "furious", ImagePrompt(read_photo(photo_path)), SoundPrompt(speech), AutoPrompt(),
        (Keyframe(0.0, "happy", 0.9), Keyframe(2.0, "sad", 0.1)),
    )  # fmt: skip
    for prompt in prompts:
        track = feelings.track(prompt, speech, options, 50)
        assert {one.intensity for one in track.understood} == {0.3}


def test_the_jaw_is_left_to_speech(feelings, speech):
    options = GenerateOptions(intensity=1.0)
    asked = feelings.understand("surprised", 1.0).expression[ARKIT_INDEX["jawOpen"]]
    track = feelings.track("surprised", speech, options, 100)
    worn = track.expression[:, ARKIT_INDEX["jawOpen"]].max()
    assert asked > 0.4
    assert worn <= SPOKEN_JAW * asked * 1.4  # waxing and waning included
    assert worn < 0.4


def test_windows_cover_the_speech_and_overlap():
    pieces = windows(silence(9.5))
    assert [start for start, _ in pieces] == [0.0, 2.0, 4.0, 6.0]
    assert pieces[-1][0] + pieces[-1][1].seconds == pytest.approx(9.5)
    assert len(windows(silence(1.0))) == 1
    assert windows(silence(1.0))[0][1].seconds == pytest.approx(1.0)


def test_a_mood_of_one_window_is_smoothed_away(feelings):
    happy, sad = feelings.understand("happy"), feelings.understand("sad")
    kept = [one.mead_class for one in steadied([happy, sad, happy, sad, sad])]
    assert kept == ["happy", "happy", "happy", "sad", "sad"]
    assert steadied([replace(happy), sad])[1] is sad


@pytest.mark.parametrize("given", [None, 7, b"joy", {}, {"time": 0}, object()])
def test_what_is_no_feeling_is_told_in_words(feelings, given):
    for understands in (checked, feelings.understand):
        with pytest.raises(BadEmotion, match=r"the emotion is .*, expected words, a prompt"):
            understands(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((), "0 entries"),
        (["joy"], "entry 0 is 'joy'"),
        ((Keyframe(1.0, "a"), Keyframe(0.5, "b")), "entry 1: time is 0.5, expected more than 1"),
        ((Keyframe(1.0, "a"), Keyframe(1.0, "b")), "entry 1: time is 1, expected more than 1"),
        ((Keyframe(-1.0, "a"),), "entry 0: time is -1"),
        ((Keyframe(float("nan"), "a"),), "entry 0: time is nan"),
        ((Keyframe("0", "a"),), "entry 0: time is '0'"),
        ((Keyframe(0.0, None),), "entry 0: prompt is None"),
        ((Keyframe(0.0, "a", 2.0),), "entry 0: intensity is 2.0"),
    ],
)
def test_a_timeline_of_a_program_is_checked_as_one_of_a_file(given, words):
    with pytest.raises(BadEmotion, match=words):
        checked(given)


def test_a_timeline_may_be_written_in_any_of_its_forms():
    keys = (Keyframe(0.0, "calm", None), Keyframe(2.0, "joy", 0.5))
    rows = [(0, "calm"), {"time": np.float32(2), "prompt": "joy", "intensity": 0.5}]
    assert checked(keys) == checked(rows) == keys
    assert checked("joy") == "joy"


def test_one_feeling_is_not_a_timeline(feelings):
    with pytest.raises(BadEmotion, match="expected one feeling; generate takes timelines"):
        feelings.understand((Keyframe(0.0, "calm"),))
