from __future__ import annotations

import copy
import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from talkinghead.config import GenerateOptions
from talkinghead.errors import NoFaceFound, ServerBusy, UnreadableSound
from talkinghead.web.sessions import MOST_RESULTS, Keeper, Made, Session, remove_empty_folders
from talkinghead.web.studio import Order, Studio


class CountingModel:
    def __init__(self):
        self.asked = []

    def fit(self, photo, face):
        self.asked.append((str(photo), face))
        if photo == Path("wall.jpg"):
            message = "no face"
            raise NoFaceFound(message)
        return SimpleNamespace(chosen=1 if face is None else face)


def result_of(session):
    folder = session.place_for_result()
    folder.mkdir()
    video = folder / "evoke.mp4"
    video.write_bytes(b"0")
    return Made(video, None, None, "joy", "", "a.jpg", "a.wav", GenerateOptions())


def test_a_photo_is_fitted_once_until_photo_or_face_change():
    model, session = CountingModel(), Session()
    for face in (None, 1, None, 0, 0):
        session.portrait(model, "a.jpg", face)
    session.portrait(model, "b.jpg", 0)
    assert model.asked == [("a.jpg", None), ("a.jpg", 0), ("b.jpg", None)]


def test_a_failed_fit_is_remembered_too():
    model, session = CountingModel(), Session()
    for _ in range(3):
        with pytest.raises(NoFaceFound):
            session.portrait(model, "wall.jpg", None)
    assert len(model.asked) == 1
    assert session.portrait(model, "a.jpg", None).chosen == 1


def test_a_recording_is_decoded_once_and_its_fault_is_remembered(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(16_000), 16_000)
    session = Session()
    speech = session.speech(str(path))
    assert speech.seconds == 1.0
    assert session.speech(str(path)) is speech
    for _ in range(2):
        with pytest.raises(UnreadableSound):
            session.speech(str(tmp_path / "missing.wav"))


def test_a_new_job_stops_the_earlier_one_only():
    session = Session()
    first = session.begin()
    second = session.begin()
    assert first.is_set()
    assert not second.is_set()


def test_each_tab_gets_its_own_session_and_folder(tmp_path):
    empty = Session(tmp_path)
    one, two = copy.deepcopy(empty), copy.deepcopy(empty)
    assert one.folder() != two.folder()
    assert one.folder().parent == two.folder().parent == tmp_path
    assert one.stop is not two.stop
    assert one.folder().stat().st_mode & 0o077 == 0  # for nobody else on the machine


def test_the_oldest_result_is_deleted_when_there_are_too_many(tmp_path):
    session = Session(tmp_path)
    made = [result_of(session) for _ in range(MOST_RESULTS + 1)]
    for one in made:
        session.keep(one)
    assert session.results == made[1:]
    assert session.shown is made[-1]
    assert not made[0].video.parent.exists()
    assert all(one.video.exists() for one in made[1:])


def test_closing_a_tab_stops_its_work_and_deletes_its_files(tmp_path):
    session = Session(tmp_path)
    stop, folder = session.begin(), session.folder()
    (folder / "video.mp4").write_bytes(b"0")
    session.close()
    assert stop.is_set()
    assert not folder.exists()
    Session().close()


def test_a_closed_tab_is_stopped_and_other_tabs_are_not():
    keeper, one, two = Keeper(), Session(), Session()
    keeper.enter("1", one)
    keeper.enter("2", two)
    keeper.leave("1")
    keeper.leave("unknown")
    assert one.stop.is_set()
    assert not two.stop.is_set()


def test_idle_sessions_lose_their_files_and_those_at_work_do_not(tmp_path):
    keeper = Keeper()
    idle, used, at_work = (Session(tmp_path, keeper) for _ in range(3))
    for session in (idle, used, at_work):
        session.folder()
        session.used_at = time.monotonic() - 100
    used.folder()
    at_work.works(SimpleNamespace(finished=threading.Event()))
    assert keeper.sweep(50) == 1
    assert len(list(tmp_path.iterdir())) == 2
    assert idle.folder().is_dir()  # who comes back gets a new one
    assert keeper.sweep(0) == 3
    assert list(tmp_path.iterdir()) == []


def test_only_old_and_empty_folders_are_removed(tmp_path):
    for name in ("old", "full", "young"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "photo.jpg").write_bytes(b"0")
    for name in ("old", "full"):
        os.utime(tmp_path / name, (1, 1))
    assert remove_empty_folders(tmp_path, 60.0) == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == ["full", "young"]
    assert remove_empty_folders(tmp_path / "missing", 60.0) == 0


def test_of_all_that_was_spoken_only_the_newest_is_kept(tmp_path):
    session = Session(tmp_path)
    folder = session.folder()
    for name in ("one.wav", "two.wav", "one.wav", "one.wav", "three.wav"):
        spoken = folder / name
        spoken.write_bytes(b"RIFF")
        session.spoke(spoken)
        assert [one.name for one in folder.iterdir()] == [name]


def test_a_refused_job_leaves_the_earlier_one_alone(tmp_path):
    class FullLine:
        def start(self, work, stop, otherwise):
            message = "too many wait"
            raise ServerBusy(message)

    session = Session(tmp_path)
    earlier = session.begin()
    order = Order("p.jpg", "s.wav", "", "neutral", GenerateOptions())
    with pytest.raises(ServerBusy):
        Studio(None, FullLine()).generate(session, order)
    assert session.stop is earlier
    assert not earlier.is_set()
