"""What the motion room hears: content, phonemes, loudness, voicing and pitch."""

from __future__ import annotations

import numpy as np

from renderer.coefficients import Floats
from talkinghead.speech.content import content_rows
from talkinghead.speech.listener import Listener, load_listener
from talkinghead.speech.pitch import pitch_track
from talkinghead.speech.recognise import hear
from talkinghead.speech.spectrum import DIGITAL_SILENCE, HOP, level_track
from talkinghead.types import SAMPLE_RATE, Speech, SpeechFeatures

_ROW_SECONDS = HOP / SAMPLE_RATE


def extract_features(
    speech: Speech, fps: float, listener: Listener | None = None
) -> SpeechFeatures:
    """Hear a recording.

    Args:
        speech: the recording.
        fps: video frames per second.
        listener: what tells the sounds apart; the embedded network if None.

    Returns:
        Features of `speech.frame_count(fps)` rows; row t describes t / fps to (t + 1) / fps.
    """
    frames = speech.frame_count(fps)
    loudness = loudness_track(speech.waveform)
    semitones, voiced = pitch_track(speech.waveform)
    voiced = voiced * (loudness > 0.05)
    share = _per_frame(voiced, frames, fps)
    pitch = _per_frame(semitones * voiced, frames, fps) / np.maximum(share, 1e-6)
    listener = listener or load_listener()
    heard = hear(speech, listener)
    return SpeechFeatures(
        phonemes=heard.phonemes,
        loudness=_per_frame(loudness, frames, fps),
        voiced=share,
        pitch=np.asarray(np.where(share > 0.0, pitch, 0.0), np.float32),
        fps=fps,
        recogniser=listener.name,
        content=content_rows(heard.log_posteriors, heard.mel),
    )


def loudness_track(waveform: Floats) -> Floats:
    """Loudness relative to the speaker's own, every 10 ms.

    Decibels are mapped linearly from the background (or 40 dB below the loud vowels, whichever is
    louder) to the 95th percentile of the frames that hold speech, so that a recording at another
    level gives the same track.

    Args:
        waveform: (N,) 16 kHz.

    Returns:
        (ceil(N / HOP),) float32 0..1.
    """
    decibels = level_track(waveform)
    loud = float(np.percentile(decibels, 95))
    speech = decibels[decibels > loud - 30.0]
    loud = float(np.percentile(speech, 90))
    return relative_loudness(decibels, loud, float(np.percentile(decibels, 5)))


def relative_loudness(decibels: Floats, loud: float, background: float) -> Floats:
    """Map decibels to loudness.

    Args:
        decibels: (T,) from `level_track`.
        loud: the level of the loud vowels, which becomes 1.
        background: the level where nobody speaks, which becomes 0.

    Returns:
        (T,) float32 0..1; all 0 for digital silence.
    """
    if loud < DIGITAL_SILENCE:
        return np.zeros(len(decibels), np.float32)
    floor = float(np.clip(background + 6.0, loud - 40.0, loud - 20.0))
    return np.clip((decibels - floor) / (loud - floor), 0.0, 1.0).astype(np.float32)


def _per_frame(rows: Floats, frames: int, fps: float) -> Floats:
    """Average 10 ms rows over each video frame, by differences of the running sum."""
    total = np.concatenate([[0.0], np.cumsum(rows, dtype=np.float64)])
    edges = np.arange(frames + 1) / fps / _ROW_SECONDS
    at_edges = np.interp(edges, np.arange(len(total)), total)
    return np.asarray(np.diff(at_edges) / np.diff(edges), np.float32)
