"""The suites by name: what each is given and what it measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkinghead.errors import BadOption


@dataclass(frozen=True)
class Inputs:
    """Folders that a suite may need; None = not given.

    Attributes:
        clips: .mp4 files of people that nothing was trained on.
        portraits: photos that nothing was trained on.
        faces: folder with index.csv and labelled faces.
        speech: folder with index.csv and labelled recordings.
        evaluators: folder of independent networks (ONNX).
        phrases: JSON file, class to list of phrases.
        size: side of the pictures in pixels.
        frames: of each clip.
        trusted: smallest sync_margin in the index of clips whose sound belongs to the mouth.
    """

    clips: Path | None = None
    portraits: Path | None = None
    faces: Path | None = None
    speech: Path | None = None
    evaluators: Path | None = None
    phrases: Path | None = None
    size: int = 256
    frames: int = 100
    trusted: float = 0.3


Suite = Callable[[Inputs], Mapping[str, Any]]
"""What it gives is written as JSON, but for "pictures": rows of frames by name, for a sheet."""


def motion(inputs: Inputs) -> Mapping[str, object]:
    """Lips against true phoneme times; with clips, every decoder against real people."""
    from talkinghead.evaluation.lips import measure_lips

    result: dict[str, object] = {"rows": measure_lips()}
    if inputs.clips is not None:
        from talkinghead.evaluation.speaking import measure_speaking
        from talkinghead.pipeline import TalkingHead

        model = TalkingHead.from_pretrained()
        result |= measure_speaking(inputs.clips, model.decoders, model, inputs.trusted)
    return result


def frames(inputs: Inputs) -> Mapping[str, object]:
    """Self-reenactment of clips, and identity on other people's motion."""
    from talkinghead.evaluation.frames import FrameSettings, measure_frames

    if inputs.clips is None:
        message = "the suite frames needs --clips, a folder of .mp4 files that each show one face"
        raise BadOption(message)
    recogniser = inputs.evaluators / "mobilefacenet.onnx" if inputs.evaluators else None
    settings = FrameSettings(
        inputs.clips, inputs.portraits, recogniser, inputs.size, inputs.frames, inputs.evaluators
    )
    return measure_frames(settings)


def emotion(inputs: Inputs) -> Mapping[str, object]:
    """What others see in our faces, and what our towers see and hear in strangers."""
    from talkinghead.evaluation.emotion import measure_emotion

    return measure_emotion(inputs)


def phrases(inputs: Inputs) -> Mapping[str, object]:
    """Feelings in words."""
    from talkinghead.emotion.encoder import load_emotion_encoder
    from talkinghead.evaluation.phrases import measure_phrases

    if inputs.phrases is None:
        message = "the suite phrases needs --phrases, a JSON file of class to phrases"
        raise BadOption(message)
    return measure_phrases(inputs.phrases, load_emotion_encoder())


def portraits(inputs: Inputs) -> Mapping[str, object]:
    """How well portraits are fitted and reproduced."""
    from talkinghead.evaluation.portraits import measure_portraits
    from talkinghead.pipeline import TalkingHead

    if inputs.portraits is None:
        message = "the suite portraits needs --portraits, a folder of photos"
        raise BadOption(message)
    return measure_portraits(inputs.portraits, inputs.size, TalkingHead.from_pretrained())


def robustness(inputs: Inputs) -> Mapping[str, object]:
    """Bad and odd inputs; needs no folder."""
    del inputs
    from talkinghead.evaluation.robustness import measure_robustness

    return measure_robustness()


def speech(inputs: Inputs) -> Mapping[str, object]:
    """What every decoder makes of sounds, feelings, eyes, seeds and time."""
    from talkinghead.evaluation.speech import measure_speech
    from talkinghead.pipeline import TalkingHead

    model = TalkingHead.from_pretrained()
    return measure_speech(model.decoders, model, inputs.speech)


def end_to_end(inputs: Inputs) -> Mapping[str, object]:
    """Whole videos, judged by what is seen in them."""
    from talkinghead.evaluation.end_to_end import measure_end_to_end
    from talkinghead.pipeline import TalkingHead

    return measure_end_to_end(inputs.portraits, TalkingHead.from_pretrained(), inputs.evaluators)


def disentangling(inputs: Inputs) -> Mapping[str, object]:
    """Whether the learned decoders keep what is felt apart from what is said."""
    from talkinghead.evaluation.disentangling import measure_disentangling
    from talkinghead.pipeline import TalkingHead

    if inputs.speech is None:
        message = "the suite disentangling needs --speech, a folder of labelled recordings"
        raise BadOption(message)
    model = TalkingHead.from_pretrained()
    return measure_disentangling(model.decoders, model.model, inputs.speech)


SUITES: Mapping[str, Suite] = {
    "motion": motion,
    "frames": frames,
    "emotion": emotion,
    "phrases": phrases,
    "portraits": portraits,
    "robustness": robustness,
    "end_to_end": end_to_end,
    "speech": speech,
    "disentangling": disentangling,
}
