"""Where videos are made for many tabs: one model, one line of jobs, and what each job does."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from talkinghead.errors import BadOption, ServerBusy, UnreadableMotion
from talkinghead.types import Progress
from talkinghead.web.first_second import FirstSecond
from talkinghead.web.jobs import Job, Line
from talkinghead.web.sessions import Keeper, Made, Session
from talkinghead.web.words import bullets, facts

if TYPE_CHECKING:
    from talkinghead.config import GenerateOptions
    from talkinghead.pipeline import Feeling, TalkingHead

Work = Callable[[Progress], Made]
_MOST_MOTION_BYTES = 40_000_000
"""Ten minutes at 60 frames a second have 25 MB; reading this much takes 6 s and 0.4 GB."""


@dataclass(frozen=True)
class Order:
    """What one video is made of.

    Attributes:
        photo: path of the portrait.
        sound: path of the recording.
        feeling: see `TalkingHead.generate`.
        in_words: the feeling's short name.
        options: how.
    """

    photo: str
    sound: str
    feeling: Feeling
    in_words: str
    options: GenerateOptions


@dataclass(frozen=True)
class Started:
    """A job, and where its first second will be."""

    job: Job[Made]
    first: FirstSecond


class Studio:
    """Makes videos.

    Args:
        model: shared by all tabs.
        line: in which jobs wait.
        keep_seconds: files of a tab that asks for nothing for so long are deleted.
    """

    def __init__(
        self,
        model: TalkingHead,
        line: Line | None = None,
        keep_seconds: float = 2 * 3600.0,
    ) -> None:
        self.model = model
        self.keep_seconds = keep_seconds
        self.line = line or Line()
        self.keeper = Keeper()

    def generate(self, session: Session, order: Order) -> Started:
        """Make a video of a photo, a sound and a feeling; the tab's earlier job is stopped.

        Raises:
            ServerBusy: if too many wait already.
        """
        folder, order = _begun(session, order)
        first = FirstSecond(folder, Path(order.sound), order.options.fps)

        def work(progress: Progress) -> Made:
            motion = folder / "evoke-motion.csv"
            result = self.model.generate(
                Path(order.photo), Path(order.sound), save_to=folder / "evoke.mp4",
                emotion=order.feeling, options=order.options, progress=first.listening(progress),
                export_motion=motion, watch=first.watch,
            )  # fmt: skip
            words = facts(result, order.options, sum(result.seconds.values()))
            return Made(
                result.video.path, motion, first.finish(), order.in_words, words,
                order.photo, order.sound, order.options,
            )  # fmt: skip

        return Started(self._start(session, folder, work, first), first)

    def render(self, session: Session, motion: str, order: Order) -> Started:
        """Render an edited motion track on the photo, with the sound; `order.feeling` is unused.

        Raises:
            UnreadableMotion: if it is no motion file by its name, or too large; the job raises it,
                too, if the file does not follow the format.
            ServerBusy: if too many wait already.
        """
        from talkinghead.motion.track_file import read_motion

        _check_motion(motion)
        folder, order = _begun(session, order)
        motion = _own(motion, folder / "motion")
        first = FirstSecond(folder, Path(order.sound), order.options.fps)

        def work(progress: Progress) -> Made:
            track = read_motion(Path(motion))  # takes seconds for a long one: not before its turn
            options = replace(order.options, fps=min(max(track.fps, 10.0), 60.0))
            first.fps = options.fps
            video = self.model.render_track(
                Path(order.photo), track, save_to=folder / "evoke.mp4", sound=Path(order.sound),
                options=options, progress=first.listening(progress), watch=first.watch,
            )  # fmt: skip
            figures = f"the edited motion: {video.frames} frames at {video.fps:g} a second"
            words = bullets([*video.notices, figures])
            return Made(
                video.path, None, first.finish(), order.in_words, words,
                order.photo, order.sound, options,
            )  # fmt: skip

        return Started(self._start(session, folder, work, first), first)

    def face_in_3d(self, made: Made) -> Path:
        """Write a result's motion as an animated 3D face beside its video.

        Returns:
            The GLB.

        Raises:
            BadOption: for a result without a motion file.
        """
        from talkinghead.mesh.export import write_mesh
        from talkinghead.motion.track_file import read_motion

        path = made.video.with_name("evoke-face.glb")
        if path.is_file():
            return path
        if made.motion is None:
            message = "this video was made of your own motion file; make one from a voice first"
            raise BadOption(message)
        portrait = self.model.fit(Path(made.photo), made.options.face)
        write_mesh(self.model.model, portrait.source, read_motion(made.motion), path)
        return path

    def _start(self, session: Session, folder: Path, work: Work, first: FirstSecond) -> Job[Made]:
        def kept(progress: Progress) -> Made:
            try:
                made = work(progress)
            except BaseException:
                first.finish()
                session.forget(folder)
                raise
            session.keep(made)
            return made

        def forget() -> None:
            session.forget(folder)

        stop = threading.Event()
        try:
            job = self.line.start(kept, stop, forget)
        except ServerBusy:  # the tab's earlier job goes on
            forget()
            raise
        session.begin(stop)
        session.works(job)
        return job


def _check_motion(path: str) -> None:
    """Refuse what cannot be a motion file, before it is read."""
    name, size = Path(path).name, Path(path).stat().st_size
    if Path(path).suffix.lower() not in {".csv", ".json"}:
        message = f"the motion file {name} should end in .csv or .json"
        raise UnreadableMotion(message)
    if size > _MOST_MOTION_BYTES:
        message = (
            f"the motion file {name} has {size / 1e6:.0f} MB, expected at most "
            f"{_MOST_MOTION_BYTES / 1e6:.0f}: remove the frames that the sound does not reach"
        )
        raise UnreadableMotion(message)


def _begun(session: Session, order: Order) -> tuple[Path, Order]:
    """A folder for the result, and the order with files of its own in there.

    What was given may be deleted while the job waits or works, and before it is made once more
    with another feeling: an old upload, or a typed text's sound after the next one was spoken.
    """
    head = order.options.head
    copied = head not in {"natural", "still"}
    if copied and Path(head).suffix.lower() in {".csv", ".json"}:
        _check_motion(head)
    folder = session.place_for_result()
    folder.mkdir()
    if copied:
        head = _own(head, folder / "head")
    return folder, replace(
        order,
        photo=_own(order.photo, folder / "photo"),
        sound=_own(order.sound, folder / "sound"),
        options=replace(order.options, head=head),
    )


def _own(path: str, folder: Path) -> str:
    """The same file under the same name in `folder`, at no cost where it can be linked."""
    folder.mkdir()
    target = folder / Path(path).name
    try:
        target.hardlink_to(path)
    except OSError:  # another disk
        try:
            shutil.copyfile(path, target)
        except OSError:  # the job itself says what is wrong with the file
            return path
    return str(target)
