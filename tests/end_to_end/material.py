"""A picture and a recording, made for a test."""

from __future__ import annotations

import numpy as np
import soundfile
from PIL import Image


def picture(path, pixels):
    """Write (H, W, 3) uint8."""
    Image.fromarray(pixels).save(path, quality=95)
    return path


def recording(path, seconds):
    """Write a steady tone of 220 Hz, 16 kHz mono."""
    time_line = np.arange(round(seconds * 16_000)) / 16_000
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * 220 * time_line), 16_000)
    return path
