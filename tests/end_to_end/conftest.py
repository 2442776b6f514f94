"""The web app, served with a stand-in model, and something to give it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from fake_model import FakeTalkingHead
from material import picture, recording

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # app.py lies beside the packages


@contextmanager
def serving(model, seconds_allowed=60.0, max_file_size="300mb"):
    """A page of this model, served: (page, address, studio)."""
    from app import build_studio
    from webapp.page import build_page
    from webapp.serving import launch

    studio = build_studio(model, seconds_allowed=seconds_allowed)
    page = build_page(studio)
    address = launch(page, studio, "127.0.0.1", None, wait=False, max_file_size=max_file_size)
    try:
        yield page, address, studio
    finally:
        page.close()


@pytest.fixture(scope="session")
def server():
    """One served page for all tests: (model, page, address, studio)."""
    model = FakeTalkingHead()
    with serving(model) as (page, address, studio):
        yield model, page, address, studio


@pytest.fixture(scope="session")
def served():
    """`with served(model) as (page, address, studio)`: a page of its own."""
    return serving


@pytest.fixture
def model(server):
    server[0].seconds_per_frame = 0.0
    server[0].fail_with = None
    server[0].felt = None
    return server[0]


@pytest.fixture
def photo(tmp_path):
    y, x = np.mgrid[0:200, 0:160]
    pixels = np.stack([90 + x // 2, 80 + y // 2, np.full_like(x, 100)], -1).astype(np.uint8)
    return picture(tmp_path / "portrait.jpg", pixels)


@pytest.fixture
def sound(tmp_path):
    return recording(tmp_path / "voice.wav", 1.0)
