"""`mesh PHOTO SOUND -o OUT.{glb,obj}`: the 3D talking face."""

from __future__ import annotations

import argparse
import time

from talkinghead import __version__, commands, terminal
from talkinghead.errors import BadOption
from talkinghead.files import check_not_an_input


def mesh(chosen: argparse.Namespace) -> None:
    """Fit, listen, feel and animate as `generate` does; write a mesh in place of a video."""
    started = time.perf_counter()
    options = commands.options_from(chosen)
    feeling = commands.feeling_from(chosen)
    from talkinghead.mesh.export import check_mesh_path, mesh_outputs, write_mesh
    from talkinghead.motion.track_file import check_motion_path, write_motion
    from talkinghead.pipeline import TalkingHead

    inputs = [chosen.photo, chosen.sound, options.head, *commands.feeling_files(chosen)]
    check_mesh_path(chosen.output, inputs)
    outputs = mesh_outputs(chosen.output)
    if chosen.export_motion is not None:
        check_motion_path(chosen.export_motion)
        if chosen.export_motion.absolute() in [output.absolute() for output in outputs]:
            message = (
                f"{chosen.export_motion} is written beside the mesh, too (in Live Link Face's "
                "layout); give --export-motion another name"
            )
            raise BadOption(message)
        outputs.append(chosen.export_motion)
    for output in outputs:
        check_not_an_input(output, inputs)
    model = TalkingHead.from_pretrained(options.device)
    acted = model.act(chosen.photo, chosen.sound, feeling, options, terminal.show_progress)
    files = write_mesh(
        model.model, acted.portrait.source, acted.motion, chosen.output, terminal.show_progress
    )
    if chosen.export_motion is not None:
        write_motion(acted.motion, chosen.export_motion)
    for notice in acted.notices:
        terminal.say(f"note: {notice}")
    if chosen.json:
        terminal.print_json({
            "output": str(files.mesh),
            "sequence": str(files.sequence) if files.sequence else None,
            "arkit_csv": str(files.motion),
            "frames": files.frames,
            "fps": files.fps,
            "morph_targets": len(files.targets),
            "motion": options.motion,
            "seed": options.seed,
            "notices": list(acted.notices),
            "seconds": {"total": round(time.perf_counter() - started, 3)},
            "version": __version__,
        })  # fmt: skip
    else:
        where = files.sequence or files.mesh
        terminal.say(f"{where}: {files.frames} frames at {files.fps:g} fps; {files.motion}")
