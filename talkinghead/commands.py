"""What each command of the command line does."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from talkinghead import __version__
from talkinghead.config import GenerateOptions
from talkinghead.errors import BadEmotion, BadOption, NotBuiltYet
from talkinghead.files import check_not_an_input, read_text
from talkinghead.terminal import out as _out
from talkinghead.terminal import print_json as _print_json
from talkinghead.terminal import say as _say
from talkinghead.terminal import show_progress as _show_progress
from talkinghead.weights import read_manifest, verify

if TYPE_CHECKING:
    from talkinghead.pipeline import Feeling
    from talkinghead.stages import Result
    from talkinghead.types import EmotionEmbedding, EmotionPrompt


MAX_TEXTS_BYTES = 10_000_000


def generate(chosen: argparse.Namespace) -> None:
    """`generate PHOTO SOUND -o OUT.mp4`."""
    started = time.perf_counter()
    options = options_from(chosen)
    for output in (chosen.output, chosen.export_motion):
        if output is not None:
            check_not_an_input(output, feeling_files(chosen))
    feeling = feeling_from(chosen)
    from talkinghead.pipeline import TalkingHead

    model = TalkingHead.from_pretrained(options.device)
    loaded = time.perf_counter() - started
    result = model.generate(
        chosen.photo,
        chosen.sound,
        save_to=chosen.output,
        emotion=feeling,
        options=options,
        progress=_show_progress,
        export_motion=chosen.export_motion,
    )
    for notice in result.notices:
        _say(f"note: {notice}")
    if chosen.json:
        _print_json(report(result, options, loaded, time.perf_counter() - started))
    else:
        _say(f"{result.video.path}: {result.video.frames} frames at {result.video.fps:g} fps")


def feeling_files(chosen: argparse.Namespace) -> list[Path | None]:
    """The files that the feeling is read from."""
    return [chosen.emotion_image, chosen.emotion_sound, chosen.emotion_timeline]


def options_from(chosen: argparse.Namespace) -> GenerateOptions:
    """The options of `generate` and `mesh`."""
    return GenerateOptions(
        intensity=chosen.intensity,
        size=chosen.size,
        framing=chosen.framing,
        head=chosen.head,
        blink=chosen.blink,
        gaze=_gaze(chosen.gaze),
        motion=chosen.motion,
        renderer=chosen.renderer,
        seed=chosen.seed,
        fps=chosen.fps,
        device=chosen.device,
        face=chosen.face,
        speech=chosen.speech,
    )


def render(chosen: argparse.Namespace) -> None:
    """`render PHOTO MOTION.csv -o OUT.mp4`."""
    started = time.perf_counter()
    options = GenerateOptions(
        size=chosen.size, framing=chosen.framing, renderer=chosen.renderer,
        device=chosen.device, face=chosen.face,
    )  # fmt: skip
    from talkinghead.motion.track_file import read_motion
    from talkinghead.pipeline import TalkingHead

    track_read = read_motion(chosen.motion_file)
    video = TalkingHead.from_pretrained(options.device).render_track(
        chosen.photo, track_read, save_to=chosen.output, sound=chosen.sound, options=options,
        expression=chosen.expression, progress=_show_progress,
    )  # fmt: skip
    for notice in video.notices:
        _say(f"note: {notice}")
    if chosen.json:
        seconds = round(time.perf_counter() - started, 3)
        _print_json({
            "output": str(video.path), "frames": video.frames, "fps": video.fps,
            "notices": list(video.notices), "seconds": {"total": seconds}, "version": __version__,
        })  # fmt: skip
    else:
        _say(f"{video.path}: {video.frames} frames at {video.fps:g} fps")


def track(chosen: argparse.Namespace) -> None:
    """`track VIDEO -o MOTION.csv`."""
    started = time.perf_counter()
    from talkinghead.motion.track_file import check_motion_path, write_motion
    from talkinghead.pipeline import TalkingHead

    check_motion_path(chosen.output)
    check_not_an_input(chosen.output, [chosen.video])
    tracked = TalkingHead.from_pretrained().track(chosen.video, _show_progress)
    write_motion(tracked.motion, chosen.output)
    if chosen.json:
        _print_json({
            "output": str(chosen.output), "frames": len(tracked.motion), "fps": tracked.motion.fps,
            "fit_error": round(tracked.fit_error, 5), "found": round(tracked.found, 4),
            "seconds": {"total": round(time.perf_counter() - started, 3)}, "version": __version__,
        })  # fmt: skip
    else:
        _say(f"{chosen.output}: {len(tracked.motion)} frames at {tracked.motion.fps:g} fps")


def emotion(chosen: argparse.Namespace) -> None:
    """`emotion --text T`: what the encoder understood, one line a prompt."""
    from talkinghead.emotion.encoder import load_emotion_encoder, understanding_as_json

    if chosen.image is not None or chosen.sound is not None:
        from talkinghead.pipeline import TalkingHead

        prompt = _other_prompt(chosen.image, chosen.sound)
        embeddings = iter([TalkingHead.from_pretrained().feel(prompt, chosen.intensity)])
    else:
        texts = [str(chosen.text)] if chosen.texts is None else _lines(chosen.texts)
        embeddings = load_emotion_encoder().understand_texts(texts, chosen.intensity)
    for understood in _of_lines(embeddings, chosen.texts):
        if chosen.json:
            _print_json(understanding_as_json(understood))
        else:
            nearest = ", ".join(f"{name} {weight:.0%}" for name, weight in understood.feelings)
            _out(f"{understood.mead_class}, intensity {understood.intensity:.2f}: {nearest}")


def _of_lines(
    embeddings: Iterator[EmotionEmbedding], path: Path | None
) -> Iterator[EmotionEmbedding]:
    """The same; a mistake in a file of prompts is told with its line."""
    line = 1
    try:
        for understood in embeddings:
            yield understood
            line += 1
    except BadEmotion as error:
        if path is None:
            raise
        message = f"{path.name}, line {line}: {error}"
        raise BadEmotion(message) from error


def weights(chosen: argparse.Namespace) -> None:
    """`weights list|verify|fetch NAME`."""
    manifest = read_manifest()
    if chosen.name is not None and chosen.name not in manifest:
        message = f"no weights called {chosen.name!r}; there are {', '.join(manifest)}"
        raise BadOption(message)
    if chosen.action == "fetch":
        message = "all weights are part of the repository; nothing is fetched. See: weights verify"
        raise NotBuiltYet(message)
    for entry in manifest.values():
        if chosen.name in {None, entry.name}:
            state = "" if chosen.action == "list" else f"  ok {verify(entry)}"
            _out(f"{entry.name}  {entry.size / 1e6:.2f} MB  {entry.licence}{state}")


def serve(chosen: argparse.Namespace) -> None:
    """`serve [--host] [--port] ...`: the web app, which lives beside the packages."""
    import runpy

    script = Path(__file__).resolve().parent.parent / "app.py"
    if not script.is_file():
        message = f"the web app is not at {script}; serve works from a checkout of the repository"
        raise BadOption(message)
    if chosen.port is not None and not 0 <= chosen.port <= 65535:
        message = f"port is {chosen.port}, expected 0 to 65535"
        raise BadOption(message)
    given = {
        "--host": chosen.host, "--port": chosen.port, "--device": chosen.device,
        "--seconds-allowed": chosen.seconds_allowed, "--keep-seconds": chosen.keep_seconds,
    }  # fmt: skip
    options = [(name, str(value)) for name, value in given.items() if value is not None]
    sys.argv = [str(script), *(part for option in options for part in option)]
    sys.path.insert(0, str(script.parent))  # where webapp is
    runpy.run_path(str(script), run_name="__main__")


def feeling_from(chosen: argparse.Namespace) -> Feeling:
    """What the emotion options of `generate`, `mesh` and a batch's jobs ask for."""
    if chosen.emotion_timeline is not None:
        from talkinghead.emotion.timeline import read_timeline

        return tuple(read_timeline(chosen.emotion_timeline))
    if chosen.emotion_image is not None or chosen.emotion_sound is not None:
        return _other_prompt(chosen.emotion_image, chosen.emotion_sound)
    if chosen.emotion.strip().lower() == "auto":
        from talkinghead.types import AutoPrompt

        return AutoPrompt()
    return str(chosen.emotion)


def _other_prompt(image: Path | None, sound: Path | None) -> EmotionPrompt:
    from talkinghead.types import ImagePrompt, SoundPrompt

    if image is not None:
        from talkinghead.portrait.photo import read_photo

        return ImagePrompt(read_photo(image))
    from talkinghead.speech.waveform import load_speech

    return SoundPrompt(load_speech(sound or Path()))


def _gaze(text: str) -> tuple[float, float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        message = f"gaze is {text!r}, expected two numbers from -1 to 1 such as 0.3,-0.1"
        raise BadOption(message) from error
    return x, y


def _lines(path: Path) -> list[str]:
    """One prompt a line; other breaks that Unicode knows may be part of a prompt."""
    lines = read_text(path, MAX_TEXTS_BYTES, BadEmotion).split("\n")
    if not lines[-1]:  # the last line's own end begins no other one
        lines.pop()
    if not lines:
        _say(f"note: {path} is empty; expected one prompt a line")
    return lines


def report(
    result: Result, options: GenerateOptions, loaded: float, total: float
) -> dict[str, object]:
    """What `--json` says of a video, and a batch of each of its jobs; seconds `loaded`, `total`."""
    from talkinghead.emotion.encoder import understanding_as_json

    understood = understanding_as_json(result.emotion)
    understood.pop("embedding")
    seconds = {"load": loaded, **result.seconds, "total": total}
    return {
        "output": str(result.video.path),
        "width": result.video.width,
        "height": result.video.height,
        "frames": result.video.frames,
        "fps": result.video.fps,
        "seconds": {name: round(value, 4) for name, value in seconds.items()},
        "frames_per_second": round(result.video.frames / result.seconds["frames"], 2),
        "emotion": understood,
        "phonemes_by": result.recogniser,
        "fit_error": round(result.fit_error, 5),
        "motion": options.motion,
        "renderer": result.renderer,
        "seed": options.seed,
        "notices": list(result.notices),
        "version": __version__,
    }
