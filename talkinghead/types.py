"""What flows between the rooms: frozen, checked, plain NumPy.

Rooms hand each other these and nothing else: no file paths, no bare arrays whose layout only the
writer knows. Coefficient tracks live in `renderer.coefficients`, because both packages speak them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats

SAMPLE_RATE = 16_000
"""Hz; all speech inside the program has this rate, mono."""
CONTENT_RATE = 50
"""Rows of `SpeechFeatures.content` a second."""
CONTENT_WIDTH = 60
"""Columns of `SpeechFeatures.content`."""


@dataclass(frozen=True)
class Speech:
    """A recording, decoded.

    Attributes:
        waveform: (N,) float32 mono in -1..1 at `SAMPLE_RATE`. N > 0.
        path: the file whose sound track goes into the video; None if the speech was made in memory.
    """

    waveform: Floats
    path: Path | None = None

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.waveform) / SAMPLE_RATE

    def frame_count(self, fps: float) -> int:
        """Video frames that cover this sound: ceil, and at least one."""
        return max(1, int(np.ceil(round(self.seconds * fps, 6))))


@dataclass(frozen=True)
class Phoneme:
    """One speech sound.

    Attributes:
        symbol: ARPAbet without stress digits, upper case ("AA", "M", "SH"), or "SIL" for silence.
        start: seconds.
        end: seconds, greater than start.
    """

    symbol: str
    start: float
    end: float


@dataclass(frozen=True)
class SpeechFeatures:
    """What the motion room hears; row t belongs to video frame t.

    Attributes:
        phonemes: gap-free in time from 0 to the end of the sound, silences included.
        loudness: (T,) float32 0..1, 0 = silence, 1 = the speaker's loud vowels (level-normalised).
        voiced: (T,) float32 0..1, share of the frame that is voiced.
        pitch: (T,) float32 in semitones above the speaker's median; 0 where unvoiced.
        fps: rows per second.
        recogniser: the name of what found the phonemes, for the JSON report.
        content: (M, CONTENT_WIDTH) float32 at CONTENT_RATE rows a second, M = ceil(seconds *
            CONTENT_RATE): the 40 phone probabilities in the order of `phoneme_net.SYMBOLS`, then
            20 bands of the normalised log mel spectrum, about -3..2 (pairs of the 40 bands
            averaged); all of it the mean over the two 10 ms rows.
    """

    phonemes: tuple[Phoneme, ...]
    loudness: Floats
    voiced: Floats
    pitch: Floats
    fps: float
    recogniser: str
    content: Floats

    def __len__(self) -> int:
        """Number of video frames."""
        return len(self.loudness)


@dataclass(frozen=True)
class TextPrompt:
    """A feeling in words: free text, a bank label, or a mix such as "0.7 joy + 0.3 fear"."""

    text: str


FACE_CROP = 96
"""Side in pixels of the crop in `FaceCues`."""


@dataclass(frozen=True)
class FaceCues:
    """What a fitted face shows of a feeling (`talkinghead.portrait.cues` reads it).

    Attributes:
        crop: (FACE_CROP, FACE_CROP) uint8 grey, upright, eyes at fixed places.
        expression: (52,) float32 fitted ARKit weights 0..1.
        pose: (3,) float32 pitch, yaw, roll in radians.
    """

    crop: NDArray[np.uint8]
    expression: Floats
    pose: Floats


@dataclass(frozen=True)
class VoiceCues:
    """What a voice betrays of a feeling (`talkinghead.speech.prosody` reads it).

    Attributes:
        statistics: (S,) float32 of pitch, loudness, timbre and rhythm.
        speech_seconds: seconds in which somebody speaks; 0 = silence, the statistics say nothing.
    """

    statistics: Floats
    speech_seconds: float


@dataclass(frozen=True)
class ImagePrompt:
    """A picture of a face that shows the feeling.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        face: what was read of it; `TalkingHead.feel` fills it in.
    """

    image: NDArray[np.uint8]
    face: FaceCues | None = None


@dataclass(frozen=True)
class SoundPrompt:
    """A voice that has the feeling.

    Attributes:
        speech: the recording.
        voice: what was read of it; `TalkingHead.feel` fills it in.
    """

    speech: Speech
    voice: VoiceCues | None = None


EmotionPrompt = TextPrompt | ImagePrompt | SoundPrompt


@dataclass(frozen=True)
class AutoPrompt:
    """The feeling of the speech that is animated, as it changes over time."""


@dataclass(frozen=True)
class EmotionEmbedding:
    """What was understood of a prompt.

    Attributes:
        vector: (E,) float32, unit length, in the space of the backend that `backend` names.
        intensity: 0..1.
        feelings: (name, weight) of the bank's nearest feelings, heaviest first, weights sum to 1.
        mead_class: the nearest of MEAD's eight: angry, contempt, disgusted, fear, happy, neutral,
            sad, surprised.
        expression: (52,) float32 offset of the ARKit channels that this feeling adds to a face at
            rest, intensity already applied; may be negative (a smile taken away).
        head: (3,) float32 radians pitch, yaw, roll that the feeling adds, intensity applied.
        arousal: -1..1, 0 = calm wakefulness; drives blink rate and the size of head motion.
        backend: name of the text, image or sound tower that made the vector.
        notices: sentences for the user ("the prompt was empty: neutral was used").
    """

    vector: Floats
    intensity: float
    feelings: tuple[tuple[str, float], ...]
    mead_class: str
    expression: Floats
    head: Floats
    arousal: float
    backend: str
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class EmotionTrack:
    """An emotion over time, one row a video frame; constant for a single prompt.

    Attributes:
        vectors: (T, E) float32 unit rows.
        intensity: (T,) float32 0..1.
        expression: (T, 52) float32 channel offsets, intensity applied.
        head: (T, 3) float32 radians.
        arousal: (T,) float32 -1..1.
        understood: one embedding per keyframe, in order of time.
        listens: whether a learned decoder may add what it hears in the voice itself ("auto").
    """

    vectors: Floats
    intensity: Floats
    expression: Floats
    head: Floats
    arousal: Floats
    understood: tuple[EmotionEmbedding, ...]
    listens: bool = False

    def __len__(self) -> int:
        """Number of video frames."""
        return len(self.intensity)


@dataclass(frozen=True)
class EyeControl:
    """What the user asks of the eyes (A2ENet's eye control parameters).

    Attributes:
        blink: rate multiplier 0..2; 0 = never blink, 1 = the natural rate.
        gaze: (x, y) in -1..1; +x looks to image right, +y looks up; (0, 0) = as in the photo.
    """

    blink: float = 1.0
    gaze: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Video:
    """A finished file.

    Attributes:
        path: of the MP4.
        width: pixels.
        height: pixels.
        fps: frames per second.
        frames: how many.
        seconds_per_stage: wall clock, where it was measured.
        notices: sentences for the user, from `TalkingHead.render_track`.
    """

    path: Path
    width: int
    height: int
    fps: float
    frames: int
    seconds_per_stage: dict[str, float] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


Progress = Callable[[str, int, int], None]
"""Called with (stage name, done, total); raises `Cancelled` to stop the work."""


Watch = Callable[[NDArray[np.uint8]], None]
"""Called with each frame (H, W, 3) uint8 RGB as it is made; must copy what it keeps."""


def no_progress(stage: str, done: int, total: int) -> None:
    """A `Progress` that ignores everything."""
