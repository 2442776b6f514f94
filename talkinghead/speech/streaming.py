"""Features while the sound is still coming in, with a fixed look-ahead.

Everything is done frame by frame, on pieces that depend on the frame's number alone, so the result
is the same however the samples arrive. What the whole recording decides offline (level, colour, the
speaker's pitch) is decided by what has been heard so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from renderer.coefficients import Floats
from talkinghead.errors import BadOption
from talkinghead.speech.content import ROWS_EACH, content_rows
from talkinghead.speech.features import relative_loudness
from talkinghead.speech.listener import EMBEDDED_NAME
from talkinghead.speech.phoneme_net import SYMBOLS, PhonemeNet, phoneme_net
from talkinghead.speech.pitch import LARGEST_INTERVAL, pitch_hertz
from talkinghead.speech.recognise import (
    PAUSE_ROWS,
    SHORTEST_ROWS,
    certain_silence,
    decoding_scores,
    long_runs,
    pause_level,
)
from talkinghead.speech.running_decoder import RunningDecoder
from talkinghead.speech.running_level import RunningHistogram, RunningSpectrum
from talkinghead.speech.spectrum import BANDS, DIGITAL_SILENCE, HOP, level_track, log_mel
from talkinghead.types import SAMPLE_RATE, Phoneme, SpeechFeatures

_ROW = HOP / SAMPLE_RATE  # seconds
_MARGIN = 6  # rows on each side that the window and the median filters of the pitch need
_USUAL_LEVEL, _USUAL_ROWS = -22.0, 10.0  # dB of full scale, and rows of it that count as heard
_QUIETEST_VOICE = 0.05  # loudness
_REFERENCE = 55.0  # Hz, where the histogram of pitch has its zero
_LEAST_LOOK_AHEAD = 0.02  # so that a frame is always left for `finish`


@dataclass(frozen=True)
class _Frame:
    """One finished frame: its three values, the symbols of its rows, and its content rows."""

    sounding: tuple[float, float, float]
    symbols: list[str]
    content: Floats


class StreamingFeatures:
    """Turns samples into features of the video frames that became final.

    Args:
        fps: video frames per second, 1..100.
        look_ahead_seconds: sound that is waited for after the end of a frame, 0.02..5; with less
            than 0.2 the network hears less of what follows.
        net: the network; the shipped one if None.

    Raises:
        BadOption: if an argument is outside its range.
        WeightsMissing, WeightsCorrupt: the network is not as the manifest says.
    """

    def __init__(
        self, fps: float, look_ahead_seconds: float = 0.2, net: PhonemeNet | None = None
    ) -> None:
        if not (1.0 <= fps <= 100.0 and _LEAST_LOOK_AHEAD <= look_ahead_seconds <= 5.0):
            message = (
                f"fps is {fps:g} and the look-ahead {look_ahead_seconds:g} seconds, expected 1 to "
                f"100 and {_LEAST_LOOK_AHEAD:g} to 5"
            )
            raise BadOption(message)
        self._fps, self._look_ahead = fps, look_ahead_seconds
        self._net = net or phoneme_net()
        self._decoder = RunningDecoder(self._net.tensors["transition"])
        self._spectrum = RunningSpectrum(self._net.colour)
        self._levels, self._pitches, self._loud = (RunningHistogram() for _ in range(3))
        self._loud.add(np.array([_USUAL_LEVEL], np.float32), _USUAL_ROWS)
        # Row numbers count from the start of the sound; row -1 is the silence before it.
        self._samples, self._first = np.zeros(HOP, np.float32), -1
        self._mel, self._level = np.zeros((0, BANDS), np.float32), np.zeros(0, np.float32)
        self._frames = self._rows = self._known = 0
        self._half = (np.zeros((0, len(SYMBOLS)), np.float32), np.zeros((0, BANDS), np.float32))

    def push(self, samples: Floats) -> SpeechFeatures | None:
        """Hear more.

        Args:
            samples: (N,) float32 mono at 16 kHz, any N.

        Returns:
            Features of the frames that became final, in order, their phonemes in seconds after the
            start of the first of them; None if none did.
        """
        self._samples = np.concatenate([self._samples, np.asarray(samples, np.float32)])
        done: list[_Frame] = []
        while (limit := self._limit()) <= self._received:
            done.append(self._frame(limit, ended=False))
        return self._joined(done, self._frames / self._fps)

    def finish(self) -> SpeechFeatures | None:
        """The rest, when the sound is over; None if there was no sound."""
        seconds = self._received / SAMPLE_RATE
        frames = int(np.ceil(round(seconds * self._fps, 6)))
        done = [self._frame(self._received, ended=True) for _ in range(self._frames, frames)]
        return self._joined(done, seconds)

    @property
    def _received(self) -> int:
        """Samples of sound so far."""
        return self._first * HOP + len(self._samples)

    def _limit(self) -> int:
        """Samples that the next frame waits for."""
        until = (self._frames + 1) / self._fps + self._look_ahead
        return int(np.ceil(round(until * SAMPLE_RATE, 6)))

    def _piece(self, first: int, stop: int, limit: int) -> Floats:
        """Samples of rows first..stop - 1, none beyond `limit`."""
        begin = (first - self._first) * HOP
        return self._samples[begin : min(stop * HOP, limit) - self._first * HOP]

    def _frame(self, limit: int, *, ended: bool) -> _Frame:
        """The next frame, from the first `limit` samples."""
        self._analyse(limit, ended=ended)
        edge = (self._frames + 1) / self._fps / _ROW
        stop = min(int(np.floor(edge + 1e-6)), self._known)
        last = ended and edge * HOP >= limit
        stop = self._known if last else stop
        symbols, content = self._hear(stop)
        if last:
            content = np.concatenate([content, content_rows(*self._half)])
        frame = _Frame(self._sounding(limit), symbols, content)
        self._frames += 1
        self._rows = stop
        self._forget()
        return frame

    def _analyse(self, limit: int, *, ended: bool) -> None:
        """Spectrum and level of the rows whose windows are complete."""
        known = -(-limit // HOP) if ended else limit // HOP - 1
        count = known - self._known
        if count <= 0:
            return
        piece = self._piece(self._known - 1, known + 1, limit)
        piece = np.pad(piece, (0, max(0, (count + 1) * HOP - len(piece))))
        mel = log_mel(piece)[1 : count + 1]
        level = level_track(piece)[1 : count + 1]
        self._spectrum.add(mel)
        self._levels.add(level)
        self._loud.add(level)
        self._mel = np.concatenate([self._mel, mel])
        self._level = np.concatenate([self._level, level])
        self._known = known

    def _hear(self, stop: int) -> tuple[list[str], Floats]:
        """Symbols of the rows before `stop` that are not settled yet, and their content."""
        start, reach = self._rows, self._net.reach
        oldest = self._known - len(self._mel)
        count = stop - start
        spare = int(np.clip(self._known - stop - reach, 0, SHORTEST_ROWS))
        first, last = max(0, start - reach), min(self._known, stop + spare + reach)
        mel = self._spectrum.normalised(self._mel[first - oldest : last - oldest])
        rows = slice(start - first, stop + spare - first)
        log_posteriors, mel = self._net.log_posteriors(mel)[rows], mel[rows]
        loud = self._levels.percentile(98)
        if loud < DIGITAL_SILENCE:
            log_posteriors, mel = certain_silence(len(mel))
        before = max(0, start - PAUSE_ROWS)
        level = self._level[before - oldest : stop + spare + PAUSE_ROWS - oldest]
        quiet = level < pause_level(self._levels.percentile(5), loud)
        pauses = long_runs(quiet)[start - before :][: len(mel)]
        scores = decoding_scores(log_posteriors, self._net.tensors["prior"], pauses)
        symbols = self._decoder.settle(scores, count)
        return symbols, self._content(log_posteriors[:count], mel[:count])

    def _content(self, log_posteriors: Floats, mel: Floats) -> Floats:
        """Content rows that are complete; what is left over waits for the next frame."""
        posteriors = np.concatenate([self._half[0], log_posteriors])
        bands = np.concatenate([self._half[1], mel])
        whole = len(bands) // ROWS_EACH * ROWS_EACH
        self._half = (posteriors[whole:], bands[whole:])
        return content_rows(posteriors[:whole], bands[:whole])

    def _sounding(self, limit: int) -> tuple[float, float, float]:
        """Loudness, share of voice and pitch of the frame, as `extract_features` averages them."""
        begin, end = (np.arange(2) + self._frames) / self._fps / _ROW
        first, stop = int(begin), int(np.ceil(end - 1e-6))
        before = max(0, first - _MARGIN)
        piece = self._piece(before, stop + _MARGIN, limit)
        hertz, voiced, _ = pitch_hertz(piece)
        oldest = self._known - len(self._level)
        decibels = self._level[first - oldest : stop - oldest]
        inside = slice(first - before, first - before + len(decibels))
        hertz, voiced = hertz[inside], voiced[inside]
        tone = np.asarray(12.0 * np.log2(np.maximum(hertz, _REFERENCE) / _REFERENCE), np.float32)
        self._pitches.add(tone[voiced])
        loud = self._loud.percentile(90, above=self._loud.percentile(95) - 30.0)
        loudness = relative_loudness(decibels, loud, self._levels.percentile(5))
        if self._levels.percentile(98) < DIGITAL_SILENCE:
            loudness = np.zeros_like(loudness)
        sounding = voiced & (loudness > _QUIETEST_VOICE)
        rows = np.arange(first, first + len(decibels))
        weights = np.minimum(rows + 1, end) - np.maximum(rows, begin)
        share = float(weights @ sounding)
        interval = np.clip(tone - self._pitches.percentile(50), -LARGEST_INTERVAL, LARGEST_INTERVAL)
        pitch = float(weights @ (interval * sounding)) / share if share > 0 else 0.0
        return float(weights @ loudness) / (end - begin), share / (end - begin), pitch

    def _forget(self) -> None:
        """Drop what no later frame looks at."""
        keep = max(self._net.reach, PAUSE_ROWS, _MARGIN) + 2
        oldest = self._known - len(self._mel)
        drop = max(0, self._rows - keep - oldest)
        self._mel, self._level = self._mel[drop:], self._level[drop:]
        drop = max(0, self._rows - keep - self._first)
        self._samples, self._first = self._samples[drop * HOP :], self._first + drop

    def _joined(self, frames: list[_Frame], end: float) -> SpeechFeatures | None:
        """Frames that end at `end` seconds as features."""
        if not frames:
            return None
        tracks = np.array([frame.sounding for frame in frames], np.float32).T
        return SpeechFeatures(
            phonemes=self._phonemes(frames, end),
            loudness=tracks[0],
            voiced=tracks[1],
            pitch=tracks[2],
            fps=self._fps,
            recogniser=EMBEDDED_NAME,
            content=np.concatenate([frame.content for frame in frames]),
        )

    def _phonemes(self, frames: list[_Frame], end: float) -> tuple[Phoneme, ...]:
        """Runs of equal symbols of the last frames, in seconds after the start of the first.

        A row that reaches into the next frame belongs to that one alone, so that the times do not
        depend on where the pieces are cut.
        """
        first = self._frames - len(frames)
        begin = first / self._fps
        row = self._rows - sum(len(frame.symbols) for frame in frames)
        starts: list[tuple[str, float]] = []
        for index, frame in enumerate(frames):
            for symbol in frame.symbols:
                start = max(row * _ROW, (first + index) / self._fps) - begin
                if not starts or starts[-1][0] != symbol:
                    starts.append((symbol, start if starts else 0.0))
                row += 1
        stops = [start for _, start in starts[1:]] + [end - begin]
        return tuple(
            Phoneme(symbol, start, stop)
            for (symbol, start), stop in zip(starts, stops, strict=True)
            if stop > start
        )
