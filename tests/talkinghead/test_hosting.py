"""Borrowing a GPU, with a stand-in for `spaces` that forks as the real one does."""

from __future__ import annotations

import inspect
import multiprocessing
import sys
import types
from dataclasses import dataclass

import numpy as np
import pytest
import soundfile

from talkinghead import hosting
from talkinghead.config import GenerateOptions
from talkinghead.errors import Cancelled, NoFaceFound
from talkinghead.pipeline import TalkingHead


@dataclass
class Lending:
    """What was asked of the stand-in."""

    durations: list
    processes: list


@pytest.fixture
def lending(monkeypatch):
    """`spaces.GPU`: runs the function in a forked process; arguments and result are pickled."""
    seen = Lending([], [])

    def lend(duration):
        def decorate(function):
            def call(*arguments):
                seen.durations.append(duration(*arguments))
                context = multiprocessing.get_context("fork")
                given, back = context.SimpleQueue(), context.SimpleQueue()
                process = context.Process(
                    target=lambda: back.put(function(*given.get())), daemon=True
                )
                process.start()
                seen.processes.append(process.pid)
                given.put(arguments)
                made = back.get()
                process.join()
                return made

            return call

        return decorate

    monkeypatch.setitem(sys.modules, "spaces", types.SimpleNamespace(GPU=lend))
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    return seen


@pytest.fixture
def model(lending, face_model, monkeypatch):
    """A lent model whose pictures are plain, so that a test takes no time."""

    def generate(self, photo, sound, *, save_to, progress, watch, **_rest):
        for index in range(6):
            progress("frames", index, 6)
            watch(np.full((4, 4, 3), index, np.uint8))
        if photo == "nobody.jpg":
            message = "no face was found"
            raise NoFaceFound(message)
        save_to.write_text("video")
        return ("made", multiprocessing.current_process().name)

    monkeypatch.setattr(TalkingHead, "generate", generate)
    monkeypatch.setattr(TalkingHead, "render_track", lambda self, photo, track, **_rest: len(track))
    return hosting.LentTalkingHead(face_model, None, {})


def test_elsewhere_nothing_changes(monkeypatch):
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    assert hosting.model_class() is TalkingHead


def test_on_zero_gpu_work_runs_in_the_lent_process_and_reports_come_back(model, lending, tmp_path):
    assert hosting.model_class() is hosting.LentTalkingHead
    soundfile.write(tmp_path / "s.wav", 0.1 * np.ones(16_000 * 30), 16_000)
    told, frames = [], []
    made, name = model.generate(
        "face.jpg", tmp_path / "s.wav", save_to=tmp_path / "v.mp4",
        options=GenerateOptions(size=512), progress=lambda *report: told.append(report),
        watch=frames.append,
    )  # fmt: skip
    assert made == "made"
    assert name != multiprocessing.current_process().name
    assert (tmp_path / "v.mp4").read_text() == "video"
    assert told == [("frames", index, 6) for index in range(6)]
    assert [int(frame[0, 0, 0]) for frame in frames] == list(range(6))
    assert lending.durations == [38]


def test_cancelling_reaches_the_lent_process(model, tmp_path):
    soundfile.write(tmp_path / "s.wav", np.ones(1_600), 16_000)

    def stop(stage, done, total):
        raise Cancelled("stopped by the user")

    def slowly(self, photo, sound, *, progress, **_rest):
        for _ in range(500):
            progress("frames", 0, 6)
            multiprocessing.Event().wait(0.01)
        return "never"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TalkingHead, "generate", slowly)
        with pytest.raises(Cancelled):
            model.generate("f.jpg", tmp_path / "s.wav", save_to=tmp_path / "v.mp4", progress=stop)


def test_a_users_mistake_keeps_its_class(model, tmp_path):
    with pytest.raises(NoFaceFound, match="no face was found"):
        model.generate("nobody.jpg", "missing.wav", save_to=tmp_path / "v.mp4")


@pytest.mark.parametrize("name", ["generate", "render_track"])
def test_a_lent_model_takes_what_the_model_takes(name):
    lent, own = getattr(hosting.LentTalkingHead, name), getattr(TalkingHead, name)
    assert inspect.signature(lent) == inspect.signature(own)


def test_an_unknown_parameter_is_refused_before_a_gpu_is_asked_for(model, lending, tmp_path):
    with pytest.raises(TypeError, match="foto"):
        model.generate("a.jpg", "s.wav", save_to=tmp_path / "v.mp4", foto="face.jpg")
    assert lending.durations == []


def test_a_track_is_lent_for_by_its_length(model, lending, tmp_path):
    from renderer.coefficients import MotionCoefficients

    track = MotionCoefficients(
        np.zeros((2500, 52), np.float32), np.zeros((2500, 3), np.float32),
        np.zeros((2500, 3), np.float32), 25.0,
    )  # fmt: skip
    assert model.render_track("face.jpg", track, save_to=tmp_path / "v.mp4") == 2500
    assert lending.durations == [80]


@pytest.mark.parametrize(
    ("seconds", "size", "expected"),
    [(0, 512, 30), (10, 512, 30), (100, 512, 80), (100, 1024, 260), (600, 1024, 300)],
)
def test_the_gpu_is_asked_for_by_length_and_size(seconds, size, expected):
    assert hosting.gpu_seconds(seconds, size) == expected
