"""What the web app keeps and says, without any web framework: a tab's session, progress, texts."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from talkinghead.config import GenerateOptions
from talkinghead.errors import Cancelled, TalkingHeadError
from talkinghead.types import Progress

if TYPE_CHECKING:
    from talkinghead.pipeline import TalkingHead
    from talkinghead.portrait.fitter import Portrait
    from talkinghead.stages import Result

_SECONDS_BETWEEN_REPORTS = 0.2
_SHARE_BEFORE_FRAMES = 0.12  # of the progress bar; painting takes nearly all of the time
_STAGES = {
    "portrait": "Finding the face",
    "speech": "Listening to the voice",
    "emotion": "Understanding the feeling",
    "motion": "Planning the motion",
    "frames": "Painting",
}

FEELINGS = (
    "quiet joy, a little nervous", "furious", "heartbroken but brave", "pleasantly surprised",
    "bored and sleepy", "deep disgust",
)  # fmt: skip
CONSENT = (
    "I may use this face and this voice, and I will not pass the video off as a real recording."
)


class Session:
    """What one browser tab owns on the server: its folder, its portrait, its stop signal.

    A copy is a fresh, empty session: that is how Gradio gives one to each tab.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._photo: str | None = None
        self._face: int | None = None
        self._fitted: Portrait | TalkingHeadError | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self)()

    def folder(self) -> Path:
        """The tab's own folder, made when it is first needed."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="evoke-session-")
        return Path(self._folder.name)

    def output_folder(self) -> Path:
        """A new folder for one result; that of the earlier result is deleted."""
        for earlier in self.folder().glob("result-*"):
            shutil.rmtree(earlier, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix="result-", dir=self.folder()))

    def portrait(self, model: TalkingHead, photo: str, face: int | None) -> Portrait:
        """The fitted portrait of the photo, from memory while photo and face stay the same.

        Args:
            model: fits the portrait.
            photo: path of the photo.
            face: which face; None = the largest. Ignored for a photo that is new to this tab, since
                it was chosen among another photo's faces.

        Raises:
            TalkingHeadError: what `fit` raised, each time, without fitting again.
        """
        known = self._photo == photo
        if not known or self._fitted is None or (face is not None and face != self._face):
            self._photo, self._face = photo, face if known else None
            try:
                fitted = model.fit(Path(photo), self._face)
                self._fitted, self._face = fitted, fitted.chosen
            except TalkingHeadError as error:
                self._fitted = error
        if isinstance(self._fitted, TalkingHeadError):
            raise self._fitted
        return self._fitted

    def begin(self) -> threading.Event:
        """Stop the tab's earlier job, if one still runs, and return a new one's stop signal."""
        self.stop.set()
        self.stop = threading.Event()
        return self.stop

    def close(self) -> None:
        """Stop the work and delete the files of a tab that is gone."""
        self.stop.set()
        if self._folder is not None:
            self._folder.cleanup()


def reporter(show: Callable[[float, str], object], stop: threading.Event) -> Progress:
    """A `Progress` that shows a share of 0..1 and a sentence, and raises `Cancelled` on stop.

    It shows at most five reports a second and the first and last of each stage: a report costs more
    than a frame.
    """
    shown_stage, shown_at = "", 0.0

    def report(stage: str, done: int, total: int) -> None:
        nonlocal shown_stage, shown_at
        if stop.is_set():
            message = "cancelled: nothing was written"
            raise Cancelled(message)
        now = time.monotonic()
        new = shown_stage != stage or done >= total
        if not new and now - shown_at < _SECONDS_BETWEEN_REPORTS:
            return
        shown_stage, shown_at = stage, now
        show(*_share_and_words(stage, done, total))

    return report


def _share_and_words(stage: str, done: int, total: int) -> tuple[float, str]:
    within = done / total if total > 0 else 0.0
    names = list(_STAGES)
    words = _STAGES.get(stage, stage.capitalize())
    if stage == "frames":
        share = _SHARE_BEFORE_FRAMES + (1 - _SHARE_BEFORE_FRAMES) * within
        counted = f"{words} frame {done} of {total}" if total > 1 else words
        return min(share, 1.0), counted
    place = names.index(stage) if stage in names else 0
    return _SHARE_BEFORE_FRAMES * min((place + within) / (len(names) - 1), 1.0), words


def options_from(settings: Sequence[Any]) -> GenerateOptions:
    """Options from the values of the page's controls.

    Args:
        settings: intensity as the words say (bool), intensity, framing, size, head, blink, gaze x,
            gaze y, seed, face; an emptied seed or face counts as not given.

    Raises:
        BadOption: for a value out of its range.
    """
    automatic, intensity, framing, size, head, blink, gaze_x, gaze_y, seed, face = settings
    return GenerateOptions(
        intensity=None if automatic else intensity,
        framing=framing,
        size=size,
        head=head,
        blink=blink,
        gaze=(gaze_x, gaze_y),
        seed=seed or 0,
        face=face,
    )


def facts(result: Result, options: GenerateOptions, seconds: float) -> str:
    """What the user should know of a result, in Markdown: notices first, then the figures."""
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
    """Upper case at the start, a full stop at the end."""
    text = str(words).strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"
