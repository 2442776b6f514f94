"""The page in the hands of somebody in a hurry, on a phone: whatever is done, it can be used on."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from asking import wait_for
from browser import chromium, fresh_page
from material import recording
from PIL import Image

pytestmark = pytest.mark.browser
PHONE = (390, 844)


@pytest.fixture(scope="module")
def browser():
    with chromium() as one:
        yield one


def give(page, address, photo, sound):
    page.goto(address)
    page.set_input_files("#portrait input[type=file]", photo)
    page.set_input_files("#voice input[type=file]", sound)
    page.wait_for_selector("#note >> text=1 face")
    page.check("#consent input")


def told(page, words):
    """A toast says so, and the buttons are as before a job."""
    page.wait_for_selector(f".toast-body >> text={words}")
    page.wait_for_selector("#generate:not([disabled])")
    assert page.is_disabled("#cancel")


def makes_a_video(page):
    page.click("#generate")
    page.wait_for_selector("#facts >> text=/made in/")
    page.wait_for_selector("#generate:not([disabled])")
    assert page.is_disabled("#cancel")


def test_a_seed_that_makes_no_sense_is_told_and_can_be_corrected(
    server, browser, model, photo, sound
):
    with fresh_page(browser, *PHONE) as page:
        give(page, server[2], photo, sound)
        page.click("#more button")
        for seed in ("1.5", "-4", "99999999999999999999"):
            page.fill("#seed input", seed)
            page.click("#generate")
            told(page, "expected a whole number from 0 to")
        page.fill("#seed input", "5")
        makes_a_video(page)
    assert model.options.seed == 5


def test_a_photo_that_was_deleted_on_the_server_is_asked_for_again(
    server, browser, model, tmp_path, photo, sound
):
    import gradio

    mine = photo.rename(tmp_path / "left-alone-for-hours.jpg")
    with fresh_page(browser, *PHONE) as page:
        give(page, server[2], mine, sound)
        for upload in Path(gradio.utils.get_upload_folder()).glob(f"*/{mine.name}"):
            upload.unlink()
        page.click("#generate")
        told(page, "photo is the file 'left-alone-for-hours.jpg', expected")
        page.click("#portrait button[aria-label='Remove Image']")
        page.set_input_files("#portrait input[type=file]", mine)
        page.wait_for_selector("#note >> text=1 face")
        makes_a_video(page)


def test_cancel_can_be_pressed_only_when_it_works_and_as_often_as_one_likes(
    server, browser, model, tmp_path, photo
):
    model.seconds_per_frame = 0.02
    with fresh_page(browser, *PHONE) as page:
        give(page, server[2], photo, recording(tmp_path / "long.wav", 20.0))
        for press in (page.click, page.dblclick, page.click):
            page.dblclick("#generate")
            page.wait_for_selector("#cancel:not([disabled])")
            assert server[3].line.counts() == (1, 0)
            press("#cancel")
            page.wait_for_selector("#generate:not([disabled])")
            page.wait_for_selector("#facts >> text=Cancelled")
            assert wait_for(lambda: server[3].line.counts() == (0, 0))
            page.wait_for_selector("#cancel[disabled]")
        assert page.inner_text("#progress").strip() in {"", "Error"}  # hidden, for Gradio itself
        assert page.locator("#progress >> text=Stopping").count() == 0


def test_a_long_voice_does_not_make_the_page_wider_than_the_phone(
    server, browser, model, tmp_path, photo
):
    """Gradio draws 20 pixels for each second of a sound."""
    with fresh_page(browser, *PHONE) as page:
        give(page, server[2], photo, recording(tmp_path / "long.wav", 60.0))
        page.get_by_role("tab", name="Voice", exact=True).click()
        page.set_input_files("#feeling-voice input[type=file]", recording(tmp_path / "b.wav", 45.0))
        for _ in range(15):
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
            page.wait_for_timeout(100)
        page.wait_for_selector("#feeling-voice >> text=0:45")


def clip_with_sound(path):
    from talkinghead.types import SAMPLE_RATE, Speech
    from talkinghead.video.write import write_video

    silence = Speech(np.zeros(2 * SAMPLE_RATE, np.float32))
    write_video([np.zeros((64, 64, 3), np.uint8)] * 50, path, 25.0, silence)
    return path


def heic(path):
    import pillow_heif

    pillow_heif.from_pillow(Image.new("RGB", (120, 160), (90, 120, 140))).save(path)
    return path


def test_a_phones_photo_and_a_video_as_voice_can_be_chosen(server, browser, model, tmp_path):
    """Also without an ending; by their names alone Gradio would refuse them."""
    with fresh_page(browser, *PHONE) as page:
        give(page, server[2], heic(tmp_path / "IMG_0001.HEIC"), clip_with_sound(tmp_path / "a.mp4"))
        makes_a_video(page)
        assert "2.0 s of" in page.inner_text("#facts")
        page.click("#portrait button[aria-label='Remove Image']")
        page.set_input_files("#portrait input[type=file]", heic(tmp_path / "from-a-chat"))
        page.wait_for_selector("#note >> text=1 face")
        assert page.locator(".toast-body").count() == 0


def test_a_phones_photo_is_seen_on_the_page(server, browser, tmp_path):
    """Chromium does not show HEIC: it drew a torn picture where the portrait should be."""
    with fresh_page(browser, *PHONE) as page:
        give_only_photo(page, server[2], heic(tmp_path / "IMG_0001.HEIC"))
        page.wait_for_function(SEEN)
        page.wait_for_selector("#note >> text=1 face")
        page.click("#portrait button[aria-label='Remove Image']")
        page.set_input_files("#portrait input[type=file]", tmp_path / "IMG_0001.HEIC")
        page.wait_for_function(SEEN)
        page.get_by_role("tab", name="Picture", exact=True).click()
        page.set_input_files("#feeling-picture input[type=file]", tmp_path / "IMG_0001.HEIC")
        page.wait_for_function(SEEN.replace("portrait", "feeling-picture"))


SEEN = """() => [...document.querySelectorAll('#portrait img')].some(
  (one) => one.naturalWidth == 120)"""


def test_what_is_neither_photo_nor_voice_is_told_in_our_words(server, browser, tmp_path, sound):
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear diary")
    with fresh_page(browser, *PHONE) as page:
        give_only_photo(page, server[2], letter)
        page.wait_for_selector("#note >> text=letter.txt is not a picture that can be read")
        page.set_input_files("#voice input[type=file]", letter)
        page.wait_for_selector("#voice button[aria-label='Clear']")
        page.get_by_role("tab", name="Auto", exact=True).click()
        page.wait_for_selector("#note >> text=letter.txt is not a sound or video file")


def give_only_photo(page, address, photo):
    page.goto(address)
    page.set_input_files("#portrait input[type=file]", photo)


def test_a_phones_photo_can_be_dropped(server, browser, tmp_path):
    content = base64.b64encode(heic(tmp_path / "a.heic").read_bytes()).decode()
    with fresh_page(browser) as page:
        page.goto(server[2])
        page.wait_for_selector("#portrait input[type=file]", state="attached")
        dropped = page.evaluate_handle(DROPPED, content)
        page.dispatch_event("#portrait .upload-container", "drop", {"dataTransfer": dropped})
        page.wait_for_selector("#note >> text=1 face")


DROPPED = """(content) => {
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  const all = new DataTransfer();
  all.items.add(new File([bytes], 'IMG_0002.HEIC'));
  return all;
}"""
