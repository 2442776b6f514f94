"""What spoils a recording: noise, other voices, music, and bad lines.

Everything is made here from formulas and a generator; nothing is recorded or downloaded. The same
disturbances train the content network and measure it, with other seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from renderer.coefficients import Floats
from talkinghead.speech.spectrum import level_track
from talkinghead.types import SAMPLE_RATE

PHONE_BAND = (300.0, 3400.0)
"""Hz; ITU-T G.712."""
_SPEECH_DECIBELS = 30.0  # below the loud rows; what is quieter is no speech
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9))  # semitones
_CHORDS = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 5, 7))
_LOWEST_NOTE = 110.0  # Hz


def coloured_noise(count: int, fall: float, generator: np.random.Generator) -> Floats:
    """Noise whose amplitude falls with frequency.

    Args:
        count: samples.
        fall: exponent of 1 / f: 0 is white, 0.5 pink, 1 brown.
        generator: source of all randomness.

    Returns:
        (count,) float32 of unit mean power.
    """
    spectrum = np.fft.rfft(generator.normal(0.0, 1.0, count).astype(np.float32))
    hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    return _unit(np.fft.irfft(spectrum / np.maximum(hertz, 50.0) ** fall, count))


def babble(voices: Sequence[Floats], count: int, generator: np.random.Generator) -> Floats:
    """Three to six people who talk at the same time.

    Args:
        voices: waveforms to choose from.
        count: samples.
        generator: source of all randomness.

    Returns:
        (count,) float32 of unit mean power.
    """
    total = np.zeros(count, np.float32)
    for index in generator.integers(0, len(voices), int(generator.integers(3, 7))):
        voice = np.resize(voices[index], count)
        total += np.roll(_unit(voice), int(generator.integers(count)))
    return _unit(total)


def music(count: int, generator: np.random.Generator) -> Floats:
    """A bed of chords, drums and a melody, in a random key, tempo and mixture.

    Args:
        count: samples.
        generator: source of all randomness.

    Returns:
        (count,) float32 of unit mean power.
    """
    beat = int(SAMPLE_RATE * 60.0 / generator.uniform(70.0, 150.0))
    key = _LOWEST_NOTE * 2 ** (generator.integers(12) / 12)
    scale = _SCALES[generator.integers(len(_SCALES))]
    bed = np.zeros(count + 8 * beat, np.float32)
    chords, drums, melody = generator.uniform(0.2, 1.0, 3) * (generator.random(3) < 0.75)
    if not chords + drums + melody:
        chords = 1.0
    brightness = generator.uniform(0.8, 2.5, 2)
    for start in range(0, count, beat):
        number = start // beat
        if chords and number % 4 == 0:
            root = key * 2 ** (scale[generator.integers(len(scale))] / 12)
            for step in _CHORDS[generator.integers(len(_CHORDS))]:
                tone = _tone(root * 2 ** (step / 12), 4 * beat, brightness[0], 1.5)
                bed[start : start + len(tone)] += chords * 0.4 * tone
        if melody:
            _play_beat(bed, start, beat, melody, (key, scale, brightness[1]), generator)
        if drums:
            _drum_beat(bed, start, beat, drums, number, generator)
    return _unit(bed[:count])


def mixed(speech: Floats, disturbance: Floats, decibels: float) -> Floats:
    """Add a disturbance.

    Args:
        speech: (N,).
        disturbance: (N,) of unit mean power.
        decibels: level of the spoken parts above the disturbance.

    Returns:
        (N,) float32, scaled down if it would pass full scale.
    """
    level = level_track(speech)
    spoken = level[level > level.max() - _SPEECH_DECIBELS]
    power = float(np.mean(10 ** (spoken / 10)))
    total = speech + disturbance * np.float32(np.sqrt(power) * 10 ** (-decibels / 20))
    return np.asarray(total / max(1.0, float(np.abs(total).max())), np.float32)


def phone_band(waveform: Floats) -> Floats:
    """A telephone line: only `PHONE_BAND` is left."""
    filters = butter(4, PHONE_BAND, "bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfilt(filters, waveform), np.float32)


def clipped(waveform: Floats, share: float) -> Floats:
    """An overdriven microphone: all above `share` of the peak is cut off."""
    peak = float(np.abs(waveform).max()) * share
    return np.asarray(np.clip(waveform, -peak, peak), np.float32)


def _unit(waveform: NDArray[np.floating[Any]]) -> Floats:
    power = float(np.mean(np.square(waveform)))
    return np.asarray(waveform / np.sqrt(max(power, 1e-12)), np.float32)


def _tone(hertz: float, count: int, dullness: float, decay: float) -> Floats:
    """A note of eight harmonics that dies away, `decay` in seconds."""
    seconds = np.arange(count, dtype=np.float32) / SAMPLE_RATE
    total = np.zeros(count, np.float32)
    for harmonic in range(1, 9):
        if harmonic * hertz < SAMPLE_RATE / 2:
            total += np.sin(2 * np.pi * hertz * harmonic * seconds) / harmonic**dullness
    attack = np.minimum(1.0, seconds / 0.01)
    end = np.minimum(1.0, (seconds[-1] - seconds) / 0.01)
    return np.asarray(total * attack * end * np.exp(-seconds / decay), np.float32)


def _play_beat(
    bed: Floats, start: int, beat: int, gain: float,
    manner: tuple[float, tuple[int, ...], float], generator: np.random.Generator,
) -> None:  # fmt: skip
    """Two half beats of melody, some of them rests."""
    key, scale, brightness = manner
    for half in range(2):
        if generator.random() < 0.3:
            continue
        octave = 2 ** int(generator.integers(1, 3))
        note = key * octave * 2 ** (scale[generator.integers(len(scale))] / 12)
        tone = _tone(note, beat // 2, brightness, 0.4)
        at = start + half * beat // 2
        bed[at : at + len(tone)] += gain * tone


def _drum_beat(
    bed: Floats, start: int, beat: int, gain: float, number: int, generator: np.random.Generator
) -> None:
    """Bass drum and snare in turn, and a hi-hat on the half beat."""
    seconds = np.arange(min(beat, SAMPLE_RATE // 4), dtype=np.float32) / SAMPLE_RATE
    hiss = generator.normal(0.0, 1.0, len(seconds)).astype(np.float32)
    if number % 2:
        hit = (hiss + np.sin(2 * np.pi * 190.0 * seconds)) * np.exp(-seconds / 0.06)
    else:
        hit = 2.0 * np.sin(2 * np.pi * 60.0 * seconds) * np.exp(-seconds / 0.12)
    bed[start : start + len(hit)] += gain * hit
    hat = np.diff(hiss, prepend=0.0) * np.exp(-seconds / 0.02)
    at = start + beat // 2
    bed[at : at + len(hat)] += 0.4 * gain * hat
