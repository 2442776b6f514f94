import time
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

from talkinghead.speech.phoneme_net import SYMBOLS
from talkinghead.speech.recognise import recognise_phonemes, viterbi
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import Speech

SENTENCES = {
    "en-us": "People often complain about problems before they even begin, my bumpy camel.",
    "de": "Bitte komm mal vorbei, bevor es am Abend regnet, mein lieber Papa.",
    "es": "Siempre bebemos vino blanco con la comida importante, mi buen amigo Pablo.",
    "fr": "Le bébé mange un bon biscuit sur le banc public, mais papa est malade.",
}


def raster(phonemes, rows):
    """Symbols every 10 ms."""
    track = np.full(rows, "SIL", object)
    for each in phonemes:
        track[round(each.start * 100) : round(each.end * 100)] = each.symbol
    return track


@pytest.mark.parametrize("voice", SENTENCES)
def test_sounds_and_lip_closures_are_found_in_four_languages(voice):
    speech, truth = synthesise(SENTENCES[voice], voice)
    found = recognise_phonemes(speech)
    rows = int(speech.seconds * 100)
    assert (raster(truth, rows) == raster(found, rows)).mean() > 0.7
    lips = [each for each in found if each.symbol in {"M", "B", "P"}]
    wanted = [each for each in truth if each.symbol in {"M", "B", "P"}]
    met = [
        any(one.start < each.end + 0.04 and one.end > each.start - 0.04 for one in lips)
        for each in wanted
    ]
    assert len(met) >= 7
    assert np.mean(met) >= 0.85


def test_phonemes_are_gap_free_and_known():
    speech, _ = synthesise(SENTENCES["en-us"])
    found = recognise_phonemes(Speech(speech.waveform[:-77]))
    assert found[0].start == 0.0
    assert found[-1].end == Speech(speech.waveform[:-77]).seconds
    for before, after in pairwise(found):
        assert before.end == after.start > before.start
        assert before.symbol != after.symbol
    assert {each.symbol for each in found} <= set(SYMBOLS)


@pytest.mark.parametrize("gain", [0.0, 1e-6])
def test_silence_is_a_single_silence(gain):
    hiss = np.random.default_rng(0).normal(0, 1, 48000).astype(np.float32) * gain
    found = recognise_phonemes(Speech(hiss))
    assert [each.symbol for each in found] == ["SIL"]
    assert found[0].end == 3.0


@pytest.mark.parametrize("kind", ["white", "rumble", "hum"])
def test_noise_alone_is_hardly_taken_for_speech(kind):
    noise = np.random.default_rng(0).normal(0, 0.02, 64000)
    if kind == "rumble":
        noise = np.cumsum(noise) * 0.02
        noise -= np.convolve(noise, np.full(4000, 1 / 4000), "same")
    if kind == "hum":
        noise = 0.05 * np.sin(2 * np.pi * 50 * np.arange(64000) / 16000) + 0.01 * noise
    found = recognise_phonemes(Speech(noise.astype(np.float32)))
    silent = sum(each.end - each.start for each in found if each.symbol == "SIL")
    assert silent > 0.9 * 4.0


def test_a_pause_is_found_under_noise():
    speech, truth = synthesise("My mother. ... ... My father.", rate=120)
    pauses = [p for p in truth if p.symbol == "SIL" and p.end - p.start > 0.25 and p.start > 0]
    hiss = np.random.default_rng(0).normal(0, 0.004, len(speech.waveform))
    found = recognise_phonemes(Speech((speech.waveform + hiss).astype(np.float32)))
    for pause in pauses:
        inside = [
            min(each.end, pause.end) - max(each.start, pause.start)
            for each in found
            if each.symbol == "SIL" and each.start < pause.end and each.end > pause.start
        ]
        assert sum(inside) > 0.7 * (pause.end - pause.start)


@pytest.mark.parametrize("samples", [1, 100, 1000])
def test_very_short_sounds(samples):
    tone = np.sin(np.arange(samples)).astype(np.float32)
    found = recognise_phonemes(Speech(tone))
    assert found[-1].end == samples / 16000


def peak_memory(speech):
    tracemalloc.start()
    recognise_phonemes(speech)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_ten_times_faster_than_speech_in_little_memory():
    speech, _ = synthesise(SENTENCES["en-us"])
    short, long = (Speech(np.tile(speech.waveform, times)) for times in (8, 16))
    recognise_phonemes(speech)
    start = time.process_time()
    found = recognise_phonemes(long)
    assert time.process_time() - start < long.seconds / 10
    assert found[-1].end == long.seconds
    growth = (peak_memory(long) - peak_memory(short)) / (long.seconds - short.seconds)
    assert growth < 150e3  # bytes a second of sound: ten minutes need less than 90 MB


def test_viterbi_finds_the_best_path():
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(6, 3)).astype(np.float32)
    transition = generator.normal(size=(3, 3)).astype(np.float32)
    paths = np.stack(np.meshgrid(*[range(3)] * 6, indexing="ij"), -1).reshape(-1, 6)
    totals = scores[np.arange(6), paths].sum(1) + transition[paths[:, :-1], paths[:, 1:]].sum(1)
    assert viterbi(scores, transition).tolist() == paths[totals.argmax()].tolist()
