"""Text to speech with exact phoneme times, by the espeak-ng library that a pip wheel carries.

Used where the truth about every sound is needed (tests, training), and for typed text. espeak-ng
knows about a hundred languages; its voices are plain formant synthesis.
"""

from __future__ import annotations

import _ctypes
import contextlib
import ctypes
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkinghead.config import MAX_SOUND_SECONDS
from talkinghead.errors import BackendMissing, BadOption, SoundTooLong, UnreadableSound
from talkinghead.speech.phoneme_table import (
    SILENCE,
    arpabet_from_ipa,
)
from talkinghead.speech.waveform import speech_from_array
from talkinghead.types import Phoneme, Speech

# Names and numbers from espeak-ng's speak_lib.h.
_SYNCHRONOUS = 2
_PHONEME_EVENTS_IN_IPA_DONT_EXIT = 0x0001 | 0x0002 | 0x8000
_UTF8_WITH_END_PAUSE = 0x0001 | 0x1000
_RATE, _PITCH = 1, 3
_EVENT_LIST_END, _EVENT_PHONEME = 0, 7
_RATE_RANGE = (80, 450)
_PITCH_RANGE = (0, 100)

_STOPS = frozenset("P B T D K G CH JH".split())
_SHORTEST_SILENCE = 0.03
"""Seconds; a shorter pause mark of the synthesiser is a join, not a silence."""

_LOCK = threading.Lock()
"""The C library keeps its voice and callback in globals."""


class _EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass
class _Recorder:
    """Collects what the library hands to its callback; stops it at the length limit."""

    limit: int
    blocks: list[NDArray[np.int16]] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)
    samples: int = 0

    def take(self, block: Any, count: int, events: Any) -> int:  # noqa: ANN401
        """The library's t_espeak_callback; returns 1 to stop."""
        at = 0
        while events[at].type != _EVENT_LIST_END:
            if events[at].type == _EVENT_PHONEME:
                name = events[at].id.string.decode("utf-8", "ignore")
                self.marks.append((events[at].sample, name))
            at += 1
        if count > 0:
            self.blocks.append(np.ctypeslib.as_array(block, (count,)).copy())
            self.samples += count
        return int(self.samples > self.limit)


def synthesise(
    text: str, voice: str = "en-us", rate: int = 175, pitch: int = 50
) -> tuple[Speech, tuple[Phoneme, ...]]:
    """Speak a text and say when each sound was spoken.

    The times are those at which the synthesiser joined its units, with one correction: the silent
    closure of a stop, which the library counts to the sound before, is given to the stop.

    Args:
        text: what to say, in the voice's language.
        voice: an espeak-ng voice, with an optional variant: "en-us", "de", "es", "fr+f3".
        rate: words a minute, 80..450.
        pitch: 0..100.

    Returns:
        The speech, and phonemes in ARPAbet, gap-free from 0 to its end, silences included. Sounds
        outside English get the symbol that looks like them (`phoneme_table`).

    Raises:
        UnreadableSound: if there is nothing in the text that can be spoken.
        SoundTooLong: if the speech would pass the limit.
        BadOption: for an unknown voice, or a rate or pitch outside its range.
        BackendMissing: if the library cannot be started.
    """
    _check_range("rate", rate, _RATE_RANGE)
    _check_range("pitch", pitch, _PITCH_RANGE)
    if not text.strip():
        message = "the text to speak is empty: type at least one word"
        raise UnreadableSound(message)
    with _LOCK, _fresh_library() as (library, sample_rate):
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            message = f"unknown voice {voice!r}: give an espeak-ng voice such as en-us, de, es, fr"
            raise BadOption(message)
        library.espeak_SetParameter(_RATE, rate, 0)
        library.espeak_SetParameter(_PITCH, pitch, 0)
        recorder = _record(library, text, int(MAX_SOUND_SECONDS * sample_rate))
    if recorder.samples > recorder.limit:
        message = (
            f"the text takes longer to speak than the limit of {MAX_SOUND_SECONDS:g} seconds"
            f" ({len(text)} characters): shorten it"
        )
        raise SoundTooLong(message)
    if not any(arpabet_from_ipa(name) for _, name in recorder.marks):
        message = f"nothing in the text can be spoken: {text.strip()[:40]!r}: type words"
        raise UnreadableSound(message)
    samples = np.concatenate(recorder.blocks)
    phonemes = _phonemes(recorder.marks, samples, sample_rate)
    speech = speech_from_array(samples, sample_rate)
    return speech, (
        *phonemes[:-1],
        Phoneme(phonemes[-1].symbol, phonemes[-1].start, speech.seconds),
    )


@contextlib.contextmanager
def _fresh_library() -> Iterator[tuple[Any, int]]:
    """The C library, newly loaded, and its sample rate in Hz.

    The voice's flutter runs on in the library's globals from one text to the next and shifts its
    samples; only unloading resets it. Loading takes 5 ms.
    """
    import espeakng_loader

    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        path = espeakng_loader.get_data_path().encode()
    except (OSError, RuntimeError) as error:
        message = f"espeak-ng cannot be loaded ({error}): pip install espeakng-loader"
        raise BackendMissing(message) from error
    try:
        rate = library.espeak_Initialize(_SYNCHRONOUS, 0, path, _PHONEME_EVENTS_IN_IPA_DONT_EXIT)
        if rate <= 0:
            message = f"espeak-ng cannot start with the data in {path.decode()}"
            raise BackendMissing(message)
        _seed(library)
        yield library, int(rate)
    finally:
        library.espeak_Terminate()
        _unload(library)


def _seed(library: Any) -> None:  # noqa: ANN401
    """Breathy voices have noise in them, which the library seeds by the clock or not at all."""
    library.espeak_ng_SetRandSeed(ctypes.c_long(0))
    if sys.platform != "win32":
        ctypes.CDLL(None).srand(0)


def _unload(library: Any) -> None:  # noqa: ANN401
    if sys.platform == "win32":
        ctypes.windll.kernel32.FreeLibrary(ctypes.c_void_p(library._handle))
    else:
        _ctypes.dlclose(library._handle)


def _record(library: Any, text: str, limit: int) -> _Recorder:  # noqa: ANN401
    """Run the synthesiser; the caller holds the lock."""
    recorder = _Recorder(limit)
    callback = _CALLBACK(recorder.take)
    library.espeak_SetSynthCallback(callback)
    data = text.replace("\0", " ").encode("utf-8", "ignore") + b"\0"
    library.espeak_Synth(data, len(data), 0, 1, 0, _UTF8_WITH_END_PAUSE, None, None)
    library.espeak_Synchronize()
    return recorder


def _phonemes(
    marks: list[tuple[int, str]], samples: NDArray[np.int16], sample_rate: int
) -> tuple[Phoneme, ...]:
    """Turn start marks (sample, IPA) into gap-free ARPAbet phonemes."""
    spoken: list[tuple[int, str]] = [(0, SILENCE)]
    for index, (mark, name) in enumerate(marks):
        start = mark
        symbols = arpabet_from_ipa(name)
        stop = marks[index + 1][0] if index + 1 < len(marks) else len(samples)
        if not symbols:
            # A nameless event that sounds is a glide of the sound before it.
            if stop - mark >= _SHORTEST_SILENCE * sample_rate and not samples[mark:stop].any():
                spoken.append((start, SILENCE))
            continue
        if symbols[0] in _STOPS and spoken[-1][1] != SILENCE:
            start = _closure_start(samples, mark, spoken[-1][0])
        spoken.extend(
            (start + (stop - start) * part // len(symbols), symbol)
            for part, symbol in enumerate(symbols)
        )
    return _gap_free(spoken, len(samples), sample_rate)


def _closure_start(samples: NDArray[np.int16], mark: int, earliest: int) -> int:
    """First sample of the run of exact zeros that ends at a stop's mark."""
    sounding = np.flatnonzero(samples[earliest:mark])
    return earliest + int(sounding[-1]) + 1 if len(sounding) else mark


def _gap_free(spoken: list[tuple[int, str]], total: int, sample_rate: int) -> tuple[Phoneme, ...]:
    """Give each sound the time up to the next; drop empty ones, join equal silences."""
    kept: list[tuple[int, str]] = []
    for index, (start, symbol) in enumerate(spoken):
        stop = spoken[index + 1][0] if index + 1 < len(spoken) else total
        short = symbol == SILENCE and stop - start < _SHORTEST_SILENCE * sample_rate
        joined = bool(kept) and symbol == SILENCE == kept[-1][1]
        if stop > start and not joined and not (short and index + 1 < len(spoken)):
            kept.append((start if kept else 0, symbol))
    stops = [start for start, _ in kept[1:]] + [total]
    return tuple(
        Phoneme(symbol, start / sample_rate, stop / sample_rate)
        for (start, symbol), stop in zip(kept, stops, strict=True)
    )


def _check_range(name: str, value: int, allowed: tuple[int, int]) -> None:
    if not allowed[0] <= value <= allowed[1]:
        message = f"{name} is {value}, expected a whole number from {allowed[0]} to {allowed[1]}"
        raise BadOption(message)
