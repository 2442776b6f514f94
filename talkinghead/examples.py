"""A portrait and a sentence to try the program with, without any file of one's own.

The portrait is Rear Admiral Grace Hopper's official one (United States Navy, public domain), which
matplotlib carries as sample data; the sentence is spoken by espeak-ng when it is asked for.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np

from talkinghead.errors import BadOption
from talkinghead.types import SAMPLE_RATE

EXAMPLE_FEELING = "quiet joy, a little nervous"
MAX_SPOKEN_CHARACTERS = 5_000
_SENTENCE = (
    "Hello! A moment ago I was a photograph. Now I can speak, "
    "and I can feel whatever you ask me to feel."
)


def example_portrait() -> Path:
    """The path of a portrait photo (512x600 JPEG); read it, do not change it."""
    from matplotlib.cbook import get_sample_data

    return Path(str(get_sample_data("grace_hopper.jpg", asfileobj=False)))


VOICES = {
    "English, American": "en-us", "English, American, a woman": "en-us+f3",
    "English, British": "en", "English, Scottish": "en-gb-scotland",
    "German": "de", "German, a woman": "de+f3", "Spanish": "es", "Spanish, Latin America": "es-419",
    "French": "fr", "French, a woman": "fr+f2", "Italian": "it", "Portuguese, Brazil": "pt-br",
    "Dutch": "nl", "Swedish": "sv", "Polish": "pl", "Turkish": "tr", "Russian": "ru",
    "Hindi": "hi", "Indonesian": "id", "Swahili": "sw", "Mandarin": "cmn", "Esperanto": "eo",
}  # fmt: skip
"""espeak-ng's voices that the app offers; the command line of espeak-ng knows about a hundred."""


def example_speech(folder: Path) -> Path:
    """Speak a sentence of about seven seconds into `folder`.

    Args:
        folder: an existing folder; "evoke-example.wav" in it is replaced.

    Returns:
        The WAV file: 16 kHz, mono, 16 bits. The same bytes each time.

    Raises:
        BackendMissing: if the speech synthesiser's library cannot be started.
    """
    return speak(_SENTENCE, folder, "en-us", "evoke-example.wav")


def speak(text: str, folder: Path, voice: str = "en-us", name: str = "evoke-spoken.wav") -> Path:
    """Let espeak-ng speak a typed text.

    Args:
        text: what to say, in the voice's language; at most `MAX_SPOKEN_CHARACTERS`.
        folder: an existing folder; the file of that name in it is replaced.
        voice: one of the values of `VOICES`, or another voice of espeak-ng.
        name: of the WAV file (16 kHz, mono, 16 bits).

    Raises:
        BadOption: for an unknown voice, or a text that is too long.
        UnreadableSound: if there is nothing in the text that can be spoken.
        BackendMissing: if the speech synthesiser's library cannot be started.
    """
    import soundfile

    from talkinghead.speech.synthesis import synthesise

    if len(text) > MAX_SPOKEN_CHARACTERS:
        message = f"the text has {len(text)} characters, at most {MAX_SPOKEN_CHARACTERS} are spoken"
        raise BadOption(message)
    speech, _ = synthesise(text, voice=voice)
    pcm = np.rint(np.clip(speech.waveform, -1.0, 1.0) * 32767.0).astype(np.int16)
    unfinished = folder / f".{name}.unfinished.wav"
    soundfile.write(unfinished, pcm, SAMPLE_RATE, subtype="PCM_16")
    return unfinished.replace(folder / name)


def main() -> None:
    """`python -m talkinghead.examples FOLDER`: put portrait.jpg and speech.wav there."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(example_portrait(), folder / "portrait.jpg")
    example_speech(folder).replace(folder / "speech.wav")


if __name__ == "__main__":
    main()
