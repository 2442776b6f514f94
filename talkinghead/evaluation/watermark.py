"""How well the invisible mark survives: detection and false alarms on clips.

    python -m talkinghead.evaluation.watermark CLIPS... --json OUT.json

Every clip is written by `write_video` with and without the mark, then attacked: encoded again at
CRF 28, scaled to half, cropped by a tenth (from a corner), and all three at once. Unmarked copies
are also searched for other keys, which gives many more chances of a false alarm.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from talkinghead.video.ffmpeg import Ffmpeg
from talkinghead.video.mark_search import MarkReading, evened, find_mark, mean_luma, search
from talkinghead.video.read import read_video
from talkinghead.video.watermark import mark_for, marked, tile
from talkinghead.video.write import write_video

_HALF = "scale=trunc(iw/4)*2:trunc(ih/4)*2"
_CROP = "crop=trunc(iw*0.45)*2:trunc(ih*0.45)*2:iw*0.1:0"
ATTACKS: dict[str, tuple[str, int]] = {
    "crf 28": ("null", 28),
    "half size": (_HALF, 23),
    "cropped 10 %": (_CROP, 23),
    "half size, crf 28": (_HALF, 28),
    "cropped 10 %, half size, crf 28": (f"{_CROP},{_HALF}", 28),
}
OTHER_KEYS = 20

Frames = list[NDArray[np.uint8]]


def attack(source: Path, target: Path, filters: str, crf: int) -> None:
    """What a platform does to an upload: scale or cut, and encode again."""
    arguments = ["-v", "error", "-y", "-i", str(source), "-vf", filters, "-an", "-c:v", "libx264"]
    how = ["-preset", "fast", "-crf", str(crf), "-pix_fmt", "yuv420p", "-threads", "1"]
    with Ffmpeg([*arguments, *how, str(target)]) as program:
        program.stdin.close()
        if program.wait() != 0:
            raise RuntimeError(program.last_words())


def read(path: Path) -> MarkReading:
    """Search one file."""
    with read_video(path) as frames:
        return find_mark(iter(frames))


def measure_clip(frames: Frames, folder: Path) -> dict[str, object]:
    """Everything about one clip of equal frames (H, W, 3)."""
    marked_file, plain_file, attacked = (
        folder / f"{n}.mp4" for n in ("marked", "plain", "attacked")
    )
    write_video(frames, marked_file, 25.0)
    write_video(frames, plain_file, 25.0, mark=False)
    scores = {"as written": read(marked_file).score}
    for name, (filters, crf) in ATTACKS.items():
        attack(marked_file, attacked, filters, crf)
        scores[name] = read(attacked).score
    found = {name: MarkReading.of(score, 1.0, 1).found for name, score in scores.items()}
    attack(plain_file, attacked, "null", 28)
    alarms = [read(plain_file), read(attacked)]
    with read_video(plain_file) as clip:
        even = evened(mean_luma(iter(clip))[0])
    others = [
        MarkReading.of(*search(even, tile(key)), len(frames)) for key in range(1, 1 + OTHER_KEYS)
    ]
    change = mark_for(frames[0]).astype(np.float64)
    return {
        "size": list(frames[0].shape[1::-1]),
        "psnr": 20 * np.log10(255 / np.sqrt((change**2).mean())),
        "psnr_of_worst_frame": min(_luma_psnr(frames)),
        "scores": scores,
        "found": found,
        "unmarked": [one.score for one in alarms],
        "false_alarms": sum(one.found for one in alarms),
        "other_keys": [one.score for one in others],
        "false_alarms_other_keys": sum(one.found for one in others),
    }


def _luma_psnr(frames: Frames) -> list[float]:
    values = []
    for before, after in zip(frames, marked(frames), strict=True):
        old, new = (cv2.cvtColor(f, cv2.COLOR_RGB2GRAY).astype(np.float64) for f in (before, after))
        values.append(float(20 * np.log10(255 / np.sqrt(((old - new) ** 2).mean()))))
    return values


def milliseconds_a_frame(size: int = 512, frames: int = 60) -> float:
    """Median cost of `marked` on square frames, the preparation left aside."""
    picture = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    iterator = marked([picture] * (frames + 1))
    next(iterator)
    taken = []
    for _ in range(frames):
        start = time.perf_counter()
        next(iterator)
        taken.append(time.perf_counter() - start)
    return float(np.median(taken)) * 1000


def summary(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """Rates over all clips."""
    names = ["as written", *ATTACKS]
    scores = {name: np.array([row["scores"][name] for row in rows]) for name in names}  # type: ignore[index]
    found = {name: np.array([row["found"][name] for row in rows]) for name in names}  # type: ignore[index]
    others = np.concatenate([np.array(row["other_keys"]) for row in rows])
    psnr = np.array([row["psnr_of_worst_frame"] for row in rows])
    return {
        "clips": len(rows),
        "detected": {name: float(found[name].mean()) for name in names},
        "score_median": {name: float(np.median(scores[name])) for name in names},
        "score_lowest": {name: float(scores[name].min()) for name in names},
        "luma_psnr_median": float(np.median(psnr)),
        "luma_psnr_lowest": float(psnr.min()),
        "unmarked_videos": 2 * len(rows),
        "false_alarms": int(sum(int(str(row["false_alarms"])) for row in rows)),
        "unmarked_highest_score": float(max(max(row["unmarked"]) for row in rows)),  # type: ignore[call-overload]
        "searches_for_other_keys": len(others),
        "false_alarms_other_keys": int(
            sum(int(str(row["false_alarms_other_keys"])) for row in rows)
        ),
        "other_keys_highest_score": float(others.max()),
        "milliseconds_a_frame_512": milliseconds_a_frame(),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m talkinghead.evaluation.watermark")
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--frames", type=int, default=50, help="of each clip")
    parser.add_argument("--json", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    rows = []
    for clip in chosen.clips:
        with read_video(clip) as video, tempfile.TemporaryDirectory() as folder:
            frames = list(itertools.islice(iter(video), chosen.frames))
            rows.append(measure_clip(frames, Path(folder)))
        sys.stderr.write(f"{len(rows)}/{len(chosen.clips)} {clip.name} {rows[-1]['scores']}\n")
        chosen.json.write_text(json.dumps({"summary": summary(rows), "clips": rows}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
