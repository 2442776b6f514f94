"""Where the time of a frame goes: `python -m talkinghead.evaluation.render_profile --json OUT`.

Rendering alone, on one core, without video encoding: own time of each function, which finds the
places that matter; calls of compiled code count as a whole.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import logging
import pstats
import time
from pathlib import Path

import cv2

from renderer.coefficients import MotionCoefficients
from renderer.geometric import GeometricRenderer
from talkinghead.config import GenerateOptions
from talkinghead.evaluation.machine import machine_facts
from talkinghead.examples import example_portrait, example_speech
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.framing import crop_view

FRAMES = 60
SHOWN = 8

logger = logging.getLogger(__name__)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m talkinghead.evaluation.render_profile")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024])
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cv2.setNumThreads(1)
    model = TalkingHead.from_pretrained("cpu")
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    sound = example_speech(chosen.json.parent)
    acted = model.act(example_portrait(), sound, "", GenerateOptions())
    sound.unlink()
    rows = []
    for size in chosen.sizes:
        view = crop_view(acted.portrait.source, size)
        rows.append(profile(GeometricRenderer(model.model, view), acted.motion, size))
        logger.info("%s", json.dumps(rows[-1]))
    chosen.json.write_text(json.dumps({"machine": machine_facts(), "rows": rows}, indent=2) + "\n")


def profile(
    renderer: GeometricRenderer, motion: MotionCoefficients, size: int
) -> dict[str, object]:
    """CPU time of a frame, and the share of each function's own time, largest first."""
    part = motion.frames(0, min(FRAMES, len(motion)))
    for _ in renderer.render(part.frames(0, 3)):  # compiles, fills caches
        pass
    start = time.process_time()
    frames = sum(1 for _ in renderer.render(part))
    seconds = (time.process_time() - start) / frames
    observer = cProfile.Profile()
    observer.runcall(lambda: sum(1 for _ in renderer.render(part)))
    timed = pstats.Stats(observer).get_stats_profile()
    own = {name: one.tottime for name, one in timed.func_profiles.items()}
    largest = sorted(own, key=lambda name: -own[name])[:SHOWN]
    shares = {name: round(own[name] / timed.total_tt, 3) for name in largest}
    return {"size": size, "ms_a_frame": round(1000 * seconds, 2), "shares": shares}


if __name__ == "__main__":
    main()
