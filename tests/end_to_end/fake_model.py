"""A `TalkingHead` without networks: the same methods, real files, colours instead of faces."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from renderer.coefficients import MotionCoefficients
from talkinghead.config import GenerateOptions
from talkinghead.errors import FaceTooSmall, NoFaceFound
from talkinghead.motion.track_file import write_motion
from talkinghead.portrait.photo import read_photo
from talkinghead.speech.waveform import load_speech
from talkinghead.types import (
    AutoPrompt,
    EmotionEmbedding,
    ImagePrompt,
    SoundPrompt,
    no_progress,
)
from talkinghead.video.write import write_video

TINTS = {"happy": (40, 25, -20), "angry": (60, -30, -30), "sad": (-30, -10, 50)}
WORDS = {"joy": "happy", "happy": "happy", "furious": "angry", "sad": "sad", "heartbroken": "sad"}


@dataclass
class FakePortrait:
    photo: np.ndarray
    faces: tuple[tuple[float, float, float, float], ...]
    chosen: int
    notices: tuple[str, ...] = ()

    @property
    def source(self):
        height, width = self.photo.shape[:2]
        corners = np.array([[0, 0], [width, height]], np.float32)
        return SimpleNamespace(image=self.photo, landmarks=corners)

    @property
    def resting(self):
        return SimpleNamespace(rotation=np.radians([[0.0, 12.0, 0.0]]))


class FakeTalkingHead:
    """Pure red photos hold no face, pure blue ones two, small ones one that is too small."""

    def __init__(self, seconds_per_frame=0.0):
        self.seconds_per_frame = seconds_per_frame
        self.fits = 0
        self.options: GenerateOptions | None = None
        self.ended = threading.Event()
        self.painted = 0
        self.fail_with: Exception | None = None
        self.folder = None
        self.running = self.most_at_once = 0
        self.decoders = ("rules", "regression")
        self.renderers = SimpleNamespace(names=("geometric",))
        self.felt = None
        self.lock = threading.Lock()

    def fit(self, photo, face=None):
        self.fits += 1
        pixels = read_photo(photo)
        if (pixels[..., 0] > 240).all() and (pixels[..., 1:] < 15).all():
            message = "no face was found in the photo; use one that shows a face from the front"
            raise NoFaceFound(message)
        if min(pixels.shape[:2]) < 64:
            message = f"the face is {min(pixels.shape[:2])} pixels wide, 64 are needed"
            raise FaceTooSmall(message)
        two = bool((pixels[..., 2] > 240).all() and (pixels[..., 0] < 15).all())
        box = (0.0, 0.0, float(pixels.shape[1]), float(pixels.shape[0]))
        return FakePortrait(
            pixels, (box,) * (2 if two else 1), (1 if two else 0) if face is None else face
        )

    def feel(self, prompt, intensity=None):
        """Pictures mean their brightest colour, voices are angry, the speech itself is sad."""
        if isinstance(prompt, tuple):  # a timeline
            prompt = prompt[-1].prompt
        if isinstance(prompt, ImagePrompt):
            colour = int(prompt.image.reshape(-1, 3).mean(axis=0).argmax())
            prompt = ("furious", "joy", "sad")[colour]
        elif isinstance(prompt, SoundPrompt):
            prompt = "furious"
        elif isinstance(prompt, AutoPrompt):
            prompt = "sad"
        found = next((name for word, name in WORDS.items() if word in prompt.lower()), "neutral")
        others = [name for name in ("happy", "sad", "angry", "neutral") if name != found]
        weights = [(found, 0.7), *zip(others, (0.15, 0.1, 0.05), strict=True)]
        notices = () if prompt else ("no feeling was given: neutral is used",)
        return EmotionEmbedding(
            np.ones(1, np.float32), 0.6 if intensity is None else intensity, tuple(weights), found,
            np.zeros(52, np.float32), np.zeros(3, np.float32), 0.0, "fake", notices,
        )  # fmt: skip

    def preview(self, portrait, emotion, size=256):
        import cv2

        small = cv2.resize(portrait.photo, (size, size), interpolation=cv2.INTER_AREA)
        tint = np.array(TINTS.get(emotion.mead_class, (0, 0, 0))) * emotion.intensity * 1.5
        return np.clip(small + tint, 0, 255).astype(np.uint8)

    def generate(
        self, photo, sound, *, emotion="", options=None, save_to, progress=no_progress,
        export_motion=None, watch=None,
    ):  # fmt: skip
        with self._counted(save_to):
            return self._generate(
                photo, sound, emotion, options, save_to, progress, export_motion, watch
            )

    def render_track(self, photo, track, *, save_to, sound, options, progress, watch=None):
        with self._counted(save_to):
            self.options = options
            still = self.preview(self.fit(photo, options.face), self.feel("joy"), options.size)
            frames = self._frames(still, len(track), progress, watch)
            return write_video(frames, save_to, track.fps, load_speech(sound))

    @contextmanager
    def _counted(self, save_to):
        self.ended.clear()
        self.folder = save_to.parent
        with self.lock:
            self.running += 1
            self.most_at_once = max(self.most_at_once, self.running)
        try:
            yield
        finally:
            with self.lock:
                self.running -= 1
            self.ended.set()

    def _frames(self, still, count, progress, watch):
        for index in range(count):
            time.sleep(self.seconds_per_frame)
            frame = still.copy()
            frame[-16:, : round(frame.shape[1] * (index + 1) / count)] = 255
            self.painted += 1
            progress("frames", index + 1, count)
            if watch is not None:
                watch(frame)
            yield frame

    def _generate(self, photo, sound, emotion, options, save_to, progress, export_motion, watch):
        self.options = options
        if self.fail_with is not None:
            raise self.fail_with
        progress("portrait", 0, 1)
        portrait = self.fit(photo, options.face)
        progress("speech", 0, 1)
        speech = load_speech(sound)
        progress("emotion", 0, 1)
        self.felt = emotion
        felt = self.feel(emotion, options.intensity)
        progress("motion", 0, 1)
        count = speech.frame_count(options.fps)
        zeros = np.zeros((count, 3), np.float32)
        motion = MotionCoefficients(np.zeros((count, 52), np.float32), zeros, zeros, options.fps)
        still = self.preview(portrait, felt, options.size)
        frames = self._frames(still, count, progress, watch)
        video = write_video(frames, save_to, options.fps, speech)
        if export_motion is not None:
            write_motion(motion, export_motion)
        return SimpleNamespace(
            video=video, emotion=felt, motion=motion, seconds={"frames": 0.1},
            notices=("this is the stand-in model",),
        )  # fmt: skip
