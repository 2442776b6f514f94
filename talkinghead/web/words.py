"""The app's texts, and how sentences are put on the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from talkinghead.config import GenerateOptions

if TYPE_CHECKING:
    from talkinghead.stages import Result

FEELINGS = (
    "quiet joy, a little nervous", "furious", "heartbroken but brave", "pleasantly surprised",
    "bored and sleepy", "deep disgust",
)  # fmt: skip
CONSENT = (
    "I may use this face and this voice, and I will not pass the video off as a real recording."
)
_FOLDERS = re.compile(r"(?<![\w/:.])/(?:[^\s/]+/)+")
CANCELLED = "Cancelled. Nothing was written."


def facts(result: Result, options: GenerateOptions, seconds: float) -> str:
    """What the user should know of a result, in Markdown: notices first, then the figures.

    Args:
        result: what was made.
        options: how.
        seconds: how long it took, waiting not counted.
    """
    video = result.video
    figures = (
        f"{video.frames / video.fps:.1f} s of {video.width} × {video.height} video, "
        f"made in {seconds:.1f} s. Seed {options.seed}."
    )
    notices = dict.fromkeys([*result.notices, *result.emotion.notices])
    return bullets([*notices, figures])


def bullets(sentences: Sequence[str]) -> str:
    """Sentences as a Markdown list; one alone as a paragraph."""
    written = [sentence(words) for words in sentences]
    return written[0] if len(written) == 1 else "\n".join(f"- {words}" for words in written)


def sentence(words: object) -> str:
    """Upper case at the start unless a file's name stands there, a full stop at the end.

    Of an error's paths only the files' names are left: the server's folders are nobody's business.
    """
    text = str(words).strip()
    if isinstance(words, Exception):
        text = _FOLDERS.sub("", text)
    is_name = "." in text.split(" ", 1)[0].rstrip(".")
    first = text[:1] if is_name else text[:1].upper()
    return f"{first}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def plain(words: str) -> str:
    """Words without the signs that Markdown and HTML would act on: a file's name may hold them."""
    return words.translate({ord(sign): f"&#{ord(sign)};" for sign in "&<>[]()*_`#!|\\"})
