"""What strangers may try: each is refused with words that can be read, and the app goes on."""

from __future__ import annotations

import http.server
import io
import json
import struct
import threading
import urllib.error
import urllib.request
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from asking import ask, new_client, path_of, post, raw_answer, understood
from material import picture, recording
from PIL import Image

gradio_client = pytest.importorskip("gradio_client")
AppError = gradio_client.exceptions.AppError


@pytest.fixture(scope="module")
def client(server):
    return new_client(server[2])


@pytest.fixture(autouse=True)
def alive(server):
    """After every attack the app answers; the last test of this file has it make a video."""
    yield
    assert "event: complete" in raw_answer(server[2], "understand", understanding(None))


def png_header(width, height):
    """A PNG that claims a size and holds nearly nothing."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1000))
    chunks = [
        struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one))
        for one in (header, data)
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def zipped():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(10_000_000))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("letter.jpg", b"Dear diary", "is not a picture"),
        ("empty.png", b"", "is empty"),
        ("bomb.png", png_header(60_000, 60_000), "pixels"),
        ("bomb.zip.png", zipped(), "is not a picture"),
        ("page.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
         "is not a picture"),
        ("wall.ps.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run\n", "is not a picture"),
    ],
)  # fmt: skip
def test_what_is_no_photo_is_refused(client, tmp_path, sound, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AppError, match=words):
        ask(client, path, sound).result(timeout=30)
    assert words in understood(client, path, "joy")[2]


def test_photos_without_a_usable_face_are_explained(client, tmp_path, sound):
    red = picture(tmp_path / "wall.png", np.full((99, 99, 3), (255, 0, 0), np.uint8))
    with pytest.raises(AppError, match="No face was found in the photo"):
        ask(client, red, sound).result(timeout=30)
    small = picture(tmp_path / "small.png", np.full((40, 40, 3), 90, np.uint8))
    with pytest.raises(AppError, match="40 pixels wide, 64 are needed"):
        ask(client, small, sound).result(timeout=30)
    answer = understood(client, red, "joy")
    assert answer[0]["confidences"][0]["label"] == "happy"
    assert answer[1] is None
    assert "No face was found" in answer[2]


def test_what_is_no_sound_is_refused(client, tmp_path, photo):
    words = tmp_path / "poem.mp3"
    words.write_text("Roses are red")
    with pytest.raises(AppError, match=r"poem\.mp3"):
        ask(client, photo, words).result(timeout=30)
    hours = tmp_path / "hours.flac"  # small on the disk, large in memory
    soundfile.write(hours, np.zeros(8_000 * 700, np.int16), 8_000)
    assert hours.stat().st_size < 200_000
    with pytest.raises(AppError, match=r"(?i)600"):
        ask(client, photo, hours).result(timeout=30)


def test_a_playlist_that_names_other_files_is_no_sound(client, tmp_path, photo):
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    with pytest.raises(AppError, match=r"list\.m3u8"):
        ask(client, photo, playlist).result(timeout=30)


def test_a_file_that_is_two_things_is_only_the_picture(server, client, tmp_path, sound):
    """A JPEG with a web page and an archive behind it is served as a picture, never as a page."""
    path = tmp_path / "both.jpg"
    y, x = np.mgrid[0:200, 0:160]
    picture(path, np.stack([90 + x // 2, 80 + y // 2, np.full_like(x, 100)], -1).astype(np.uint8))
    path.write_bytes(path.read_bytes() + b"<html><script>alert(1)</script></html>" + zipped())
    preview = understood(client, path, "joy")[1]
    assert b"script" not in Path(preview).read_bytes()
    video = path_of(ask(client, path, sound).result(timeout=30)[0])
    assert b"<script" not in Path(video).read_bytes()
    page = tmp_path / "page.html"
    page.write_text("<script>alert(1)</script>")
    stored = upload(server[2], "page.html", page.read_bytes())
    with urllib.request.urlopen(f"{server[2]}gradio_api/file={stored}") as answer:  # noqa: S310
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")


def upload(address, name, content):
    """Upload by hand, with whatever name; where the server has put it."""
    boundary = "0123456789abcdef"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
    body = head.encode() + b"Content-Type: image/png\r\n\r\n" + content
    body += f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(  # noqa: S310
        f"{address}gradio_api/upload", body,
        {"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )  # fmt: skip
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)[0]


@pytest.mark.parametrize("name", ["../../../evil.png", "/etc/evil.png", "..%2f..%2fevil.png"])
def test_the_name_of_an_upload_leads_nowhere_else(server, name):
    import gradio

    stored = Path(upload(server[2], name, b"x")).resolve()
    assert stored.is_relative_to(Path(gradio.utils.get_upload_folder()).resolve())


def test_a_huge_upload_is_cut_off(served, model):
    with (
        served(model, max_file_size="1mb") as (_, address, _),
        pytest.raises(urllib.error.HTTPError) as caught,
    ):
        upload(address, "huge.png", bytes(3_000_000))
    assert caught.value.code in {400, 413}


def test_files_of_this_machine_are_not_served(server):
    import app

    for path in ("/etc/passwd", app.__file__, str(Path.cwd() / "pyproject.toml"), "../app.py"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{server[2]}gradio_api/file={path}")  # noqa: S310
        assert caught.value.code in {403, 404}


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "pyproject.toml", "/dev/zero"])
def test_files_of_this_machine_cannot_be_given(server, model, path):
    given = {"path": path, "meta": {"_type": "gradio.FileData"}}
    before = model.fits
    with pytest.raises(urllib.error.HTTPError) as caught:
        raw_answer(server[2], "understand", understanding(given))
    assert caught.value.code == 422
    assert "an upload that is still on this server" in caught.value.read().decode()
    assert model.fits == before


def understanding(photo):
    """The data of an /understand call, in the order of its parameters."""
    table = {"headers": ["Second", "Feeling", "Strength"], "data": [[0, "joy", 1]]}
    return [photo, "joy", True, 0.7, None, "words", "", table, None, None, None]


@pytest.fixture
def neighbour():
    """Another web server on this machine, as there may be in a company's network."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"secret")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


@pytest.mark.parametrize("scheme", ["", "HTTP", "file", "ftp"])
def test_no_address_is_fetched_for_anybody(server, model, neighbour, scheme):
    address, asked = neighbour
    address = address if not scheme else address.replace("http", scheme, 1)
    given = {"path": f"{address}/a.png", "url": f"{address}/b.png",
             "meta": {"_type": "gradio.FileData"}}  # fmt: skip
    for endpoint in ("call/understand", "queue/join", "run/understand", "api/understand"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            post(f"{server[2]}gradio_api/{endpoint}", {"data": understanding(given)})
        assert caught.value.code == 403
        assert "not fetched from addresses" in caught.value.read().decode()
    for route in ("file", "proxy"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{server[2]}gradio_api/{route}={address}/c")  # noqa: S310
        assert caught.value.code == 403
    assert asked == []


@pytest.mark.parametrize(
    "data",
    [
        [], ["words"], [{"path": 7}, *understanding(None)[1:]],
        [None, "joy", True, "much"],
        [*understanding(None)[:4], "first", *understanding(None)[5:]],
        [*understanding(None)[:7], "no table", None, None, None],
        [*understanding(None)[:7], {"headers": 1, "data": [[{}, [], 1e999]]}, None, None, None],
    ],
)  # fmt: skip
def test_wrong_types_are_refused(server, model, data):
    before = model.fits
    with pytest.raises(urllib.error.HTTPError) as caught:
        raw_answer(server[2], "understand", data)
    assert caught.value.code == 422
    assert ", expected " in json.loads(caught.value.read())["error"]
    assert model.fits == before


def test_a_body_that_is_too_large_or_too_deep_is_refused(server):
    address = f"{server[2]}gradio_api/call/understand"
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(address, b'{"data": ["' + b"a" * 1_100_000 + b'"]}')
    assert caught.value.code == 413
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(address, b'{"data": ' + b"[" * 50 + b"]" * 50 + b"}")
    assert caught.value.code == 403


def test_names_and_words_are_shown_as_text_and_not_as_markup(client, tmp_path, photo, sound):
    evil = tmp_path / "<img src=x onerror=alert(1)>.jpg"
    evil.write_text("Dear diary")
    with pytest.raises(AppError) as caught:
        ask(client, evil, sound).result(timeout=30)
    assert "<img" not in str(caught.value)
    assert "<img" not in understood(client, evil, "joy")[2]
    words = "joy <script>alert(1)</script> ](javascript:alert(1)) $(reboot); -y /etc/passwd"
    facts = ask(client, photo, sound, words).result(timeout=30)[3]
    assert "<script" not in facts


def test_a_phones_heic_photo_is_accepted(client, tmp_path):
    import pillow_heif

    path = tmp_path / "IMG_0001.HEIC"
    pillow_heif.from_pillow(Image.new("RGB", (120, 160), (90, 120, 140))).save(path)
    assert understood(client, path, "joy")[1] is not None


def test_a_videos_sound_track_is_accepted(client, model, photo, tmp_path):
    from talkinghead.types import SAMPLE_RATE, Speech
    from talkinghead.video.write import write_video

    recording(tmp_path / "a.wav", 1.0)
    frames = [np.zeros((64, 64, 3), np.uint8)] * 25
    clip = tmp_path / "clip.mp4"
    write_video(frames, clip, 25.0, Speech(np.zeros(SAMPLE_RATE, np.float32)))
    assert path_of(ask(client, photo, clip).result(timeout=30)[0])


def test_after_all_of_this_a_video_is_made(client, model, photo, sound):
    assert path_of(ask(client, photo, sound).result(timeout=30)[0])
