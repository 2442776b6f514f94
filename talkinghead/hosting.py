"""A Hugging Face Space on ZeroGPU: a GPU is lent for each video, by `spaces.GPU`.

Elsewhere, also on a Space with a CPU or a GPU of its own, nothing here has an effect. What is lent
is used in a forked process: what goes in and out must be picklable, so progress, cancelling and
finished frames travel through a socket of this machine.
"""

from __future__ import annotations

import functools
import inspect
import os
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from talkinghead.config import GenerateOptions
from talkinghead.errors import Cancelled, TalkingHeadError
from talkinghead.pipeline import TalkingHead
from talkinghead.types import Progress, Watch, no_progress

LEAST_SECONDS, MOST_SECONDS = 30, 300
"""ZeroGPU lends for at most so long; it stops a video that takes longer."""
_SECONDS_TO_START = 20.0
_SECONDS_PER_SECOND = 0.6
"""Of GPU time for a second of video at 512 pixels, with room to spare."""

Arguments = dict[str, Any]
Given = ParamSpec("Given")
Made = TypeVar("Made")


def on_zero_gpu() -> bool:
    """Whether this is a Space that lends its GPU."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in {"1", "true"}


def model_class() -> type[TalkingHead]:
    """What the app builds its model from; `TalkingHead` itself unless GPUs are lent here."""
    return LentTalkingHead if on_zero_gpu() else TalkingHead


def gpu_seconds(sound_seconds: float, size: int = 512) -> int:
    """How long to ask for the GPU; a longer wish waits longer.

    Args:
        sound_seconds: length of the sound.
        size: side of the video in pixels.

    Returns:
        Whole seconds, `LEAST_SECONDS` to `MOST_SECONDS`.
    """
    work = _SECONDS_PER_SECOND * sound_seconds * max(1.0, (size / 512) ** 2)
    return int(min(max(_SECONDS_TO_START + work, LEAST_SECONDS), MOST_SECONDS))


def _lent(
    method: Callable[Concatenate[Any, Given], Made],
) -> Callable[Concatenate[Any, Given], Made]:
    """The same method, done by the process that has the GPU.

    What it takes is described where it is written, and nowhere else; only progress and frames,
    which have to come back while it works, are known here.
    """
    signature = inspect.signature(method)

    @functools.wraps(method)
    def lent(model: Any, /, *given: Given.args, **named: Given.kwargs) -> Made:  # noqa: ANN401
        arguments = signature.bind(model, *given, **named).arguments
        del arguments["self"]
        progress = arguments.pop("progress", no_progress)
        watch = arguments.pop("watch", None)
        return cast("Made", model._lend(method.__name__, arguments, progress, watch))

    return lent


class LentTalkingHead(TalkingHead):
    """A `TalkingHead` that borrows a GPU for each video; all else stays in this process."""

    @classmethod
    def from_pretrained(cls, device: str = "auto") -> Self:
        """As `TalkingHead.from_pretrained`; tells ZeroGPU at once, which asks before serving."""
        model = cast("Self", super().from_pretrained(device))
        _ = model._borrow
        return model

    generate = _lent(TalkingHead.generate)
    render_track = _lent(TalkingHead.render_track)

    @cached_property
    def _borrow(self) -> Callable[[str, Arguments, str], Any]:
        import spaces

        borrow: Callable[[str, Arguments, str], Any]
        borrow = spaces.GPU(duration=_duration)(self._work)
        return borrow

    def _lend(
        self, method: str, arguments: Arguments, progress: Progress, watch: Watch | None
    ) -> object:
        with tempfile.TemporaryDirectory(prefix="evoke-line-") as folder:
            address = str(Path(folder, "socket"))
            with Listener(address) as listener:
                hearing = _Hearing(listener, progress, watch)
                made = self._borrow(method, arguments, address)
                hearing.finish()
        if isinstance(made, TalkingHeadError):
            raise made
        return made

    def _work(self, method: str, arguments: Arguments, address: str) -> object:
        """In the process that has the GPU."""
        with Client(address) as line:
            told = _Told(line)
            run = getattr(super(), method)
            try:
                return run(**arguments, progress=told.progress, watch=told.watch)
            except TalkingHeadError as error:  # raised here, it would lose its class on the way
                return error


def _duration(method: str, arguments: Arguments, _address: str) -> int:
    """Seconds to ask for, from the arguments of `_work`."""
    seconds = 0.0
    if method == "render_track":
        track = arguments["track"]
        seconds = len(track) / track.fps
    else:
        from talkinghead.speech.waveform import load_speech

        with suppress(TalkingHeadError):  # the work itself says what is wrong with the sound
            seconds = load_speech(Path(arguments["sound"])).seconds
    options = arguments.get("options") or GenerateOptions()
    return gpu_seconds(seconds, options.size)


@dataclass
class _Told:
    """The worker's end of the line."""

    line: Connection

    def progress(self, stage: str, done: int, total: int) -> None:
        """Pass a report on, and stop if the other end says so."""
        self.line.send((stage, done, total))
        if self.line.poll():
            self.line.recv()
            message = "cancelled: nothing was written"
            raise Cancelled(message)

    def watch(self, frame: NDArray[np.uint8]) -> None:
        """Pass a frame on."""
        self.line.send(frame)


class _Hearing:
    """This process's end: hands reports and frames to whoever waits for them."""

    def __init__(self, listener: Listener, progress: Progress, watch: Watch | None) -> None:
        self._listener, self._progress, self._watch = listener, progress, watch
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait until everything was heard."""
        self._thread.join(timeout=5.0)

    def _hear(self) -> None:
        with suppress(EOFError, OSError), self._listener.accept() as line:
            while True:
                said = line.recv()
                try:
                    if isinstance(said, tuple):
                        self._progress(*said)
                    elif self._watch is not None:
                        self._watch(said)
                except TalkingHeadError:
                    line.send("stop")
