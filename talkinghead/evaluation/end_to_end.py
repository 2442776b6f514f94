"""The whole way, seen from outside: photos and sounds in, and only the MP4s are judged.

Sentences are spoken by espeak-ng, so it is known when each sound is spoken. The finished video is
decoded and MediaPipe looks at every frame: whether the mouth that is seen moves as planned, closes
when lips must be closed, and whether sound, length and mark are as they should be.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.config import GenerateOptions
from talkinghead.errors import TalkingHeadError
from talkinghead.evaluation.landmarks import detect_all, mouth_opening
from talkinghead.evaluation.motion_measures import best_lag, correlation
from talkinghead.evaluation.outside_networks import (
    SYNC_FACE,
    SYNC_SIDE,
    SYNC_SOUND,
    Network,
    found,
    lip_sync_errors,
    sync_vectors,
)
from talkinghead.evaluation.statistics import summary
from talkinghead.examples import example_portrait
from talkinghead.motion.visemes import BILABIALS
from talkinghead.pipeline import TalkingHead
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import Phoneme
from talkinghead.video.read import read_video

SPOKEN: Mapping[str, str] = {
    "en-us": "My mother bought a big brown umbrella. People map bumpy paths.",
    "fr": "Ma maman aime beaucoup les pommes. Le bébé mange une banane.",
    "es": "Mi madre compra pan y plátanos. El perro blanco bebe mucha agua.",
}
FEELINGS = ("neutral", "overjoyed", "furious")
PORTRAITS_FROM_A_FOLDER = 12
SHUT = 0.3
"""A mouth is seen as closed below this share of the way from its lowest to its usual opening."""

logger = logging.getLogger(__name__)


def measure_end_to_end(
    portraits: Path | None, model: TalkingHead, evaluators: Path | None = None
) -> dict[str, object]:
    """One row for each video, and their summary.

    Args:
        portraits: folder of photos, of which up to twelve are taken evenly; None = the example.
        model: the whole system.
        evaluators: folder that may hold SyncNet, see `outside_networks`.
    """
    sync = found(evaluators, SYNC_FACE, SYNC_SOUND)
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="evoke-whole-") as name:
        for photo, voice, feeling in _combinations(portraits):
            try:
                row = _row(model, photo, voice, feeling, Path(name), sync)
            except TalkingHeadError as error:
                row = {"error": str(error)}
            rows.append({"photo": photo.name, "voice": voice, "feeling": feeling, **row})
            logger.info("%s", rows[-1])
    made = [row for row in rows if "error" not in row]
    measures = [
        key for key in (made[0] if made else {}) if key not in {"photo", "voice", "feeling"}
    ]
    return {
        "videos": len(rows), "failed": len(rows) - len(made),
        "table": {key: summary([float(str(row[key])) for row in made]) for key in measures},
        "rows": rows,
    }  # fmt: skip


def _combinations(portraits: Path | None) -> Iterator[tuple[Path, str, str]]:
    """Every portrait speaks once; voices and feelings take turns."""
    photos: Sequence[Path] = [example_portrait()]
    if portraits is not None:
        found = sorted(one for one in portraits.iterdir() if one.suffix in {".jpg", ".png"})
        chosen = np.linspace(0, len(found) - 1, min(len(found), PORTRAITS_FROM_A_FOLDER))
        photos = [found[index] for index in np.unique(chosen.astype(int))]
    voices = list(SPOKEN)
    count = max(len(photos), len(voices) * len(FEELINGS) if portraits is None else 0)
    for number in range(count):
        voice = voices[number % len(voices)]
        feeling = FEELINGS[number // len(voices) % len(FEELINGS)]
        yield photos[number % len(photos)], voice, feeling


def _row(
    model: TalkingHead, photo: Path, voice: str, feeling: str, folder: Path,
    sync: Sequence[Network] | None = None,
) -> dict[str, object]:  # fmt: skip
    import soundfile

    speech, truth = synthesise(SPOKEN[voice], voice)
    sound, video = folder / "sound.wav", folder / "video.mp4"
    soundfile.write(sound, speech.waveform, 16000)
    start = time.perf_counter()
    result = model.generate(photo, sound, save_to=video, emotion=feeling, options=GenerateOptions())
    seconds = time.perf_counter() - start
    with read_video(video) as frames:
        found_in = detect_all(frames)
    seen = np.array([np.nan if one is None else mouth_opening(one) for one in found_in], np.float32)
    known = np.isfinite(seen)
    seen = np.interp(np.arange(len(seen)), np.flatnonzero(known), seen[known]).astype(np.float32)
    planned = model.model.lip_aperture(result.motion.expression)
    judged: dict[str, object] = {}
    if sync is not None:
        with read_video(video) as frames:
            crops = [_face(one, points) for one, points in zip(frames, found_in, strict=True)]
        distance, confidence, shift = lip_sync_errors(
            *sync_vectors(sync[0], sync[1], crops, speech.waveform)
        )
        judged = {"lse_d": distance, "lse_c": confidence, "sync_shift": float(abs(shift))}
    return {
        **judged,
        "seconds": round(seconds, 3),
        "frames_per_second": round(result.video.frames / seconds, 2),
        "length_error_frames": abs(len(found_in) - speech.seconds * result.video.fps),
        "face_found": round(float(known.mean()), 4),
        "opening_r": round(correlation(seen, planned), 4),
        "lag_frames": float(abs(best_lag(seen, planned))),
        "closed_on_bilabials": round(_closed(seen, truth, result.video.fps), 4),
    }


def _face(frame: NDArray[np.uint8], points: Floats | None) -> NDArray[np.uint8]:
    """(224, 224, 3) the face from brow to chin, or the whole frame where none was found."""
    part = frame
    if points is not None:
        low, high = points.min(0), points.max(0)
        half = 0.6 * float((high - low).max())
        x, y = (low + high) / 2
        rows = slice(max(0, round(float(y - half))), round(float(y + half)))
        part = frame[rows, max(0, round(float(x - half))) : round(float(x + half))]
    size = (SYNC_SIDE, SYNC_SIDE)
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)


def _closed(seen: Floats, truth: Sequence[Phoneme], fps: float) -> float:
    """Share of /m b p/ during which the mouth that is seen is nearly shut in a frame."""
    lowest, usual = np.percentile(seen, [2, 75])
    shut = lowest + SHUT * (usual - lowest)
    closed = []
    for each in truth:
        if each.symbol in BILABIALS:
            first = int(each.start * fps)
            closed.append(float(seen[first : int(np.ceil(each.end * fps)) + 1].min()) <= shut)
    return float(np.mean(closed)) if closed else float("nan")
