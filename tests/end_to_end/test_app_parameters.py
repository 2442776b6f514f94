"""Calls that cannot be made are refused at once, in words: which name, which value, what instead.

By name ("call/v2"), by place ("call", "run", "api"), and as the page and gradio_client ask
("queue/join").
"""

from __future__ import annotations

import json
import math
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from asking import ask, new_client, path_of, post

gradio_client = pytest.importorskip("gradio_client")
FILES = ("photo", "sound", "feeling_picture", "feeling_voice", "head_clip")


def refused(address, way, body):
    """(status, words) of a refusal."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(f"{address}gradio_api/{way}", body)
    return caught.value.code, json.loads(caught.value.read())["error"]


@pytest.fixture
def uploaded(server, photo, sound):
    """A photo and a sound as file objects: the rest has usual values."""
    client = new_client(server[2])
    return {
        name: {**gradio_client.handle_file(str(path)), "path": client_upload(client, path)}
        for name, path in (("photo", photo), ("sound", sound))
    }


def client_upload(client, path):
    with urllib.request.urlopen(multipart(f"{client.src}gradio_api/upload", path)) as answer:  # noqa: S310
        return json.load(answer)[0]


def multipart(address, path):
    head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{path.name}"\r\n\r\n'
    body = head.encode() + path.read_bytes() + b"\r\n--b--\r\n"
    return urllib.request.Request(  # noqa: S310
        address, body, {"Content-Type": "multipart/form-data; boundary=b"}
    )


def test_every_parameter_is_looked_at_and_can_be_left_out(server):
    from talkinghead.web.parameters import Anything
    from webapp.calls import kind_of

    page = server[1]
    for endpoint in page.get_api_info()["named_endpoints"].values():
        assert all(one["parameter_has_default"] for one in endpoint["parameters"])
    for function in page.fns.values():
        if function.api_visibility == "public":
            kinds = [kind_of(one) for one in function.inputs if not one.skip_api]
            assert not any(isinstance(one, Anything) for one in kinds)


def test_an_unknown_name_is_told_with_those_that_there_are(server, uploaded):
    status, words = refused(server[2], "call/v2/generate", {**uploaded, "sead": 7})
    assert status == 422
    assert words.startswith("/generate has no parameter 'sead'; it takes photo, sound, feeling")
    assert "seed" in words
    status, words = refused(server[2], "call/v2/cancel", {"job": 1})
    assert (status, words) == (422, "/cancel has no parameter 'job'; it takes none")
    # Which model hears the voice may be a path on the server: no visitor names it.
    assert refused(server[2], "call/v2/generate", {"speech": "transformers:/etc"})[0] == 422


@pytest.mark.parametrize(
    "way",
    ["call/v2/new_video", "call/new_video", "run/new_video", "call/enter", "call/new_seed",
     "call/upload", "call/v2/upload"],
)  # fmt: skip
def test_an_unknown_endpoint_is_told_with_those_that_there_are(server, way):
    status, words = refused(server[2], way, {"data": []})
    assert status == 404
    assert "there are /cancel, /compare, /generate, /mesh, /render, /speak, /understand" in words


@pytest.mark.parametrize("number", [999, -1, "one", 1.5, []])
def test_an_unknown_number_of_an_endpoint_is_told(server, number):
    for way in ("queue/join", "run/understand"):
        body = {"fn_index": number, "data": [], "session_hash": "a"}
        assert refused(server[2], way, body)[0] == 404


@pytest.mark.parametrize("way", ["call/speak", "run/speak"])
def test_too_few_or_too_many_values_are_told_with_the_names(server, way):
    for data in ([], ["Hello."], [None, "Hello.", "en-us", 4]):
        status, words = refused(server[2], way, {"data": data})
        assert status == 422
        assert words == f"/speak got {len(data)} values, expected 2: text, voice"


NONSENSE = [
    *(("seed", one, "a whole number from 0 to") for one in (1.5, -1, 1e300, True, "7", [7])),
    *(("intensity", one, "a number from 0 to 1") for one in (math.nan, math.inf, 1.01, True, "1")),
    *(("gaze_x", one, "a number from -1 to 1") for one in (math.nan, -1.5, None, {})),
    *(("blink", one, "a number from 0 to 2") for one in (10**400, -math.inf, False)),
    *(("face", one, "a whole number from 0 to 99") for one in (0.5, "left", -1, True, math.nan)),
    *(("size", one, "one of 256, 512, 1024") for one in (1e9, "512", None, 0, math.nan)),
    *(("fps", one, "one of 12.0, 15.0") for one in (1e9, "25", None, True)),
    *(("consent", one, "true or false") for one in ("no", 1, None, [False])),
    *(("feeling", one, "a text") for one in (None, 7, ["joy"], {"text": "joy"})),
    *(("head", one, "one of 'natural', 'still', 'copied'") for one in ("/etc/passwd", None)),
    *(("motion", one, "one of 'rules'") for one in ("../weights", [])),
    *(("feeling_from", one, "one of 'words'") for one in ("dreams", {})),
    *(("timeline", one, "a table such as") for one in ("joy", [[0, "joy", 1]], {"data": [0]})),
]


@pytest.mark.parametrize(("name", "value", "words"), NONSENSE)
def test_a_value_that_makes_no_sense_is_told_with_what_does(server, model, name, value, words):
    model.options = None
    body = json.dumps({"consent": True, name: value}).encode()
    status, said = refused(server[2], "call/v2/generate", body)
    assert status == 422
    assert said.startswith(f"{name} is ")
    assert words in said
    assert model.options is None


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_uploaded_file_is_told(server, name):
    data = {"_type": "gradio.FileData"}
    for value in ("me.jpg", 7, {}, {"path": "/etc/passwd", "meta": data}, {"url": "data:,x"},
                  {"path": "\0", "meta": data}):  # fmt: skip
        status, words = refused(server[2], "call/v2/generate", {name: value})
        assert status == 422
        assert words.startswith(f"{name} is ")
        assert "expected an upload that is still on this server (or none)" in words


def test_an_upload_that_was_deleted_meanwhile_is_told(server, uploaded):
    Path(uploaded["photo"]["path"]).unlink()
    status, words = refused(server[2], "call/v2/generate", uploaded)
    assert status == 422
    assert words.startswith("photo is the file 'portrait.jpg', expected an upload that is still on")
    assert words.endswith("upload it again")


def test_several_mistakes_are_told_at_once(server):
    body = {"seed": 1.5, "blink": 9, "consent": "yes"}
    _, words = refused(server[2], "call/v2/generate", body)
    assert [part.split(" is ")[0] for part in words.split("; ")] == ["consent", "blink", "seed"]


def test_programs_with_gradios_client_get_the_words_too(server, model, photo, sound):
    client = new_client(server[2])
    error = gradio_client.exceptions.ValidationError
    with pytest.raises(error, match=r"seed is 1\.5, expected a whole number from 0"):
        ask(client, photo, sound, seed=1.5).result(timeout=30)
    with pytest.raises(error, match="consent is 'no', expected true or false"):
        ask(client, photo, sound, consent="no").result(timeout=30)
    with pytest.raises(error, match=r"photo is 'me\.jpg', expected an upload"):
        client.predict(photo="me.jpg", sound=None, api_name="/generate")


@pytest.mark.parametrize(("seed", "used"), [(0, 0), (7.0, 7), (2**53 - 1, 2**53 - 1), (None, 0)])
def test_a_seed_that_makes_sense_is_used_to_the_last_digit(server, model, photo, sound, seed, used):
    job = ask(new_client(server[2]), photo, sound, seed=seed, fps=25, intensity=1)
    assert path_of(job.result(timeout=30)[0])
    assert model.options.seed == used


@pytest.mark.parametrize(
    "way",
    ["process_recording", "run-history/connect", "vibe-edit", "vibe-code", "undo-vibe-edit",
     "stream/abc", "component_server", "login", "made/up"],
)  # fmt: skip
def test_nothing_can_be_sent_elsewhere(server, way):
    """Gradio cuts recordings with ffmpeg, and asks other servers, for whoever wants it."""
    status, words = refused(server[2], way, {"data": []})
    assert status == 404
    assert words.startswith("nothing can be sent here")


@pytest.mark.parametrize(
    "way",
    ["gradio_api/run-history/buckets", "gradio_api/run-history/records?bucket=a/b",
     "gradio_api/runs", "gradio_api/deep_link?session_hash=a", "monitoring", "monitoring/summary"],
)  # fmt: skip
def test_no_run_is_recorded_or_shown_elsewhere(server, way):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{server[2]}{way}")  # noqa: S310
    assert caught.value.code in {403, 404}


@pytest.mark.parametrize("name", ["x" * 101, 7, ["a"]])
def test_the_name_of_a_tab_is_short(server, name):
    for way in ("call/compare", "queue/join"):
        body = {"data": ["joy"], "session_hash": name, "fn_index": number_of(server[1], "compare")}
        status, words = refused(server[2], way, body)
        assert status == 422
        assert words.startswith("session_hash is ")


def number_of(page, name):
    return next(number for number, one in page.fns.items() if one.api_name == name)


WAYS = ["call/v2/understand", "call/understand", "run/understand", "queue/join", "cancel", "reset"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("body", [b"", b"{", b"feeling=joy", b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_no_json_is_told(server, way, body):
    status, words = refused(server[2], way, body)
    assert status == 400
    assert words.startswith("the request holds no JSON (")
    assert 'expected a JSON object such as {"feeling": "joy"}' in words


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("body", [b"7", b'"joy"', b"null", b"[1, 2]", b'"gr\xc3\xbcn"', b"NaN"])
def test_json_that_is_no_object_is_told(server, way, body):
    status, words = refused(server[2], way, body)
    assert status == 422
    assert words.startswith(f"the request holds {json.dumps(json.loads(body))}; expected a JSON")


@pytest.mark.parametrize("way", ["call/speak", "run/speak"])
@pytest.mark.parametrize("data", [None, 7, "Hello.", {"text": "Hello."}])
def test_values_that_are_no_list_are_told(server, way, data):
    status, words = refused(server[2], way, {"data": data})
    assert status == 422
    assert words == f"data is {data!r}, expected a list of the parameters' values"
