from __future__ import annotations

import json
import os

import pytest
from certificates import make_certificate
from PIL import Image
from video_clips import facts_of, make, moving_frames

from talkinghead.cli import main
from talkinghead.errors import BackendMissing, BadOption
from talkinghead.video.content_credentials import check_credentials, read_credentials
from talkinghead.video.verify import read_provenance
from talkinghead.video.write import write_video


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    path = tmp_path_factory.mktemp("ours") / "ours.mp4"
    write_video(moving_frames(10, 256, 320), path, 25.0, note="Seed 7.")
    return path


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    path = tmp_path_factory.mktemp("strangers") / "camera.mp4"
    return make(path, "-f", "lavfi", "-i", "testsrc2=size=256x256:rate=25:duration=1")


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    pytest.importorskip("c2pa")
    chain, key = make_certificate(tmp_path)
    monkeypatch.setenv("EVOKE_C2PA_CERTIFICATE", str(chain))
    monkeypatch.setenv("EVOKE_C2PA_KEY", str(key))
    return chain, key


def test_our_videos_are_known_by_mark_and_note(ours):
    found = read_provenance(ours)
    assert found.mark.found
    assert found.made_by_evoke
    assert found.note.endswith("not a recording of a real event. Seed 7.")
    assert found.credentials is None


def test_the_mark_outlives_the_note(ours, tmp_path):
    stripped = make(tmp_path / "s.mp4", "-i", ours, "-map_metadata", "-1", "-crf", "28")
    found = read_provenance(stripped)
    assert found.note == ""
    assert found.mark.found
    assert found.made_by_evoke


def test_the_command_says_it_in_words_and_in_json(ours, stranger, capsys):
    assert main(["verify", str(ours)]) == 0
    said = capsys.readouterr().out
    assert "made by Evoke" in said
    assert "invisible mark: found" in said
    assert main(["verify", str(stranger), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["made_by_evoke"] is False
    assert report["mark"]["found"] is False
    assert report["mark"]["chance"] > 1e-4
    assert (report["note"], report["c2pa"]) == ("", None)
    assert main(["verify", str(stranger)]) == 0
    assert "no sign of Evoke found" in capsys.readouterr().out


def refusal(capsys, path):
    """What the command says about a file that it cannot read; one line, without ffmpeg's words."""
    assert main(["verify", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "ffmpeg" not in error
    assert "rror open" not in error
    assert "expected a clip such as MP4, MOV" in error
    return error


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no file"),
        (b"", "is empty (0 bytes)"),
        (b"this is no video" * 50, "x.mp4 is not a video, or is damaged"),
        (b"%PDF-1.4 " + bytes(500), "x.mp4 is not a video, or is damaged"),
    ],
)
def test_files_that_are_no_video_are_refused(tmp_path, capsys, content, words):
    path = tmp_path / "x.mp4"
    if content is not None:
        path.write_bytes(content)
    assert words in refusal(capsys, path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_is_called_a_picture_whatever_its_name(tmp_path, capsys, kind):
    path = tmp_path / "renamed.mp4"
    Image.new("RGB", (64, 48), (90, 20, 60)).save(path, format=kind)
    assert f"renamed.mp4 is a picture ({kind})" in refusal(capsys, path)


def test_a_sound_is_called_a_sound_even_with_a_cover(tmp_path, capsys):
    tone = make(tmp_path / "tone.wav", "-f", "lavfi", "-i", "sine=duration=0.5")
    cover = tmp_path / "cover.jpg"
    Image.new("RGB", (64, 48)).save(cover)
    album = make(
        tmp_path / "album.m4a", "-i", tone, "-i", cover, "-map", "0:a", "-map", "1:v",
        "-c:v", "mjpeg", "-disposition:v", "attached_pic",
    )  # fmt: skip
    for path in (tone, album):
        assert f"{path.name} is a sound without moving pictures" in refusal(capsys, path)


def test_a_damaged_video_is_called_damaged(stranger, tmp_path, capsys):
    content = stranger.read_bytes()
    media = content.index(b"mdat") + 4
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(content[:media] + bytes(20_000) + content[media + 20_000 :])
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(content[: media + 3_000])
    assert "broken.mp4 has pictures that cannot be decoded" in refusal(capsys, broken)
    assert "cut.mp4 is not a video, or is damaged" in refusal(capsys, cut)


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/null", "/dev/zero", tmp_path / "pipe"):
        assert f"{path} is a device or a pipe" in refusal(capsys, path)
    assert f"{tmp_path} is a folder" in refusal(capsys, tmp_path)


def test_a_certificate_in_the_environment_signs_every_video(certificate, tmp_path, capsys):
    path = tmp_path / "signed.mp4"
    write_video(moving_frames(10, 128, 128), path, 25.0)
    found = read_credentials(path)
    assert found.made_by.startswith("Evoke")
    assert found.signed_by == "Evoke tests"
    assert found.state == "Valid"
    assert found.synthetic
    assert facts_of(path).frames == 10
    assert {one.name for one in tmp_path.iterdir()} == {"signed.mp4", "chain.pem", "key.pem"}
    assert main(["verify", str(path)]) == 0
    assert "signed by Evoke tests: Valid" in capsys.readouterr().out


def test_a_signed_video_that_was_changed_is_invalid(certificate, tmp_path):
    path = tmp_path / "signed.mp4"
    write_video(moving_frames(10, 128, 128), path, 25.0)
    content = bytearray(path.read_bytes())
    content[-200] ^= 255
    path.write_bytes(content)
    assert read_credentials(path).state == "Invalid"


def test_a_wrong_certificate_is_named_and_leaves_no_video(certificate, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("EVOKE_C2PA_CERTIFICATE", str(certificate[1]))  # the key in its place
    path = other / "video.mp4"
    with pytest.raises(BadOption, match="cannot be signed"):
        write_video(moving_frames(3, 128, 128), path, 25.0)
    assert list(other.iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("EVOKE_C2PA_KEY", "", "EVOKE_C2PA_KEY is not set"),
        ("EVOKE_C2PA_KEY", "/nowhere.pem", "/nowhere.pem is no file"),
        ("EVOKE_C2PA_ALGORITHM", "rot13", "expected one of es256"),
    ],
)
def test_half_a_configuration_is_refused(certificate, monkeypatch, variable, value, words):
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadOption, match=words):
        check_credentials()
    frames = moving_frames(3)
    with pytest.raises(BadOption, match=words):
        write_video(frames, certificate[0].with_name("v.mp4"), 25.0)
    assert len(list(frames)) == 3  # before any work


def test_without_the_library_signing_is_refused_and_reading_is_left_out(
    certificate, ours, monkeypatch
):
    monkeypatch.setitem(__import__("sys").modules, "c2pa", None)
    with pytest.raises(BackendMissing, match=r"requirements-optional\.txt"):
        check_credentials()
    found = read_provenance(ours)
    assert not found.credentials_readable
    assert found.made_by_evoke
