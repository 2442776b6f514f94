"""The parts of the page: what can be given, chosen and seen. No event is wired here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import gradio as gr

from talkinghead.config import MAX_SOUND_SECONDS, GenerateOptions
from talkinghead.examples import VOICES
from talkinghead.web.settings import FRAME_RATES, MAX_SEED, MIXED, QUALITIES, FeelingFrom
from talkinghead.web.waveform import timeline_picture
from talkinghead.web.words import FEELINGS
from webapp.answers import path_of_upload, whole_number

TAB_NAMES = {
    "words": "Words", "picture": "Picture", "voice": "Voice", "mix": "Mix",
    "timeline": "Timeline", "auto": "Auto",
}  # fmt: skip
FIRST_TIMELINE = [[0.0, "calm", 0.6], [2.0, "joy", 0.9]]
# Clicks become a time; a click or the Enter key on a feeling becomes its index.
_ON_TIMELINE = """
const answer = (event) => {
  const picture = element.querySelector('svg.timeline');
  if (!picture) return;
  const mark = event.target.closest('.mark');
  if (mark) { trigger('click', {index: Number(mark.dataset.index)}); return; }
  if (event.type !== 'click' || !event.target.closest('svg.timeline')) return;
  const box = picture.getBoundingClientRect();
  const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
  trigger('click', {time: share * Number(picture.dataset.seconds)});
};
element.addEventListener('click', answer);
element.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' || event.key === ' ' || event.key === 'Delete') {
    if (event.target.closest('.mark')) { event.preventDefault(); answer(event); }
  }
});
"""


@dataclass(frozen=True)
class Sources:
    """The portrait and the voice."""

    photo: gr.Image
    preview: gr.Image
    face: gr.Radio
    note: gr.Markdown
    sound: gr.Audio
    text: gr.Textbox
    voice: gr.Dropdown
    speak: gr.Button


@dataclass(frozen=True)
class Feelings:
    """The six ways to say a feeling, and what was understood."""

    source: gr.Radio
    tabs: dict[str, gr.Tab]
    words: gr.Textbox
    picture: gr.Image
    voice: gr.Audio
    sliders: list[gr.Slider]
    mix: gr.Textbox
    drawing: gr.HTML
    next_feeling: gr.Textbox
    next_intensity: gr.Slider
    table: gr.Dataframe
    automatic: gr.Checkbox
    intensity: gr.Slider
    understood: gr.Label


@dataclass(frozen=True)
class Settings:
    """Everything under "More control"."""

    quality: gr.Radio
    framing: gr.Radio
    size: gr.Radio
    fps: gr.Dropdown
    head: gr.Radio
    head_clip: gr.File
    blink: gr.Slider
    gaze_x: gr.Slider
    gaze_y: gr.Slider
    motion: gr.Radio
    renderer: gr.Radio
    seed: gr.Number
    new_seed: gr.Button


def own_files(component: Any) -> Any:  # noqa: ANN401 (any of Gradio's components)
    """Take the file as it was uploaded: Gradio's own step would decode it, and give no reason."""
    component.preprocess = path_of_upload
    return component


def sources() -> Sources:
    """Step 1 and 2."""
    with gr.Row():
        photo = own_files(gr.Image(
            type="filepath", label="1  Portrait", sources=["upload", "webcam", "clipboard"],
            image_mode=None, height=300, min_width=150, elem_id="portrait",
        ))  # fmt: skip
        preview = gr.Image(
            label="With the feeling", interactive=False, buttons=[], height=300, min_width=150,
            elem_id="preview",
        )  # fmt: skip
    face = gr.Radio([], label="Several faces: which one, from the left?", visible=False)
    face.preprocess = whole_number
    note = gr.Markdown(label="Notes", elem_id="note")
    sound = own_files(gr.Audio(
        type="filepath", sources=["upload", "microphone"], elem_id="voice", buttons=["download"],
        label=f"2  Voice, up to {MAX_SOUND_SECONDS / 60:g} minutes",
    ))  # fmt: skip
    with gr.Accordion("No recording? Type a text", open=False, elem_id="typed"):
        text = gr.Textbox(
            "", label="Text to speak", lines=2, max_length=5_000, elem_id="text",
            placeholder="Hello! A moment ago I was a photograph.",
        )  # fmt: skip
        with gr.Row(equal_height=True):
            voice = gr.Dropdown(
                list(VOICES.items()), value="en-us", label="Language and voice", elem_id="speaker"
            )
            speak = gr.Button("Speak it", min_width=110, scale=0, elem_id="speak")
    return Sources(photo, preview, face, note, sound, text, voice, speak)


def feelings() -> Feelings:
    """Step 3."""
    gr.Markdown("### 3  Feeling", elem_classes="step")
    source = gr.Radio(
        list(get_args(FeelingFrom)), value="words", label="Feeling from", visible="hidden",
        elem_id="feeling-from",
    )  # fmt: skip
    tabs: dict[str, gr.Tab] = {}
    with gr.Tabs(elem_id="feelings"):
        with gr.Tab(TAB_NAMES["words"], id="words") as tabs["words"]:
            words = gr.Textbox(
                "", label="In your own words", placeholder=FEELINGS[0], max_length=10_000,
                elem_id="feeling",
            )  # fmt: skip
            gr.Examples([[one] for one in FEELINGS], words, label="For example")
        with gr.Tab(TAB_NAMES["picture"], id="picture") as tabs["picture"]:
            picture = own_files(gr.Image(
                type="filepath", label="A face that shows the feeling", image_mode=None,
                sources=["upload", "webcam", "clipboard"], height=220, elem_id="feeling-picture",
            ))  # fmt: skip
        with gr.Tab(TAB_NAMES["voice"], id="voice") as tabs["voice"]:
            voice = own_files(gr.Audio(
                type="filepath", label="A voice that has the feeling", elem_id="feeling-voice",
                sources=["upload", "microphone"], buttons=["download"],
            ))  # fmt: skip
        with gr.Tab(TAB_NAMES["mix"], id="mix") as tabs["mix"]:
            sliders, mix = _mixer()
        with gr.Tab(TAB_NAMES["timeline"], id="timeline") as tabs["timeline"]:
            drawing, next_feeling, next_intensity, table = _timeline()
        with gr.Tab(TAB_NAMES["auto"], id="auto") as tabs["auto"]:
            gr.Markdown(
                "The feeling is heard in the speech itself, and changes with it. "
                "The bars show the recording as a whole."
            )
    understood = gr.Label(
        label="Understood as", num_top_classes=4, show_heading=False, elem_id="understood"
    )
    with gr.Row(elem_id="strength"):
        automatic = gr.Checkbox(
            True, label="Strength as understood", elem_id="automatic", min_width=160
        )
        intensity = gr.Slider(
            0, 1, 0.7, step=0.05, label="Strength", interactive=False, elem_id="intensity"
        )
    return Feelings(
        source, tabs, words, picture, voice, sliders, mix, drawing, next_feeling, next_intensity,
        table, automatic, intensity, understood,
    )  # fmt: skip


def _mixer() -> tuple[list[gr.Slider], gr.Textbox]:
    sliders = []
    for first in range(0, len(MIXED), 2):
        with gr.Row():
            sliders += [
                gr.Slider(0, 1, 0, step=0.05, label=name.capitalize(), elem_id=f"mix-{name}",
                          min_width=140)
                for name in MIXED[first : first + 2]
            ]  # fmt: skip
    mix = gr.Textbox(
        "", label="The mix", placeholder="0.7 joy + 0.3 fear", elem_id="mix", max_length=300
    )
    return sliders, mix


def _timeline() -> tuple[gr.HTML, gr.Textbox, gr.Slider, gr.Dataframe]:
    gr.Markdown(
        "Click on the voice to add the next feeling, click on a feeling to take it away. "
        "The table can be edited.", elem_classes="hint",
    )  # fmt: skip
    drawing = gr.HTML(timeline_picture([]), js_on_load=_ON_TIMELINE, elem_id="drawing")
    with gr.Row():
        next_feeling = gr.Textbox(
            "surprise", label="Next feeling", max_length=300, elem_id="next-feeling", min_width=140
        )
        next_intensity = gr.Slider(
            0, 1, 0.8, step=0.05, label="Its strength", elem_id="next-strength", min_width=140
        )
    table = gr.Dataframe(
        FIRST_TIMELINE, headers=["Second", "Feeling", "Strength"], type="array", max_height=220,
        datatype=["number", "str", "number"], column_count=3, interactive=True, buttons=[],
        label="Feelings over time", elem_id="table", wrap=True,
    )  # fmt: skip
    return drawing, next_feeling, next_intensity, table


def settings(decoders: tuple[str, ...], renderers: tuple[str, ...]) -> Settings:
    """What else can be chosen; decoders and renderers are those that the model has."""
    usual = GenerateOptions()
    quality = gr.Radio(
        [(f"{name}: {size} px, {fps:g} fps", name) for name, (size, fps) in QUALITIES.items()],
        value="Standard", label="Speed or quality", elem_id="quality",
    )  # fmt: skip
    with gr.Accordion("More control", open=False, elem_id="more"):
        with gr.Row():
            framing = gr.Radio(
                [("Head and shoulders", "crop"), ("Whole photo", "full")], value=usual.framing,
                label="Framing", elem_id="framing",
            )  # fmt: skip
            size = gr.Radio([256, 512, 1024], value=usual.size, label="Size in pixels")
            fps = gr.Dropdown(
                [(f"{rate:g}", rate) for rate in FRAME_RATES], value=usual.fps,
                label="Frames a second",
            )  # fmt: skip
        with gr.Row():
            head = gr.Radio(
                [("Natural", "natural"), ("Still", "still"), ("Copied from a clip", "copied")],
                value=usual.head, label="Head", elem_id="head",
            )  # fmt: skip
            blink = gr.Slider(0, 2, usual.blink, step=0.1, label="Blinking")
        head_clip = own_files(gr.File(
            label="Clip of a person, or a motion file (CSV)", visible=False, elem_id="head-clip",
            file_types=["video", ".csv", ".json"], type="filepath", height=120,
        ))  # fmt: skip
        with gr.Row():
            gaze_x = gr.Slider(-1, 1, 0, step=0.05, label="Gaze sideways")
            gaze_y = gr.Slider(-1, 1, 0, step=0.05, label="Gaze upwards")
        with gr.Row():
            motion = gr.Radio(
                list(decoders), label="Speech to motion",
                value=usual.motion if usual.motion in decoders else decoders[0],
                info="regression: nearest to real lips; codebook: the liveliest, and otherwise "
                "with every seed; rules: without a network",
                visible=len(decoders) > 1, elem_id="decoder",
            )  # fmt: skip
            renderer = gr.Radio(
                ["auto", *renderers], value=usual.renderer, label="Renderer",
                info="auto: the best there is; geometric: fast, everything near the head moves; "
                "learned: hair moves and walls stay, mouths by a network",
                visible=len(renderers) > 1, elem_id="renderer",
            )  # fmt: skip
        seed, new_seed = _seed()
    return Settings(
        quality, framing, size, fps, head, head_clip, blink, gaze_x, gaze_y, motion, renderer,
        seed, new_seed,
    )  # fmt: skip


def _seed() -> tuple[gr.Number, gr.Button]:
    with gr.Row(equal_height=True):
        seed = gr.Number(
            GenerateOptions().seed,
            label="Seed",
            precision=0,
            minimum=0,
            maximum=MAX_SEED,
            elem_id="seed",
        )
        new_seed = gr.Button("New seed", min_width=150, scale=0, elem_id="new-seed")
    return seed, new_seed
