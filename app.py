"""The web app: a portrait, a voice and a feeling in; a talking-head video out.

`python app.py` serves it. The page is in `webapp`, its logic in `talkinghead.web`.
"""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import gradio as gr

    from talkinghead.pipeline import TalkingHead
    from talkinghead.web.studio import Studio

_SECONDS_TO_STOP = 2.0  # for the jobs; Gradio takes up to 5, and Docker kills after 10


def build_studio(
    model: TalkingHead,
    device: str = "auto",
    seconds_allowed: float = 1800.0,
    keep_seconds: float = 7200.0,
) -> Studio:
    """Where videos are made: one on a GPU, on a CPU one for each two cores.

    Args:
        model: shared by all visitors.
        device: "auto", "cpu" or "cuda".
        seconds_allowed: for one video, waiting not counted.
        keep_seconds: files of a visitor who asks for nothing for so long are deleted.
    """
    from talkinghead.web.jobs import Line, slots_for
    from talkinghead.web.studio import Studio

    line = Line(slots_for(device), seconds_allowed=seconds_allowed)
    return Studio(model, line, keep_seconds=keep_seconds)


def build_app(model: TalkingHead, device: str = "auto") -> gr.Blocks:
    """The page, ready to be launched."""
    from webapp.page import build_page

    return build_page(build_studio(model, device), device)


def keep_memory_flat() -> None:
    """Let the C library share two pools of memory among all threads, where it is glibc.

    By default each of dozens of threads keeps a pool of its own and gives little back: fifty videos
    made a server grow by 150 MB, with two pools by 5 (benchmarks/app_load.py).
    """
    arena_max = -8  # M_ARENA_MAX of malloc.h
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(arena_max, 2)


def main() -> int:
    """Serve the app on this machine; `--host 0.0.0.0` opens it to the network."""
    from talkinghead.threads import pin_threads

    pin_threads()
    # Before Gradio is imported: it asks at once.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    parser = argparse.ArgumentParser(description="Evoke's web app.")
    # A hosted Space and the container say by these variables where to listen.
    host = os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    port = int(os.environ.get("GRADIO_SERVER_PORT", "7860"))
    parser.add_argument("--host", default=host)
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    parser.add_argument(
        "--seconds-allowed", type=float, default=1800.0, metavar="S",
        help="longest time that one video may take (%(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--keep-seconds", type=float, default=7200.0, metavar="S",
        help="delete the files of a visitor who asks for nothing for so long (%(default)g)",
    )  # fmt: skip
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    keep_memory_flat()
    for told in (signal.SIGTERM, signal.SIGINT):  # as a container is stopped; Ctrl-C
        signal.signal(told, lambda *_: sys.exit(0))
    from talkinghead.errors import TalkingHeadError
    from talkinghead.web.own_folder import own_folder

    parent = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
    with own_folder(parent) as folder:
        os.environ["GRADIO_TEMP_DIR"] = str(folder)  # also read when Gradio is imported
        try:
            serve(arguments)
        except TalkingHeadError as error:
            sys.stderr.write(f"evoke: {error}\n")
            return 2
    return 0


def serve(arguments: argparse.Namespace) -> None:
    """Serve until the process is told to stop; then stop the work, and let nobody write on."""
    from talkinghead.hosting import model_class
    from webapp.page import build_page
    from webapp.serving import launch

    model = model_class().from_pretrained(device=arguments.device)
    model.feel("waiting for the first visitor")  # loads the text tower now, not while one waits
    studio = build_studio(
        model, arguments.device, arguments.seconds_allowed, arguments.keep_seconds
    )
    page = build_page(studio, arguments.device)
    try:
        launch(page, studio, arguments.host, arguments.port)
    finally:
        studio.keeper.sweep(idle_seconds=0.0)  # first: the server waits for answers under way
        page.close(verbose=False)
        studio.line.wait_until_idle(_SECONDS_TO_STOP)


if __name__ == "__main__":
    sys.exit(main())
