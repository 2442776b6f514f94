"""Photo, sound and feeling in, video out: the only file that knows every room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import IdentityCoefficients, MotionCoefficients
from renderer.face_model import FaceModel
from renderer.geometric import GeometricRenderer
from talkinghead.config import EMBEDDED_SPEECH, GenerateOptions, check_face
from talkinghead.devices import raster_backend
from talkinghead.emotion.encoder import EmotionEncoder
from talkinghead.errors import NotBuiltYet, OutputNotWritable, UnreadableVideo
from talkinghead.feelings import Feeling, Feelings, checked
from talkinghead.files import check_not_an_input
from talkinghead.given import path_of, photo_of, speech_of
from talkinghead.motion.interface import AudioToMotion
from talkinghead.motion.smoothing import smooth_track
from talkinghead.motion.stored import all_decoders
from talkinghead.motion.track_file import check_motion_path, write_motion
from talkinghead.motion.transfer import ExpressionTransfer, transfer
from talkinghead.motion.wearing import wear
from talkinghead.portrait.fitter import Portrait, PortraitFitter
from talkinghead.portrait.framing import crop_view, region_view
from talkinghead.portrait.track import TrackedClip, track_clip
from talkinghead.renderers import Renderers
from talkinghead.speech.features import extract_features
from talkinghead.speech.listener import load_listener
from talkinghead.stages import Acted, Clock, Result, head_motion, length_notices, reported
from talkinghead.types import (
    AutoPrompt,
    EmotionEmbedding,
    EmotionPrompt,
    EmotionTrack,
    EyeControl,
    Progress,
    Speech,
    SpeechFeatures,
    Video,
    Watch,
    no_progress,
)
from talkinghead.video.paste_back import paste_back, video_scale
from talkinghead.video.read import read_video
from talkinghead.video.write import check_output_path, write_video
from talkinghead.weights import load_weights

__all__ = ["Feeling", "TalkingHead"]


class TalkingHead:
    """The whole system; built once, holds no state between calls, safe to share by threads.

    Args:
        model: the face model.
        fitter: fits portraits.
        motion: decoders by name.
    """

    def __init__(
        self, model: FaceModel, fitter: PortraitFitter, motion: dict[str, AudioToMotion]
    ) -> None:
        self.model = model
        self._fitter = fitter
        self._motion = motion
        self._feelings = Feelings(fitter)
        self._renderers = Renderers(model)

    @classmethod
    def from_pretrained(cls, device: str = "auto") -> TalkingHead:
        """Load the weights that the repository carries.

        Args:
            device: "auto", "cpu" or "cuda"; checked here, used where networks run.

        Raises:
            BadOption: "cuda" where there is none.
            WeightsMissing, WeightsCorrupt: the weights are not as the manifest says.
        """
        raster_backend(device)
        model = FaceModel.from_tensors(load_weights("face_model"))
        return cls(model, PortraitFitter(model), all_decoders())

    @property
    def emotions(self) -> EmotionEncoder:
        """The emotion encoder; loaded on first use, which may take seconds."""
        return self._feelings.encoder

    @property
    def decoders(self) -> Mapping[str, AudioToMotion]:
        """The decoders by the names that `GenerateOptions.motion` may have here."""
        return self._motion

    @property
    def renderers(self) -> Renderers:
        """The renderers; `names` are those that `GenerateOptions.renderer` may have here."""
        return self._renderers

    # The six steps of `generate`, each usable by itself.

    def fit(self, photo: Path | str | NDArray[np.uint8], face: int | None = None) -> Portrait:
        """Find and fit the face of a photo; see `PortraitFitter.fit` and `photo_of`."""
        check_face(face)
        return self._fitter.fit(photo_of(photo), face)

    def listen(
        self, sound: Path | str, fps: float = 25.0, backend: str = EMBEDDED_SPEECH
    ) -> tuple[Speech, SpeechFeatures]:
        """Decode a recording and hear what is said; see `load_listener`, `extract_features`."""
        listener = load_listener(backend)
        speech = speech_of(sound)
        return speech, extract_features(speech, fps, listener)

    def feel(
        self, prompt: str | EmotionPrompt | AutoPrompt = "", intensity: float | None = None
    ) -> EmotionEmbedding:
        """Understand words, a picture or a voice; see `Feelings.understand`."""
        return self._feelings.understand(prompt, intensity)

    def animate(
        self,
        features: SpeechFeatures,
        emotion: EmotionTrack,
        portrait: Portrait,
        options: GenerateOptions,
    ) -> MotionCoefficients:
        """Speech and emotion to motion, by the decoder that the options name."""
        if options.motion not in self._motion:
            known = ", ".join(self._motion)
            message = f"this copy holds no motion decoder {options.motion!r}; it has {known}"
            raise NotBuiltYet(message)
        return self._motion[options.motion](
            features,
            emotion,
            IdentityCoefficients(portrait.source.identity),
            portrait.resting,
            EyeControl(options.blink, options.gaze),
            head_motion(options.head, lambda clip: self.track(clip).motion),
            np.random.default_rng(options.seed),
        )

    def render(
        self, portrait: Portrait, motion: MotionCoefficients, options: GenerateOptions
    ) -> Iterator[NDArray[np.uint8]]:
        """Frames (H, W, 3) uint8 RGB, one at a time."""
        if options.framing == "crop":
            view = crop_view(portrait.source, options.size)
            return self._renderers.on(view, options.renderer, options.device).render(motion)
        view, box = region_view(portrait.source)
        frames = self._renderers.on(view, options.renderer, options.device).render(motion)
        return paste_back(portrait.source.image, frames, box)

    def generate(
        self,
        photo: Path | str | NDArray[np.uint8],
        sound: Path | str,
        *,
        save_to: Path | str,
        emotion: Feeling = "",
        options: GenerateOptions | None = None,
        progress: Progress = no_progress,
        export_motion: Path | str | None = None,
        watch: Watch | None = None,
    ) -> Result:
        """One photo, one sound, any feeling: the whole way.

        Args:
            photo: file, (H, W, 3) uint8 RGB, or a picture of Pillow.
            sound: file with sound.
            save_to: the MP4 to write; it appears when it is complete.
            emotion: words, a prompt, or a timeline: keyframes in ascending time.
            options: see `GenerateOptions`.
            progress: called with (stage, done, total); may raise `Cancelled`.
            export_motion: also write the motion as .csv or .json.
            watch: called with every frame, which it must not keep.

        Raises:
            TalkingHeadError: for whatever the user gave that cannot be used.
        """
        options = options or GenerateOptions()
        clock = Clock()
        renderer = self._renderers.meant(options.renderer)
        inputs = [photo, sound, options.head]
        output = path_of(save_to, "the output", OutputNotWritable)
        check_output_path(output)
        check_not_an_input(output, inputs)
        if export_motion is not None:
            export_motion = path_of(export_motion, "export_motion", OutputNotWritable)
            check_motion_path(export_motion)
            check_not_an_input(export_motion, inputs)
        acted = self.act(photo, sound, emotion, options, progress, clock)
        motion = acted.motion
        with clock.stage("frames", progress):
            frames = self.render(acted.portrait, motion, options)
            frames = reported(frames, len(motion), progress, watch=watch)
            note = f"Seed {options.seed}, {options.motion} motion, {renderer} renderer."
            video = write_video(frames, output, options.fps, acted.speech, note)
        if export_motion is not None:
            write_motion(motion, export_motion)
        return Result(
            video, acted.emotion.understood[0], motion, clock.seconds, acted.recogniser, renderer,
            acted.portrait.fit_error, acted.notices,
        )  # fmt: skip

    def act(
        self,
        photo: Path | str | NDArray[np.uint8],
        sound: Path | str,
        emotion: Feeling,
        options: GenerateOptions,
        progress: Progress = no_progress,
        clock: Clock | None = None,
    ) -> Acted:
        """All of `generate` that comes before the pictures; arguments as there.

        Raises:
            TalkingHeadError: for whatever the user gave that cannot be used.
        """
        clock, emotion = clock or Clock(), checked(emotion)
        with clock.stage("portrait", progress):
            portrait = self._fit_for_video(photo, options)
        with clock.stage("speech", progress):
            speech, features = self.listen(sound, options.fps, options.speech)
        with clock.stage("emotion", progress):
            felt = self._feelings.track(emotion, speech, options, len(features))
        with clock.stage("motion", progress):
            motion = self.animate(features, felt, portrait, options)
        return Acted(portrait, speech, features.recogniser, felt, motion)

    # Ways in and out beside `generate`.

    def preview(
        self, portrait: Portrait, emotion: EmotionEmbedding, size: int = 256
    ) -> NDArray[np.uint8]:
        """(size, size, 3) uint8: a still of the face wearing the emotion."""
        rest = portrait.resting
        motion = MotionCoefficients(
            wear(rest.expression, emotion.expression),
            rest.rotation + emotion.head,
            rest.translation,
            rest.fps,
        )
        renderer = GeometricRenderer(self.model, crop_view(portrait.source, size))
        return next(renderer.render(motion))

    def track(self, video: Path | str, progress: Progress = no_progress) -> TrackedClip:
        """Fit the face model to a clip and smooth the track without lag."""
        with read_video(path_of(video, "the clip", UnreadableVideo)) as clip:
            frames = reported(iter(clip), clip.frame_count, progress, "track")
            tracked = track_clip(frames, clip.fps, self.model)
        return TrackedClip(
            smooth_track(tracked.motion), tracked.identity, tracked.landmarks,
            tracked.fit_error, tracked.found,
        )  # fmt: skip

    def render_track(
        self,
        photo: Path | str | NDArray[np.uint8],
        track: MotionCoefficients,
        *,
        save_to: Path | str,
        sound: Path | str | None = None,
        options: GenerateOptions | None = None,
        expression: ExpressionTransfer = "absolute",
        progress: Progress = no_progress,
        watch: Watch | None = None,
    ) -> Video:
        """Render a motion track, exported or tracked or edited; `Video.notices` tell of it."""
        options = options or GenerateOptions()
        output = path_of(save_to, "the output", OutputNotWritable)
        check_output_path(output)
        check_not_an_input(output, [photo, sound])
        portrait = self._fit_for_video(photo, options)
        speech = None if sound is None else speech_of(sound)
        motion = transfer(track, portrait.resting, expression)
        frames = self.render(portrait, motion, options)
        frames = reported(frames, len(motion), progress, watch=watch)
        video = write_video(frames, output, track.fps, speech)
        notices = portrait.notices + length_notices(len(motion), speech, track.fps)
        return replace(video, notices=notices)

    def _fit_for_video(
        self, photo: Path | str | NDArray[np.uint8], options: GenerateOptions
    ) -> Portrait:
        """With the whole photo shown, bring it to the video's size before anything is measured."""
        if options.framing == "crop":
            return self.fit(photo, options.face)
        image = photo_of(photo)
        scale = video_scale(image)
        if scale < 1:
            size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        return self.fit(image, options.face)
