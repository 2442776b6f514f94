"""The handlers that only look: what was understood and how it looks, timeline, examples."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.examples import EXAMPLE_FEELING, example_portrait, example_speech, speak
from talkinghead.web.preflight import look_at
from talkinghead.web.sessions import Session
from talkinghead.web.settings import (
    QUALITIES,
    FeelingAsked,
    keyframes,
    mix_in_words,
    with_keyframe,
    without_keyframe,
)
from talkinghead.web.showable import showable
from talkinghead.web.waveform import bars_of, timeline_picture
from talkinghead.web.words import bullets, plain, sentence
from webapp.answers import errors_in_words

if TYPE_CHECKING:
    from talkinghead.emotion.timeline import Keyframe
    from talkinghead.types import EmotionEmbedding
    from talkinghead.web.studio import Studio

Rows = Sequence[Sequence[object]]
_MOST_SEED = 2**31


class LookingHandlers:
    """Fast answers while the user chooses."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def understand(  # noqa: PLR0913, PLR0917 - each is a named parameter of the API
        self,
        session: Session,
        photo: str | None = None,
        feeling: str = "",
        automatic_intensity: bool = True,
        intensity: float = 0.7,
        face: int | None = None,
        feeling_from: str = "words",
        mix: str = "",
        timeline: Rows = (),
        sound: str | None = None,
        feeling_picture: str | None = None,
        feeling_voice: str | None = None,
    ) -> tuple[dict[str, float], Any, str, Any]:
        """Show what was understood: the nearest feelings, the face wearing them, notes, faces."""
        asked = FeelingAsked(feeling_from, feeling, feeling_picture, feeling_voice, mix, timeline)
        notes: list[str] = []
        emotion: EmotionEmbedding | None = None
        with errors_in_words():
            try:
                prompt = asked.prompt(session, sound)
                emotion = self._studio.model.feel(
                    prompt, None if automatic_intensity else intensity
                )
                notes += emotion.notices
            except TalkingHeadError as error:
                notes.append(f"**{plain(sentence(error))}**")
            feelings = dict(emotion.feelings) if emotion else {}
            preview, more, picker = self._face(session, photo, face, emotion)
        return feelings, preview, bullets([*more, *notes]), picker

    def _face(
        self,
        session: Session,
        photo: str | None,
        face: int | None,
        emotion: EmotionEmbedding | None,
    ) -> tuple[Any, list[str], Any]:
        """The still, the notes about the photo, and the picker of faces."""
        no_faces = gr.update(visible=False)
        if not photo:
            return None, [], no_faces
        try:
            portrait = session.portrait(self._studio.model, photo, face)
            still = self._studio.model.preview(portrait, emotion) if emotion else None
        except TalkingHeadError as error:
            return None, [f"**{plain(sentence(error))}**"], no_faces
        measured = look_at(portrait)
        numbers = [(str(number + 1), number) for number in range(len(portrait.faces))]
        picker = gr.update(choices=numbers, value=portrait.chosen, visible=len(numbers) > 1)
        return still, [*portrait.notices, *measured.warnings(), measured.figures()], picker

    def shown(self, session: Session, picture: str | None, before: str | None) -> str | None:
        """A copy, if browsers cannot show a picture; else the one that was made before it."""
        if not picture:
            return before
        with errors_in_words():
            try:
                copy = showable(Path(picture), session.folder())
            except TalkingHeadError:
                return before  # what is wrong with it is said in the notes
            return before if copy == Path(picture) else str(copy)

    def timeline(self, session: Session, timeline: Rows, sound: str | None) -> str:
        """Draw the timeline: an SVG of the voice and the feelings on it."""
        with errors_in_words():
            seconds, bars = None, None
            if sound:
                try:
                    speech = session.speech(sound)
                    seconds, bars = speech.seconds, bars_of(speech.waveform)
                except TalkingHeadError:
                    pass  # the player beside it, and `generate`, say what is wrong with the file
            return timeline_picture(_readable(timeline), seconds, bars)

    def on_timeline(
        self, timeline: Rows, next_feeling: str, next_intensity: float, event: gr.EventData
    ) -> list[list[object]]:
        """A click on the picture: on a feeling takes it away, elsewhere adds the next one."""
        with errors_in_words():
            index = getattr(event, "index", None)
            if index is not None:
                return without_keyframe(timeline, int(index))
            time = round(float(getattr(event, "time", 0.0)), 2)
            return with_keyframe(timeline, time, next_feeling, next_intensity)

    def speak(self, session: Session, text: str = "", voice: str = "en-us") -> str:
        """Let a typed text be spoken; returns the sound."""
        with errors_in_words():
            # A name of its own: what is remembered of a sound is remembered by its path.
            name = f"spoken-{hashlib.sha256(f'{voice}:{text}'.encode()).hexdigest()[:16]}.wav"
            spoken = speak(text, session.folder(), voice, name)
            session.spoke(spoken)
            return str(spoken)

    def example(self, session: Session) -> tuple[str, str, str]:
        """Fill in a portrait, a voice and a feeling."""
        with errors_in_words():
            folder = session.folder()
            photo = shutil.copy(example_portrait(), folder / "portrait.jpg")
            return str(photo), str(example_speech(folder)), EXAMPLE_FEELING

    def face_in_3d(self, session: Session) -> str:
        """Make the face of the video that is shown in 3D: a GLB with the 52 ARKit blendshapes."""
        with errors_in_words():
            made = session.shown or (session.results[-1] if session.results else None)
            if made is None:
                message = "make a video first; the 3D face moves as the face in it"
                raise BadOption(message)
            return str(self._studio.face_in_3d(made))

    def cancel(self, session: Session) -> None:
        """Stop this tab's job."""
        session.stop.set()


def history(session: Session) -> list[tuple[str, str]]:
    """The tab's results, newest first: pictures and what they are."""
    return [
        (str(made.thumbnail), f"{made.feeling[:40]} · seed {made.options.seed}")
        for made in reversed(session.results)
        if made.thumbnail is not None
    ]


def from_history(session: Session, event: gr.SelectData) -> tuple[Any, ...]:
    """Show an earlier result again."""
    shown = [made for made in reversed(session.results) if made.thumbnail is not None]
    if not 0 <= int(event.index) < len(shown):
        return gr.skip(), gr.skip(), gr.skip(), gr.skip()
    session.shown = made = shown[int(event.index)]
    motion = None if made.motion is None else str(made.motion)
    return str(made.video), str(made.video), motion, made.words


def new_seed() -> int:
    """Any seed; which one is shown, so that the video can be made again."""
    return random.SystemRandom().randrange(_MOST_SEED)


def quality(name: str) -> tuple[int, float]:
    """The size and the frame rate behind a name."""
    return QUALITIES[name]


def mixed(*weights: float) -> str:
    """The sliders' values as a prompt."""
    return mix_in_words(weights)


def _readable(rows: Rows) -> tuple[Keyframe, ...]:
    """Keyframes of the rows that can be read; the others are being typed."""
    read: dict[float, Keyframe] = {}
    for row in rows:
        try:
            for key in keyframes([row]):
                read.setdefault(key.time, key)
        except TalkingHeadError:
            continue
    return tuple(read[time] for time in sorted(read))
