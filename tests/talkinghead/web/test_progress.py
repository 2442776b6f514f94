from __future__ import annotations

import threading

import pytest

from talkinghead.errors import Cancelled, TookTooLong
from talkinghead.web.progress import Standing, progress_bar, reporter, standing, waiting


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_progress_rises_through_the_stages_and_names_the_frames():
    shown = []
    report = reporter(shown.append, threading.Event())
    for stage in ("portrait", "speech", "emotion", "motion"):
        report(stage, 0, 1)
        report(stage, 1, 1)
    for done in range(0, 301, 5):
        report("frames", done, 300)
    shares = [one.share for one in shown]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert shown[-1].words == "Painting frame 300 of 300"


def test_the_time_left_is_what_the_painted_frames_say():
    clock, shown = Clock(), []
    report = reporter(shown.append, threading.Event(), clock=clock)
    report("portrait", 0, 1)
    clock.now = 50.0  # a slow start says nothing about the frames
    report("frames", 0, 100)
    assert shown[-1].seconds_left is None
    clock.now = 60.0
    report("frames", 25, 100)
    assert shown[-1].seconds_left == pytest.approx(30.0)


def test_an_unknown_stage_is_shown_by_its_name():
    assert standing("polishing", 1, 0) == Standing("polishing", 0.0, "Polishing")


def test_progress_raises_once_stop_is_set():
    stop = threading.Event()
    report = reporter(lambda _: None, stop)
    report("frames", 1, 10)
    stop.set()
    with pytest.raises(Cancelled):
        report("frames", 2, 10)


def test_progress_raises_when_the_time_is_up():
    clock = Clock()
    report = reporter(lambda _: None, threading.Event(), 10.0, clock)
    clock.now = 9.0
    report("frames", 1, 10)
    clock.now = 11.0
    with pytest.raises(TookTooLong, match="10 seconds"):
        report("frames", 2, 10)


def test_the_bar_says_everything_to_a_screen_reader_too():
    bar = progress_bar(Standing("frames", 0.5, "Painting frame 2 of <4>", 119.0))
    assert 'role="progressbar"' in bar
    assert 'aria-valuenow="50"' in bar
    assert "width:50%" in bar
    assert "about 2 min left" in bar
    assert "frame 2 of &lt;4&gt;" in bar
    assert '<li class="now" aria-current=step>Video</li>' in bar
    assert bar.count('class="done"') == 4


def test_waiting_names_those_before():
    assert waiting(1).words == "Waiting: 1 video is made first"
    assert waiting(3).words == "Waiting: 3 videos are made first"
