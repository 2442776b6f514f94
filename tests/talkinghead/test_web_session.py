from __future__ import annotations

import copy
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from talkinghead.config import GenerateOptions
from talkinghead.errors import BadOption, Cancelled, NoFaceFound
from talkinghead.web_session import Session, bullets, facts, options_from, reporter, sentence


class CountingModel:
    def __init__(self):
        self.asked = []

    def fit(self, photo, face):
        self.asked.append((str(photo), face))
        if photo == Path("wall.jpg"):
            message = "no face"
            raise NoFaceFound(message)
        return SimpleNamespace(chosen=1 if face is None else face)


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


def test_a_new_job_stops_the_earlier_one_only():
    session = Session()
    first = session.begin()
    second = session.begin()
    assert first.is_set()
    assert not second.is_set()


def test_each_tab_gets_its_own_session_and_folder():
    empty = Session()
    one, two = copy.deepcopy(empty), copy.deepcopy(empty)
    assert one.folder() != two.folder()
    assert one.stop is not two.stop


def test_an_earlier_result_is_deleted_when_the_next_is_begun():
    session = Session()
    (session.folder() / "portrait.jpg").write_bytes(b"0")
    first = session.output_folder()
    second = session.output_folder()
    assert not first.exists()
    assert second.is_dir()
    assert (session.folder() / "portrait.jpg").exists()


def test_closing_a_tab_stops_its_work_and_deletes_its_files():
    session = Session()
    stop, folder = session.begin(), session.folder()
    (folder / "video.mp4").write_bytes(b"0")
    session.close()
    assert stop.is_set()
    assert not folder.exists()
    Session().close()


def test_progress_rises_through_the_stages_and_names_the_frames():
    shown = []
    report = reporter(lambda share, words: shown.append((share, words)), threading.Event())
    for stage in ("portrait", "speech", "emotion", "motion"):
        report(stage, 0, 1)
        report(stage, 1, 1)
    for done in range(0, 301, 5):
        report("frames", done, 300)
    shares = [share for share, _ in shown]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert shown[-1][1] == "Painting frame 300 of 300"
    assert len(shown) < 20  # not one report for every call


def test_an_unknown_stage_is_shown_by_its_name():
    shown = []
    reporter(lambda *report: shown.append(report), threading.Event())("polishing", 1, 0)
    assert shown == [(0.0, "Polishing")]


def test_progress_raises_once_stop_is_set():
    stop = threading.Event()
    report = reporter(lambda *_: None, stop)
    report("frames", 1, 10)
    stop.set()
    with pytest.raises(Cancelled):
        report("frames", 2, 10)


def test_facts_name_each_notice_once_and_then_the_figures():
    result = SimpleNamespace(
        video=SimpleNamespace(frames=50, fps=25.0, width=512, height=512),
        notices=("the sound is silent", "the prompt was empty"),
        emotion=SimpleNamespace(notices=("the prompt was empty",)),
    )
    assert facts(result, GenerateOptions(seed=7), 1.26) == (
        "- The sound is silent.\n- The prompt was empty.\n"
        "- 2.0 s of 512 × 512 video, made in 1.3 s. Seed 7."
    )


def test_sentences_are_written_as_sentences():
    assert sentence("no face found") == "No face found."
    assert sentence("Really? ") == "Really?"
    assert bullets([]) == ""
    assert bullets(["one"]) == "One."


def test_controls_become_options():
    controls = [True, 0.3, "full", 256, "still", 2.0, -1.0, 0.5, 9, 1]
    expected = GenerateOptions(None, 256, "full", "still", 2.0, (-1.0, 0.5), seed=9, face=1)
    assert options_from(controls) == expected
    assert options_from([False, *controls[1:]]).intensity == 0.3
    assert options_from([*controls[:-2], None, None]).seed == 0
    with pytest.raises(BadOption, match="gaze x"):
        options_from([*controls[:6], 3.0, *controls[7:]])
