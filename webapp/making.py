"""The handlers that make videos: from a voice, from an edited motion, with another feeling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from talkinghead.config import GenerateOptions
from talkinghead.errors import BadOption, Cancelled
from talkinghead.web.progress import Standing, progress_bar
from talkinghead.web.sessions import Made, Session
from talkinghead.web.settings import Controls, FeelingAsked
from talkinghead.web.studio import Order, Started, Studio
from talkinghead.web.words import CANCELLED
from webapp.answers import errors_in_words, needed, refusal

_SECONDS_BETWEEN_LOOKS = 0.4
_FIRST_LOOK_SECONDS = 0.05
_ADD_PHOTO = "Add a portrait photo first."
_ADD_SOUND = "Add a recording, speak into the microphone, or type a text and let it be spoken."
_CONSENT = "Tick the box about the rights to face and voice."
_USUAL = GenerateOptions()
Answer = tuple[Any, ...]


class MakingHandlers:
    """Each yields (video, video to download, motion to download, facts, progress) again and again.

    The last one holds the finished video; before it the video may be the first second.
    """

    def __init__(self, studio: Studio, device: str) -> None:
        self._studio = studio
        self._device = device

    def generate(  # noqa: PLR0913, PLR0917 - each is a named parameter of the API
        self,
        session: Session,
        photo: str | None = None,
        sound: str | None = None,
        feeling: str = "",
        consent: bool = False,
        feeling_from: str = "words",
        mix: str = "",
        timeline: Sequence[Sequence[object]] = (),
        automatic_intensity: bool = True,
        intensity: float = 0.7,
        framing: str = _USUAL.framing,
        size: int = _USUAL.size,
        fps: float = _USUAL.fps,
        head: str = _USUAL.head,
        blink: float = _USUAL.blink,
        gaze_x: float = 0.0,
        gaze_y: float = 0.0,
        motion: str = _USUAL.motion,
        renderer: str = _USUAL.renderer,
        seed: float | None = None,
        face: int | None = None,
        feeling_picture: str | None = None,
        feeling_voice: str | None = None,
        head_clip: str | None = None,
    ) -> Iterator[Answer]:
        """Make a video of a portrait, a voice and a feeling."""
        asked = FeelingAsked(feeling_from, feeling, feeling_picture, feeling_voice, mix, timeline)
        controls = Controls(
            automatic_intensity, intensity, framing, size, fps, head, head_clip, blink,
            gaze_x, gaze_y, motion, renderer, seed, face,
        )  # fmt: skip
        photo, sound = needed(photo, _ADD_PHOTO), needed(sound, _ADD_SOUND)
        if not consent:
            raise refusal(_CONSENT)
        with errors_in_words():
            options = controls.options(self._device)
            order = Order(photo, sound, asked.feeling(session), asked.in_words(), options)
            started = self._studio.generate(session, order)
        yield from _followed(started)

    def compare(self, session: Session, feeling: str = "") -> Iterator[Answer]:
        """Make the tab's latest video once more, with another feeling and nothing else changed.

        Yields (video, facts, progress).
        """
        with errors_in_words():
            if not session.results:
                message = "make a video first; then compare it with another feeling"
                raise BadOption(message)
            last = session.results[-1]
            if last.motion is None:
                message = (
                    "the latest video was made of your own motion file, in which another feeling "
                    "would be lost; make one from a voice, then compare it"
                )
                raise BadOption(message)
            order = Order(last.photo, last.sound, feeling or "", feeling or "neutral", last.options)
            started = self._studio.generate(session, order)
        for video, _, _, words, bar in _followed(started):
            yield video, words, bar

    def render(  # noqa: PLR0913, PLR0917 - each is a named parameter of the API
        self,
        session: Session,
        photo: str | None = None,
        sound: str | None = None,
        motion_file: str | None = None,
        consent: bool = False,
        framing: str = _USUAL.framing,
        size: int = _USUAL.size,
        renderer: str = _USUAL.renderer,
        face: int | None = None,
    ) -> Iterator[Answer]:
        """Make a video of a portrait and an edited motion file; the sound goes along."""
        photo, sound = needed(photo, _ADD_PHOTO), needed(sound, _ADD_SOUND)
        motion_file = needed(motion_file, "Add the motion file that you edited.")
        if not consent:
            raise refusal(_CONSENT)
        with errors_in_words():
            controls = Controls(framing=framing, size=size, renderer=renderer, face=face)
            order = Order(photo, sound, "", "edited motion", controls.options(self._device))
            started = self._studio.render(session, motion_file, order)
        yield from _followed(started)


def _followed(started: Started) -> Iterator[Answer]:
    """Show where a job stands until it is finished, and what came of it."""
    shown: Path | None = None
    yield None, None, None, "", progress_bar(Standing())
    pause = _FIRST_LOOK_SECONDS
    while not started.job.finished.wait(pause):
        pause = min(2 * pause, _SECONDS_BETWEEN_LOOKS)
        video = started.first.video
        new = video is not None and shown is None
        shown = video
        yield (
            str(video) if new else gr.skip(),
            gr.skip(),
            gr.skip(),
            gr.skip(),
            progress_bar(started.job.standing),
        )
    error = started.job.error
    if error is not None:  # first tidy the page, then tell
        words = CANCELLED if isinstance(error, Cancelled) else ""
        yield None, None, None, words, ""
    with errors_in_words():
        made = started.job.result()
    yield _shown(made)


def _shown(made: Made) -> Answer:
    motion = None if made.motion is None else str(made.motion)
    return str(made.video), str(made.video), motion, made.words, ""
