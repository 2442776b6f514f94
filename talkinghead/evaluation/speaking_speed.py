"""How long it takes from sound to motion, and how much memory.

    python -m talkinghead.evaluation.speaking_speed DECODER --minutes 1 10

prints one JSON object: a long sound in a process of its own, where the peak of memory means
something.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from talkinghead.errors import BadOption
from talkinghead.evaluation.performance import FPS, perform, ten_seconds
from talkinghead.motion.interface import AudioToMotion
from talkinghead.pipeline import TalkingHead
from talkinghead.speech.features import extract_features
from talkinghead.types import SAMPLE_RATE, Speech

RUNS = 5
MINUTES = (1.0, 10.0)
_STATUS = Path("/proc/self/status")


def measure_speed(
    decoders: Mapping[str, AudioToMotion], model: TalkingHead, runs: int = RUNS
) -> dict[str, dict[str, object]]:
    """Ten seconds of sound: median seconds of `runs` after one run that is not counted.

    Returns:
        A row for each decoder: `features_s`, `decoder_s`, `both_s`.
    """
    speech = ten_seconds()
    features = extract_features(speech, FPS)
    feeling = model.feel("")
    heard = _median(lambda: extract_features(speech, FPS), runs)
    rows: dict[str, dict[str, object]] = {}
    for name, decoder in decoders.items():

        def decode(decoder: AudioToMotion = decoder) -> object:
            return perform(decoder, features, feeling, model.model)

        taken = _median(decode, runs)
        rows[name] = {"features_s": round(heard, 4), "decoder_s": round(taken, 4),
                      "both_s": round(heard + taken, 4)}  # fmt: skip
    return rows


def measure_long(decoder: str, minutes: Sequence[float] = MINUTES) -> dict[str, object]:
    """`long_sounds` of a shipped decoder in a process of its own.

    Raises:
        BadOption: the process failed; its last words are in the message.
    """
    command = [sys.executable, "-m", "talkinghead.evaluation.speaking_speed", decoder]
    command += ["--minutes", *(f"{one:g}" for one in minutes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        message = f"the decoder {decoder} failed on a long sound: {last}"
        raise BadOption(message)
    measured: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return measured


def long_sounds(decoder: AudioToMotion, model: TalkingHead, minutes: Sequence[float]) -> dict[
    str, object
]:  # fmt: skip
    """Seconds from sound to motion, and how far memory grows beyond that after ten seconds.

    Args:
        decoder: what is measured.
        model: for the face model and the neutral feeling.
        minutes: lengths, ascending, or a shorter one shows the peak of a longer one.

    Returns:
        `seconds_N_min`, and `peak_growth_mb_N_min`: the highest memory while it ran less that in
        use before them all, when the sound was in memory already (Linux; elsewhere the growth of
        the process's highest memory ever, which loading may hide).
    """
    feeling = model.feel("")
    piece = ten_seconds().waveform

    def animate(waveform: Speech) -> None:
        perform(decoder, extract_features(waveform, FPS), feeling, model.model)

    animate(Speech(piece))
    longest = np.resize(piece, int(max(minutes) * 60 * SAMPLE_RATE))
    measured: dict[str, object] = {}
    before = _megabytes()
    for one in minutes:
        _forget_peak()
        start = time.perf_counter()
        animate(Speech(longest[: int(one * 60 * SAMPLE_RATE)]))
        measured[f"seconds_{one:g}_min"] = round(time.perf_counter() - start, 2)
        measured[f"peak_growth_mb_{one:g}_min"] = round(_peak_megabytes() - before, 1)
    return measured


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Long sounds: seconds and memory.")
    parser.add_argument("decoder")
    parser.add_argument("--minutes", type=float, nargs="+", default=list(MINUTES))
    chosen = parser.parse_args()
    model = TalkingHead.from_pretrained("cpu")
    if chosen.decoder not in model.decoders:
        parser.error(f"no decoder {chosen.decoder!r}: give one of {', '.join(model.decoders)}")
    measured = long_sounds(model.decoders[chosen.decoder], model, sorted(chosen.minutes))
    sys.stdout.write(json.dumps(measured) + "\n")


def _median(work: Callable[[], object], runs: int) -> float:
    work()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def _forget_peak() -> None:
    """From here on `_peak_megabytes` says the highest since."""
    if _STATUS.is_file():
        Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM, see proc(5)


def _megabytes() -> float:
    return _status_megabytes("VmRSS") if _STATUS.is_file() else _peak_megabytes()


def _peak_megabytes() -> float:
    if _STATUS.is_file():
        return _status_megabytes("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes on macOS


def _status_megabytes(name: str) -> float:
    line = next(one for one in _STATUS.read_text().splitlines() if one.startswith(name))
    return int(line.split()[1]) / 2**10


if __name__ == "__main__":
    main()
