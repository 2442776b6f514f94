"""The rows of the README's table of figures: what is measured, and how its JSON is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from talkinghead.evaluation.emotion import ACTED

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """One measurement.

    Attributes:
        name: its JSON in the output folder is called so.
        module: run as `python -m MODULE ARGUMENTS --json OUT/NAME.json`.
        arguments: with {data}, {liveportrait} and {sadtalker} to be filled in.
    """

    name: str
    module: str
    arguments: tuple[str, ...]

    @property
    def command(self) -> str:
        """What a reader types."""
        words = " ".join((self.module, *self.arguments)).replace("{data}", "DATA")
        words = words.replace("{liveportrait}", "CLONE").replace("{sadtalker}", "CLONE")
        return f"python -m {words} --json o.json"


SOURCES = (
    Source("benchmark", "talkinghead.evaluation.benchmark", ("--minutes", "1", "10")),
    Source("peers", "talkinghead.evaluation.peers",
           ("--liveportrait", "{liveportrait}", "--sadtalker", "{sadtalker}", "--runs", "3")),
    Source("motion", "talkinghead.evaluation",
           ("--suite", "motion", "--clips", "{data}/clips/eval")),
    Source("portraits", "talkinghead.evaluation",
           ("--suite", "portraits", "--portraits", "{data}/portraits/eval")),
    Source("frames", "talkinghead.evaluation",
           ("--suite", "frames", "--clips", "{data}/clips/eval", "--portraits",
            "{data}/portraits/eval", "--evaluators", "{data}/evaluators")),
    Source("emotion", "talkinghead.evaluation",
           ("--suite", "emotion", "--faces", "{data}/clips", "--speech", "{data}/speech",
            "--portraits", "{data}/portraits/eval", "--evaluators", "{data}/evaluators")),
    Source("phrases_unseen", "talkinghead.evaluation",
           ("--suite", "phrases", "--phrases", "tests/talkinghead/emotion/unseen_200.json")),
    Source("phrases_known", "talkinghead.evaluation",
           ("--suite", "phrases", "--phrases", "tests/talkinghead/emotion/unseen_phrases.json")),
    Source("speech", "talkinghead.evaluation",
           ("--suite", "speech", "--speech", "{data}/speech")),
    Source("robustness", "talkinghead.evaluation", ("--suite", "robustness")),
    Source("end_to_end", "talkinghead.evaluation",
           ("--suite", "end_to_end", "--portraits", "{data}/portraits/eval")),
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One row of the README's table.

    Attributes:
        what: in words.
        source: name of the `Source`.
        read: its JSON to the figure in words.
    """

    what: str
    source: str
    read: Callable[[Result], str]


def _speed(result: Result, name: str, size: int) -> float:
    rows = [row for row in result["rows"] if row["name"] == name and row.get("size") == size]
    return float(next(row for row in rows if row.get("framing", "crop") == "crop")
                 .get("frames_per_second", 0))  # fmt: skip


def _cold(result: Result) -> str:
    return f"{next(row['seconds'] for row in result['rows'] if row['name'] == 'cold'):.1f} s"


def _long(result: Result) -> str:
    row = next(row for row in result["rows"] if row["name"] == "long" and row["minutes"] == 10)
    return f"{row['seconds']:.0f} s, {row['peak_memory_gb']:.2f} GB"


def _mean(*path: str, digits: int = 3) -> Callable[[Result], str]:
    """The mean and interval at a path of a result."""

    def read(result: Result) -> str:
        value: Any = result
        for key in path:
            value = value[key]
        low, high = value["interval"]
        return f"{value['mean']:.{digits}g} [{low:.{digits}g}, {high:.{digits}g}]"

    return read


DECODERS = ("rules", "regression", "codebook")


def _each(read: Callable[[Result, str], str]) -> Callable[[Result], str]:
    """One figure for each decoder, by name."""
    return lambda result: "; ".join(f"{name} {read(result, name)}" for name in DECODERS)


def _percent(value: Mapping[str, Any]) -> str:
    return f"{100 * value['mean']:.0f} %"


def _lips(table: str) -> Callable[[Result], str]:
    """Closure and rounding of each decoder."""

    def read(result: Result, name: str) -> str:
        row = result[table][f"{name}, all"]
        return f"{_percent(row['closure'])}, {_percent(row['rounding'])}"

    return _each(read)


def _lve(result: Result) -> str:
    names = ("no motion", "mean motion", *DECODERS)
    return ", ".join(f"{name} {result['table'][name]['lve_mm']['mean']:.2f}" for name in names)


def _peer(result: Result, system: str, size: int) -> float:
    rows = [row for row in result["rows"] if row["system"] == system and row["size"] == size]
    return max(float(row["frames_per_second"]) for row in rows)


def _whole(result: Result) -> float:
    ours = [row for row in result["rows"] if row["system"] == "evoke" and row["size"] == 512]
    return next(float(row["frames_per_second"]) for row in ours if "MP4" in row["what"])


def _each_renderer(*path: str, digits: int = 3) -> Callable[[Result], str]:
    """The mean and interval of each renderer that was measured, by name."""

    def read(result: Result) -> str:
        section, *rest = path
        present = [name for name in ("geometric", "learned") if name in result[section]]
        return "; ".join(
            f"{name} {_mean(section, name, *rest, digits=digits)(result)}" for name in present
        )

    return read


FIGURES = (
    Figure("photo and sound in, MP4 out, model loaded, at 256², 512², 1024²", "benchmark",
           lambda r: ", ".join(f"{_speed(r, 'end_to_end', n):.0f}" for n in (256, 512, 1024))
           + " frames/s"),
    Figure("the command line from nothing, 6.4 s of sound, 512²", "benchmark", _cold),
    Figure("ten minutes of sound, 512², from nothing: time, peak memory", "benchmark", _long),
    Figure("the same machine, 512²: LivePortrait's networks alone, SadTalker's renderer alone, "
           "Evoke from photo and sound to MP4", "peers",
           lambda r: f"{_peer(r, 'liveportrait', 512):.2g}, {_peer(r, 'sadtalker', 512):.2g}, "
           f"{_whole(r):.0f} frames/s"),
    Figure("fit to portraits never used in training: median, worst, of the outer eye distance",
           "portraits", lambda r: f"{r['table']['fit_error_median_percent']:.2f} %, "
           f"{r['table']['fit_error_worst_percent']:.2f} % ({r['table']['rendered']} of "
           f"{r['table']['photos']} portraits render)"),
    Figure("a still face reproduces the photo, worst of all, before mark and encoder", "portraits",
           lambda r: f"{r['table']['still_psnr_worst']:.1f} dB"),
    Figure("lips closed on /m b p/, rounded on /u o w/, from the sound alone: six languages, "
           "synthetic voices that no training used", "speech", _lips("lips, synthesised")),
    Figure("the same on recordings of real people", "speech", _lips("lips, recorded")),
    Figure("real speakers: correlation of mouth opening with the tracked truth, mean", "motion",
           _each(lambda r, name: _mean("table", name, "opening_r")(r))),
    Figure("the same where the sound surely belongs to the mouth: median", "motion",
           _each(lambda r, name: f"{r['table, trusted'][name]['opening_r']['median']:.2f}")),
    Figure("real speakers: lip vertex error in mm", "motion", _lve),
    Figure("only the feeling swapped: upper face against timing of the lips (3 and more is good)",
           "speech", _each(lambda r, name: f"{r['emotion swapped'][name]['ratio']['mean']:.1f}")),
    Figure("real clips made again from their first frame: mouth PSNR, standing still", "frames",
           _mean("table", "no motion", "psnr_mouth", digits=4)),
    Figure("the same, Evoke", "frames", _each_renderer("table", "psnr_mouth", digits=4)),
    Figure("the same: likeness of the mouth (SSIM, 1 is best)", "frames",
           _each_renderer("table", "ssim_mouth")),
    Figure("identity kept on other people's motion; ceiling between real frames", "frames",
           lambda r: f"{_each_renderer('cross')(r)}; ceiling {_mean('cross', 'ceiling')(r)}"),
    Figure("whole videos: correlation of the mouth that is seen with the plan", "end_to_end",
           _mean("table", "opening_r")),
    Figure("feelings in words, 200 phrases all of whose words are new: right one of 8 classes",
           "phrases_unseen", lambda r: f"{r['right']} of {r['of']}"),
    Figure("the same, 80 phrases that are in no list of ours, though many of their words are",
           "phrases_known", lambda r: f"{r['right']} of {r['of']}"),
    Figure("feelings in voices: EmoDB's unseen speakers; four RAVDESS actors", "emotion",
           lambda r: ", ".join(f"{100 * r['sound_tower'][name]['accuracy']:.0f} %" for name in
                               ("sylaschacko/voice-emotion-analysis", "syildizn/RavdessSounds"))),
    Figure("feelings in faces: 20 acted clips of three strangers, 7 classes", "emotion",
           lambda r: f"{100 * r['image_tower'][ACTED]['accuracy_of_clips']:.0f} % of the clips"),
    Figure("face-api.js, by which the recipes were chosen on other portraits, names the feeling on "
           "our stills: 20 portraits, 7 feelings",
           "emotion", lambda r: f"{100 * r['rendered at intensity 1']['named_rightly']:.0f} %"),
    Figure("bad and odd inputs handled as they should be", "robustness",
           lambda r: f"{r['passed']} of {r['cases']}"),
)  # fmt: skip
