"""The web app, served with a stand-in model, and something to give it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from fake_model import FakeTalkingHead
from material import picture, recording

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # app.py lies beside the packages


@pytest.fixture(scope="session")
def server():
    """One served page for all tests: (model, page, address)."""
    import app as web

    model = FakeTalkingHead()
    page = web.build_app(model)
    address = web.launch(page, "127.0.0.1", None, wait=False)
    yield model, page, address
    page.close()


@pytest.fixture
def model(server):
    server[0].seconds_per_frame = 0.0
    server[0].fail_with = None
    return server[0]


@pytest.fixture
def photo(tmp_path):
    y, x = np.mgrid[0:200, 0:160]
    pixels = np.stack([90 + x // 2, 80 + y // 2, np.full_like(x, 100)], -1).astype(np.uint8)
    return picture(tmp_path / "portrait.jpg", pixels)


@pytest.fixture
def sound(tmp_path):
    return recording(tmp_path / "voice.wav", 1.0)
