"""The one interface of all decoders from speech to motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from renderer.coefficients import IdentityCoefficients, MotionCoefficients
from talkinghead.errors import BadOption
from talkinghead.types import EmotionTrack, EyeControl, SpeechFeatures

HeadKind = Literal["natural", "still", "copied"]


@dataclass(frozen=True)
class HeadMotion:
    """Where the head's movement comes from.

    Attributes:
        kind: "natural" = sway, breath and nods; "still" = the pose of the photo; "copied" = the
            movement of another track.
        track: for "copied", the track whose pose relative to its own first frame is added to the
            photo's; played forwards and backwards if it is shorter than the speech.

    Raises:
        BadOption: if "copied" has no track.
    """

    kind: HeadKind = "natural"
    track: MotionCoefficients | None = None

    def __post_init__(self) -> None:
        """Refuse a copy of nothing."""
        if self.kind == "copied" and (self.track is None or not len(self.track)):
            message = "head motion is to be copied, but the track has no frames: give a clip"
            raise BadOption(message)


class AudioToMotion(Protocol):
    """Speech and feeling in, motion out; `rules`, `regression` and `codebook` fit this."""

    def __call__(
        self,
        features: SpeechFeatures,
        emotion: EmotionTrack,
        identity: IdentityCoefficients,
        resting: MotionCoefficients,
        eyes: EyeControl,
        head: HeadMotion,
        generator: np.random.Generator,
    ) -> MotionCoefficients:
        """Animate.

        Args:
            features: T rows.
            emotion: T rows.
            identity: whose face it is.
            resting: T = 1, the expression and pose of the photo.
            eyes: blink rate and gaze.
            head: source of the head's movement.
            generator: source of all randomness; the same state gives the same bytes.

        Returns:
            T frames at `features.fps`, absolute: the resting face included, weights in 0..1. The
            pose of frame 0 is exactly the resting pose.
        """
        ...


def check_lengths(features: SpeechFeatures, emotion: EmotionTrack) -> None:
    """Every decoder's first line.

    Raises:
        ValueError: if the emotion has another length than the features.
    """
    if len(emotion) != len(features):
        message = f"the emotion has {len(emotion)} frames, the speech {len(features)}"
        raise ValueError(message)
