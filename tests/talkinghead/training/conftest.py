"""A tiny pack: Grace Hopper's photo, and a clip that the geometric renderer makes of it."""

import signal

import cv2
import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from renderer.geometric import GeometricRenderer
from talkinghead.portrait.framing import crop_view
from talkinghead.portrait.photo import read_photo
from talkinghead.training.data import Packer


@pytest.fixture(scope="session")
def clip_frames(face_model, portrait):
    view = crop_view(portrait.source, 320)
    count = 5
    expression = np.repeat(view.motion.expression, count, axis=0)
    expression[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0, 0.5, count)
    rotation = np.repeat(view.motion.rotation, count, axis=0)
    rotation[:, 1] += np.linspace(0, 0.2, count)
    translation = np.zeros((count, 3), np.float32)
    motion = MotionCoefficients(expression, rotation, translation, 25.0)
    return list(GeometricRenderer(face_model, view).render(motion))


@pytest.fixture(scope="session")
def packer(face_model):
    return Packer(face_model)


@pytest.fixture(scope="session")
def clip_shard(packer, clip_frames):
    return packer.clip(clip_frames, "grace")


@pytest.fixture(scope="session")
def photo_shard(packer, photo_path):
    photo = read_photo(photo_path)
    smaller = cv2.resize(photo, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    nobody = np.zeros((200, 200, 3), np.uint8)
    return packer.photos([photo, nobody, smaller])


@pytest.fixture
def pack(tmp_path, clip_shard, photo_shard):
    folder = tmp_path / "pack"
    folder.mkdir()
    clip_shard.write(folder / "clip_grace.npz")
    photo_shard.write(folder / "photos_00000.npz")
    return folder


@pytest.fixture(autouse=True)
def signals():
    """A training run takes SIGTERM and Ctrl-C for itself; the next test gets them back."""
    kinds = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(kind) for kind in kinds]
    yield
    for kind, handler in zip(kinds, before, strict=True):
        signal.signal(kind, handler)
