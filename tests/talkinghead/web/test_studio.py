"""What a job is made of stays there for as long as it is needed, and no longer."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from talkinghead.config import GenerateOptions
from talkinghead.errors import Cancelled, ServerBusy, UnreadableMotion
from talkinghead.web.jobs import Line
from talkinghead.web.sessions import Session
from talkinghead.web.studio import Order, Studio


class ReadingModel:
    """Reads its files when it is told to, as late as a job may."""

    def __init__(self):
        self.may_read = threading.Event()
        self.read = []

    def generate(self, photo, sound, *, save_to, options, export_motion, **_rest):
        assert self.may_read.wait(10)
        self.read.append([path.read_text() for path in (photo, sound, Path(options.head))])
        self.names = [path.name for path in (photo, sound)]
        save_to.write_text("video")
        video = SimpleNamespace(path=save_to, frames=1, fps=25.0, width=4, height=4)
        understood = SimpleNamespace(notices=())
        return SimpleNamespace(video=video, emotion=understood, notices=(), seconds={"frames": 1.0})


@pytest.fixture
def given(tmp_path):
    """An order of three uploads, two of the same name."""
    paths = []
    for folder, name in (("a", "me.jpg"), ("b", "me.jpg"), ("c", "nod.csv")):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / name)
        paths[-1].write_text(folder)
    photo, sound, head = map(str, paths)
    return Order(photo, sound, "", "neutral", GenerateOptions(head=head))


def remove(order):
    for path in (order.photo, order.sound, order.options.head):
        Path(path).unlink()


def test_a_job_reads_what_it_was_given_even_if_that_is_gone_meanwhile(tmp_path, given):
    model, session = ReadingModel(), Session(tmp_path / "tabs")
    studio = Studio(model, Line())
    job = studio.generate(session, given).job
    remove(given)
    model.may_read.set()
    assert job.finished.wait(10)
    made = job.result()
    assert model.read == [["a", "b", "c"]]
    assert model.names == ["me.jpg", "me.jpg"]  # errors speak of files by their names
    again = Order(made.photo, made.sound, "", "sad", made.options)  # as "compare" does
    job = studio.generate(session, again).job
    assert job.finished.wait(10)
    assert model.read == [["a", "b", "c"]] * 2
    session.close()
    assert list((tmp_path / "tabs").iterdir()) == []


def test_a_job_that_waits_in_line_has_its_files_too_and_leaves_none_if_it_is_stopped(
    tmp_path, given
):
    model, line = ReadingModel(), Line(slots=1)
    first, second, third = (Session(tmp_path / name) for name in ("1", "2", "3"))
    jobs = [Studio(model, line).generate(one, given).job for one in (first, second, third)]
    remove(given)
    second.stop.set()
    assert jobs[1].finished.wait(10)
    with pytest.raises(Cancelled):
        jobs[1].result()
    assert list(second.folder().iterdir()) == []
    model.may_read.set()
    assert all(job.finished.wait(10) for job in jobs)
    assert model.read == [["a", "b", "c"]] * 2


def test_a_refused_job_leaves_no_file(tmp_path, given):
    session = Session(tmp_path / "tabs")
    with pytest.raises(ServerBusy):
        Studio(ReadingModel(), Line(most_waiting=0)).generate(session, given)
    assert list(session.folder().iterdir()) == []


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [("walk.bvh", 10, r"walk\.bvh should end in \.csv or \.json"),
     ("walk.csv", 40_000_001, r"walk\.csv has 40 MB, expected at most 40: remove the frames")],
)  # fmt: skip
def test_what_cannot_be_a_motion_file_is_refused_before_it_is_read(
    tmp_path, given, name, size, words
):
    motion = tmp_path / name
    with motion.open("wb") as file:
        file.truncate(size)
    session, studio = Session(tmp_path / "tabs"), Studio(ReadingModel(), Line())
    with pytest.raises(UnreadableMotion, match=words):
        studio.render(session, str(motion), given)
    if motion.suffix == ".csv":
        order = replace(given, options=GenerateOptions(head=str(motion)))
        with pytest.raises(UnreadableMotion, match=words):
            studio.generate(session, order)
    assert list(session.folder().iterdir()) == []


def test_a_motion_is_read_when_its_turn_comes(tmp_path, given):
    """A long one takes seconds; many at once would starve the videos."""
    model, line = ReadingModel(), Line(slots=1)
    first, second = Session(tmp_path / "1"), Session(tmp_path / "2")
    studio = Studio(model, line)
    running = studio.generate(first, given).job
    motion = tmp_path / "walk.csv"
    motion.write_text("these,are,no,numbers\n")
    waiting = studio.render(second, str(motion), given).job
    assert not waiting.finished.wait(0.3)
    model.may_read.set()
    assert running.finished.wait(10)
    assert waiting.finished.wait(10)
    with pytest.raises(UnreadableMotion, match=r"walk\.csv: wrong columns"):
        waiting.result()


def test_what_was_not_uploaded_is_left_to_the_job_to_explain(tmp_path, given):
    model, session = ReadingModel(), Session(tmp_path / "tabs")
    model.may_read.set()
    job = Studio(model, Line()).generate(session, replace(given, photo=str(tmp_path / "no"))).job
    assert job.finished.wait(10)
    with pytest.raises(FileNotFoundError):
        job.result()
    assert list(session.folder().iterdir()) == []
