"""Asks the served app as a program does."""

from __future__ import annotations

import json
import time
import urllib.request

import gradio_client

FILES = ("photo", "sound", "feeling_picture", "feeling_voice", "head_clip", "motion_file")


def new_client(address):
    return gradio_client.Client(address, verbose=False)


def submit(client, endpoint, **given):
    """A job; files are given as paths, None for what is missing."""
    files = {
        name: gradio_client.handle_file(str(given[name])) if given[name] else None
        for name in FILES
        if name in given
    }
    return client.submit(**{**given, **files}, api_name=endpoint)


def ask(client, photo, sound, feeling="quiet joy", consent=True, **settings):
    """Ask for a video; small, since these are tests."""
    given = {"photo": photo, "sound": sound, "feeling": feeling, "consent": consent, "size": 256}
    return submit(client, "/generate", **{**given, **settings})


def path_of(value):
    """The file of a video or of a download button."""
    if isinstance(value, dict):
        value = value.get("video") or value.get("value")
    return value


def understood(client, photo=None, feeling="", **settings):
    given = {"photo": photo, "feeling": feeling, **settings}
    return submit(client, "/understand", **given).result(timeout=30)


def post(address, body):
    """Send bytes as JSON and return what the server says."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def raw_answer(server_address, endpoint, data):
    """What the server's event stream says, asked without a client that would upload files."""
    address = f"{server_address}gradio_api/call/{endpoint}"
    event = post(address, {"data": data})["event_id"]
    with urllib.request.urlopen(f"{address}/{event}", timeout=30) as stream:  # noqa: S310
        return stream.read().decode()


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()
