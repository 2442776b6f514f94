"""Load on the served web app: many jobs from many clients at once, with the real model.

`python benchmarks/app_load.py --jobs 50 --clients 8 --json out.json` starts `app.py`, asks for
videos of one to two seconds at 256 px, and counts what was lost, what was mixed up, how the
server's memory grew and what was left on its disk. Exit code 1 if anything was lost, mixed up or
left.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
KEEP_SECONDS = 20.0
RATE = 16_000


@dataclass
class Tally:
    """What came of the jobs."""

    seconds: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    mixed_up: list[str] = field(default_factory=list)


def ask(address: str, folder: Path, numbers: list[int], tally: Tally) -> None:
    """One client's jobs, one after the other; each differs in length, frame rate and seed."""
    from gradio_client import Client, handle_file

    from talkinghead.examples import example_portrait
    from talkinghead.video.read import read_video

    client = Client(address, verbose=False, download_files=str(folder / "answers"))
    for number in numbers:
        seconds, fps = 1.0 + 0.04 * (number % 25), (15.0, 25.0)[number % 2]
        sound = folder / f"{number}.wav"
        time_line = np.arange(round(seconds * RATE)) / RATE
        soundfile.write(sound, 0.3 * np.sin(2 * np.pi * 140 * time_line), RATE)
        started = time.perf_counter()
        try:
            video, _, _, facts, _ = client.predict(
                photo=handle_file(str(example_portrait())), sound=handle_file(str(sound)),
                feeling="joy", consent=True, size=256, fps=fps, seed=number,
                api_name="/generate",
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001 - whatever it is, the job is lost
            tally.lost.append(f"{number}: {error}")
            continue
        tally.seconds.append(time.perf_counter() - started)
        frames = len(list(read_video(Path(video))))
        expected = int(np.ceil(round(seconds * fps, 6)))
        if frames != expected or f"Seed {number}." not in facts:
            tally.mixed_up.append(f"{number}: {frames} frames, expected {expected}; {facts}")


def memory_of(process: int) -> float:
    """Resident MB of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def files_below(folder: Path) -> list[Path]:
    """Every file in a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def wait_until_served(address: str, seconds: float = 120.0) -> None:
    """Until the health route answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}health", timeout=2):  # noqa: S310
                return
        except OSError:
            time.sleep(0.3)
    message = "the app did not start"
    raise RuntimeError(message)


def measure(jobs: int, clients: int) -> dict[str, object]:
    """Serve, ask, count."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address, tally, samples = f"http://127.0.0.1:{port}/", Tally(), list[float]()
    with tempfile.TemporaryDirectory() as name:
        folder, served = Path(name), Path(name) / "served"
        environment = {**os.environ, "GRADIO_TEMP_DIR": str(served)}
        command = [sys.executable, str(ROOT / "app.py"), "--port", str(port),
                   "--keep-seconds", str(KEEP_SECONDS)]  # fmt: skip
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
            try:
                wait_until_served(address)
                ask(address, folder, list(range(1000, 1004)), Tally())  # warm-up
                started, done = time.perf_counter(), threading.Event()
                watcher = threading.Thread(target=_watch, args=(server.pid, samples, done))
                watcher.start()
                with ThreadPoolExecutor(clients) as pool:
                    for client in range(clients):
                        numbers = list(range(client, jobs, clients))
                        pool.submit(ask, address, folder, numbers, tally)
                total = time.perf_counter() - started
                done.set()
                watcher.join()
                left = _files_left(served, 6 * KEEP_SECONDS)
            finally:
                server.terminate()
                server.wait()
            defects = len(re.findall("Traceback", (folder / "log").read_text()))
    return _report(jobs, clients, total, tally, samples, left, defects)


def _watch(process: int, samples: list[float], done: threading.Event) -> None:
    while not done.wait(0.5):
        samples.append(memory_of(process))


def _files_left(folder: Path, seconds: float) -> int:
    """Files that are still there after the time to keep them has passed."""
    end = time.monotonic() + seconds
    while files_below(folder) and time.monotonic() < end:
        time.sleep(0.5)
    return len(files_below(folder))


def _report(
    jobs: int, clients: int, total: float, tally: Tally, samples: list[float], left: int,
    defects: int,
) -> dict[str, object]:  # fmt: skip
    third = max(1, len(samples) // 3)
    return {
        "jobs": jobs, "clients": clients, "done": len(tally.seconds), "lost": tally.lost,
        "mixed_up": tally.mixed_up, "tracebacks_in_the_log": defects,
        "seconds": round(total, 2), "videos_per_minute": round(60 * jobs / total, 1),
        "seconds_per_job": {
            "median": round(statistics.median(tally.seconds), 2),
            "largest": round(max(tally.seconds), 2),
        } if tally.seconds else {},
        "memory_mb": {
            "first_third": round(statistics.median(samples[:third]), 1),
            "last_third": round(statistics.median(samples[-third:]), 1),
            "largest": round(max(samples), 1),
            "over_time": [round(value) for value in samples[:: max(1, len(samples) // 12)]],
        } if samples else {},
        "files_left": left,
    }  # fmt: skip


def main() -> int:
    """Run, print one JSON object, say by the exit code whether all was well."""
    parser = argparse.ArgumentParser(description="Load on the served web app.")
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    report = measure(chosen.jobs, chosen.clients)
    text = json.dumps(report, indent=1)
    sys.stdout.write(f"{text}\n")
    if chosen.json is not None:
        chosen.json.write_text(f"{text}\n")
    return int(bool(report["lost"] or report["mixed_up"] or report["files_left"]))


if __name__ == "__main__":
    sys.exit(main())
