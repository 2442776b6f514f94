"""A headless Chromium, where the machine has one."""

from __future__ import annotations

import shutil
from contextlib import contextmanager

import pytest


@contextmanager
def chromium():
    """A headless Chromium; skips the test where there is none.

    `apt-get install --no-install-recommends chromium`
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--autoplay-policy=no-user-gesture-required"]
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def fresh_page(browser, width=1280, height=900, colour_scheme="light"):
    """One person's page; what its scripts complain about is collected in `page.complaints`."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=colour_scheme
    )
    try:
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: _note_foreign(page, request.url))
        yield page
    finally:
        context.close()


def _note_foreign(page, url):
    if not url.startswith(("http://127.0.0.1", "http://localhost", "data:", "blob:")):
        page.complaints.append(f"asked {url}")


def video_state(page, selector):
    """What the browser's decoder knows of a <video>."""
    return page.evaluate(
        """selector => {
            const video = document.querySelector(selector);
            return {width: video.videoWidth, height: video.videoHeight, at: video.currentTime,
                    duration: video.duration, error: video.error && video.error.message,
                    sound: video.webkitAudioDecodedByteCount};
        }""",
        selector,
    )
