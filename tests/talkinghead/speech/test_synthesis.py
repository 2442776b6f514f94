import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from talkinghead.errors import BadOption, SoundTooLong, UnreadableSound
from talkinghead.speech import synthesis
from talkinghead.speech.phoneme_table import ARPABET_CONSONANTS, ARPABET_VOWELS
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import SAMPLE_RATE


def symbols(phonemes):
    return [each.symbol for each in phonemes if each.symbol != "SIL"]


def rms(speech, start, end):
    part = speech.waveform[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)]
    return float(np.sqrt(np.mean(part**2)))


@pytest.mark.parametrize(
    ("text", "voice", "expected"),
    [("My map.", "en-us", "M AY M AE P"), ("Five thumbs.", "en-us", "F AY V TH AH M Z"),
     ("Mama", "de", "M AA M AA"), ("Pan", "es", "P AA N"), ("Bon", "fr", "B AO"),
     ("You choose", "en-us", "Y UW CH UW Z")],
)  # fmt: skip
def test_words_have_their_sounds(text, voice, expected):
    assert symbols(synthesise(text, voice)[1]) == expected.split()


@pytest.mark.parametrize("voice", ["en-us", "de", "es", "fr+f3", "it", "pl"])
def test_phonemes_are_gap_free_known_and_cover_the_sound(voice):
    speech, phonemes = synthesise("Papa, bravo. Volta umbra kimono mezzo forte.", voice)
    assert phonemes[0].start == 0.0
    assert phonemes[-1].end == speech.seconds
    for before, after in pairwise(phonemes):
        assert before.end == after.start > before.start
    assert set(symbols(phonemes)) <= ARPABET_VOWELS | ARPABET_CONSONANTS


def test_times_are_those_of_the_sound():
    speech, phonemes = synthesise("A papa, a mama.")
    for each in phonemes:
        level = rms(speech, each.start, each.end)
        if each.symbol in ARPABET_VOWELS:
            assert level > 0.03
        if each.symbol == "SIL" and each.start > 0:
            assert level < 0.01
        if each.symbol == "P":  # its closure, which the library counts to the vowel before
            assert rms(speech, each.start, each.start + 0.02) < 0.02


def test_rate_pitch_and_variant_change_the_speech_and_leave_nothing_behind():
    plain = synthesise("Good morning, sister fish")[0]
    slow = synthesise("Good morning, sister fish", rate=100)[0]
    other = synthesise("Good morning, sister fish", voice="en-us+f3", pitch=90)[0]
    assert slow.seconds > 1.2 * plain.seconds
    assert not np.array_equal(other.waveform[:5000], plain.waveform[:5000])
    assert np.array_equal(synthesise("Good morning, sister fish")[0].waveform, plain.waveform)


@pytest.mark.parametrize(
    ("text", "voice", "expected"),
    [("поле, мел", "ru", "SIL P OW L Y IY SIL M Y EH L SIL"),  # the library names the glide, "ʲ"
     ("buono pompiere", "it", "B UH AO N OW P OW M P IY EH L EH SIL")],  # and does not name this
)  # fmt: skip
def test_a_glide_is_no_silence(text, voice, expected):
    assert " ".join(each.symbol for each in synthesise(text, voice)[1]) == expected


@pytest.mark.parametrize("voice", ["ja+whisper", "nl+caleb"])  # noise by the library, and by libc
def test_breathy_voices_repeat_themselves(voice):
    first, _ = synthesise("mama papa", voice)
    synthesise("something else", voice)
    time.sleep(1.1)  # the library's own seed is the time in seconds
    assert np.array_equal(first.waveform, synthesise("mama papa", voice)[0].waveform)


def test_threads_do_not_mix():
    jobs = [("One two three four", "en-us"), ("Eins zwei drei vier", "de")] * 4
    alone = [synthesise(*job) for job in jobs[:2]]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda job: synthesise(*job), jobs))
    for index, (speech, phonemes) in enumerate(results):
        assert np.array_equal(speech.waveform, alone[index % 2][0].waveform)
        assert phonemes == alone[index % 2][1]


@pytest.mark.parametrize("text", ["", "  \n", "...", "\0"])
def test_nothing_to_say_is_refused(text):
    with pytest.raises(UnreadableSound, match="type"):
        synthesise(text)


def test_unknown_voice_and_values_outside_their_range():
    with pytest.raises(BadOption, match="unknown voice 'nowhere'"):
        synthesise("hello", "nowhere")
    with pytest.raises(BadOption, match=r"rate is 20, expected .* 80 to 450"):
        synthesise("hello", rate=20)
    with pytest.raises(BadOption, match="pitch is 101"):
        synthesise("hello", pitch=101)


def test_text_beyond_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(synthesis, "MAX_SOUND_SECONDS", 2.0)
    with pytest.raises(SoundTooLong, match="limit of 2 seconds"):
        synthesise("This sentence goes on and on and on, and then it goes on once more.")
