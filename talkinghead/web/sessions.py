"""What one browser tab owns on the server, and how it is taken away again."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from talkinghead.errors import TalkingHeadError
from talkinghead.speech.waveform import load_speech
from talkinghead.types import Speech

if TYPE_CHECKING:
    from talkinghead.config import GenerateOptions
    from talkinghead.pipeline import TalkingHead
    from talkinghead.portrait.fitter import Portrait
    from talkinghead.web.jobs import Job

Kept = TypeVar("Kept")
_PREFIX = "evoke-session-"
MOST_RESULTS = 8
"""Results that a tab keeps; the oldest is deleted for the next."""
MOST_SECONDS_REMEMBERED = 120.0
"""A decoded minute takes 4 MB, and there may be many tabs."""


@dataclass(frozen=True)
class Made:
    """One finished video of a tab.

    Attributes:
        video: the MP4; its folder belongs to this result alone.
        motion: the CSV.
        thumbnail: a JPEG; None if no frame was seen.
        feeling: in the user's words, or what stood for it.
        words: the facts, in Markdown.
        photo: the portrait's file.
        sound: the voice's file.
        options: how it was made.
    """

    video: Path
    motion: Path | None
    thumbnail: Path | None
    feeling: str
    words: str
    photo: str
    sound: str
    options: GenerateOptions


class Session:
    """One tab: its folder, its portrait, its voice, its results, its stop signal.

    `results` are its finished videos, `shown` is the one on the page. A copy is a fresh, empty
    session in the same place: that is how Gradio gives one to each tab.

    Args:
        root: where the tab's folder is made; None = the system's temporary folder.
        keeper: told of every session that owns a folder.
    """

    def __init__(self, root: Path | None = None, keeper: Keeper | None = None) -> None:
        self.stop = threading.Event()
        self._making_folder = threading.Lock()
        self.used_at = time.monotonic()
        self.results: list[Made] = []
        self.shown: Made | None = None
        self._job: Job[Made] | None = None
        self._root, self._keeper = root, keeper
        self._folder: Path | None = None
        self._photo: str | None = None
        self._face: int | None = None
        self._fitted: Portrait | TalkingHeadError | None = None
        self._sound: str | None = None
        self._spoken: Path | None = None
        self._speaking = threading.Lock()
        self._heard: Speech | TalkingHeadError | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self)(self._root, self._keeper)

    def folder(self) -> Path:
        """The tab's own folder, made when it is first needed; nobody can guess its name."""
        self.used_at = time.monotonic()
        with self._making_folder:
            if self._folder is None or not self._folder.is_dir():
                root = self._root or Path(tempfile.gettempdir())
                self._folder = root / f"{_PREFIX}{secrets.token_hex(16)}"
                self._folder.mkdir(parents=True, mode=0o700)
                if self._keeper is not None:
                    self._keeper.note(self)
            return self._folder

    def place_for_result(self) -> Path:
        """Where a new folder for one result is to be made."""
        return self.folder() / f"result-{secrets.token_hex(8)}"

    def keep(self, made: Made) -> None:
        """Remember a result; the oldest beyond `MOST_RESULTS` is deleted."""
        self.used_at = time.monotonic()
        self.results.append(made)
        self.shown = made
        while len(self.results) > MOST_RESULTS:
            shutil.rmtree(self.results.pop(0).video.parent, ignore_errors=True)

    def forget(self, folder: Path) -> None:
        """Delete the folder of a result that was not finished."""
        shutil.rmtree(folder, ignore_errors=True)

    def portrait(self, model: TalkingHead, photo: str, face: int | None) -> Portrait:
        """The fitted portrait of the photo, from memory while photo and face stay the same.

        Args:
            model: fits the portrait.
            photo: path of the photo.
            face: which face; None = the largest. Ignored for a photo that is new to this tab, since
                it was chosen among another photo's faces.

        Raises:
            TalkingHeadError: what `fit` raised, each time, without fitting again.
        """
        known = self._photo == photo
        if not known or self._fitted is None or (face is not None and face != self._face):
            self._photo, self._face = photo, face if known else None
            self._fitted = _kept(lambda: model.fit(Path(photo), self._face))
            if not isinstance(self._fitted, TalkingHeadError):
                self._face = self._fitted.chosen
        if isinstance(self._fitted, TalkingHeadError):
            raise self._fitted
        return self._fitted

    def speech(self, sound: str) -> Speech:
        """The decoded recording, from memory while it is the same file and not a long one.

        Raises:
            TalkingHeadError: what decoding raised, each time, without decoding again.
        """
        if self._sound != sound or self._heard is None:
            self._sound, self._heard = sound, _kept(lambda: load_speech(Path(sound)))
        if isinstance(self._heard, TalkingHeadError):
            raise self._heard
        heard = self._heard
        if heard.seconds > MOST_SECONDS_REMEMBERED:
            self._heard = None
        return heard

    def spoke(self, sound: Path) -> None:
        """Note the newest sound made of a typed text; the one before it is deleted."""
        with self._speaking:
            before, self._spoken = self._spoken, sound
            if before is not None and before != sound:
                before.unlink(missing_ok=True)

    def works(self, job: Job[Made]) -> None:
        """Note the tab's job, so that its files are not taken away while it waits or runs."""
        self._job = job

    def is_idle(self, seconds: float) -> bool:
        """Whether nothing was asked for so long, and nothing is being made."""
        if self._job is not None and not self._job.finished.is_set():
            return False
        return time.monotonic() - self.used_at >= seconds

    def begin(self, stop: threading.Event | None = None) -> threading.Event:
        """Stop the tab's earlier job, if one still runs, and return a new one's stop signal.

        Args:
            stop: that signal, if it has been made already.
        """
        self.used_at = time.monotonic()
        self.shown = None
        self.stop.set()
        self.stop = stop or threading.Event()
        return self.stop

    def close(self) -> None:
        """Stop the work and delete the files of a tab that is gone."""
        self.stop.set()
        self.results.clear()
        self._fitted = self._heard = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


class Keeper:
    """Knows every session that owns a folder, so that none is forgotten on the disk.

    Browsers say when a tab is closed, programs often do not.
    """

    def __init__(self) -> None:
        self._sessions: set[Session] = set()
        self._tabs: dict[str, Session] = {}
        self._lock = threading.Lock()

    def note(self, session: Session) -> None:
        """Remember a session."""
        with self._lock:
            self._sessions.add(session)

    def enter(self, tab: str, session: Session) -> None:
        """A tab was opened."""
        with self._lock:
            self._tabs[tab] = session

    def leave(self, tab: str) -> None:
        """A tab was closed: its work stops; its files stay a while, for it may come back."""
        with self._lock:
            session = self._tabs.pop(tab, None)
        if session is not None:
            session.stop.set()

    def sweep(self, idle_seconds: float) -> int:
        """Close sessions that were not used for so long, and make nothing; returns how many.

        Args:
            idle_seconds: 0 closes all of them, whatever they make: the server stops.
        """
        with self._lock:
            self._tabs = {tab: one for tab, one in self._tabs.items() if one in self._sessions}
            idle = {one for one in self._sessions if one.is_idle(idle_seconds) or not idle_seconds}
            self._sessions -= idle
        for session in idle:
            session.close()
        return len(idle)


def _kept(work: Callable[[], Kept]) -> Kept | TalkingHeadError:
    """What the work returns, or the user's mistake as a value that can be remembered."""
    try:
        return work()
    except TalkingHeadError as error:
        return error


def remove_empty_folders(root: Path, older_than_seconds: float) -> int:
    """Remove what is left of uploads that were deleted; returns how many folders.

    A young empty folder is left alone: an upload may be about to be written into it.
    """
    removed = 0
    for folder in root.iterdir() if root.is_dir() else ():
        try:
            if time.time() - folder.stat().st_mtime >= older_than_seconds:
                folder.rmdir()  # fails unless it is an empty folder
                removed += 1
        except OSError:
            continue
    return removed
