"""A photo, a short sound, and a file of jobs that use them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import soundfile


@pytest.fixture
def folder(tmp_path, photo_path):
    """Holds face.jpg and beep.wav."""
    shutil.copy(photo_path, tmp_path / "face.jpg")
    time_line = np.arange(4_800) / 16_000
    soundfile.write(tmp_path / "beep.wav", 0.4 * np.sin(1382 * time_line), 16_000)
    return tmp_path


@pytest.fixture
def jobs_file(folder):
    """Writes jobs; each is the least one plus what is given."""

    def write(*jobs):
        least = {"photo": "face.jpg", "sound": "beep.wav"}
        lines = [one if isinstance(one, str) else json.dumps({**least, **one}) for one in jobs]
        (folder / "jobs.jsonl").write_text("\n".join(lines))
        return folder / "jobs.jsonl"

    return write
