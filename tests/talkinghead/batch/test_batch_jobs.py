from __future__ import annotations

import json

import pytest

from talkinghead.batch.jobs import read_jobs
from talkinghead.cli import main
from talkinghead.config import GenerateOptions
from talkinghead.errors import BadJobs


def test_every_option_of_generate_is_a_key(jobs_file, folder):
    job = read_jobs(jobs_file({
        "emotion": "quiet joy", "intensity": 0.4, "size": 1024, "framing": "full", "head": "still",
        "blink": 0.5, "gaze": [0.2, -0.3], "motion": "rules", "renderer": "geometric", "seed": 9,
        "fps": 30, "device": "cpu", "face": 1, "export-motion": "json", "name": "Ada 1",
    }))[0]  # fmt: skip
    assert job.options == GenerateOptions(
        0.4, 1024, "full", "still", 0.5, (0.2, -0.3), "rules", "geometric", 9, 30, "cpu", 1
    )
    assert (job.name, job.emotion, job.export_motion) == ("Ada 1", "quiet joy", "json")
    assert job.files == {"photo": folder / "face.jpg", "sound": folder / "beep.wav"}


def test_paths_are_relative_to_the_file_and_empty_lines_do_not_count(jobs_file, monkeypatch):
    path = jobs_file({}, "", {"name": "other", "gaze": "0.1,0"})
    monkeypatch.chdir("/")
    jobs = read_jobs(path)
    assert [job.line for job in jobs] == [1, 3]
    assert jobs[0].name == "0001-face-beep"
    assert jobs[1].options.gaze == (0.1, 0.0)


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("{oops", "no JSON"),
        ("[1]", "expected a JSON object"),
        ("[" * 100_000, "no JSON"),
        ({"colour": "red"}, "'colour' is no option; there are name, photo"),
        ({"photo": "nobody.jpg"}, "there is no file"),
        ({"photo": 3}, "expected the path of a file"),
        ({"sound": None}, "'sound' is missing"),
        ({"size": 300}, "size is 300, expected one of 256, 512, 1024"),
        ({"size": "512"}, "size is '512', expected a whole number"),
        ({"seed": True}, "seed is True, expected a whole number"),
        ({"blink": "fast"}, "blink is 'fast', expected a number"),
        ({"intensity": 2}, "intensity is 2, expected a number from 0 to 1"),
        ({"gaze": [1]}, "expected two numbers"),
        ({"gaze": 5}, "expected two numbers"),
        ({"head": "clip.mp4"}, "head: there is no file"),
        ({"emotion": "joy", "emotion_image": "face.jpg"}, "expected one of them"),
        ({"emotion_timeline": "beep.wav"}, "beep.wav"),
        ({"export_motion": "fbx"}, "expected true, false, csv or json"),
        ({"name": "../../etc/passwd"}, "cannot be a file's"),
        ({"name": "/tmp/x"}, "cannot be a file's"),  # noqa: S108
        ({"name": ".."}, "cannot be a file's"),
        ({"name": "a\\b"}, "cannot be a file's"),
        ({"name": "a\nb"}, "cannot be a file's"),
        ({"name": "x" * 101}, "cannot be a file's"),
        ({"name": 7}, "cannot be a file's"),
    ],
)
def test_mistakes_name_the_line(jobs_file, folder, capsys, job, words):
    path = jobs_file({}, job)
    with pytest.raises(BadJobs) as error:
        read_jobs(path)
    assert "jobs.jsonl, line 2: " in str(error.value)
    assert words in str(error.value)
    assert main(["batch", str(path), "-o", str(folder / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (folder / "out").exists()


def test_all_wrong_lines_are_told_at_once(jobs_file):
    with pytest.raises(BadJobs) as error:
        read_jobs(jobs_file(*[{"size": number} for number in range(7)]))
    assert "line 1: " in str(error.value)
    assert "line 5: " in str(error.value)
    assert "and 2 more" in str(error.value)


def test_outputs_never_collide(jobs_file):
    with pytest.raises(BadJobs, match="that of line 1"):
        read_jobs(jobs_file({"name": "Ada"}, {"name": "ada"}))


def test_files_that_are_no_list_of_jobs_are_refused(folder):
    (folder / "empty.jsonl").write_text("\n\n")
    with pytest.raises(BadJobs, match="no jobs"):
        read_jobs(folder / "empty.jsonl")
    with pytest.raises(BadJobs, match="cannot be read"):
        read_jobs(folder / "face.jpg")
    with pytest.raises(BadJobs, match="not a file"):
        read_jobs(folder / "missing.jsonl")


def test_the_fingerprint_follows_job_and_files(jobs_file, folder):
    first = read_jobs(jobs_file({"seed": 1}))[0].fingerprint
    assert read_jobs(jobs_file({"seed": 1}))[0].fingerprint == first
    assert read_jobs(jobs_file({"seed": 2}))[0].fingerprint != first
    (folder / "beep.wav").write_bytes(b"another sound")
    assert read_jobs(jobs_file({"seed": 1}))[0].fingerprint != first


def test_an_output_that_is_an_input_is_refused(jobs_file, folder, capsys):
    (folder / "in.mp4").write_bytes(b"precious")
    path = jobs_file({"name": "in", "sound": "in.mp4"})
    assert main(["batch", str(path), "-o", str(folder)]) == 2
    assert "would be lost" in capsys.readouterr().err
    assert (folder / "in.mp4").read_bytes() == b"precious"
    assert json.loads(path.read_text())["name"] == "in"


def test_wrong_types_are_refused_in_words_and_not_at_full_length(jobs_file):
    for job in ({"export_motion": [1]}, {"gaze": [10**400, 0]}, {"intensity": 10**4000}):
        with pytest.raises(BadJobs) as raised:
            read_jobs(jobs_file(job))
        assert len(str(raised.value)) < 1000


def test_a_line_break_of_unicode_inside_a_text_is_part_of_it(jobs_file):
    path = jobs_file({"emotion": "joy"})
    path.write_text(path.read_text().replace("joy", "joy\u2028x"), encoding="utf-8")
    (job,) = read_jobs(path)
    assert job.emotion == "joy\u2028x"


def test_any_photo_name_gives_a_usable_name(jobs_file, folder):
    photo = (
        (folder / "photo.jpg") if (folder / "photo.jpg").exists() else next(folder.glob("*.jpg"))
    )
    odd = folder / "Bob's photo & [more] 表情.jpg"
    odd.write_bytes(photo.read_bytes())
    (job,) = read_jobs(jobs_file({"photo": odd.name}))
    assert "'" not in job.name
    assert "&" not in job.name


def test_the_file_of_jobs_is_not_overwritten_by_the_outcomes(jobs_file, tmp_path):
    from talkinghead.batch.results import Results
    from talkinghead.errors import OutputNotWritable

    path = jobs_file({})
    jobs = read_jobs(path)
    taken = path.rename(path.with_name("results.jsonl"))
    with pytest.raises(OutputNotWritable, match="would be lost"):
        Results(taken.parent).refuse_inputs(jobs, taken)


def test_two_batches_do_not_work_in_one_folder(tmp_path):
    from talkinghead.batch.results import alone_in
    from talkinghead.errors import OutputNotWritable

    with (
        alone_in(tmp_path),
        pytest.raises(OutputNotWritable, match="another batch"),
        alone_in(tmp_path),
    ):
        pass
    with alone_in(tmp_path):
        pass
