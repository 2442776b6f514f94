"""A portrait and a sentence to try the program with, without any file of one's own.

The portrait is Rear Admiral Grace Hopper's official one (United States Navy, public domain), which
matplotlib carries as sample data; the sentence is spoken by espeak-ng when it is asked for.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np

from talkinghead.types import SAMPLE_RATE

EXAMPLE_FEELING = "quiet joy, a little nervous"
_SENTENCE = (
    "Hello! A moment ago I was a photograph. Now I can speak, "
    "and I can feel whatever you ask me to feel."
)


def example_portrait() -> Path:
    """The path of a portrait photo (512x600 JPEG); read it, do not change it."""
    from matplotlib.cbook import get_sample_data

    return Path(str(get_sample_data("grace_hopper.jpg", asfileobj=False)))


def example_speech(folder: Path) -> Path:
    """Speak a sentence of about seven seconds into `folder`.

    Args:
        folder: an existing folder; "evoke-example.wav" in it is replaced.

    Returns:
        The WAV file: 16 kHz, mono, 16 bits. The same bytes each time.

    Raises:
        BackendMissing: if the speech synthesiser's library cannot be started.
    """
    import soundfile

    from talkinghead.speech.synthesis import synthesise

    speech, _ = synthesise(_SENTENCE, voice="en-us")
    path = folder / "evoke-example.wav"
    pcm = np.rint(np.clip(speech.waveform, -1.0, 1.0) * 32767.0).astype(np.int16)
    soundfile.write(path, pcm, SAMPLE_RATE, subtype="PCM_16")
    return path


def main() -> None:
    """`python -m talkinghead.examples FOLDER`: put portrait.jpg and speech.wav there."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(example_portrait(), folder / "portrait.jpg")
    example_speech(folder).replace(folder / "speech.wav")


if __name__ == "__main__":
    main()
