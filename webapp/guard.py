"""A guard in front of Gradio's routes: no bytes are fetched from elsewhere, no nonsense is queued.

Gradio downloads a file that is given by its address, and serves foreign addresses through its own
"file=" route. Both are useful for a demo and are ways into a network (server-side request forgery);
this app reads what was uploaded to it and nothing else. What cannot be a call of one of the page's
endpoints is refused in words, before Gradio fails at it without any.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.calls import Calls

MAX_BODY_BYTES = 1_000_000
"""Of a call; files are uploaded by a route of their own, and a call only names them."""
_FOREIGN = re.compile(r"^\s*[a-z][a-z0-9+.-]*:/", re.IGNORECASE)
_FILE_ROUTE = re.compile(r"/(?:file|proxy)=(.*)$", re.IGNORECASE)
_UPLOAD = "/gradio_api/upload"
_SNAPSHOT = "/deep_link"  # writes the state of a tab to the disk, as often as it is asked for
_MOST_DEPTH = 30


class Guard:
    """ASGI middleware.

    Args:
        app: what is guarded.
        calls: those that can be answered.
    """

    def __init__(self, app: ASGIApp, calls: Calls) -> None:
        self._app, self._calls = app, calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403, 404, 413 or 422."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope.get("path", ""))
        asked = _FILE_ROUTE.search(path)
        if asked and (_FOREIGN.match(asked.group(1)) or "/proxy=" in path.lower()):
            await _refuse(scope, receive, send, 403, "only files of this app are served")
            return
        if path.rstrip("/").endswith(_SNAPSHOT):
            await _refuse(scope, receive, send, 404, "nothing is here")
            return
        if scope["method"] != "POST" or path.rstrip("/").endswith(_UPLOAD):
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            words = f"a call may have {MAX_BODY_BYTES} bytes; upload files first, then name them"
            await _refuse(scope, receive, send, 413, words)
        elif names_foreign_file(body):
            words = "files are not fetched from addresses; upload the file first"
            await _refuse(scope, receive, send, 403, words)
        elif refusal := self._calls.refusal(path, body):
            # A page shows a text, and lets its buttons go; gradio_client reads a list. Browsers
            # say with every POST which page it comes from.
            from_page = any(name == b"origin" for name, _ in scope["headers"])
            detail = html.escape(refusal.words, quote=False) if from_page else refusal.detail
            content = {"error": refusal.words, "detail": detail}
            await JSONResponse(content, refusal.status)(scope, receive, send)
        else:
            await self._app(scope, _replay(body, receive), send)


def names_foreign_file(body: bytes) -> bool:
    """Whether a JSON body holds a "path" that is an address; what is no JSON names no file."""
    try:
        return _holds_foreign_path(json.loads(body), 0)
    except (ValueError, RecursionError):
        return False


def _holds_foreign_path(value: Any, depth: int) -> bool:  # noqa: ANN401 (any JSON)
    if depth > _MOST_DEPTH:
        return True  # nothing of ours is so deep
    if isinstance(value, dict):
        path = value.get("path")
        if isinstance(path, str) and _FOREIGN.match(path):
            return True
        return any(_holds_foreign_path(one, depth + 1) for one in value.values())
    return isinstance(value, list) and any(_holds_foreign_path(one, depth + 1) for one in value)


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None if it is too large."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands the body out once more, then goes on as before."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, words: str) -> None:
    await JSONResponse({"error": words}, status)(scope, receive, send)
