import tracemalloc

import numpy as np
import pytest

from talkinghead.errors import BadOption
from talkinghead.speech.features import extract_features
from talkinghead.speech.phoneme_net import SYMBOLS
from talkinghead.speech.recognise import viterbi
from talkinghead.speech.running_decoder import RunningDecoder
from talkinghead.speech.running_level import RunningHistogram, RunningSpectrum
from talkinghead.speech.spectrum import log_mel, normalised
from talkinghead.speech.streaming import StreamingFeatures
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import CONTENT_RATE, Speech

TEXT = (
    "My brother bought a big blue boat. Maybe people will pay for it. "
    "Then we went home, and had some more apple pie with him and his wife."
)


@pytest.fixture(scope="module")
def waveform():
    return synthesise(TEXT)[0].waveform


def streamed(waveform, fps=25.0, block=1600, look_ahead=0.2):
    stream = StreamingFeatures(fps, look_ahead)
    pieces = [stream.push(waveform[at : at + block]) for at in range(0, len(waveform), block)]
    return [piece for piece in [*pieces, stream.finish()] if piece is not None]


def joined(pieces, name):
    return np.concatenate([getattr(piece, name) for piece in pieces])


def rows_of(pieces, rows):
    """Symbol of every 10 ms row of joined pieces."""
    track = np.full(rows, "", object)
    begin = 0.0
    for piece in pieces:
        for each in piece.phonemes:
            span = slice(round((begin + each.start) * 100), round((begin + each.end) * 100))
            track[span] = each.symbol
        begin += len(piece) / piece.fps
    return track


def changes(pieces):
    """Symbols of the joined pieces, and when each begins in seconds."""
    symbols, starts, begin = [], [], 0.0
    for piece in pieces:
        for each in piece.phonemes:
            if not symbols or symbols[-1] != each.symbol:
                symbols.append(each.symbol)
                starts.append(begin + each.start)
        begin += len(piece) / piece.fps
    return symbols, starts


@pytest.mark.parametrize("fps", [25.0, 29.97, 60.0])
@pytest.mark.parametrize("samples", [1, 15999, 61234])
def test_pieces_have_the_frames_and_rows_of_the_offline_features(waveform, fps, samples):
    part = waveform[2000 : 2000 + samples]
    pieces, offline = streamed(part, fps), extract_features(Speech(part), fps)
    for name in ("loudness", "voiced", "pitch", "content"):
        track = joined(pieces, name)
        assert track.shape == getattr(offline, name).shape
        assert track.dtype == np.float32
        assert np.isfinite(track).all()


def test_phonemes_of_a_piece_count_from_its_first_frame_without_gaps(waveform):
    pieces = streamed(waveform, block=7000)
    assert len(pieces) > 10
    for piece in pieces:
        assert piece.phonemes[0].start == 0.0
        ends = [each.end for each in piece.phonemes]
        assert [each.start for each in piece.phonemes[1:]] == ends[:-1]
        assert all(each.end > each.start for each in piece.phonemes)
    for piece in pieces[:-1]:
        assert piece.phonemes[-1].end == pytest.approx(len(piece) / 25.0)
    total = sum(len(piece) for piece in pieces[:-1]) / 25.0 + pieces[-1].phonemes[-1].end
    assert total == pytest.approx(len(waveform) / 16000)


@pytest.mark.parametrize("fps", [25.0, 29.97])
def test_the_size_of_the_blocks_does_not_show(waveform, fps):
    small, large = streamed(waveform, fps, 160), streamed(waveform, fps, 7000)
    assert len(small) > 3 * len(large)
    for name in ("loudness", "voiced", "pitch", "content"):
        assert joined(small, name).tobytes() == joined(large, name).tobytes()
    (symbols, starts), (same_symbols, same_starts) = changes(small), changes(large)
    assert symbols == same_symbols
    assert np.allclose(starts, same_starts, atol=1e-9)


def test_after_two_seconds_it_agrees_with_the_whole_recording(waveform):
    pieces, offline = streamed(waveform), extract_features(Speech(waveform), 25.0)
    rows = slice(2 * CONTENT_RATE, None)
    difference = np.abs(joined(pieces, "content") - offline.content)[rows]
    assert difference[:, : len(SYMBOLS)].mean() < 0.01
    assert difference[:, len(SYMBOLS) :].mean() < 0.25
    assert np.abs(joined(pieces, "loudness") - offline.loudness)[50:].mean() < 0.03
    assert np.abs(joined(pieces, "voiced") - offline.voiced)[50:].mean() < 0.02
    count = len(waveform) // 160
    same = rows_of(pieces, count) == rows_of([offline], count)
    assert same[200:].mean() > 0.85


@pytest.mark.parametrize("look_ahead", [0.1, 0.2])
def test_a_frame_comes_as_soon_as_its_look_ahead_was_heard(waveform, look_ahead):
    stream = StreamingFeatures(25.0, look_ahead)
    samples = round((0.04 + look_ahead) * 16000)
    assert stream.push(waveform[: samples - 1]) is None
    first = stream.push(waveform[samples - 1 : samples])
    assert len(first) == 1
    later = waveform[samples:].copy()
    later[:] = 0.5  # what comes afterwards cannot change it
    other = StreamingFeatures(25.0, look_ahead)
    again = other.push(np.concatenate([waveform[:samples], later[:1000]]))
    assert again.content[:2].tobytes() == first.content.tobytes()
    assert again.loudness[0] == first.loudness[0]


def test_memory_does_not_grow(waveform):
    stream = StreamingFeatures(25.0)
    second = waveform[:16000]
    for _ in range(2):
        stream.push(second)
    tracemalloc.start()
    stream.push(second)
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(3):
        stream.push(second)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 20_000  # of 190,000 bytes of samples


def test_silence_stays_silent_and_no_sound_gives_nothing():
    pieces = streamed(np.zeros(32000, np.float32))
    assert {each.symbol for piece in pieces for each in piece.phonemes} == {"SIL"}
    assert not joined(pieces, "loudness").any()
    stream = StreamingFeatures(25.0)
    assert stream.push(np.zeros(0, np.float32)) is None
    assert stream.finish() is None


@pytest.mark.parametrize("given", [(0.0, 0.2), (200.0, 0.2), (25.0, 0.0), (25.0, np.nan)])
def test_impossible_settings_are_refused(given):
    with pytest.raises(BadOption, match="expected 1 to 100"):
        StreamingFeatures(*given)


def test_settling_with_everything_in_sight_is_viterbi():
    generator = np.random.default_rng(0)
    scores = np.repeat(generator.normal(size=(8, 40)), 5, axis=0).astype(np.float32) * 3
    transition = np.where(np.eye(40, dtype=bool), 0.0, -4.0).astype(np.float32)
    expected = [SYMBOLS[state] for state in viterbi(scores, 0.7 * transition)]
    assert RunningDecoder(transition).settle(scores, 40) == expected
    parts = RunningDecoder(transition)
    settled = [s for row in range(0, 40, 4) for s in parts.settle(scores[row : row + 12], 4)]
    assert settled == expected


def test_a_sound_too_short_to_be_seen_is_left_out_unless_the_lips_close():
    rows = ["AA"] * 6 + ["T"] * 2 + ["AA"] * 6 + ["B"] * 2 + ["IY"] * 6
    scores = np.full((len(rows), 40), -9.0, np.float32)
    scores[np.arange(len(rows)), [SYMBOLS.index(symbol) for symbol in rows]] = 0.0
    decoder = RunningDecoder(np.zeros((40, 40), np.float32))
    settled = [s for row in range(0, 20, 4) for s in decoder.settle(scores[row : row + 7], 4)]
    settled += decoder.settle(scores[20:], 2)
    assert settled == ["AA"] * 14 + ["B"] * 2 + ["IY"] * 6


def test_running_level_comes_to_what_the_whole_recording_gives(waveform):
    values = np.random.default_rng(0).normal(-30, 8, 4000).astype(np.float32)
    histogram = RunningHistogram()
    histogram.add(values)
    assert histogram.percentile(90) == pytest.approx(np.percentile(values, 90), abs=0.3)
    louder = values[values > -30]
    assert histogram.percentile(50, above=-30) == pytest.approx(np.median(louder), abs=0.3)
    mel = log_mel(np.tile(waveform, 8))
    spectrum = RunningSpectrum(np.full(40, -20.0, np.float32))
    spectrum.add(mel)
    assert np.abs(spectrum.normalised(mel) - normalised(mel)).mean() < 0.05
