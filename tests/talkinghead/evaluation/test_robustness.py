"""The suite itself: it must notice what it is there to notice."""

import pytest

from talkinghead.evaluation import robustness
from talkinghead.evaluation.odd_inputs import Case, all_cases
from talkinghead.evaluation.robustness import measure_robustness
from talkinghead.examples import example_speech


@pytest.fixture(scope="module")
def cases(tmp_path_factory, photo_path):
    folder = tmp_path_factory.mktemp("odd")
    sound = example_speech(tmp_path_factory.mktemp("sound"))
    return {case.name: case for case in all_cases(folder, photo_path, sound)}


def test_there_are_more_than_two_hundred_different_cases(cases):
    assert len(cases) >= 200
    assert sum(case.expected == "error" for case in cases.values()) >= 80
    assert sum(case.expected == "video" for case in cases.values()) >= 80


def test_a_part_of_the_suite_passes(cases):
    chosen = [
        "photo EXIF orientation 6", "photo cmyk.jpg", "photo named pipe",
        "photo decompression bomb", "sound 8 channels", "sound not a number", "sound playlist.m3u8",
        "sound whose header claims 4 GB", "prompt HTML", "option gaze nan", "timeline deep file",
        "output name of 400 letters",
    ]  # fmt: skip
    result = measure_robustness([cases[name] for name in chosen])
    assert result["failed"] == []
    assert result["passed"] == len(chosen)


def test_a_wrong_expectation_is_reported(cases):
    wrong = [
        Case("good input", "error"),
        Case("missing photo", "video", photo=cases["photo missing"].photo),
        Case("silent about it", "error", photo=cases["photo missing"].photo, says=("a unicorn",)),
    ]
    result = measure_robustness(wrong)
    assert [one["name"] for one in result["failed"]] == [case.name for case in wrong]


def test_a_worker_that_hangs_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(robustness, "LONGEST", 0.05)
    worker = robustness._Worker(tmp_path)
    try:
        first = worker._process.pid
        code, reason = worker.run(["--version"])  # starting alone takes longer
        assert code is None
        assert "no answer" in reason
        assert worker._process.pid != first
    finally:
        worker.stop()


def test_files_that_are_left_behind_fail_a_case(tmp_path):
    worker = robustness._Worker(tmp_path)
    try:
        (tmp_path / "temporary" / "left.tmp").write_text("x")
        place = tmp_path / "place"
        place.mkdir()
        missing = Case("missing", "error", photo=tmp_path / "none.jpg")
        verdict = robustness._try(missing, worker, place, (tmp_path / "a", tmp_path / "b"))
    finally:
        worker.stop()
    assert not verdict.passed
    assert "left.tmp" in verdict.reason
