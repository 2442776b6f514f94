"""Shared set-up: one thread, no network, seeded."""

import socket

import pytest
import torch

torch.set_num_threads(1)  # two busy threads on two cores are up to ten times slower than one


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Fail any connection that leaves this machine."""
    real_connect = socket.socket.connect

    def connect(self, address):
        host = address[0] if isinstance(address, tuple) else ""
        if host in {"", "127.0.0.1", "::1", "localhost", "0.0.0.0"}:  # noqa: S104
            return real_connect(self, address)
        message = f"a test tried to reach {host}"
        raise OSError(message)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def face_model():
    """The shipped face model."""
    from renderer.face_model import FaceModel
    from talkinghead.weights import load_weights

    return FaceModel.from_tensors(load_weights("face_model"))


@pytest.fixture(scope="session")
def photo_path():
    """Rear Admiral Grace Hopper: public domain, comes with matplotlib."""
    from pathlib import Path

    from matplotlib.cbook import get_sample_data

    return Path(get_sample_data("grace_hopper.jpg", asfileobj=False))


@pytest.fixture(scope="session")
def fitter(face_model):
    """A portrait fitter on MediaPipe."""
    from talkinghead.portrait.fitter import PortraitFitter

    return PortraitFitter(face_model)


@pytest.fixture(scope="session")
def portrait(fitter, photo_path):
    """The photo, fitted."""
    from talkinghead.portrait.photo import read_photo

    return fitter.fit(read_photo(photo_path))
