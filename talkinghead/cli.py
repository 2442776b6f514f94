"""The command line: parse, call, report. A user's mistake is one line and exit code 2."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Never

from talkinghead import __version__, batch_command, commands, mesh_command, verify_command
from talkinghead.config import (
    DeviceName,
    Framing,
    GenerateOptions,
    MotionName,
    RendererName,
    Size,
    choices,
)
from talkinghead.errors import BadOption, TalkingHeadError

_DEFAULTS = GenerateOptions()
_NO_VALUE = re.compile(r"argument (\S+): expected one argument")


class _Parser(argparse.ArgumentParser):
    """argparse whose errors are ours: one line, exit code 2."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(*arguments, **options)
        # "--gaze -1,-1" is a value, not an option: no option of ours starts with a digit.
        self._negative_number_matcher = re.compile(r"^-\.?\d")

        self._given: list[str] = []

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401
        """As argparse does it; what was given is kept for the words of an error."""
        self._given = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(self._given, namespace)

    def error(self, message: str) -> Never:
        """Raise instead of printing the whole usage."""
        raise BadOption(f"{message}{self._hint(message)}; see: {self.prog} --help")

    def _hint(self, message: str) -> str:
        """How to write a value such as "-sad", which argparse takes for an option."""
        named = _NO_VALUE.match(message)
        for option in named[1].split("/") if named else ():
            place = self._given.index(option) + 1 if option in self._given else 0
            value = self._given[place] if 0 < place < len(self._given) else ""
            if option.startswith("--") and value and value not in self._option_string_actions:
                return f", {value!r} looks like another option: write {option}={value}"
        return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 2 for a mistake, 1 for a batch with failed jobs."""
    parser = build_parser()
    try:
        chosen, unknown = parser.parse_known_args(arguments)
        if unknown:
            parser.error(f"unrecognized arguments: {' '.join(unknown)}")
        code = chosen.run(chosen)
    except TalkingHeadError as error:
        sys.stderr.write(f"evoke: {' '.join(str(error).split())}\n")
        return 2
    except MemoryError:
        sys.stderr.write("evoke: out of memory; use a smaller --size or a shorter sound\n")
        return 2
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a name of hundreds of characters, a port in use
        about = f": {error.filename}" if error.filename else ""
        sys.stderr.write(f"evoke: {error.strerror or error}{about}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("evoke: stopped; nothing was written\n")
        return 130
    return int(code or 0)


def build_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    parser = _Parser(
        prog="python -m talkinghead", description="One portrait, one voice, any feeling.",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"evoke {__version__}")
    commands_of = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    _generate(commands_of.add_parser("generate", help="photo and sound to video"))
    _render(commands_of.add_parser("render", help="photo and motion track to video"))
    _track(commands_of.add_parser("track", help="clip to motion track"))
    _emotion(commands_of.add_parser("emotion", help="what is understood of an emotion prompt"))
    _weights(commands_of.add_parser("weights", help="list or verify the weights"))
    serve = commands_of.add_parser("serve", help="the web app")
    serve.add_argument("--host", help="address to listen on; default: this machine only")
    serve.add_argument("--port", type=int, help="default: 7860")
    serve.add_argument("--device", choices=choices(DeviceName))
    serve.add_argument("--seconds-allowed", type=float, metavar="S", help="for one video")
    serve.add_argument(
        "--keep-seconds", type=float, metavar="S", help="delete a visitor's files after such a rest"
    )
    serve.set_defaults(run=commands.serve)
    _mesh(commands_of.add_parser("mesh", help="photo and sound to a talking face in 3D"))
    _batch(commands_of.add_parser("batch", help="many jobs, by several processes or machines"))
    _verify(commands_of.add_parser("verify", help="read the marks of a video"))
    return parser


def _generate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.mp4")
    _performance_options(parser)
    _picture_options(parser)
    parser.set_defaults(run=commands.generate)


def _mesh(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.glb|OUT.obj")
    _performance_options(parser)
    parser.add_argument("--device", choices=choices(DeviceName), default=_DEFAULTS.device)
    parser.add_argument("--face", type=int, metavar="N", help="0 = leftmost; default: the largest")
    parser.add_argument("--json", action="store_true", help="print one JSON object last")
    # What only pictures have; `GenerateOptions` wants to know them all the same.
    parser.set_defaults(
        run=mesh_command.mesh, size=_DEFAULTS.size, framing=_DEFAULTS.framing,
        renderer=_DEFAULTS.renderer,
    )  # fmt: skip


def _batch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("jobs", type=Path, metavar="JOBS.jsonl")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--workers", type=int, metavar="N", help="default: half of the cores")
    parser.add_argument("--ray", metavar="ADDRESS", help='a Ray cluster; "local" starts one here')
    parser.add_argument("--json", action="store_true", help="print one JSON object last")
    parser.set_defaults(run=batch_command.batch)


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=verify_command.verify)


def _performance_options(parser: argparse.ArgumentParser) -> None:
    """Who speaks what, and how."""
    parser.add_argument("photo", type=Path, metavar="PHOTO")
    parser.add_argument("sound", type=Path, metavar="SOUND")
    feeling = parser.add_mutually_exclusive_group()
    feeling.add_argument("--emotion", default="", metavar="TEXT", help='words, or "auto"')
    feeling.add_argument("--emotion-image", type=Path, metavar="FILE")
    feeling.add_argument("--emotion-sound", type=Path, metavar="FILE")
    feeling.add_argument("--emotion-timeline", type=Path, metavar="FILE.json")
    parser.add_argument("--intensity", type=float, metavar="0..1")
    parser.add_argument("--head", default=_DEFAULTS.head, metavar="natural|still|FILE")
    parser.add_argument("--blink", type=float, default=_DEFAULTS.blink, metavar="0..2")
    parser.add_argument("--gaze", default="0,0", metavar="X,Y", help="-1..1 each; +x right, +y up")
    parser.add_argument("--motion", choices=choices(MotionName), default=_DEFAULTS.motion)
    parser.add_argument(
        "--speech", default=_DEFAULTS.speech, metavar="embedded|transformers:NAME_OR_PATH",
        help="what tells the sounds of speech apart: ours, or a CTC model that you have",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=_DEFAULTS.seed)
    parser.add_argument("--fps", type=float, default=_DEFAULTS.fps)
    parser.add_argument("--export-motion", type=Path, metavar="FILE.csv|FILE.json")


def _render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photo", type=Path, metavar="PHOTO")
    parser.add_argument("motion_file", type=Path, metavar="MOTION.csv")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.mp4")
    parser.add_argument("--sound", type=Path, metavar="FILE")
    parser.add_argument(
        "--expression", choices=("absolute", "relative"), default="absolute",
        help="wear the track's expression as it is, or its change since its first frame",
    )  # fmt: skip
    _picture_options(parser)
    parser.set_defaults(run=commands.render)


def _picture_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, choices=choices(Size), default=_DEFAULTS.size)
    parser.add_argument("--framing", choices=choices(Framing), default=_DEFAULTS.framing)
    parser.add_argument("--renderer", choices=choices(RendererName), default=_DEFAULTS.renderer)
    parser.add_argument("--device", choices=choices(DeviceName), default=_DEFAULTS.device)
    parser.add_argument("--face", type=int, metavar="N", help="0 = leftmost; default: the largest")
    parser.add_argument("--json", action="store_true", help="print one JSON object last")


def _track(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", type=Path, metavar="VIDEO")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="MOTION.csv")
    parser.add_argument("--json", action="store_true", help="print one JSON object last")
    parser.set_defaults(run=commands.track)


def _emotion(parser: argparse.ArgumentParser) -> None:
    prompt = parser.add_mutually_exclusive_group(required=True)
    prompt.add_argument("--text", metavar="T")
    prompt.add_argument("--image", type=Path, metavar="F")
    prompt.add_argument("--sound", type=Path, metavar="F")
    prompt.add_argument("--texts", type=Path, metavar="FILE", help="one prompt a line")
    parser.add_argument("--intensity", type=float, metavar="0..1")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=commands.emotion)


def _weights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "verify", "fetch"))
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.set_defaults(run=commands.weights)
