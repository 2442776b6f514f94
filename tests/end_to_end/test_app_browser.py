"""The web app as a person uses it, in a headless Chromium; a stand-in model paints colours."""

from __future__ import annotations

import re

import numpy as np
import pytest
from asking import wait_for
from browser import chromium, fresh_page, video_state
from material import picture, recording

from talkinghead.types import AutoPrompt, ImagePrompt, SoundPrompt

pytestmark = pytest.mark.browser
PORTRAIT, VOICE = "#portrait input[type=file]", "#voice input[type=file]"


@pytest.fixture(scope="module")
def browser():
    with chromium() as one:
        yield one


def give(page, address, photo, sound):
    page.goto(address)
    page.set_input_files(PORTRAIT, photo)
    page.set_input_files(VOICE, sound)
    page.wait_for_selector("#note >> text=1 face")


SHOWN = "(document.querySelector('#video video') || {}).src"


def make(page):
    """Until a video is there that was not there before."""
    before = page.evaluate(SHOWN)
    page.check("#consent input")
    page.click("#generate")
    page.wait_for_selector("#facts >> text=/made in/")
    page.wait_for_function(f"before => {SHOWN} && {SHOWN} !== before", arg=before)
    page.wait_for_selector("#generate:not([disabled])")


def tab(page, name):
    page.get_by_role("tab", name=name, exact=True).click()


def test_a_person_makes_and_plays_a_video_in_five_clicks(server, browser, model, photo, sound):
    with fresh_page(browser) as page:
        page.goto(server[2])
        page.set_input_files(PORTRAIT, photo)  # 1: choose a photo
        page.set_input_files(VOICE, sound)  # 2: choose a recording
        page.fill("#feeling textarea", "furious")  # 3: type
        page.wait_for_selector("#understood >> text=angry")
        page.wait_for_selector("#preview img")
        assert page.is_disabled("#generate")  # until the box is ticked
        page.check("#consent input")  # 4
        page.click("#generate")  # 5
        page.wait_for_selector("#video video", timeout=30_000)
        page.evaluate("document.querySelector('#video video').play()")
        page.wait_for_function("document.querySelector('#video video').currentTime > 0.5")
        state = video_state(page, "#video video")
        page.wait_for_selector("#facts >> text=1.0 s of 512 × 512 video")
        with page.expect_download() as saved:
            page.click("#downloads >> text=Motion (CSV)")
        motion = saved.value.path().read_text()
        complaints = page.complaints
    assert (state["width"], state["height"], state["error"]) == (512, 512, None)
    assert state["duration"] == pytest.approx(1.0, abs=0.05)
    assert state["sound"] > 0
    assert motion.startswith("frame,time,")
    assert complaints == []


def test_the_first_second_is_seen_while_the_rest_is_made_and_cancel_stops_it(
    server, browser, model, tmp_path, photo
):
    model.seconds_per_frame = 0.02
    with fresh_page(browser) as page:
        give(page, server[2], photo, recording(tmp_path / "long.wav", 30.0))
        page.check("#consent input")
        page.click("#generate")
        page.wait_for_selector("#progress >> text=/Painting frame [0-9]+ of 750 · about .* left/")
        page.wait_for_function("(document.querySelector('#video video') || {}).videoWidth > 0")
        state = video_state(page, "#video video")
        assert page.locator("#progress [role=progressbar]").get_attribute("aria-valuenow") != "0"
        page.click("#cancel")
        page.wait_for_selector("#facts >> text=Cancelled")
        assert model.ended.wait(5)
        page.wait_for_selector("#generate:not([disabled])")
        assert page.locator("#video video").count() == 0
        assert page.locator("#progress [role=progressbar]").count() == 0
    assert state["width"] == 256
    assert model.painted < 750
    assert wait_for(lambda: not model.folder.exists())


def test_closing_the_tab_stops_its_work(server, browser, model, tmp_path, photo):
    model.seconds_per_frame, model.painted = 0.02, 0
    with fresh_page(browser) as page:
        give(page, server[2], photo, recording(tmp_path / "long.wav", 60.0))
        page.check("#consent input")
        page.click("#generate")
        page.wait_for_selector("#progress >> text=Painting")
    assert model.ended.wait(10)
    assert model.painted < 1500
    assert wait_for(lambda: not model.folder.exists())


def test_each_tab_gives_the_feeling_that_is_understood_and_used(
    server, browser, model, tmp_path, photo, sound
):
    green = picture(tmp_path / "green.png", np.full((99, 99, 3), (0, 200, 0), np.uint8))
    with fresh_page(browser) as page:
        give(page, server[2], photo, sound)
        tab(page, "Picture")
        page.wait_for_selector("#note >> text=Add a picture")
        page.set_input_files("#feeling-picture input[type=file]", green)
        page.wait_for_selector("#understood button:nth-of-type(1) >> text=happy")
        make(page)
        assert isinstance(model.felt, ImagePrompt)
        tab(page, "Voice")
        page.wait_for_selector("#note >> text=Add a recording whose voice")
        page.set_input_files("#feeling-voice input[type=file]", sound)
        page.wait_for_function("!document.querySelector('#note').textContent.includes('Add a')")
        make(page)
        assert isinstance(model.felt, SoundPrompt)
        tab(page, "Mix")
        for name, presses in (("joy", 8), ("fear", 2)):
            page.focus(f"#mix-{name} input[type=range]")
            for _ in range(presses):
                page.keyboard.press("ArrowRight")
        page.wait_for_function("document.querySelector('#mix textarea').value.includes('0.1 fear')")
        mix = page.input_value("#mix textarea")
        make(page)
        assert model.felt == mix == "0.4 joy + 0.1 fear"
        tab(page, "Auto")
        make(page)
        assert isinstance(model.felt, AutoPrompt)
        complaints = page.complaints
    assert complaints == []


def test_a_timeline_is_made_with_the_mouse_and_the_keyboard(
    server, browser, model, tmp_path, photo
):
    evil = '<img src=x onerror="window.broken=1">'
    with fresh_page(browser) as page:
        give(page, server[2], photo, recording(tmp_path / "four.wav", 4.0))
        tab(page, "Timeline")
        page.wait_for_selector("svg.timeline[data-seconds='4.0000'] .mark >> nth=1")
        page.fill("#next-feeling textarea, #next-feeling input", evil)
        box = page.locator("svg.timeline").bounding_box()
        page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.6 * box["height"])
        page.wait_for_selector(".mark >> nth=2")
        assert page.locator(".mark").count() == 3
        page.locator(".mark >> nth=0").focus()
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelectorAll('.mark').length == 2")
        make(page)
        assert page.evaluate("window.broken") is None
        complaints = page.complaints
    assert [(key.time, key.prompt) for key in model.felt[:1]] == [(2.0, "joy")]
    assert model.felt[1].time == pytest.approx(3.0, abs=0.06)
    assert model.felt[1].prompt == evil
    assert complaints == []


def test_two_people_get_their_own_videos(server, browser, model, tmp_path, photo):
    model.seconds_per_frame = 0.02
    sounds = [recording(tmp_path / f"{seconds}.wav", seconds) for seconds in (1.0, 2.0)]
    with fresh_page(browser) as one, fresh_page(browser) as two:
        for page, sound in zip((one, two), sounds, strict=True):
            give(page, server[2], photo, sound)
            page.check("#consent input")
        for page in (one, two):
            page.click("#generate")
        for page, seconds in ((one, "1.0"), (two, "2.0")):
            page.wait_for_selector(f"#facts >> text={seconds} s of")
            page.wait_for_function("document.querySelector('#video video').duration > 0")
        states = [video_state(page, "#video video") for page in (one, two)]
    assert [round(state["duration"]) for state in states] == [1, 2]


def test_results_are_kept_compared_and_rendered_again(
    server, browser, model, tmp_path, photo, sound
):
    with fresh_page(browser) as page:
        give(page, server[2], photo, sound)
        page.fill("#feeling textarea", "joy")
        make(page)
        with page.expect_download() as saved:
            page.click("#downloads >> text=Motion (CSV)")
        saved.value.save_as(tmp_path / "edited.csv")
        page.click("#comparing button")
        page.wait_for_timeout(300)  # a part of the page that has just opened gets its first values
        page.fill("#other-words textarea, #other-words input", "sad")
        page.click("#compare")
        page.wait_for_selector("#other-video video")
        page.wait_for_selector("#history img >> nth=1")
        assert model.felt == "sad"
        page.click("#editing button")
        page.set_input_files("#motion-file input[type=file]", tmp_path / "edited.csv")
        page.click("#render")
        page.wait_for_selector("#facts >> text=25 frames at 25")
        page.wait_for_selector("#history img >> nth=2")
        page.click("#history button >> nth=2")  # the first that was made
        page.wait_for_selector("#facts >> text=made in")
        complaints = page.complaints
    assert complaints == []


def test_a_bad_upload_is_explained_and_the_next_one_works(
    server, browser, model, tmp_path, photo, sound
):
    poem = tmp_path / "poem.jpg"
    poem.write_text("Roses are red")
    with fresh_page(browser) as page:
        page.goto(server[2])
        page.set_input_files(PORTRAIT, poem)
        page.wait_for_selector("#note >> text=is not a picture")
        page.set_input_files(VOICE, sound)
        page.check("#consent input")
        page.click("#generate")
        page.wait_for_selector(".toast-body >> text=is not a picture")
        page.click("#portrait button[aria-label='Remove Image']")
        page.set_input_files(PORTRAIT, photo)
        page.wait_for_selector("#note >> text=1 face")
        make(page)
        assert page.locator("#video video").count() == 1


def test_speed_seed_and_head_are_controls_with_an_effect(
    server, browser, model, tmp_path, photo, sound
):
    with fresh_page(browser) as page:
        give(page, server[2], photo, sound)
        page.click("#quality >> text=Quick")
        page.click("#more button")
        page.click("#new-seed")
        page.wait_for_function("document.querySelector('#seed input').value != '0'")
        seed = int(page.input_value("#seed input"))
        page.click("#head >> text=Copied from a clip")
        page.set_input_files("#head-clip input[type=file]", sound_as_clip(tmp_path))
        page.wait_for_selector("#head-clip >> text=head.csv")
        make(page)
    assert (model.options.size, model.options.fps, model.options.seed) == (256, 15.0, seed)
    assert model.options.head.endswith("head.csv")


def sound_as_clip(folder):
    path = folder / "head.csv"
    path.write_text("frame,time\n")
    return path


@pytest.mark.parametrize(("width", "colour_scheme"), [(390, "dark"), (1280, "light")])
def test_the_page_fits_its_window_and_can_be_read(server, browser, model, width, colour_scheme):
    with fresh_page(browser, width, 844, colour_scheme) as page:
        page.goto(server[2])
        page.click("#example")
        page.wait_for_selector("#preview img")
        page.click("#more button")
        for name in ("Timeline", "Mix", "Auto", "Words"):  # none is hidden in a menu
            tab(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for selector in ("#generate", "#cancel", "#consent", "#feeling", "#video"):
            box = page.locator(selector).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        words = page.evaluate("getComputedStyle(document.querySelector('#consent')).color")
        nameless = page.evaluate(NAMELESS)
    assert abs(lightness(background) - lightness(words)) > 120
    assert (lightness(background) > 128) == (colour_scheme == "light")
    assert nameless == []


# What a screen reader would announce without a name.
NAMELESS = """() => [...document.querySelectorAll('button, input, textarea, [role=button]')]
  .filter(one => one.offsetParent !== null && one.type !== 'file')
  .filter(one => !(one.getAttribute('aria-label') || one.title || one.innerText || one.placeholder
    || one.getAttribute('aria-labelledby')
    || [...(one.labels || [])].some(label => label.innerText.trim())))
  .map(one => one.outerHTML.slice(0, 160))"""


def lightness(colour):
    """Mean of "rgb(r, g, b)"."""
    return float(np.mean([float(part) for part in re.findall(r"[\d.]+", colour)[:3]]))
