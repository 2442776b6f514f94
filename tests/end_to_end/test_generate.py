"""The whole way, with the shipped weights."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from talkinghead.cli import main
from talkinghead.config import GenerateOptions
from talkinghead.errors import BadOption, Cancelled, NotBuiltYet, UnreadableSound
from talkinghead.motion.track_file import read_motion, write_motion
from talkinghead.pipeline import TalkingHead
from talkinghead.speech.synthesis import synthesise
from talkinghead.video.read import read_video

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def model():
    return TalkingHead.from_pretrained("cpu")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "hello.wav"
    speech, _ = synthesise("Hello, maybe we can be friends.")
    soundfile.write(path, speech.waveform, 16_000)
    return path


@pytest.fixture(scope="module")
def made(model, photo_path, sound, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    stages = []
    result = model.generate(
        photo_path, sound, save_to=folder / "out.mp4", emotion="happy",
        options=GenerateOptions(size=256, seed=3), export_motion=folder / "motion.csv",
        progress=lambda stage, done, total: stages.append((stage, done, total)),
    )  # fmt: skip
    return folder, result, stages


def frames_of(path):
    with read_video(path) as clip:
        return np.stack(list(clip))


def test_the_video_is_as_long_as_the_sound(made, sound):
    folder, result, _ = made
    seconds = soundfile.info(sound).duration
    assert (result.video.width, result.video.height, result.video.fps) == (256, 256, 25.0)
    assert result.video.frames == len(result.motion) == int(np.ceil(seconds * 25))
    assert len(frames_of(folder / "out.mp4")) == result.video.frames


def test_the_face_moves_and_the_corners_do_not(made):
    frames = frames_of(made[0] / "out.mp4").astype(float)
    change = np.abs(frames - frames[0]).mean(axis=(0, 3))
    assert change[140:200, 90:170].mean() > 3
    assert change[:12, -12:].mean() < 2.5  # what the encoder does to a still corner


def test_every_stage_is_reported_and_timed(made):
    _, result, stages = made
    assert list(dict.fromkeys(name for name, _, _ in stages)) == [
        "portrait", "speech", "emotion", "motion", "frames",
    ]  # fmt: skip
    assert set(result.seconds) == {"portrait", "speech", "emotion", "motion", "frames"}
    assert result.emotion.mead_class == "happy"


def test_the_same_seed_gives_the_same_bytes(model, made, photo_path, sound):
    folder, result, _ = made
    again = model.generate(
        photo_path, sound, save_to=folder / "again.mp4", emotion="happy",
        options=GenerateOptions(size=256, seed=3),
    )  # fmt: skip
    assert again.motion.as_array().tobytes() == result.motion.as_array().tobytes()
    digests = {
        hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("out.mp4", "again.mp4")
    }
    assert len(digests) == 1


def test_another_seed_gives_another_motion(model, made, photo_path, sound):
    other = model.generate(
        photo_path, sound, save_to=made[0] / "other.mp4", emotion="happy",
        options=GenerateOptions(size=256, seed=4),
    )  # fmt: skip
    assert np.abs(other.motion.as_array() - made[1].motion.as_array()).max() > 0.01


def test_an_exported_track_renders_to_the_same_frames(model, made, photo_path, sound):
    folder, result, _ = made
    track = read_motion(folder / "motion.csv")
    assert track.as_array().tobytes() == result.motion.as_array().tobytes()
    model.render_track(
        photo_path, track, save_to=folder / "again.mp4", sound=sound,
        options=GenerateOptions(size=256),
    )  # fmt: skip
    np.testing.assert_array_equal(frames_of(folder / "again.mp4"), frames_of(folder / "out.mp4"))


def test_the_whole_photo_is_untouched_outside_the_region(model, made, photo_path, portrait):
    from talkinghead.portrait.framing import region_view

    options = GenerateOptions(framing="full")
    _, (left, top, right, bottom) = region_view(portrait.source)
    outside = np.ones(portrait.source.image.shape[:2], bool)
    outside[top:bottom, left:right] = False
    frames = list(model.render(portrait, made[1].motion.frames(10, 12), options))
    for frame in frames:
        assert frame.shape == portrait.source.image.shape
        np.testing.assert_array_equal(frame[outside], portrait.source.image[outside])
        assert (frame != portrait.source.image).any()


def test_the_emotion_shows_on_the_face(model, portrait):
    calm = model.preview(portrait, model.feel("neutral", 0.0))
    for feeling in ("happy", "angry", "surprised"):
        felt = model.preview(portrait, model.feel(feeling, 1.0))
        assert np.abs(felt.astype(float) - calm).mean() > 0.5, feeling


def test_a_timeline_changes_the_face_on_the_way(model, photo_path, sound, tmp_path):
    from talkinghead.emotion.timeline import Keyframe

    keys = (Keyframe(0.0, "neutral", 0.0), Keyframe(1.2, "happy", 1.0))
    result = model.generate(
        photo_path, sound, save_to=tmp_path / "t.mp4", emotion=keys,
        options=GenerateOptions(size=256),
    )  # fmt: skip
    smile = result.motion.channel("mouthSmileLeft")
    assert smile[-5:].mean() > smile[:5].mean() + 0.2


def test_cancelling_stops_and_leaves_nothing(model, photo_path, sound, tmp_path):
    def stop(stage, done, total):
        if stage == "frames" and done >= 5:
            raise Cancelled("stopped by the user")

    with pytest.raises(Cancelled):
        model.generate(photo_path, sound, save_to=tmp_path / "no.mp4", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_clip_can_be_tracked_and_worn(model, made, photo_path, tmp_path):
    tracked = model.track(made[0] / "out.mp4")
    assert tracked.found > 0.9
    write_motion(tracked.motion, tmp_path / "track.csv")
    video = model.render_track(
        photo_path, read_motion(tmp_path / "track.csv"), save_to=tmp_path / "worn.mp4",
        options=GenerateOptions(size=256),
    )  # fmt: skip
    assert video.frames == len(tracked.motion)


def test_silence_is_animated_as_idle(model, photo_path, tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(8 * 16_000), 16_000)
    result = model.generate(
        photo_path, tmp_path / "silence.wav", save_to=tmp_path / "idle.mp4",
        options=GenerateOptions(size=256, seed=1),
    )  # fmt: skip
    assert result.video.frames == 200
    assert result.motion.channel("jawOpen")[10:].max() < 0.06
    assert result.motion.channel("eyeBlinkLeft").max() > 0.8
    assert np.ptp(result.motion.rotation, axis=0).max() > 0.005


def run(*arguments):
    command = [sys.executable, "-m", "talkinghead", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_line_prints_one_json_object_last(photo_path, sound, tmp_path):
    done = run(
        "generate", photo_path, sound, "-o", tmp_path / "v.mp4", "--size", 256, "--emotion", "sad",
        "--seed", 5, "--export-motion", tmp_path / "m.json", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["output"] == str(tmp_path / "v.mp4")
    assert report["emotion"]["class"] == "sad"
    assert (report["seed"], report["fps"], report["width"]) == (5, 25.0, 256)
    assert report["frames"] == len(read_motion(tmp_path / "m.json"))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--emotion-image", "nothing.png"], "nothing.png"),
        (["--emotion-sound", "nothing.wav"], "nothing.wav"),
        (["--motion", "guesswork"], "invalid choice"),
        (["--renderer", "painted"], "invalid choice"),
        (["--size", "300"], "invalid choice"),
        (["--gaze", "left"], "two numbers"),
        (["--intensity", "2"], "0 to 1"),
        (["--head", "nodding"], "natural, still, or the path"),
        (["--face", "3"], "one face"),
        (["--emotion-timeline", "nothing.json"], "nothing.json"),
        (["--emotion", "a", "--emotion-image", "b"], "not allowed"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(photo_path, sound, tmp_path, capsys, extra, words):
    code = main(["generate", str(photo_path), str(sound), "-o", str(tmp_path / "v.mp4"), *extra])
    error = capsys.readouterr().err
    assert code == 2
    assert error.startswith("evoke: ")
    assert error.count("\n") == 1
    assert words in error
    assert list(tmp_path.iterdir()) == []


def test_errors_reach_python_as_their_classes(model, photo_path, tmp_path):
    with pytest.raises(UnreadableSound):
        model.generate(photo_path, tmp_path / "no.wav", save_to=tmp_path / "o.mp4")
    with pytest.raises(BadOption):
        model.generate(photo_path, photo_path, save_to=tmp_path / "o.avi")


def test_a_copy_without_weights_says_what_it_has(model, portrait, monkeypatch):
    monkeypatch.setattr(model, "_motion", {"rules": model.decoders["rules"]})
    features = emotion = None
    with pytest.raises(NotBuiltYet, match="it has rules"):
        model.animate(features, emotion, portrait, GenerateOptions(motion="codebook"))


@pytest.mark.parametrize("name", ["rules", "regression", "codebook"])
def test_every_decoder_speaks(model, photo_path, sound, tmp_path, name):
    options = GenerateOptions(size=256, motion=name, seed=4)
    made = [
        model.generate(photo_path, sound, save_to=tmp_path / f"{n}.mp4", options=options).motion
        for n in range(2)
    ]
    assert made[0].as_array().tobytes() == made[1].as_array().tobytes()
    opening = model.model.lip_aperture(made[0].expression)
    assert opening.std() > 0.005
    assert np.abs(np.diff(opening)).max() < 0.25
    np.testing.assert_allclose(made[0].rotation[0], model.fit(photo_path).resting.rotation[0],
                               atol=0.02)  # fmt: skip


def test_the_learned_renderer_makes_other_frames_and_the_same_ones_twice(
    model, made, photo_path, sound, tmp_path
):
    folder, result, _ = made
    options = GenerateOptions(size=256, seed=3, renderer="learned")
    seen = []
    for name in ("one.mp4", "two.mp4"):
        again = model.generate(
            photo_path, sound, save_to=tmp_path / name, emotion="happy", options=options
        )
        assert again.motion.as_array().tobytes() == result.motion.as_array().tobytes()
        seen.append(frames_of(tmp_path / name))
    np.testing.assert_array_equal(*seen)
    np.testing.assert_array_equal(seen[0], frames_of(folder / "out.mp4"))  # it is the usual one
    plain = GenerateOptions(size=256, seed=3, renderer="geometric")
    model.generate(
        photo_path, sound, save_to=tmp_path / "three.mp4", emotion="happy", options=plain
    )
    change = np.abs(seen[0].astype(int) - frames_of(tmp_path / "three.mp4")).max(axis=-1)
    rows = change.mean(axis=(0, 2))
    mouth = rows[len(rows) // 2 : 3 * len(rows) // 4]
    assert mouth.max() > 2  # painted
    assert change[:, : len(rows) // 4].max() > 20  # hair and wall, which the geometric one drags
