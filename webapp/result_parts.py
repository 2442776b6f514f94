"""The right-hand column: the way to the video, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from talkinghead.web.words import CONSENT
from webapp.parts import own_files


@dataclass(frozen=True)
class Making:
    """The way to the video, and what can be done with it."""

    consent: gr.Checkbox
    start: gr.Button
    stop: gr.Button
    progress: gr.HTML
    video: gr.Video
    other: gr.Video
    save_video: gr.DownloadButton
    save_motion: gr.DownloadButton
    make_mesh: gr.Button
    save_mesh: gr.DownloadButton
    facts: gr.Markdown
    other_words: gr.Textbox
    compare: gr.Button
    motion_file: gr.File
    render: gr.Button
    history: gr.Gallery


def making() -> Making:
    """The right-hand column."""
    consent = gr.Checkbox(False, label=CONSENT, container=False, elem_id="consent")
    with gr.Row():
        start = gr.Button(
            "Make the video", variant="primary", scale=3, interactive=False, elem_id="generate"
        )
        stop = gr.Button("Cancel", scale=1, min_width=90, interactive=False, elem_id="cancel")
    progress = gr.HTML("", label="Progress", elem_id="progress")
    with gr.Row(elem_id="videos"):
        video = gr.Video(
            label="Video", interactive=False, autoplay=True, buttons=[], elem_id="video"
        )
        other = gr.Video(
            label="With another feeling", interactive=False, autoplay=True, buttons=["download"],
            visible=False, elem_id="other-video",
        )  # fmt: skip
    with gr.Row(elem_id="downloads"):
        save_video = gr.DownloadButton("Video (MP4)", interactive=False, size="sm", min_width=100)
        save_motion = gr.DownloadButton("Motion (CSV)", interactive=False, size="sm", min_width=100)
        make_mesh = gr.Button("3D face (GLB)", interactive=False, size="sm", min_width=100,
                              elem_id="make-mesh")  # fmt: skip
        save_mesh = gr.DownloadButton("Save the 3D face", size="sm", visible=False, min_width=100,
                                      elem_id="save-mesh")  # fmt: skip
    facts = gr.Markdown(label="Facts", elem_id="facts")
    with gr.Accordion("Compare with another feeling", open=False, elem_id="comparing"):
        other_words = gr.Textbox(
            "furious", label="The other feeling, in words", max_length=300, elem_id="other-words"
        )
        compare = gr.Button("Make it beside the first", size="sm", elem_id="compare")
    with gr.Accordion("Edit the motion", open=False, elem_id="editing"):
        gr.Markdown(
            "Download the motion, change it in a spreadsheet, and give it back.",
            elem_classes="hint",
        )
        motion_file = own_files(gr.File(
            label="Motion file (CSV or JSON)", file_types=[".csv", ".json"], type="filepath",
            height=110, elem_id="motion-file",
        ))  # fmt: skip
        render = gr.Button("Render the edited motion", size="sm", elem_id="render")
    history = gr.Gallery(
        label="Made in this tab, deleted with it", columns=3, fit_columns=False, height="auto",
        allow_preview=False, interactive=False, visible=False, elem_id="history", buttons=[],
        object_fit="cover",
    )  # fmt: skip
    return Making(
        consent, start, stop, progress, video, other, save_video, save_motion, make_mesh, save_mesh,
        facts, other_words, compare, motion_file, render, history,
    )  # fmt: skip
