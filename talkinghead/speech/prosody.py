"""What a voice betrays of a feeling: statistics of its pitch, loudness, timbre and rhythm.

After the extended Geneva minimalistic parameter set (Eyben et al. 2016, eGeMAPS): few descriptors
every 10 ms, each summed up over the voiced or spoken part by robust functionals. The level of the
recording is taken out, because it tells about the microphone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.ndimage import uniform_filter1d

from renderer.coefficients import Floats
from talkinghead.speech.pitch import pitch_hertz
from talkinghead.speech.spectrum import BANDS, log_mel
from talkinghead.types import Speech, VoiceCues

Mask = NDArray[np.bool_]

CEPSTRA = 13
ROWS_PER_SECOND = 100.0
_SPEECH_DECIBELS = 30.0  # below the loud frames
_SILENT = -65.0  # decibels of the loudest band; the quietest usable microphone is above
_LEAST_ROWS = 10
_LOW, _MIDDLE = slice(0, 13), slice(13, 31)  # mel bands below 1 kHz and from 1 to 4.2 kHz
_REFERENCE = 55.0  # Hz


def voice_cues(speech: Speech) -> VoiceCues:
    """Read a voice.

    Args:
        speech: any length; only the parts in which somebody speaks count.
    """
    mel = log_mel(speech.waveform)
    level = mel.max(axis=1)
    loud = float(np.percentile(level, 98))
    spoken = level > loud - _SPEECH_DECIBELS
    hertz, voiced, strength = pitch_hertz(speech.waveform)
    voiced &= spoken
    if loud < _SILENT or spoken.sum() < _LEAST_ROWS or voiced.sum() < _LEAST_ROWS:
        return VoiceCues(np.zeros(statistics_count(), np.float32), 0.0)
    parts = [
        _melody(hertz, voiced),
        _harmony(strength, hertz, mel, voiced),
        _loudness(mel, spoken),
        _timbre(mel - loud, spoken, voiced),
        _rhythm(mel.mean(axis=1), spoken, voiced),
    ]
    statistics = np.concatenate(parts).astype(np.float32)
    return VoiceCues(statistics, float(spoken.sum() / ROWS_PER_SECOND))


def statistics_count() -> int:
    """S of `VoiceCues.statistics`."""
    return 12 + 6 + 10 + (CEPSTRA * 4 + BANDS + 8 * 2) + 8


def _functionals(track: Floats) -> list[float]:
    """Mean, spread, and the 10th, 50th and 90th percentile."""
    low, middle, high = np.percentile(track, (10, 50, 90))
    return [float(track.mean()), float(track.std()), float(low), float(middle), float(high)]


def _slopes(track: Floats, inside: Mask) -> list[float]:
    """Mean and spread of rising and of falling steps between neighbours that are both inside."""
    both = inside[1:] & inside[:-1]
    steps = np.diff(track)[both] * ROWS_PER_SECOND
    result = []
    for part in (steps[steps > 0], -steps[steps < 0]):
        result += [float(part.mean()), float(part.std())] if len(part) else [0.0, 0.0]
    return result


def _melody(hertz: Floats, voiced: Mask) -> Floats:
    """(12,) pitch in semitones, absolute and around the utterance's own median."""
    tone = 12.0 * np.log2(np.maximum(hertz, 1.0) / _REFERENCE)
    smooth = np.asarray(uniform_filter1d(tone, 5), np.float32)
    inside = tone[voiced]
    spread = float(np.percentile(inside, 80) - np.percentile(inside, 20))
    time_line = np.flatnonzero(voiced) / ROWS_PER_SECOND
    trend = float(np.polyfit(time_line, inside, 1)[0]) if np.ptp(time_line) > 0.2 else 0.0
    wobble = float(np.abs(np.diff(tone)[voiced[1:] & voiced[:-1]]).mean())
    return np.array(
        [*_functionals(inside), *_slopes(smooth, voiced), spread, trend, wobble], np.float32
    )


def _harmony(strength: Floats, hertz: Floats, mel: Floats, voiced: Mask) -> Floats:
    """(6,) harmonics to noise in dB (Boersma 1993, eq. 4), jitter and shimmer between frames."""
    share = np.clip(strength[voiced], 0.05, 0.995)
    ratio = 10.0 * np.log10(share / (1.0 - share))
    both = voiced[1:] & voiced[:-1]
    jitter = np.abs(np.diff(np.log(np.maximum(hertz, 1.0))))[both]
    shimmer = np.abs(np.diff(mel.max(axis=1)))[both]
    pairs = [(one.mean(), one.std()) if len(one) else (0.0, 0.0) for one in (jitter, shimmer)]
    return np.array([ratio.mean(), ratio.std(), *pairs[0], *pairs[1]], np.float32)


def _loudness(mel: Floats, spoken: Mask) -> Floats:
    """(10,) loudness around its own median, and how fast it changes."""
    level = np.asarray(10.0 * np.log10((10 ** (mel / 10)).sum(axis=1)), np.float32)
    level = level - np.float32(np.median(level[spoken]))
    flux = np.maximum(np.diff(mel, axis=0), 0.0).mean(axis=1)[spoken[1:]]
    return np.array(
        [*_functionals(level[spoken])[1:], *_slopes(level, spoken), flux.mean(), flux.std()],
        np.float32,
    )


def _timbre(mel: Floats, spoken: Mask, voiced: Mask) -> Floats:
    """Cepstra, long-term spectrum, and tilt of the voiced part (alpha ratio, Hammarberg index)."""
    cepstra = dct(mel, axis=1, norm="ortho")[:, 1 : CEPSTRA + 1]
    change = np.diff(cepstra, axis=0)[spoken[1:]]
    whole = cepstra[spoken]
    tonal = mel[voiced]
    spectrum = tonal.mean(axis=0)
    low, middle = tonal[:, _LOW], tonal[:, _MIDDLE]
    high = tonal[:, _MIDDLE.stop :]
    tracks = [
        middle.mean(axis=1) - low.mean(axis=1),
        high.mean(axis=1) - low.mean(axis=1),
        low.max(axis=1) - middle.max(axis=1),
        low[:, 5:].mean(axis=1) - low[:, :5].mean(axis=1),
        np.argmax(low, axis=1).astype(np.float32),
        np.argmax(middle, axis=1).astype(np.float32),
        tonal.std(axis=1),
        cepstra[voiced][:, 0],
    ]
    pairs = [value for track in tracks for value in (track.mean(), track.std())]
    return np.concatenate(
        [
            whole.mean(axis=0), whole.std(axis=0), change.std(axis=0),
            cepstra[voiced].mean(axis=0), spectrum - spectrum.mean(), pairs,
        ]
    )  # fmt: skip


def _rhythm(level: Floats, spoken: Mask, voiced: Mask) -> Floats:
    """(8,) how often and how long somebody speaks, from the first to the last sound."""
    inside = slice(int(np.argmax(spoken)), len(spoken) - int(np.argmax(spoken[::-1])))
    spoken, voiced = spoken[inside], voiced[inside]
    seconds = len(spoken) / ROWS_PER_SECOND
    smooth = uniform_filter1d(level[inside], 7)
    peaks = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & spoken[1:-1]
    tonal, between, pauses = _lengths(voiced), _lengths(~voiced), _lengths(~spoken)
    return np.array(
        [
            peaks.sum() / seconds, len(tonal) / seconds, tonal.mean(), tonal.std(),
            between.mean(), between.std(), pauses.sum() / seconds, voiced.mean(),
        ],
        np.float32,
    )  # fmt: skip


def _lengths(inside: Mask) -> Floats:
    """Seconds of each run of True; one run of 0 if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    runs = (edges[1::2] - edges[::2]) / ROWS_PER_SECOND
    return np.asarray(runs if len(runs) else [0.0], np.float32)
