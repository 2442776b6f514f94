"""The web app: a portrait, a voice and a feeling in; a talking-head video out.

`python app.py` serves it. Only this file knows Gradio; all work is done by a `TalkingHead`.
"""

from __future__ import annotations

import argparse
import html
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from talkinghead.config import MAX_SOUND_SECONDS, GenerateOptions
from talkinghead.errors import TalkingHeadError
from talkinghead.examples import EXAMPLE_FEELING, example_portrait, example_speech
from talkinghead.web_session import (
    CONSENT,
    FEELINGS,
    Session,
    bullets,
    facts,
    options_from,
    reporter,
    sentence,
)

if TYPE_CHECKING:
    from talkinghead.pipeline import TalkingHead

_LOG = logging.getLogger(__name__)
_DEFECT = "Something went wrong on our side. The server's log has the details."


class Handlers:
    """What happens on the page's events."""

    def __init__(self, model: TalkingHead) -> None:
        self._model = model

    def understand(
        self,
        session: Session,
        photo: str | None,
        feeling: str,
        *settings: Any,  # noqa: ANN401
    ) -> tuple[dict[str, float], Any, str, Any]:
        """Show what was understood: the nearest feelings, the face wearing them, notes, faces."""
        automatic, intensity, face = settings
        no_faces = gr.update(visible=False)
        with _errors_in_words():
            emotion = self._model.feel(feeling or "", None if automatic else intensity)
            feelings, notes = dict(emotion.feelings), list(emotion.notices)
            if not photo:
                return feelings, None, bullets(notes), no_faces
            try:
                portrait = session.portrait(self._model, photo, face)
                preview = self._model.preview(portrait, emotion)
            except TalkingHeadError as error:
                return feelings, None, bullets([f"**{sentence(error)}**", *notes]), no_faces
        numbers = [(str(number + 1), number) for number in range(len(portrait.faces))]
        picker = gr.update(choices=numbers, value=portrait.chosen, visible=len(numbers) > 1)
        return feelings, preview, bullets([*portrait.notices, *notes]), picker

    def generate(
        self,
        session: Session,
        photo: str | None,
        sound: str | None,
        feeling: str,
        consent: bool,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio asks for it in this way)
        *settings: Any,  # noqa: ANN401 (whatever the controls hold)
    ) -> tuple[str, Any, Any, str]:
        """Make the video; the settings are in the order of `_settings`."""
        if not photo:
            raise _refusal("Add a portrait photo first.")
        if not sound:
            raise _refusal("Add a recording, or speak into the microphone.")
        if not consent:
            raise _refusal("Tick the box about the rights to face and voice.")
        stop, folder, started = session.begin(), session.output_folder(), time.monotonic()
        motion = folder / "evoke-motion.csv"
        with _errors_in_words():
            options = options_from(settings)
            result = self._model.generate(
                Path(photo),
                Path(sound),
                emotion=feeling or "",
                options=options,
                save_to=folder / "evoke.mp4",
                progress=reporter(lambda share, words: progress(share, desc=words), stop),
                export_motion=motion,
            )
        words = facts(result, options, time.monotonic() - started)
        return str(result.video.path), _download(result.video.path), _download(motion), words

    def cancel(self, session: Session) -> str:
        """Stop this tab's job."""
        session.stop.set()
        return "Cancelled. Nothing was written."

    def example(self, session: Session) -> tuple[str, str, str]:
        """Fill in a portrait, a voice and a feeling."""
        with _errors_in_words():
            folder = session.folder()
            photo = shutil.copy(example_portrait(), folder / "portrait.jpg")
            return str(photo), str(example_speech(folder)), EXAMPLE_FEELING


def build_app(model: TalkingHead) -> gr.Blocks:
    """Lay out the page; `launch` serves it."""
    handlers = Handlers(model)
    with gr.Blocks(title="Evoke", analytics_enabled=False, delete_cache=(3600, 24 * 3600)) as app:
        session = gr.State(Session(), delete_callback=Session.close)
        with gr.Row(elem_id="introduction"):
            gr.Markdown("# Evoke\nOne photo, one voice, any feeling.")
            example = gr.Button(
                "Try an example", size="sm", scale=0, min_width=130, elem_id="example"
            )
        with gr.Row(equal_height=False):
            with gr.Column(scale=6, min_width=320):
                photo, preview, face, sound = _sources()
                feeling, understood, note = _feeling()
                settings = [*_settings(), face]
            with gr.Column(scale=5, min_width=320, elem_id="making"):
                consent, start, stop = _start()
                results = _results()
        automatic, intensity = settings[:2]
        gr.on(
            [feeling.change, photo.change, automatic.change, intensity.release, face.input,
             app.load],
            handlers.understand, [session, photo, feeling, automatic, intensity, face],
            [understood, preview, note, face],
            trigger_mode="always_last", show_progress="hidden", api_name="understand",
        )  # fmt: skip
        job = start.click(
            handlers.generate, [session, photo, sound, feeling, consent, *settings], results,
            concurrency_limit=1, show_progress_on=results[0], api_name="generate",
        )  # fmt: skip
        stop.click(
            handlers.cancel, session, results[-1], cancels=[job], queue=False, api_name="cancel",
        )  # fmt: skip
        example.click(handlers.example, session, [photo, sound, feeling], api_visibility="private")
    return app


def _sources() -> tuple[gr.Image, gr.Image, gr.Radio, gr.Audio]:
    with gr.Row():
        photo = gr.Image(
            type="filepath", label="1  Portrait", sources=["upload", "webcam", "clipboard"],
            image_mode=None, height=300, min_width=150, elem_id="portrait",
        )  # fmt: skip
        preview = gr.Image(
            label="With the feeling", interactive=False, buttons=[], height=300, min_width=150,
            elem_id="preview",
        )  # fmt: skip
    # Gradio's own step would open the file with Pillow, which knows no HEIC and gives no reason.
    photo.preprocess = _path_of_upload
    face = gr.Radio([], label="Several faces: which one, from the left?", visible=False)
    sound = gr.Audio(
        type="filepath", sources=["upload", "microphone"], elem_id="voice",
        label=f"2  Voice, up to {MAX_SOUND_SECONDS / 60:g} minutes",
    )  # fmt: skip
    return photo, preview, face, sound


def _feeling() -> tuple[gr.Textbox, gr.Label, gr.Markdown]:
    feeling = gr.Textbox(
        label="3  Feeling, in your own words", placeholder=FEELINGS[0], max_length=10_000,
        elem_id="feeling",
    )  # fmt: skip
    gr.Examples([[words] for words in FEELINGS], feeling, label="For example")
    understood = gr.Label(
        label="Understood as", num_top_classes=4, show_heading=False, elem_id="understood"
    )
    return feeling, understood, gr.Markdown(elem_id="note")


def _settings() -> list[Any]:
    """The controls that make up `GenerateOptions`; `options_from` reads them in this order."""
    chosen = GenerateOptions()
    with gr.Row():
        automatic = gr.Checkbox(True, label="Intensity as the words say", elem_id="automatic")
        intensity = gr.Slider(0, 1, 0.7, step=0.05, label="Intensity", interactive=False)
    automatic.change(
        lambda as_words: gr.update(interactive=not as_words), automatic, intensity,
        queue=False, api_visibility="private",
    )  # fmt: skip
    with gr.Accordion("More control", open=False, elem_id="more"):
        framings = [("Head and shoulders", "crop"), ("Whole photo", "full")]
        with gr.Row():
            framing = gr.Radio(framings, value=chosen.framing, label="Framing")
            size = gr.Radio([256, 512, 1024], value=chosen.size, label="Size in pixels")
        heads = [("Natural", "natural"), ("Still", "still")]
        with gr.Row():
            head = gr.Radio(heads, value=chosen.head, label="Head")
            blink = gr.Slider(0, 2, chosen.blink, step=0.1, label="Blinking")
        with gr.Row():
            gaze_x = gr.Slider(-1, 1, 0, step=0.05, label="Gaze sideways")
            gaze_y = gr.Slider(-1, 1, 0, step=0.05, label="Gaze upwards")
        seed = gr.Number(chosen.seed, label="Seed", precision=0, minimum=0)
    return [automatic, intensity, framing, size, head, blink, gaze_x, gaze_y, seed]


def _start() -> tuple[gr.Checkbox, gr.Button, gr.Button]:
    consent = gr.Checkbox(False, label=CONSENT, container=False, elem_id="consent")
    with gr.Row():
        start = gr.Button(
            "Make the video", variant="primary", scale=3, interactive=False, elem_id="generate"
        )
        stop = gr.Button("Cancel", scale=1, min_width=90, elem_id="cancel")
    consent.change(
        lambda given: gr.update(interactive=given), consent, start,
        queue=False, api_visibility="private",
    )  # fmt: skip
    return consent, start, stop


def _results() -> tuple[gr.Video, gr.DownloadButton, gr.DownloadButton, gr.Markdown]:
    video = gr.Video(label="Video", interactive=False, autoplay=True, buttons=[], elem_id="video")
    with gr.Row():
        save_video = gr.DownloadButton("Download video", interactive=False, size="sm")
        save_motion = gr.DownloadButton("Download motion (CSV)", interactive=False, size="sm")
    return video, save_video, save_motion, gr.Markdown(elem_id="facts")


def _download(path: Path) -> Any:  # noqa: ANN401 (Gradio's updates are untyped)
    return gr.update(value=str(path), interactive=True)


def _path_of_upload(payload: Any) -> str | None:  # noqa: ANN401 (Gradio's own type)
    """Where Gradio has put an uploaded file; it has checked that this is in its folder."""
    return payload.path if payload else None


@contextmanager
def _errors_in_words() -> Iterator[None]:
    """Show the user's mistakes in our words, and our own in the log."""
    try:
        yield
    except TalkingHeadError as error:
        raise _refusal(sentence(error)) from error
    except Exception as error:
        _LOG.exception("a handler failed")
        raise _refusal(_DEFECT) from error


def _refusal(message: str) -> gr.Error:
    """A toast; Gradio shows it as HTML, and a message may quote a file's name."""
    return gr.Error(html.escape(message, quote=False), 15, print_exception=False)


def launch(app: gr.Blocks, host: str, port: int | None, *, wait: bool = True) -> str:
    """Serve the page; returns its address. Without `wait` it is served by a thread."""
    theme = gr.themes.Base(
        primary_hue="teal", secondary_hue="teal", neutral_hue="stone",
        font=["ui-sans-serif", "system-ui", "sans-serif"],  # no font is fetched from elsewhere
        font_mono=["ui-monospace", "monospace"],
    )  # fmt: skip
    app.queue(max_size=32, default_concurrency_limit=4)
    _, address, _ = app.launch(
        server_name=host, server_port=port, max_file_size="300mb", share=False, quiet=not wait,
        prevent_thread_lock=not wait, ssr_mode=False, footer_links=[], theme=theme,
        css_paths=Path(__file__).with_suffix(".css"),
    )  # fmt: skip
    return str(address)


def main() -> None:
    """Serve the app on this machine; `--host 0.0.0.0` opens it to the network."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    parser = argparse.ArgumentParser(description="Evoke's web app.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7860)
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    from talkinghead.pipeline import TalkingHead

    model = TalkingHead.from_pretrained(device=arguments.device)
    model.feel("waiting for the first visitor")  # loads the text tower now, not while one waits
    launch(build_app(model), arguments.host, arguments.port)


if __name__ == "__main__":
    main()
