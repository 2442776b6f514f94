"""Speed beside the published networks of LivePortrait and SadTalker, on one machine in one run.

    python -m talkinghead.evaluation.peers --liveportrait CLONE --sadtalker CLONE --json OUT.json

The clones are of their repositories; none of their code is ours. Their networks get random weights:
speed does not depend on weights. Only what a frame costs is counted for them (no face detection, no
sound network, no video encoding), while ours is measured twice: rendering alone, and from photo and
sound to the finished MP4.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from renderer.coefficients import MotionCoefficients
from renderer.geometric import GeometricRenderer
from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.evaluation.machine import machine_facts

Row = dict[str, object]
Once = Callable[[], object]
PEERS = ("liveportrait", "sadtalker")
OURS = "evoke"
KEYPOINTS = {"liveportrait": 21, "sadtalker": 15}

logger = logging.getLogger(__name__)


def main() -> int:
    """Command line: each system in a process of its own, one after the other."""
    chosen = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if chosen.only:
        sys.stdout.write(json.dumps(_measure(chosen.only, chosen)) + "\n")
        return 0
    try:
        rows = [row for name in (*PEERS, OURS) for row in _in_a_process(name, chosen)]
    except TalkingHeadError as error:
        sys.stderr.write(f"evoke: {error}\n")
        return 2
    result = {"machine": machine_facts(), "runs": chosen.runs, "rows": rows}
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(result, indent=2) + "\n")
    for row in rows:
        logger.info("%s", json.dumps(row))
    return 0


def _in_a_process(name: str, chosen: argparse.Namespace) -> list[Row]:
    """Both peers call their package `src`: one process cannot hold them both."""
    checkout = getattr(chosen, name, None)
    if name != OURS and checkout is None:
        logger.info("%s is left out: no --%s given", name, name)
        return []
    if checkout is not None and not (checkout / "src").is_dir():
        message = f"{checkout} has no folder src; give --{name} a clone of its repository"
        raise BadOption(message)
    done = subprocess.run(
        [sys.executable, "-m", "talkinghead.evaluation.peers", *sys.argv[1:], "--only", name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["no message"]
        message = f"{name} could not be measured: {reason[0]}"
        raise BadOption(message)
    rows: list[Row] = json.loads(done.stdout.splitlines()[-1])
    return rows


def _measure(name: str, chosen: argparse.Namespace) -> list[Row]:
    import torch

    torch.set_num_threads(chosen.threads)
    if name == OURS:
        return _ours(chosen)
    sys.path.insert(0, str(getattr(chosen, name)))
    parts = (_liveportrait if name == "liveportrait" else _sadtalker)(chosen.device)
    rows: list[Row] = []
    for precision in chosen.precision:
        for what, size, once in parts:
            with torch.inference_mode(), _casting(chosen.device, precision):
                seconds = _seconds(once, chosen.runs, chosen.device)
            rows.append(_row(name, what, size, seconds, precision=precision, chosen=chosen))
    return rows


def _liveportrait(device: str) -> list[tuple[str, int, Once]]:
    """Warping and SPADE networks as src/config/models.yaml sizes them (commit in the JSON)."""
    import torch

    warping = importlib.import_module("src.modules.warping_network").WarpingNetwork(
        num_kp=21, block_expansion=64, max_features=512, num_down_blocks=2, reshape_channel=32,
        estimate_occlusion_map=True,
        dense_motion_params={"block_expansion": 32, "max_features": 1024, "num_blocks": 5,
                             "reshape_depth": 16, "compress": 4},
    )  # fmt: skip
    spade = importlib.import_module("src.modules.spade_generator").SPADEDecoder(
        upscale=2, block_expansion=64, max_features=512, num_down_blocks=2
    )
    warping, spade = warping.eval().to(device), spade.eval().to(device)
    volume = torch.randn(1, 32, 16, 64, 64, device=device)
    still, driving = (_keypoints("liveportrait", device) for _ in range(2))

    def frame() -> object:
        return spade(warping(volume, kp_source=still, kp_driving=driving)["out"])

    return [("networks alone", 512, frame)]


def _sadtalker(device: str) -> list[tuple[str, int, Once]]:
    """The face renderer of src/config/facerender.yaml; it encodes the source for every frame."""
    import torch

    module = importlib.import_module("src.facerender.modules.generator")
    generator = module.OcclusionAwareSPADEGenerator(
        image_channel=3, feature_channel=32, num_kp=15, block_expansion=64, max_features=512,
        num_down_blocks=2, reshape_channel=32, reshape_depth=16, num_resblocks=6,
        estimate_occlusion_map=True,
        dense_motion_params={"block_expansion": 32, "max_features": 1024, "num_blocks": 5,
                             "reshape_depth": 16, "compress": 4},
    )  # fmt: skip
    generator = generator.eval().to(device)
    still, driving = ({"value": _keypoints("sadtalker", device)} for _ in range(2))

    def frame(size: int) -> Once:
        source = torch.rand(1, 3, size, size, device=device)
        return lambda: generator(source, kp_source=still, kp_driving=driving)

    return [("networks alone", size, frame(size)) for size in (256, 512)]


def _keypoints(name: str, device: str) -> Any:  # noqa: ANN401 (torch is imported late)
    import torch

    return torch.rand(1, KEYPOINTS[name], 3, device=device) - 0.5


def _ours(chosen: argparse.Namespace) -> list[Row]:
    """Rendering alone, and the whole way."""
    from talkinghead.config import GenerateOptions
    from talkinghead.devices import raster_backend
    from talkinghead.examples import example_portrait, example_speech
    from talkinghead.pipeline import TalkingHead
    from talkinghead.portrait.framing import crop_view

    model = TalkingHead.from_pretrained(chosen.device)
    photo, rows = example_portrait(), []
    with tempfile.TemporaryDirectory() as folder:
        sound, video = example_speech(Path(folder)), Path(folder) / "o.mp4"
        motion = model.generate(photo, sound, save_to=video).motion
        for size in (256, 512):
            options = GenerateOptions(size=size, device=chosen.device)
            view = crop_view(model.fit(photo).source, size)
            renderer = GeometricRenderer(model.model, view, raster_backend(chosen.device))
            ways: dict[str, Once] = {
                "rendering alone": partial(_render, renderer, motion),
                "photo and sound to MP4": partial(
                    model.generate, photo, sound, save_to=video, options=options
                ),
            }
            for what, once in ways.items():
                seconds = _seconds(once, max(2, chosen.runs // 3), chosen.device) / len(motion)
                rows.append(_row(OURS, what, size, seconds, precision="float32", chosen=chosen))
    return rows


def _render(renderer: GeometricRenderer, motion: MotionCoefficients) -> int:
    """Draw all frames, keep none."""
    return sum(1 for _ in renderer.render(motion))


def _seconds(once: Once, runs: int, device: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Time of each of `runs` calls after one that is not counted."""
    import torch

    taken = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        once()
        if device == "cuda":
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - start)
    return np.array(taken[1:])


def _casting(device: str, precision: str) -> Any:  # noqa: ANN401 (one of two context managers)
    import torch

    return torch.autocast(device, torch.bfloat16) if precision == "bfloat16" else nullcontext()


def _row(
    name: str, what: str, size: int, seconds: np.ndarray[Any, np.dtype[np.float64]], *,
    precision: str, chosen: argparse.Namespace,
) -> Row:  # fmt: skip
    low, middle, high = np.percentile(seconds, [25, 50, 75])
    return {
        "system": name, "what": what, "size": size, "precision": precision, "batch": 1,
        "device": chosen.device, "threads": chosen.threads,
        "ms_a_frame": round(1000 * float(middle), 2),
        "quartiles": [round(1000 * float(low), 2), round(1000 * float(high), 2)],
        "frames_per_second": round(1 / float(middle), 2),
    }  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m talkinghead.evaluation.peers")
    parser.add_argument("--liveportrait", type=Path, metavar="CHECKOUT")
    parser.add_argument("--sadtalker", type=Path, metavar="CHECKOUT")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--precision", nargs="+", default=["float32", "bfloat16"],
                        choices=("float32", "bfloat16"))  # fmt: skip
    parser.add_argument("--only", choices=(*PEERS, OURS), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
