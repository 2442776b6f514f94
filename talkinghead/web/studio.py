"""Where videos are made for many tabs: one model, one line of jobs, and what each job does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from talkinghead.errors import BadOption, UnreadableMotion
from talkinghead.types import Progress
from talkinghead.web.first_second import FirstSecond
from talkinghead.web.jobs import Job, Line
from talkinghead.web.sessions import Keeper, Made, Session
from talkinghead.web.words import bullets, facts

if TYPE_CHECKING:
    from talkinghead.config import GenerateOptions
    from talkinghead.pipeline import Feeling, TalkingHead

Work = Callable[[Progress], Made]


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
        folder = session.place_for_result()
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
            UnreadableMotion: if the file does not follow the format.
            ServerBusy: if too many wait already.
        """
        from talkinghead.motion.track_file import read_motion

        if Path(motion).suffix.lower() not in {".csv", ".json"}:
            message = f"the motion file {Path(motion).name} should end in .csv or .json"
            raise UnreadableMotion(message)
        track = read_motion(Path(motion))
        folder = session.place_for_result()
        options = replace(order.options, fps=min(max(track.fps, 10.0), 60.0))
        first = FirstSecond(folder, Path(order.sound), options.fps)

        def work(progress: Progress) -> Made:
            video = self.model.render_track(
                Path(order.photo), track, save_to=folder / "evoke.mp4", sound=Path(order.sound),
                options=options, progress=first.listening(progress), watch=first.watch,
            )  # fmt: skip
            words = bullets([f"the edited motion: {video.frames} frames at {video.fps:g} a second"])
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
            folder.mkdir()
            try:
                made = work(progress)
            except BaseException:
                first.finish()
                session.forget(folder)
                raise
            session.keep(made)
            return made

        stop = threading.Event()
        job = self.line.start(kept, stop)  # if the line is full, the earlier job goes on
        session.begin(stop)
        session.works(job)
        return job
