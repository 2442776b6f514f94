import stat
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from renderer.coefficients import MotionCoefficients
from talkinghead.errors import TalkingHeadError
from talkinghead.speech.phoneme_table import arpabet_from_ipa
from talkinghead.training.corpus import (
    CorpusRow,
    Utterance,
    read_corpus,
    read_utterance,
    stored_row,
    training_rows,
    utterance_path,
    write_manifest,
    write_utterance,
)
from talkinghead.training.corpus_binaries import FestivalEngine, FliteEngine, timed_phonemes
from talkinghead.training.corpus_engines import HELD_OUT_LANGUAGES, EspeakEngine
from talkinghead.training.corpus_sentences import compose, lip_share, split_of, word_lists
from talkinghead.types import SAMPLE_RATE, Phoneme

ROW = CorpusRow(
    id="clip_ada+1", split="train", kind="clip", engine="", voice="", language="en", speaker="ada",
    sentence="Good, \"very\" good\nмама", emotion="happy", licence="CC0", tier="clean",
    seconds=0.5, sync_margin=float("nan"), sync_lag=0.24,
)  # fmt: skip


@pytest.fixture
def utterance():
    generator = np.random.default_rng(0)
    motion = MotionCoefficients.from_array(
        generator.uniform(0, 1, (12, 58)).astype(np.float32), 23.98
    )
    return Utterance(
        ROW,
        generator.uniform(-1, 1, 8000).astype(np.float32),
        (Phoneme("SIL", 0.0, 0.1237), Phoneme("AA", 0.1237, 0.5)),
        motion,
        generator.normal(0, 1, 50).astype(np.float32),
    )


def test_an_utterance_is_read_as_it_was_written(tmp_path, utterance):
    write_utterance(tmp_path, utterance)
    read = read_utterance(tmp_path, ROW)
    assert np.abs(read.waveform - utterance.waveform).max() < 2e-5
    assert read.waveform.dtype == np.float32
    assert read.phonemes == utterance.phonemes
    np.testing.assert_array_equal(read.motion.as_array(), utterance.motion.as_array())
    assert read.motion.fps == 23.98
    np.testing.assert_array_equal(read.identity, utterance.identity)
    assert list(tmp_path.iterdir()) == [utterance_path(tmp_path, ROW.id)]


def test_an_utterance_without_face_and_words(tmp_path, utterance):
    bare = Utterance(ROW, utterance.waveform)
    write_utterance(tmp_path, bare)
    read = read_utterance(tmp_path, ROW)
    assert read.phonemes == ()
    assert read.motion is None
    assert read.identity is None


def test_a_manifest_is_read_as_it_was_written(tmp_path, utterance):
    rows = [ROW, replace(ROW, id="b", split="eval", sync_margin=0.31)]
    write_manifest(tmp_path, rows)
    read = read_corpus(tmp_path)
    assert read[1] == rows[1]
    assert np.isnan(read[0].sync_margin)
    assert replace(read[0], sync_margin=0.0) == replace(ROW, sync_margin=0.0)
    write_utterance(tmp_path, replace(utterance, row=rows[1]))
    assert stored_row(tmp_path, "b") == rows[1]
    assert stored_row(tmp_path, "c") is None


def test_nothing_but_training_rows_can_be_trained_on(tmp_path):
    rows = [
        replace(ROW, id=f"{split}_{tier}_{index}", split=split, tier=tier, licence=licence)
        for split in ("train", "eval")
        for tier in ("clean", "repo", "research")
        for index, licence in enumerate(("CC0", "CC BY-SA 4.0", "RAVDESS CC BY-NC-SA 4.0"))
    ]
    allowed = {row.id for row in training_rows(rows)}
    assert allowed == {"train_clean_0", "train_repo_0"}
    write_manifest(tmp_path, rows)
    assert {row.id for row in read_corpus(tmp_path, train_only=True)} == allowed


def test_a_missing_corpus_says_how_to_make_one(tmp_path):
    with pytest.raises(TalkingHeadError, match=r"training\.speech_corpus -o"):
        read_corpus(tmp_path)


@pytest.mark.parametrize("text", ["id,split\na,train\n", "", "\0garbage"])
def test_a_damaged_manifest(tmp_path, text):
    write_manifest(tmp_path, [ROW])
    good = (tmp_path / "manifest.csv").read_text(encoding="utf-8")
    (tmp_path / "manifest.csv").write_text(good.replace("0.24", "late"), encoding="utf-8")
    with pytest.raises(TalkingHeadError, match="damaged"):
        read_corpus(tmp_path)
    (tmp_path / "manifest.csv").write_text(text, encoding="utf-8")
    with pytest.raises(TalkingHeadError, match="damaged"):
        read_corpus(tmp_path)


def test_a_damaged_utterance_is_told_and_made_again(tmp_path, utterance):
    write_utterance(tmp_path, utterance)
    path = utterance_path(tmp_path, ROW.id)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(TalkingHeadError, match="cannot be read"):
        read_utterance(tmp_path, ROW)
    assert stored_row(tmp_path, ROW.id) is None
    with pytest.raises(TalkingHeadError, match="cannot be read"):
        read_utterance(tmp_path, replace(ROW, id="absent"))


@pytest.mark.parametrize("wrong", [{"id": "../x"}, {"id": ""}, {"split": "test"}, {"kind": "song"}])
def test_a_row_of_another_world_is_refused(wrong):
    with pytest.raises(ValueError, match="expected a file name"):
        replace(ROW, **wrong)


def test_the_split_of_a_sentence_hangs_on_its_letters_alone():
    assert split_of("Mama, buy a book!") == split_of("mama buy a book.")
    shares = [split_of(f"sentence number {index}") == "eval" for index in range(3000)]
    assert 0.12 < np.mean(shares) < 0.22


@pytest.mark.parametrize("language", sorted(word_lists()))
@pytest.mark.parametrize("split", ["train", "eval"])
def test_sentences_stay_in_their_split_and_one_in_five_is_rich(language, split):
    said = [
        compose(np.random.default_rng(seed), language, split, ["Only this one."])
        for seed in range(60)
    ]
    again = compose(np.random.default_rng(7), language, split, ["Only this one."])
    assert again == said[7]
    assert {split_of(each) for each in said} == {split}
    assert len(word_lists()[language]) >= 110
    richest = np.sort([lip_share(each) for each in said])[-12:]
    everything = lip_share("".join(word_lists()[language]))
    assert richest.min() > 1.3 * everything


def test_voices_of_the_splits_never_meet():
    generator = np.random.default_rng(0)
    for engine, drawn in ((EspeakEngine(), 1500), (FliteEngine(), 60), (FestivalEngine(), 120)):
        train, held = (
            [engine.draw(generator, split) for _ in range(drawn)] for split in ("train", "eval")
        )
        assert not {one.speaker for one in train} & {one.speaker for one in held}
        assert not {one.language for one in train} & set(HELD_OUT_LANGUAGES)
        assert {one.tier for one in train} == {"clean"}
        assert not any("GPL-2" in one.licence and one.tier == "clean" for one in held)
        if engine.name == "espeak-ng":
            assert len({one.language for one in train}) == 20
            assert {one.language for one in held} >= set(HELD_OUT_LANGUAGES)


def test_every_voice_of_espeak_speaks():
    generator = np.random.default_rng(1)
    engine = EspeakEngine()
    for language in word_lists():
        split = "eval" if language in HELD_OUT_LANGUAGES else "train"
        drawn = (engine.draw(generator, split) for _ in range(1000))
        voice = next(one for one in drawn if one.language == language)
        speech, phonemes = engine.speak(" ".join(word_lists()[language][:4]), voice, generator)
        assert speech.seconds > 0.4
        assert phonemes[0].start == 0.0
        assert phonemes[-1].end == pytest.approx(speech.seconds)
        assert len({each.symbol for each in phonemes}) > 4


@pytest.mark.parametrize(
    ("language", "phones", "expected"),
    [
        ("en", "pau hh ax l ow pau pau", "SIL HH AH L OW SIL"),
        ("en", "axr em dx", "ER M D"),
        ("it", "# J o k k i1 ts o1 #", "SIL N OW K K IY T S OW SIL"),
        ("fi", "# t: y: @: 7 N: #", "SIL T UW AE UH NG SIL"),
        ("cs", "# c~ c r~ n~ ch a: _ #", "SIL CH T S L ZH N K AA SIL"),
    ],
)
def test_phones_of_the_binaries_become_arpabet(language, phones, expected):
    names = phones.split()
    spoken = [(name, 0.1 * (index + 1)) for index, name in enumerate(names)]
    found = timed_phonemes(spoken, language, 0.1 * len(names) + 0.05)
    assert " ".join(each.symbol for each in found) == expected
    assert found[0].start == 0.0
    assert found[-1].end == pytest.approx(0.1 * len(names) + 0.05)
    for before, after in pairwise(found):
        assert before.start < before.end == after.start


def test_an_unknown_phone_or_silence_is_refused():
    with pytest.raises(TalkingHeadError, match="unknown phone 'qq' of en"):
        timed_phonemes([("qq", 0.1)], "en", 0.1)
    with pytest.raises(TalkingHeadError, match="spoke nothing"):
        timed_phonemes([("pau", 0.1)], "en", 0.1)


def test_a_phone_past_the_end_of_the_sound_is_cut():
    found = timed_phonemes([("m", 0.1), ("aa", 0.3), ("pau", 0.5)], "en", 0.25)
    assert found == (Phoneme("M", 0.0, 0.1), Phoneme("AA", 0.1, 0.25))


FAKE_FLITE = """#!/bin/sh
while [ $# -gt 1 ]; do
  [ "$1" = "-o" ] && cp "{sound}" "$2"
  shift
done
echo "pau:0.1 m:0.2 aa:0.4 pau:0.5"
exit {status}
"""


@pytest.fixture
def fake_flite(tmp_path, monkeypatch):
    """A program called flite that copies a sound; answers with a way to make it fail."""
    sound = tmp_path / "source.wav"
    soundfile.write(sound, 0.1 * np.ones(SAMPLE_RATE // 2), SAMPLE_RATE)
    program = tmp_path / "flite"

    def make(status):
        program.write_text(FAKE_FLITE.format(sound=sound, status=status))
        program.chmod(program.stat().st_mode | stat.S_IEXEC)

    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    make(0)
    return make


def test_flite_is_found_and_heard(fake_flite):
    engine = FliteEngine()
    assert engine.found()
    generator = np.random.default_rng(0)
    speech, phonemes = engine.speak("mama", engine.draw(generator, "train"), generator)
    assert speech.seconds == pytest.approx(0.5)
    assert [each.symbol for each in phonemes] == ["SIL", "M", "AA", "SIL"]
    assert phonemes[1] == Phoneme("M", 0.1, 0.2)


def test_a_failing_binary_is_told(fake_flite, monkeypatch):
    engine = FliteEngine()
    generator = np.random.default_rng(0)
    fake_flite(3)
    with pytest.raises(TalkingHeadError, match="flite fails"):
        engine.speak("mama", engine.draw(generator, "train"), generator)
    monkeypatch.setenv("PATH", "/nowhere")
    assert not engine.found()
    with pytest.raises(TalkingHeadError, match="cannot speak"):
        engine.speak("mama", engine.draw(generator, "train"), generator)


@pytest.mark.skipif(not FestivalEngine().found(), reason="festival is not installed")
@pytest.mark.parametrize("text", ['say "moo" \\ (now)', "mama, papa"])
def test_festival_speaks_whatever_is_in_the_text(text):
    engine = FestivalEngine()
    generator = np.random.default_rng(0)
    drawn = (engine.draw(generator, "train") for _ in range(100))
    voice = next(one for one in drawn if one.name == "kal_diphone")
    speech, phonemes = engine.speak(text, voice, generator)
    assert phonemes[-1].end == pytest.approx(speech.seconds)
    assert "M" in {each.symbol for each in phonemes}


def test_a_lone_palatal_mark_is_a_glide():
    assert arpabet_from_ipa("ʲ") == ("Y",)
