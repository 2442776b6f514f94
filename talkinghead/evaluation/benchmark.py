"""Speed and memory, stage by stage: `python -m talkinghead.evaluation.benchmark --json OUT.json`.

Every figure is a median with its quartiles over repeated runs after one that is not counted (it
compiles and fills caches). "end_to_end" is a whole `generate` call on a loaded model: photo and
sound in, MP4 out. "cold" is the command line in a fresh process, imports and loading included.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from talkinghead.config import GenerateOptions
from talkinghead.evaluation.machine import machine_facts
from talkinghead.examples import example_portrait, example_speech
from talkinghead.pipeline import TalkingHead

Row = dict[str, object]
logger = logging.getLogger(__name__)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Measure speed and memory.")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--photo", type=Path, help="default: the bundled example")
    parser.add_argument("--sound", type=Path, help="default: the bundled example")
    parser.add_argument("--minutes", type=float, nargs="*", default=[], help="long sounds too")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with tempfile.TemporaryDirectory() as folder:
        photo = chosen.photo or example_portrait()
        sound = chosen.sound or example_speech(Path(folder))
        rows = [_cold(photo, sound, Path(folder))]
        model = TalkingHead.from_pretrained("cpu")
        for size in chosen.sizes:
            for framing in ("crop", "full") if size == chosen.sizes[0] else ("crop",):
                options = GenerateOptions(size=size, framing=framing)
                rows += _end_to_end(model, photo, sound, Path(folder), options, chosen.runs)
        rows += [_long(photo, sound, Path(folder), minutes) for minutes in chosen.minutes]
    result = {"machine": machine_facts(), "runs": chosen.runs, "rows": rows}
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(result, indent=2) + "\n")
    for row in rows:
        logger.info("%s", json.dumps(row))


def _end_to_end(
    model: TalkingHead, photo: Path, sound: Path, folder: Path, options: GenerateOptions, runs: int
) -> list[Row]:
    """One row for the whole and one for each stage."""
    stages: dict[str, list[float]] = {}
    frames = 0

    def once() -> None:
        nonlocal frames
        start = time.perf_counter()
        result = model.generate(
            photo, sound, save_to=folder / "out.mp4", emotion="quiet joy", options=options
        )
        frames = result.video.frames
        for name, value in {**result.seconds, "end_to_end": time.perf_counter() - start}.items():
            stages.setdefault(name, []).append(value)

    _repeat(once, runs, stages)
    rows: list[Row] = []
    for name, values in stages.items():
        low, middle, high = np.percentile(values, [25, 50, 75])
        rows.append(
            {
                "name": name, "size": options.size, "framing": options.framing, "frames": frames,
                "seconds": round(float(middle), 4), "quartiles": [round(low, 4), round(high, 4)],
                "frames_per_second": round(frames / float(middle), 1), "device": "cpu",
                "renderer": options.renderer, "motion": options.motion,
            }
        )  # fmt: skip
    return rows


def _repeat(once: Callable[[], None], runs: int, stages: dict[str, list[float]]) -> None:
    once()
    stages.clear()
    for _ in range(runs):
        once()


def _cold(photo: Path, sound: Path, folder: Path) -> Row:
    """A fresh process, twice; the second counts, when compiled code is cached."""
    command = [
        sys.executable, "-m", "talkinghead", "generate", str(photo), str(sound),
        "-o", str(folder / "cold.mp4"), "--emotion", "quiet joy", "--json",
    ]  # fmt: skip
    report: dict[str, object] = {}
    seconds = 0.0
    for _ in range(2):
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - start
        report = json.loads(done.stdout.splitlines()[-1])
    return {"name": "cold", "size": 512, "seconds": round(seconds, 3), "stages": report["seconds"]}


def _long(photo: Path, sound: Path, folder: Path, minutes: float) -> Row:
    """Time and peak memory of a long sound, in a process of its own."""
    import soundfile

    samples, rate = soundfile.read(sound, dtype="float32")
    count = int(minutes * 60 * rate)
    path = folder / "long.wav"
    soundfile.write(path, np.resize(samples, count), rate)
    command = [
        sys.executable, "-m", "talkinghead", "generate", str(photo), str(path),
        "-o", str(folder / "long.mp4"), "--json",
    ]  # fmt: skip
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        output = process.communicate()[0]
    seconds = time.perf_counter() - start
    # The largest of our children so far; the long ones are the largest.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    report = json.loads(output.splitlines()[-1])
    return {
        "name": "long", "minutes": minutes, "seconds": round(seconds, 2),
        "stages": report["seconds"], "frames_per_second": round(report["frames"] / seconds, 1),
        "peak_memory_gb": round(peak, 3),
    }  # fmt: skip


if __name__ == "__main__":
    main()
