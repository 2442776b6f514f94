"""The six ways to say a feeling, and what can be done with a result; over the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from asking import ask, new_client, path_of, submit, understood
from material import picture, recording
from PIL import Image

from talkinghead.types import AutoPrompt, ImagePrompt, SoundPrompt
from talkinghead.video.read import read_video

gradio_client = pytest.importorskip("gradio_client")
TIMELINE = {
    "headers": ["Second", "Feeling", "Strength"],
    "data": [[0, "joy", 0.5], [0.5, "sad", 1]],
}


@pytest.fixture(scope="module")
def client(server):
    return new_client(server[2])


@pytest.fixture
def green(tmp_path):
    """A picture that the stand-in model takes for joy."""
    return picture(tmp_path / "green.png", np.full((99, 99, 3), (0, 200, 0), np.uint8))


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def best(answer):
    return answer[0]["confidences"][0]["label"]


def test_words_show_what_was_understood_and_how_it_looks(client, model, photo):
    faces = {}
    for feeling in ("furious", "heartbroken", ""):
        answer = understood(client, photo, feeling)
        faces[feeling] = pixels(answer[1])
        assert best(answer) == {"furious": "angry", "heartbroken": "sad", "": "neutral"}[feeling]
        assert answer[0]["confidences"][0]["confidence"] == pytest.approx(0.7)
        assert ("eutral is used" in answer[2]) == (feeling == "")
    assert np.abs(faces["furious"] - faces["heartbroken"]).mean() > 10
    assert np.abs(faces["furious"] - faces[""]).mean() > 10


def test_the_intensity_changes_the_preview(client, model, photo):
    faces = [
        pixels(understood(client, photo, "joy", automatic_intensity=False, intensity=much)[1])
        for much in (0.1, 1.0)
    ]
    assert np.abs(faces[0] - faces[1]).mean() > 5


def test_typing_does_not_fit_the_portrait_again(server, model, photo):
    client = new_client(server[2])
    file = gradio_client.handle_file(str(photo))
    before = model.fits
    for feeling in ("j", "jo", "joy"):
        client.predict(photo=file, feeling=feeling, api_name="/understand")
    assert model.fits == before + 1


def test_the_photo_is_measured_before_a_video_is_made(client, model, photo, tmp_path):
    note = understood(client, photo, "joy")[2]
    assert "1 face, 160 px wide, turned 12°" in note
    dark = picture(tmp_path / "dark.png", np.full((99, 99, 3), 20, np.uint8))
    note = understood(client, dark, "joy")[2]
    assert "The face is dark (brightness 20 of 255)" in note
    assert "The face looks blurred (sharpness 0.00" in note


def test_a_picture_gives_the_feeling(client, model, photo, sound, green):
    asked = {"feeling_from": "picture", "feeling_picture": green}
    assert best(understood(client, photo, **asked)) == "happy"
    ask(client, photo, sound, **asked).result(timeout=30)
    assert isinstance(model.felt, ImagePrompt)
    assert model.felt.image.shape == (99, 99, 3)


def test_another_voice_gives_the_feeling(client, model, photo, sound, tmp_path):
    asked = {"feeling_from": "voice", "feeling_voice": recording(tmp_path / "other.wav", 2.0)}
    assert best(understood(client, photo, **asked)) == "angry"
    ask(client, photo, sound, **asked).result(timeout=30)
    assert isinstance(model.felt, SoundPrompt)
    assert model.felt.speech.seconds == 2.0


def test_the_speech_itself_gives_the_feeling(client, model, photo, sound):
    assert best(understood(client, photo, feeling_from="auto", sound=sound)) == "angry"
    assert "Add a recording" in understood(client, photo, feeling_from="auto")[2]
    ask(client, photo, sound, feeling_from="auto").result(timeout=30)
    assert isinstance(model.felt, AutoPrompt)


def test_a_mix_gives_the_feeling(client, model, photo, sound):
    ask(client, photo, sound, feeling_from="mix", mix="0.7 joy + 0.3 fear").result(timeout=30)
    assert model.felt == "0.7 joy + 0.3 fear"


def test_a_timeline_gives_the_feeling(client, model, photo, sound):
    ask(client, photo, sound, feeling_from="timeline", timeline=TIMELINE).result(timeout=30)
    assert [(key.time, key.prompt, key.intensity) for key in model.felt] == [
        (0.0, "joy", 0.5),
        (0.5, "sad", 1.0),
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"feeling_from": "picture"}, "Add a picture of a face"),
        ({"feeling_from": "voice"}, "Add a recording whose voice"),
        ({"feeling_from": "timeline", "timeline": {**TIMELINE, "data": []}}, "timeline is empty"),
        ({"feeling_from": "timeline", "timeline": {**TIMELINE, "data": [[-1, "joy", 1]]}},
         "row 1 of the timeline: the time is -1"),
        ({"feeling_from": "timeline", "timeline": {**TIMELINE, "data": [[0, "", 1]]}},
         "row 1 of the timeline has no feeling"),
        ({"feeling_from": "dreams"}, "feeling_from is 'dreams', expected one of 'words', 'pict"),
    ],
)  # fmt: skip
def test_what_a_tab_lacks_is_told_and_nothing_is_made(client, model, photo, sound, asked, words):
    model.options = None
    refused = (gradio_client.exceptions.AppError, gradio_client.exceptions.ValidationError)
    with pytest.raises(refused, match=f"(?i){words}"):
        ask(client, photo, sound, **asked).result(timeout=30)
    assert model.options is None


def test_typed_text_is_spoken_in_the_chosen_voice(client, model):
    spoken = [
        Path(client.predict(text="Good morning", voice=voice, api_name="/speak")).read_bytes()
        for voice in ("en-us", "de")
    ]
    assert spoken[0][:4] == b"RIFF"
    assert spoken[0] != spoken[1]
    with pytest.raises(gradio_client.exceptions.AppError, match="text to speak is empty"):
        client.predict(text="  ", voice="en-us", api_name="/speak")


def test_of_all_that_was_spoken_the_newest_is_kept(server, model, photo):
    """Also while a job speaks an earlier one, and that job's video can be made once more."""
    import gradio

    def spoken():
        return set(Path(gradio.utils.get_upload_folder()).glob("evoke-session-*/spoken-*.wav"))

    client = new_client(server[2])
    before = spoken()
    sounds = [client.predict(text=text, voice="en-us", api_name="/speak") for text in ("A.", "B.")]
    assert len(spoken() - before) == 1
    model.seconds_per_frame = 0.02
    job = ask(client, photo, sounds[1])
    client.predict(text="C.", voice="en-us", api_name="/speak")
    assert len(spoken() - before) == 1
    assert path_of(job.result(timeout=30)[0])
    assert path_of(client.predict(feeling="sad", api_name="/compare")[0])


def test_a_result_is_made_again_with_another_feeling_and_nothing_else_changed(
    server, model, photo, sound
):
    client = new_client(server[2])
    with pytest.raises(gradio_client.exceptions.AppError, match="Make a video first"):
        client.predict(feeling="sad", api_name="/compare")
    first = ask(client, photo, sound, "joy", seed=5, size=256).result(timeout=30)
    options = model.options
    other, words, _ = client.predict(feeling="sad", api_name="/compare")
    assert model.felt == "sad"
    assert model.options == options
    assert "Seed 5" in words
    assert Path(path_of(other)).read_bytes() != Path(path_of(first[0])).read_bytes()
    assert Path(path_of(first[0])).exists()


def test_an_edited_motion_is_rendered_with_the_sound(client, model, photo, sound, tmp_path):
    motion = path_of(ask(client, photo, sound).result(timeout=30)[2])
    edited = tmp_path / "edited.csv"
    edited.write_text(Path(motion).read_text())
    given = {"photo": photo, "sound": sound, "motion_file": edited, "consent": True, "size": 256}
    video = path_of(submit(client, "/render", **given).result(timeout=30)[0])
    assert len(list(read_video(Path(video)))) == 25
    edited.write_text("these,are,no,numbers\n")
    with pytest.raises(gradio_client.exceptions.AppError, match=r"edited\.csv"):
        submit(client, "/render", **given).result(timeout=30)


def test_ones_own_motion_is_not_thrown_away_for_another_feeling(
    server, model, photo, sound, tmp_path
):
    client = new_client(server[2])
    motion = path_of(ask(client, photo, sound).result(timeout=30)[2])
    edited = tmp_path / "edited.csv"
    edited.write_text(Path(motion).read_text())
    given = {"photo": photo, "sound": sound, "motion_file": edited, "consent": True, "size": 256}
    submit(client, "/render", **given).result(timeout=30)
    model.felt = None
    with pytest.raises(gradio_client.exceptions.AppError, match="your own motion file"):
        client.predict(feeling="sad", api_name="/compare")
    assert model.felt is None
    ask(client, photo, sound).result(timeout=30)
    assert path_of(client.predict(feeling="sad", api_name="/compare")[0])


def test_what_is_wrong_with_a_file_is_told_without_the_servers_folders(
    client, model, photo, sound, tmp_path
):
    bad = tmp_path / "edited.csv"
    bad.write_bytes(b"\xff\xfe\x00")
    given = {"photo": photo, "sound": sound, "motion_file": bad, "consent": True}
    with pytest.raises(gradio_client.exceptions.AppError) as caught:
        submit(client, "/render", **given).result(timeout=30)
    assert str(caught.value).startswith("edited.csv cannot be read as text")
    assert "/" not in str(caught.value)


def test_a_film_may_have_the_frame_rate_of_films(client, model, photo, sound):
    assert path_of(ask(client, photo, sound, fps=24).result(timeout=30)[0])
    assert model.options.fps == 24
