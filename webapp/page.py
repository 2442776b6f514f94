"""The page: its parts side by side, and what happens on their events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from talkinghead.web.sessions import Keeper, Session
from talkinghead.web.studio import Studio
from webapp.looking import LookingHandlers, from_history, history, mixed, new_seed, quality
from webapp.making import MakingHandlers
from webapp.parts import Feelings, Settings, Sources, feelings, settings, sources
from webapp.result_parts import Making, making

_AT_ONCE: dict[str, Any] = {"queue": False, "api_visibility": "private"}
_NAME_PICTURES = """() => {
  const names = {preview: 'The face with the feeling', portrait: 'The portrait',
                 'feeling-picture': 'The picture of the feeling'};
  const name = () => Object.entries(names).forEach(([id, words]) => {
    document.querySelectorAll(`#${id} img`).forEach((one) => { one.alt = words; });
    document.querySelectorAll(`#${id} button:has(> * > img), #${id} button:has(> img)`)
      .forEach((one) => { one.setAttribute('aria-label', `${words}, enlarge`); });
  });
  new MutationObserver(name).observe(document.body, {childList: true, subtree: true});
  name();
}"""
"""Gradio's pictures have no words for who cannot see them."""
_CAN_BE_STOPPED = "(progress) => ({__type__: 'update', interactive: Boolean(progress)})"
"""Progress is shown from the first moment of a job to its last."""
_JOB: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden"}
"""Jobs wait in the studio's own line, where they can be seen and stopped."""
LIGHT = "light"
"""The events that answer at once share this many workers, so that they cannot starve the videos."""
LIGHT_WORKERS = 3


def build_page(studio: Studio, device: str = "auto") -> gr.Blocks:
    """Lay out the page and wire it; `launch` serves it.

    Args:
        studio: makes the videos.
        device: where networks run; see `GenerateOptions`.
    """
    looking, work = LookingHandlers(studio), MakingHandlers(studio, device)
    kept = (max(1, round(min(600.0, studio.keep_seconds))), max(1, round(studio.keep_seconds)))
    with gr.Blocks(title="Evoke", analytics_enabled=False, delete_cache=kept) as app:
        # In Gradio's own folder, so that results are served from where they are, not copied.
        root = Path(gr.utils.get_upload_folder())
        session = gr.State(Session(root, studio.keeper), delete_callback=Session.close)
        with gr.Row(elem_id="introduction"):
            gr.Markdown("# Evoke\nOne photo, one voice, any feeling.")
            example = gr.Button(
                "Try an example", size="sm", scale=0, min_width=130, elem_id="example"
            )
        with gr.Row(equal_height=False):
            with gr.Column(scale=6, min_width=320):
                given = sources()
                felt = feelings()
                chosen = settings(tuple(studio.model.decoders), studio.model.renderers.names)
            with gr.Column(scale=5, min_width=320, elem_id="making"):
                made = making()
        _wire_understanding(app, session, given, felt, looking)
        _wire_timeline(session, given, felt, looking)
        _wire_settings(felt, chosen)
        _wire_making(session, given, felt, chosen, made, work, looking)
        _wire_results(session, given, chosen, made, work, looking)
        _wire_tab(app, session, studio.keeper)
        example.click(
            looking.example, session, [given.photo, given.sound, felt.words],
            api_visibility="private", concurrency_id=LIGHT,
        )  # fmt: skip
        given.speak.click(
            looking.speak, [session, given.text, given.voice], given.sound, api_name="speak",
            concurrency_id=LIGHT, concurrency_limit=LIGHT_WORKERS,
        )  # fmt: skip
    return app


def _wire_understanding(
    app: gr.Blocks, session: gr.State, given: Sources, felt: Feelings, looking: LookingHandlers
) -> None:
    gr.on(
        [felt.words.change, felt.source.change, felt.picture.change, felt.voice.change,
         felt.mix.change, felt.table.change, felt.automatic.change, felt.intensity.change,
         given.photo.change, given.sound.change, given.face.input, app.load],
        looking.understand,
        [session, given.photo, felt.words, felt.automatic, felt.intensity, given.face,
         felt.source, felt.mix, felt.table, given.sound, felt.picture, felt.voice],
        [felt.understood, given.preview, given.note, given.face],
        trigger_mode="always_last", show_progress="hidden", api_name="understand",
        concurrency_id=LIGHT, concurrency_limit=LIGHT_WORKERS,
    )  # fmt: skip
    for picture in (given.photo, felt.picture):
        # Through a state: what is not a new value would have to be Gradio's update, and that
        # builds the component anew, with Gradio's own way to read files.
        copy = gr.State(None)
        picture.upload(
            looking.shown, [session, picture, copy], copy, show_progress="hidden",
            api_visibility="private", concurrency_id=LIGHT,
        )  # fmt: skip
        copy.change(lambda path: path, copy, picture, **_AT_ONCE)
    for name, tab in felt.tabs.items():
        tab.select(_constant(name), None, felt.source, queue=False, api_visibility="private")
    gr.on(
        [slider.change for slider in felt.sliders], mixed, felt.sliders, felt.mix,
        queue=False, api_visibility="private", show_progress="hidden",
    )  # fmt: skip
    felt.automatic.change(
        lambda as_understood: gr.update(interactive=not as_understood), felt.automatic,
        felt.intensity, queue=False, api_visibility="private",
    )  # fmt: skip


def _wire_timeline(
    session: gr.State, given: Sources, felt: Feelings, looking: LookingHandlers
) -> None:
    gr.on(
        [felt.table.change, given.sound.change, felt.tabs["timeline"].select],
        looking.timeline, [session, felt.table, given.sound], felt.drawing,
        trigger_mode="always_last", show_progress="hidden", api_visibility="private",
        concurrency_id=LIGHT,
    )  # fmt: skip
    felt.drawing.click(
        looking.on_timeline, [felt.table, felt.next_feeling, felt.next_intensity], felt.table,
        queue=False, show_progress="hidden", api_visibility="private",
    )  # fmt: skip


def _wire_settings(felt: Feelings, chosen: Settings) -> None:
    chosen.quality.input(quality, chosen.quality, [chosen.size, chosen.fps], **_AT_ONCE)
    chosen.new_seed.click(new_seed, None, chosen.seed, **_AT_ONCE)
    chosen.head.change(
        lambda head: gr.update(visible=head == "copied"), chosen.head, chosen.head_clip, **_AT_ONCE
    )


def _wire_making(
    session: gr.State, given: Sources, felt: Feelings, chosen: Settings, made: Making,
    work: MakingHandlers, looking: LookingHandlers,
) -> None:  # fmt: skip
    made.consent.change(
        lambda consent: gr.update(interactive=consent), made.consent, made.start,
        **_AT_ONCE,
    )  # fmt: skip
    inputs = [
        session, given.photo, given.sound, felt.words, made.consent, felt.source, felt.mix,
        felt.table, felt.automatic, felt.intensity, chosen.framing, chosen.size, chosen.fps,
        chosen.head, chosen.blink, chosen.gaze_x, chosen.gaze_y, chosen.motion, chosen.renderer,
        chosen.seed, given.face, felt.picture, felt.voice, chosen.head_clip,
    ]  # fmt: skip
    made.start.click(_shown(False), None, made.other, **_AT_ONCE)
    _before(made.start)
    job = made.start.click(
        work.generate, inputs, _outputs(made), api_name="generate", **_JOB,
    )  # fmt: skip
    _afterwards(job, made.start, session, made)
    # Said by the page: an answer from here could come after the job has ended, and would stay.
    made.stop.click(None, None, made.progress, js="() => 'Stopping.'")
    made.stop.click(looking.cancel, session, None, queue=False, api_name="cancel")
    # Not from the click on: a job that has not begun could not be stopped.
    made.progress.change(None, made.progress, made.stop, js=_CAN_BE_STOPPED)


def _wire_results(
    session: gr.State, given: Sources, chosen: Settings, made: Making,
    work: MakingHandlers, looking: LookingHandlers,
) -> None:  # fmt: skip
    made.compare.click(_shown(True), None, made.other, **_AT_ONCE)
    _before(made.compare)
    job = made.compare.click(
        work.compare, [session, made.other_words], [made.other, made.facts, made.progress],
        api_name="compare", **_JOB,
    )  # fmt: skip
    _afterwards(job, made.compare, session, made)
    _before(made.render)
    job = made.render.click(
        work.render,
        [session, given.photo, given.sound, made.motion_file, made.consent, chosen.framing,
         chosen.size, chosen.renderer, given.face],
        _outputs(made), api_name="render", **_JOB,
    )  # fmt: skip
    _afterwards(job, made.render, session, made)
    made.make_mesh.click(
        looking.face_in_3d, session, made.save_mesh, api_name="mesh", concurrency_id=LIGHT
    ).success(_shown(True, keep=True), None, made.save_mesh, **_AT_ONCE)
    made.history.select(
        from_history, session, [made.video, made.save_video, made.save_motion, made.facts],
        **_AT_ONCE,
    ).then(_savable, session, _saving(made), **_AT_ONCE)  # fmt: skip


def _before(button: gr.Button) -> None:
    """While a job runs its button rests; to be wired before the job itself.

    The page sends the events of one click one after the other, and waits for a job to end.
    """
    button.click(lambda: gr.update(interactive=False), None, button, **_AT_ONCE)


def _afterwards(job: Any, button: gr.Button, session: gr.State, made: Making) -> None:  # noqa: ANN401
    """The other way round, and what the tab owns now."""
    changed = [button, made.history, *_saving(made)]
    for ended in (job.then, job.failure):  # Gradio's "then" does not follow an error
        ended(_after, session, changed, **_AT_ONCE)


def _after(session: Session) -> tuple[Any, ...]:
    """Button, history, and what the video that is shown can be saved as."""
    earlier = history(session)
    gallery = gr.update(value=earlier, visible=len(earlier) > 1, selected_index=None)
    return gr.update(interactive=True), gallery, *_savable(session)


def _savable(session: Session) -> tuple[Any, ...]:
    has_motion = session.shown is not None and session.shown.motion is not None
    return (
        gr.update(interactive=session.shown is not None),
        gr.update(interactive=has_motion),
        gr.update(interactive=has_motion),
        gr.update(visible=False, value=None),
    )


def _wire_tab(app: gr.Blocks, session: gr.State, keeper: Keeper) -> None:
    """Know when a tab is closed: its work stops at once, its files go an hour later."""

    def enter(own: Session, request: gr.Request) -> None:
        keeper.enter(str(request.session_hash), own)

    def leave(request: gr.Request) -> None:
        keeper.leave(str(request.session_hash))

    app.load(enter, session, None, **_AT_ONCE)
    app.load(None, js=_NAME_PICTURES)
    app.unload(leave)


def _saving(made: Making) -> list[Any]:
    return [made.save_video, made.save_motion, made.make_mesh, made.save_mesh]


def _outputs(made: Making) -> list[Any]:
    return [made.video, made.save_video, made.save_motion, made.facts, made.progress]


def _shown(visible: bool, keep: bool = False) -> Any:  # noqa: ANN401
    """A handler that shows or hides a component, and empties it unless it is to keep its value."""
    return lambda: gr.update(visible=visible) if keep else gr.update(visible=visible, value=None)


def _constant(name: str) -> Any:  # noqa: ANN401
    return lambda: name
