"""The web app as a person uses it, in a headless Chromium."""

from __future__ import annotations

import re

import numpy as np
import pytest
import soundfile
from browser import browser_page, video_state
from material import recording

import app as web
from talkinghead.errors import WeightsMissing
from talkinghead.examples import example_portrait, example_speech
from talkinghead.pipeline import TalkingHead
from talkinghead.weights import load_weights


@pytest.mark.browser
def test_a_person_makes_and_plays_a_video(server, model, photo, sound):
    with browser_page() as page:
        page.goto(server[2])
        page.set_input_files("#portrait input[type=file]", photo)
        page.set_input_files("#voice input[type=file]", sound)
        page.fill("#feeling textarea", "furious")
        page.wait_for_selector("#understood >> text=angry")
        page.wait_for_selector("#preview img")
        assert page.is_disabled("#generate")  # until the box is ticked
        page.check("#consent input")
        page.click("#generate")
        page.wait_for_selector("#video video", timeout=30_000)
        page.evaluate("document.querySelector('#video video').play()")
        page.wait_for_function("document.querySelector('#video video').currentTime > 0.5")
        state = video_state(page, "#video video")
        page.wait_for_selector("#facts >> text=1.0 s of 512 × 512 video")
        complaints = page.complaints
    assert (state["width"], state["height"], state["error"]) == (512, 512, None)
    assert state["duration"] == pytest.approx(1.0, abs=0.05)
    assert state["sound"] > 0
    assert complaints == []


@pytest.mark.browser
def test_a_person_sees_progress_and_cancels(server, model, tmp_path, photo):
    model.seconds_per_frame = 0.02
    with browser_page() as page:
        page.goto(server[2])
        page.set_input_files("#portrait input[type=file]", photo)
        page.set_input_files("#voice input[type=file]", recording(tmp_path / "long.wav", 30.0))
        page.check("#consent input")
        page.click("#generate")
        page.wait_for_selector("#video >> text=/Painting frame [0-9]+ of 750/")
        page.click("#cancel")
        page.wait_for_selector("#facts >> text=Cancelled")
        assert model.ended.wait(5)
        assert page.locator("#video video").count() == 0
    assert model.painted < 750
    assert list(model.folder.iterdir()) == []


@pytest.mark.browser
@pytest.mark.parametrize(("width", "colour_scheme"), [(390, "dark"), (1280, "light")])
def test_the_page_fits_its_window_and_can_be_read(server, model, width, colour_scheme):
    with browser_page(width, 844, colour_scheme) as page:
        page.goto(server[2])
        page.click("#example")
        page.wait_for_selector("#preview img")
        page.click("#more button")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for selector in ("#generate", "#cancel", "#consent", "#feeling", "#video"):
            box = page.locator(selector).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        words = page.evaluate("getComputedStyle(document.querySelector('#consent')).color")
    assert abs(lightness(background) - lightness(words)) > 120
    assert (lightness(background) > 128) == (colour_scheme == "light")


def lightness(colour):
    """Mean of "rgb(r, g, b)"."""
    return float(np.mean([float(part) for part in re.findall(r"[\d.]+", colour)[:3]]))


@pytest.mark.browser
def test_the_real_model_makes_a_video_that_plays(tmp_path):
    try:
        load_weights("phoneme_net")
    except WeightsMissing as error:
        pytest.skip(f"this checkout cannot hear yet: {error}")
    page_of_real = web.build_app(TalkingHead.from_pretrained("cpu"))
    address = web.launch(page_of_real, "127.0.0.1", None, wait=False)
    try:
        with browser_page() as page:
            page.goto(address)
            page.set_input_files("#portrait input[type=file]", example_portrait())
            page.set_input_files("#voice input[type=file]", example_speech(tmp_path))
            page.fill("#feeling textarea", "furious")
            page.wait_for_selector("#understood >> text=angry", timeout=60_000)
            page.wait_for_selector("#preview img", timeout=60_000)
            page.check("#consent input")
            page.click("#generate")
            page.wait_for_selector("#video video", timeout=120_000)
            page.evaluate("document.querySelector('#video video').play()")
            page.wait_for_function("document.querySelector('#video video').currentTime > 1")
            state = video_state(page, "#video video")
            page.screenshot(path=tmp_path / "result.png", full_page=True)
    finally:
        page_of_real.close()
    assert (state["width"], state["height"], state["error"]) == (512, 512, None)
    assert state["duration"] == pytest.approx(
        soundfile.info(example_speech(tmp_path)).duration, abs=0.05
    )
    assert state["sound"] > 0
