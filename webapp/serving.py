"""Serve the page: limits, a health route, a guard in front of Gradio's own routes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from talkinghead import __version__
from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.web.sessions import remove_empty_folders
from talkinghead.web.studio import Studio
from talkinghead.weights import read_manifest, verify
from webapp.calls import Calls
from webapp.guard import Guard
from webapp.uploads import ANY_FILE

_LOG = logging.getLogger(__name__)
MAX_FILE_SIZE = "300mb"
_SECONDS_BETWEEN_CHECKS = 60.0
_STYLE = Path(__file__).resolve().parent.parent / "app.css"


class Health:
    """`GET /health`: 200 and JSON while videos can be made, 503 when the weights are damaged."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._checked_at = float("-inf")
        self._weights = ""

    def weights(self) -> str:
        """What is wrong with them, or "whole"; read from the disk at most once a minute."""
        now = time.monotonic()
        if now - self._checked_at > _SECONDS_BETWEEN_CHECKS:
            self._weights = _state_of_weights()
            self._checked_at = now
        return self._weights

    def answer(self, request: Request) -> JSONResponse:
        """Answer a request."""
        weights = self.weights()
        running, waiting = self._studio.line.counts()
        body = {
            "status": "ok" if weights == "whole" else "damaged", "version": __version__,
            "weights": weights, "jobs": {"running": running, "waiting": waiting},
        }  # fmt: skip
        return JSONResponse(body, 200 if weights == "whole" else 503)


def _state_of_weights() -> str:
    try:
        for entry in read_manifest().values():
            verify(entry)
    except TalkingHeadError as error:
        return str(error)
    return "whole"


def launch(
    page: gr.Blocks,
    studio: Studio,
    host: str,
    port: int | None,
    *,
    wait: bool = True,
    max_file_size: str = MAX_FILE_SIZE,
) -> str:
    """Serve the page.

    Args:
        page: from `build_page`.
        studio: the same that the page was built for.
        host: address to listen on.
        port: None = the first free one from 7860 on.
        wait: until the server is stopped; otherwise a thread serves.
        max_file_size: of one upload.

    Returns:
        The page's address.

    Raises:
        BadOption: if nothing can listen there, such as on a port that is taken.
    """

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:  # noqa: ANN401 (Gradio's app)
        sweeping = asyncio.create_task(_sweep(studio))
        yield
        sweeping.cancel()
        studio.keeper.sweep(idle_seconds=0.0)

    theme = gr.themes.Base(
        primary_hue="teal", secondary_hue="teal", neutral_hue="stone",
        font=["ui-sans-serif", "system-ui", "sans-serif"],  # no font is fetched from elsewhere
        font_mono=["ui-monospace", "monospace"],
    )  # fmt: skip
    page.queue(max_size=64, default_concurrency_limit=4)
    try:
        _, address, _ = page.launch(
            server_name=host, server_port=port, max_file_size=max_file_size, share=False,
            quiet=not wait, prevent_thread_lock=not wait, ssr_mode=False, footer_links=["api"],
            run_history=False, enable_monitoring=False, theme=theme, css_paths=_STYLE,
            head=f"<script>({ANY_FILE})()</script>", max_threads=80,
            app_kwargs={
                "routes": [Route("/health", Health(studio).answer)],
                "middleware": [Middleware(Guard, calls=Calls(page))],
                "lifespan": lifespan,
            },
        )  # fmt: skip
    except OSError as error:
        message = (
            f"the app cannot listen on {host}, port {port}: another program does, or this machine "
            "has no such address; give another --port or --host"
        )
        raise BadOption(message) from error
    return str(address)


async def _sweep(studio: Studio) -> None:
    uploads = Path(gr.utils.get_upload_folder())
    while True:
        await asyncio.sleep(min(_SECONDS_BETWEEN_CHECKS, studio.keep_seconds))
        try:
            await asyncio.to_thread(studio.keeper.sweep, studio.keep_seconds)
            await asyncio.to_thread(remove_empty_folders, uploads, studio.keep_seconds)
        except OSError:  # a disk in trouble must not end the sweeping for good
            _LOG.exception("sweeping failed; it is tried again")
