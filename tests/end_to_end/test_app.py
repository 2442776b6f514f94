"""The web app with a stand-in model, over the network as a program uses it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from asking import ask, new_client, path_of, submit, wait_for
from material import picture, recording

from talkinghead.video.read import read_video

gradio_client = pytest.importorskip("gradio_client")


@pytest.fixture
def client(server):
    return new_client(server[2])


def test_photo_sound_and_words_become_a_video(client, model, photo, sound):
    job = ask(
        client, photo, sound, automatic_intensity=False, intensity=0.25, framing="full", size=512,
        fps=15, head="still", blink=0.5, gaze_x=-0.5, gaze_y=0.25, seed=11,
    )  # fmt: skip
    video, download, motion, words, progress = job.result(timeout=30)
    clip = read_video(Path(path_of(video)))
    assert (clip.width, clip.height, len(list(clip))) == (512, 512, 15)
    assert Path(path_of(download)).read_bytes() == Path(path_of(video)).read_bytes()
    assert Path(path_of(motion)).read_text().startswith("frame,time")
    assert "This is the stand-in model" in words
    assert "1.0 s of 512 × 512 video" in words
    assert progress == ""
    options = model.options
    assert (options.intensity, options.framing, options.size) == (0.25, "full", 512)
    assert (options.head, options.blink, options.gaze) == ("still", 0.5, (-0.5, 0.25))
    assert (options.seed, options.face, options.fps) == (11, None, 15.0)


def test_the_intensity_is_left_to_the_words_by_default(client, model, photo, sound):
    ask(client, photo, sound).result(timeout=30)
    assert model.options.intensity is None


@pytest.mark.parametrize(
    ("missing", "words"),
    [("photo", "Add a portrait"), ("sound", "Add a recording"), ("consent", "Tick the box")],
)
def test_nothing_is_made_without_photo_sound_and_consent(
    client, model, photo, sound, missing, words
):
    given = {"photo": photo, "sound": sound, "consent": True, missing: None}
    model.options = None
    with pytest.raises(gradio_client.exceptions.AppError, match=words):
        ask(client, given["photo"], given["sound"], consent=bool(given["consent"])).result(30)
    assert model.options is None


def test_our_own_defects_are_logged_and_not_shown(client, model, photo, sound, caplog):
    model.fail_with = RuntimeError("secret path /root/weights")
    with pytest.raises(gradio_client.exceptions.AppError, match="wrong on our side") as caught:
        ask(client, photo, sound).result(timeout=30)
    assert "secret" not in str(caught.value)
    assert "secret path" in caplog.text


def test_progress_names_frames_and_time_and_the_first_second_comes_early(
    client, model, tmp_path, photo
):
    model.seconds_per_frame = 0.03
    job = ask(client, photo, recording(tmp_path / "long.wav", 4.0))
    job.result(timeout=30)
    seen = job.outputs()
    bars = [output[-1] for output in seen]
    assert any("Painting frame" in bar and "of 100" in bar and " s left" in bar for bar in bars)
    early = [path_of(output[0]) for output in seen[:-1] if path_of(output[0])]
    first = read_video(Path(early[0]))
    assert len(list(first)) == 25
    assert len(list(read_video(Path(path_of(seen[-1][0]))))) == 100


def test_cancel_really_stops_the_work_and_leaves_no_file(client, model, tmp_path, photo):
    model.seconds_per_frame = 0.02
    long = recording(tmp_path / "long.wav", 20.0)
    model.painted = 0
    job = ask(client, photo, long)
    assert wait_for(lambda: model.painted > 5)
    folder = model.folder
    client.predict(api_name="/cancel")
    assert model.ended.wait(5)
    painted = model.painted
    time.sleep(0.2)
    assert model.painted == painted < 400
    with pytest.raises(gradio_client.exceptions.AppError, match="Cancelled"):
        job.result(timeout=10)
    assert wait_for(lambda: not folder.exists())


def test_after_cancelling_the_next_video_is_made(client, model, tmp_path, photo, sound):
    model.seconds_per_frame = 0.02
    ask(client, photo, recording(tmp_path / "long.wav", 20.0))
    wait_for(lambda: not model.ended.is_set())
    client.predict(api_name="/cancel")
    model.seconds_per_frame = 0.0
    assert path_of(ask(client, photo, sound).result(timeout=30)[0])


def test_a_job_that_waits_says_so_and_can_be_cancelled(server, client, model, tmp_path, photo):
    model.seconds_per_frame = 0.02
    before = [new_client(server[2]) for _ in range(server[3].line.slots)]
    long = recording(tmp_path / "long.wav", 20.0)
    running = [ask(one, photo, long) for one in before]
    assert wait_for(lambda: server[3].line.counts()[0] == server[3].line.slots)
    job = ask(client, photo, long)
    assert wait_for(lambda: any("Waiting" in output[-1] for output in job.outputs()))
    client.predict(api_name="/cancel")
    with pytest.raises(gradio_client.exceptions.AppError, match="Cancelled"):
        job.result(timeout=5)
    assert server[3].line.counts()[0] == server[3].line.slots  # the others go on
    for one in before:
        one.predict(api_name="/cancel")
    assert wait_for(lambda: all(one.done() for one in running))


def test_no_more_videos_are_made_at_once_than_there_are_slots(server, model, photo, sound):
    model.seconds_per_frame, model.most_at_once = 0.01, 0
    clients = [new_client(server[2]) for _ in range(server[3].line.slots + 2)]
    for job in [ask(client, photo, sound) for client in clients]:
        assert path_of(job.result(timeout=30)[0])
    assert model.most_at_once == server[3].line.slots


def test_a_job_that_takes_too_long_is_stopped(served, model, photo, sound):
    model.seconds_per_frame = 0.1
    with served(model, seconds_allowed=0.5) as (_, address, _):
        job = ask(new_client(address), photo, sound)
        with pytest.raises(gradio_client.exceptions.AppError, match=r"longer than the 0.5 seconds"):
            job.result(timeout=30)
    assert wait_for(lambda: not model.folder.exists())


def test_the_health_route_names_version_weights_and_jobs(server):
    from talkinghead import __version__

    with urllib.request.urlopen(f"{server[2]}health") as answer:  # noqa: S310
        told = json.load(answer)
    assert (answer.status, told["status"], told["version"]) == (200, "ok", __version__)
    assert told["weights"] == "whole"
    assert set(told["jobs"]) == {"running", "waiting"}


def test_damaged_weights_make_the_health_route_answer_503(server, monkeypatch):
    from starlette.requests import Request

    from talkinghead.errors import WeightsCorrupt
    from webapp import serving

    def damaged(entry):
        message = f"{entry.name} is damaged"
        raise WeightsCorrupt(message)

    monkeypatch.setattr(serving, "verify", damaged)
    answer = serving.Health(server[3]).answer(Request({"type": "http"}))
    assert answer.status_code == 503
    assert b"is damaged" in answer.body


def test_two_heads_and_a_clip_to_copy(client, model, tmp_path, photo, sound):
    with pytest.raises(gradio_client.exceptions.AppError, match="Add the clip"):
        ask(client, photo, sound, head="copied").result(timeout=30)
    clip = tmp_path / "head.csv"
    clip.write_text("frame,time\n")
    ask(client, photo, sound, head="copied", head_clip=clip).result(timeout=30)
    assert Path(model.options.head).name == "head.csv"


def test_the_face_that_is_picked_is_used(client, model, tmp_path, sound):
    import numpy as np

    two = picture(tmp_path / "two.png", np.full((99, 99, 3), (0, 0, 255), np.uint8))
    picker = submit(client, "/understand", photo=two, feeling="joy").result(timeout=30)[3]
    assert [number for _, number in picker["choices"]] == [0, 1]
    ask(client, two, sound, face=0).result(timeout=30)
    assert model.options.face == 0


def test_importing_the_app_loads_and_serves_nothing():
    code = "import sys, app; print([n for n in ('gradio', 'torch') if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
