"""The web app with a stand-in model, over the network as a program uses it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from material import picture, recording
from PIL import Image

import app as web
from talkinghead.video.read import read_video

gradio_client = pytest.importorskip("gradio_client")

DEFAULTS = [True, 0.7, "crop", 256, "natural", 1.0, 0.0, 0.0, 0, None]


@pytest.fixture
def client(server):
    return gradio_client.Client(server[2], verbose=False)


def ask(client, photo, sound, feeling="quiet joy", consent=True, settings=DEFAULTS):
    files = [gradio_client.handle_file(str(path)) if path else None for path in (photo, sound)]
    return client.submit(*files, feeling, consent, *settings, api_name="/generate")


def understood(client, photo, feeling, automatic=True, intensity=0.7, face=None):
    file = gradio_client.handle_file(str(photo)) if photo else None
    return client.predict(file, feeling, automatic, intensity, face, api_name="/understand")


def test_photo_sound_and_words_become_a_video(client, model, photo, sound):
    settings = [False, 0.25, "full", 512, "still", 0.5, -0.5, 0.25, 11, None]
    video, _, motion, words = ask(client, photo, sound, settings=settings).result(timeout=30)
    path = Path(video["video"] if isinstance(video, dict) else video)
    clip = read_video(path)
    assert (clip.width, clip.height, len(list(clip))) == (512, 512, 25)
    text = Path(motion["value"] if isinstance(motion, dict) else motion).read_text()
    assert text.startswith("frame,time")
    assert "This is the stand-in model" in words
    assert "1.0 s of 512 × 512 video" in words
    options = model.options
    assert (options.intensity, options.framing, options.size) == (0.25, "full", 512)
    assert (options.head, options.blink, options.gaze) == ("still", 0.5, (-0.5, 0.25))
    assert (options.seed, options.face) == (11, None)


def test_the_intensity_is_left_to_the_words_by_default(client, model, photo, sound):
    ask(client, photo, sound).result(timeout=30)
    assert model.options.intensity is None


@pytest.mark.parametrize(
    ("missing", "words"),
    [("photo", "Add a portrait"), ("sound", "Add a recording"), ("consent", "Tick the box")],
)
def test_nothing_is_made_without_photo_sound_and_consent(
    client, model, photo, sound, missing, words
):
    given = {"photo": photo, "sound": sound, "consent": True, missing: None}
    model.options = None
    with pytest.raises(gradio_client.exceptions.AppError, match=words):
        ask(client, given["photo"], given["sound"], "joy", bool(given["consent"])).result(30)
    assert model.options is None


def test_mistakes_are_told_in_our_words(client, model, tmp_path, sound):
    red = picture(tmp_path / "wall.png", np.full((99, 99, 3), (255, 0, 0), np.uint8))
    with pytest.raises(gradio_client.exceptions.AppError, match="No face was found in the photo"):
        ask(client, red, sound).result(timeout=30)
    text = tmp_path / "letter.jpg"
    text.write_text("Dear diary")
    with pytest.raises(gradio_client.exceptions.AppError, match="is not a picture"):
        ask(client, text, sound).result(timeout=30)


def test_a_files_name_is_shown_as_text_and_not_as_markup(client, model, tmp_path, sound):
    evil = tmp_path / "<img src=x onerror=alert(1)>.jpg"
    evil.write_text("Dear diary")
    with pytest.raises(gradio_client.exceptions.AppError) as caught:
        ask(client, evil, sound).result(timeout=30)
    assert "<img" not in str(caught.value)


def test_our_own_defects_are_logged_and_not_shown(client, model, photo, sound, caplog):
    model.fail_with = RuntimeError("secret path /root/weights")
    with pytest.raises(gradio_client.exceptions.AppError, match="wrong on our side") as caught:
        ask(client, photo, sound).result(timeout=30)
    assert "secret" not in str(caught.value)
    assert "secret path" in caplog.text


def test_a_setting_out_of_range_is_refused(client, model, photo, sound):
    settings = [False, 3.0, *DEFAULTS[2:]]
    with pytest.raises(Exception, match=r"(?i)intensity|maximum|greater"):
        ask(client, photo, sound, settings=settings).result(timeout=30)


def test_words_show_what_was_understood_and_how_it_looks(client, model, photo):
    faces = {}
    for feeling in ("furious", "heartbroken", ""):
        label, preview, note, _ = understood(client, photo, feeling)
        faces[feeling] = np.asarray(Image.open(preview).convert("RGB")).astype(int)
        best = label["confidences"][0]
        assert best["label"] == {"furious": "angry", "heartbroken": "sad", "": "neutral"}[feeling]
        assert best["confidence"] == pytest.approx(0.7)
        assert ("neutral is used" in note) == (feeling == "")
    assert np.abs(faces["furious"] - faces["heartbroken"]).mean() > 10
    assert np.abs(faces["furious"] - faces[""]).mean() > 10


def test_the_intensity_changes_the_preview(client, model, photo):
    faces = [
        np.asarray(Image.open(understood(client, photo, "joy", False, intensity)[1])).astype(int)
        for intensity in (0.1, 1.0)
    ]
    assert np.abs(faces[0] - faces[1]).mean() > 5


def test_typing_does_not_fit_the_portrait_again(client, model, photo):
    file = gradio_client.handle_file(str(photo))
    before = model.fits
    for feeling in ("j", "jo", "joy"):
        client.predict(file, feeling, True, 0.7, None, api_name="/understand")
    assert model.fits == before + 1


def test_a_photo_without_a_face_is_explained_beside_the_words(client, model, tmp_path):
    red = picture(tmp_path / "wall.png", np.full((99, 99, 3), (255, 0, 0), np.uint8))
    label, preview, note, _ = understood(client, red, "joy")
    assert label["confidences"][0]["label"] == "happy"
    assert preview is None
    assert "No face was found" in note


def test_a_phones_heic_photo_is_accepted(client, model, tmp_path):
    import pillow_heif

    path = tmp_path / "IMG_0001.HEIC"
    pillow_heif.from_pillow(Image.new("RGB", (120, 160), (90, 120, 140))).save(path)
    assert understood(client, path, "joy")[1] is not None


def test_several_faces_bring_a_picker(client, model, tmp_path, photo):
    two = picture(tmp_path / "two.png", np.full((99, 99, 3), (0, 0, 255), np.uint8))
    picker = understood(client, two, "joy")[3]
    assert picker["visible"]
    assert [number for _, number in picker["choices"]] == [0, 1]
    assert picker["value"] == 1
    assert understood(client, two, "joy", face=0)[3]["value"] == 0
    assert not understood(client, photo, "joy", face=1)[3]["visible"]


def test_cancel_really_stops_the_work_and_leaves_no_file(client, model, tmp_path, photo):
    model.seconds_per_frame = 0.02
    long = recording(tmp_path / "long.wav", 20.0)
    model.painted = 0
    job = ask(client, photo, long)
    wait_for(lambda: model.painted > 5)
    folder = model.folder
    assert client.predict(api_name="/cancel") == "Cancelled. Nothing was written."
    assert model.ended.wait(5)
    painted = model.painted
    time.sleep(0.2)
    assert model.painted == painted < 400
    assert list(folder.iterdir()) == []
    assert wait_for(job.done)


def test_after_cancelling_the_next_video_is_made(client, model, tmp_path, photo, sound):
    model.seconds_per_frame = 0.02
    ask(client, photo, recording(tmp_path / "long.wav", 20.0))
    wait_for(lambda: not model.ended.is_set())
    client.predict(api_name="/cancel")
    model.seconds_per_frame = 0.0
    assert ask(client, photo, sound).result(timeout=30)[0]


def test_videos_are_made_one_at_a_time(server, model, photo, sound):
    model.seconds_per_frame, model.most_at_once = 0.01, 0
    clients = [gradio_client.Client(server[2], verbose=False) for _ in range(3)]
    for job in [ask(client, photo, sound) for client in clients]:
        assert job.result(timeout=30)[0]
    assert model.most_at_once == 1


def test_files_of_this_machine_are_not_served(server):
    for path in ("/etc/passwd", str(Path(web.__file__)), str(Path.cwd() / "pyproject.toml")):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{server[2]}gradio_api/file={path}")  # noqa: S310
        assert caught.value.code in {403, 404}


def raw_answer(address, photo):
    """What the server's event stream says, asked without a client that would upload the file."""
    body = json.dumps({"data": [photo, "joy", True, 0.7, None]}).encode()
    address = f"{address}gradio_api/call/understand"
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{address}/{event}") as stream:  # noqa: S310
        return stream.read().decode()


def test_a_file_of_this_machine_cannot_be_given_as_the_photo(server, model):
    given = {"path": str(Path.cwd() / "pyproject.toml"), "meta": {"_type": "gradio.FileData"}}
    before = model.fits
    assert "event: error" in raw_answer(server[2], given)
    assert "event: complete" in raw_answer(server[2], None)
    assert model.fits == before


def test_importing_the_app_serves_nothing():
    assert not any(isinstance(value, web.gr.Blocks) for value in vars(web).values())


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()
