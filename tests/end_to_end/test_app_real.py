"""The web app with the real model: a cold page to a playing example, every feeling, bad input."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from asking import ask, new_client, path_of, submit, understood
from browser import chromium, fresh_page, video_state
from material import picture
from PIL import Image

from renderer.coefficients import ARKIT_NAMES
from talkinghead.examples import example_portrait, speak
from talkinghead.pipeline import TalkingHead
from talkinghead.video.read import read_video

gradio_client = pytest.importorskip("gradio_client")
AppError = gradio_client.exceptions.AppError


@pytest.fixture(scope="module")
def real(served):
    """The address of a served page with the real model."""
    model = TalkingHead.from_pretrained("cpu")
    model.feel("joy")
    with served(model) as (_, address, _):
        yield address


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    return speak("Maybe.", tmp_path_factory.mktemp("voice"))


@pytest.fixture
def client(real):
    return new_client(real)


@pytest.fixture(scope="module")
def hopper():
    return np.asarray(Image.open(example_portrait()).convert("RGB"))


@pytest.mark.browser
def test_an_example_plays_after_three_clicks_on_a_cold_page(real):
    with chromium() as browser, fresh_page(browser) as page:
        page.set_default_timeout(60_000)
        page.goto(real)
        page.click("#example")  # 1
        page.check("#consent input")  # 2
        page.click("#generate")  # 3
        page.wait_for_selector("#understood meter")
        page.wait_for_selector("#note >> text=1 face")
        page.wait_for_selector("#facts >> text=/6.4 s of 512 × 512 video/")
        page.wait_for_function("document.querySelector('#video video').duration > 5")
        page.evaluate("document.querySelector('#video video').play()")
        page.wait_for_function("document.querySelector('#video video').currentTime > 0.7")
        state = video_state(page, "#video video")
        complaints = page.complaints
    assert (state["width"], state["height"], state["error"]) == (512, 512, None)
    assert state["duration"] == pytest.approx(6.4, abs=0.1)
    assert state["sound"] > 0
    assert complaints == []


def faces_of(answer):
    return np.asarray(Image.open(answer[1]).convert("RGB")).astype(float)


def test_every_way_to_say_a_feeling_moves_the_face(client, tmp_path, voice, hopper):
    smile = understood(client, example_portrait(), "ecstatic")
    neutral = faces_of(understood(client, example_portrait(), "neutral"))
    assert "happiness" in str(smile[0]) or "joy" in str(smile[0]) or "ecsta" in str(smile[0])
    assert np.abs(faces_of(smile) - neutral).max() > 30
    joyful = picture(tmp_path / "joy.png", faces_of(smile).astype(np.uint8))
    timeline = {"headers": ["Second", "Feeling", "Strength"], "data": [[0, "awe", 1]]}
    for asked in (
        {"feeling_from": "picture", "feeling_picture": joyful},
        {"feeling_from": "voice", "feeling_voice": voice},
        {"feeling_from": "mix", "mix": "0.7 joy + 0.3 fear"},
        {"feeling_from": "timeline", "timeline": timeline},
        {"feeling_from": "auto", "sound": voice},
    ):
        answer = understood(client, example_portrait(), **asked)
        assert answer[0]["confidences"], (asked, answer[2])
        assert answer[1] is not None
        if asked["feeling_from"] in {"mix", "timeline"}:
            assert np.abs(faces_of(answer) - neutral).max() > 30


@pytest.mark.parametrize("source", ["picture", "voice", "auto"])
def test_pictures_and_voices_make_videos(client, voice, source):
    asked = {
        "feeling_from": source, "feeling_picture": example_portrait(), "feeling_voice": voice,
    }  # fmt: skip
    video, _, _, facts, _ = ask(client, example_portrait(), voice, **asked).result(timeout=90)
    clip = read_video(Path(path_of(video)))
    frames = len(list(clip))
    assert frames == int(np.ceil(soundfile.info(voice).duration * 25))
    assert "256 × 256 video" in facts


def test_the_face_of_a_result_can_be_had_in_3d(client, voice):
    with pytest.raises(AppError, match="Make a video first"):
        client.predict(api_name="/mesh")
    ask(client, example_portrait(), voice).result(timeout=60)
    glb = Path(path_of(client.predict(api_name="/mesh"))).read_bytes()
    magic, _, size = struct.unpack("<4sII", glb[:12])
    assert (magic, size) == (b"glTF", len(glb))
    length = struct.unpack("<I", glb[12:16])[0]
    names = json.dumps(json.loads(glb[20 : 20 + length]))
    assert all(f'"{name}"' in names for name in ARKIT_NAMES if "mouth" in name)


def test_an_edited_motion_changes_the_video(client, voice, tmp_path):
    video, _, motion, _, _ = ask(client, example_portrait(), voice).result(timeout=60)
    lines = Path(path_of(motion)).read_text().splitlines()
    column = lines[0].split(",").index("jawOpen")
    rows = [line.split(",") for line in lines[1:]]
    for row in rows:
        row[column] = "0.9"
    edited = tmp_path / "edited.csv"
    edited.write_text("\n".join([lines[0], *(",".join(row) for row in rows)]) + "\n")
    again = submit(
        client, "/render", photo=example_portrait(), sound=voice, motion_file=edited, consent=True,
        size=256,
    ).result(timeout=60)[0]  # fmt: skip
    before, after = (list(read_video(Path(path_of(one)))) for one in (video, again))
    assert len(before) == len(after)
    assert np.abs(before[0].astype(int) - after[0].astype(int)).max() > 60


def test_several_faces_bring_a_picker_and_each_can_be_chosen(client, tmp_path, voice, hopper):
    two = picture(tmp_path / "two.png", np.concatenate([hopper, hopper[:, ::-1]], axis=1))
    _, first, note, picker = understood(client, two, "joy")
    assert "2 faces were found" in note
    assert [number for _, number in picker["choices"]] == [0, 1]
    other = understood(client, two, "joy", face=1 - picker["value"])
    assert other[3]["value"] == 1 - picker["value"]
    difference = np.abs(np.asarray(Image.open(first)).astype(int) - faces_of(other)).mean()
    assert difference > 5


def test_photos_that_cannot_be_used_are_explained(client, tmp_path, voice, hopper):
    small = Image.fromarray(hopper).resize((85, 100))
    small.save(tmp_path / "small.png")
    wall = picture(tmp_path / "wall.png", np.full((300, 300, 3), 128, np.uint8))
    for path, words in ((tmp_path / "small.png", "at least 64 px are needed"), (wall, "no face")):
        assert words in understood(client, path, "joy")[2].lower()
        with pytest.raises(AppError, match=f"(?i){words}"):
            ask(client, path, voice).result(timeout=60)


def test_silence_long_words_and_no_words_are_taken_with_a_note(client, tmp_path):
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, np.zeros(16_000), 16_000)
    facts = ask(client, example_portrait(), silence, "").result(timeout=60)[3]
    assert "eutral was used" in facts
    assert "1.0 s of 256 × 256 video" in facts
    assert "characters; only the first 300" in understood(client, None, "joy " * 2_500)[2]
