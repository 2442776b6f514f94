"""From what somebody asks to be felt to an emotion for every frame."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from renderer.coefficients import ARKIT_INDEX
from talkinghead.config import GenerateOptions
from talkinghead.emotion.encoder import EmotionEncoder, load_emotion_encoder
from talkinghead.emotion.timeline import (
    Keyframe,
    constant_track,
    keyframes_from,
    timeline_track,
)
from talkinghead.errors import BadEmotion
from talkinghead.given import photo_of
from talkinghead.portrait.cues import face_cues
from talkinghead.portrait.fitter import PortraitFitter
from talkinghead.speech.prosody import voice_cues
from talkinghead.types import (
    SAMPLE_RATE,
    AutoPrompt,
    EmotionEmbedding,
    EmotionPrompt,
    EmotionTrack,
    ImagePrompt,
    SoundPrompt,
    Speech,
    TextPrompt,
)

Feeling = str | EmotionPrompt | AutoPrompt | tuple[Keyframe, ...]
"""Words, another kind of prompt, the speech's own feeling, or a timeline of prompts."""

WINDOW_SECONDS = 4.0
"""Of speech that is heard at once: prosody is a matter of phrases, not of syllables."""
STEP_SECONDS = 2.0
SPOKEN_JAW = 0.4
"""How much of a feeling's open jaw is left while it speaks: the rest belongs to speech."""


class Feelings:
    """Understands every kind of prompt; safe to share by threads.

    Args:
        fitter: reads the faces of pictures.
    """

    def __init__(self, fitter: PortraitFitter) -> None:
        self._fitter = fitter
        self._encoder: EmotionEncoder | None = None
        self._loading = threading.Lock()

    @property
    def encoder(self) -> EmotionEncoder:
        """The emotion encoder; loaded on first use, which may take seconds."""
        with self._loading:
            if self._encoder is None:
                self._encoder = load_emotion_encoder()
            return self._encoder

    def understand(
        self, prompt: str | EmotionPrompt | AutoPrompt, intensity: float | None = None
    ) -> EmotionEmbedding:
        """What a prompt means; pictures and voices are read first.

        Raises:
            NoFaceFound: a picture without a face.
            FaceTooSmall, FaceTurnedAway: its face cannot be read.
            BadEmotion: as `EmotionEncoder.understand`; for no feeling, several, or "auto" without
                the speech it is about.
        """
        asked = checked(prompt)
        if isinstance(asked, tuple):
            message = "a timeline was given, expected one feeling; generate takes timelines"
            raise BadEmotion(message)
        if isinstance(asked, AutoPrompt):
            message = (
                "the automatic feeling is read from the speech that is animated, and none was "
                "given; use generate, or give a recording as the prompt"
            )
            raise BadEmotion(message)
        if isinstance(asked, str):
            asked = TextPrompt(asked)
        if isinstance(asked, ImagePrompt) and asked.face is None:
            image = photo_of(asked.image)
            asked = ImagePrompt(image, face_cues(self._fitter.fit(image)))
        if isinstance(asked, SoundPrompt) and asked.voice is None:
            asked = SoundPrompt(asked.speech, voice_cues(asked.speech))
        return self.encoder.understand(asked, intensity)

    def track(
        self, feeling: Feeling, speech: Speech, options: GenerateOptions, frames: int
    ) -> EmotionTrack:
        """The emotion of every frame of a video.

        Args:
            feeling: what was asked for.
            speech: what is animated; "auto" listens to it.
            options: intensity, frames per second and seed count.
            frames: of the video.

        Raises:
            TalkingHeadError: as `understand`.
        """
        generator = np.random.default_rng([options.seed, 1])  # its own stream beside motion's
        if isinstance(feeling, AutoPrompt):
            keys, embeddings = self._heard(speech, options.intensity)
            track = timeline_track(keys, embeddings, frames, options.fps, generator)
            track = replace(track, listens=True)
        elif isinstance(feeling, tuple):
            embeddings = [
                self.understand(
                    one.prompt, one.intensity if options.intensity is None else options.intensity
                )
                for one in feeling
            ]
            track = timeline_track(feeling, embeddings, frames, options.fps, generator)
        else:
            felt = self.understand(feeling, options.intensity)
            track = constant_track(felt, frames, options.fps, generator)
        return while_speaking(track)

    def _heard(
        self, speech: Speech, intensity: float | None
    ) -> tuple[list[Keyframe], list[EmotionEmbedding]]:
        """The speech's own feeling, every `STEP_SECONDS`; pauses keep what was felt before."""
        whole = self.understand(SoundPrompt(speech), intensity)
        times, felt = [], []
        for start, part in windows(speech):
            cues = voice_cues(part)
            if cues.speech_seconds * 4 < part.seconds:
                continue
            times.append(start + part.seconds / 2)
            felt.append(self.understand(SoundPrompt(part, cues), intensity))
        if len(felt) < 2:
            return [Keyframe(0.0, "auto")], [whole]
        return [Keyframe(time, "auto") for time in times], steadied(felt)


def checked(feeling: object) -> Feeling:
    """The same feeling; a timeline, whichever way it is written, as keyframes.

    Raises:
        BadEmotion: if it is no feeling, or an entry of the timeline cannot be used.
    """
    if isinstance(feeling, list | tuple):
        return tuple(keyframes_from(feeling))
    if not isinstance(feeling, str | EmotionPrompt | AutoPrompt):
        message = (
            f"the emotion is {feeling!r:.80}, expected words, a prompt such as ImagePrompt, "
            "AutoPrompt(), or a timeline: a tuple of keyframes"
        )
        raise BadEmotion(message)
    return feeling


def windows(speech: Speech) -> list[tuple[float, Speech]]:
    """Overlapping pieces of a speech and when they begin, in seconds; a short one stays whole."""
    length, step = (round(seconds * SAMPLE_RATE) for seconds in (WINDOW_SECONDS, STEP_SECONDS))
    last = max(1, len(speech.waveform) - length + step)
    return [
        (start / SAMPLE_RATE, Speech(speech.waveform[start : start + length]))
        for start in range(0, last, step)
    ]


def steadied(felt: Sequence[EmotionEmbedding]) -> list[EmotionEmbedding]:
    """Without moods of one window: between two windows of one class a third does not count."""
    result = list(felt)
    for index in range(1, len(felt) - 1):
        before, after = result[index - 1], felt[index + 1]
        if before.mead_class == after.mead_class != felt[index].mead_class:
            result[index] = before
    return result


def while_speaking(track: EmotionTrack) -> EmotionTrack:
    """The same feeling with the opening of the mouth left to speech."""
    expression = track.expression.copy()
    expression[:, ARKIT_INDEX["jawOpen"]] *= SPOKEN_JAW
    return replace(track, expression=expression)
