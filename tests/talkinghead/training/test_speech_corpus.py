import csv
import logging
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.speech.synthesis import synthesise
from talkinghead.training import speech_corpus
from talkinghead.training.corpus import (
    read_corpus,
    read_utterance,
    training_rows,
    utterance_path,
)
from talkinghead.training.corpus_alignment import Aligner
from talkinghead.training.corpus_binaries import FliteEngine
from talkinghead.training.corpus_engines import EspeakEngine
from talkinghead.training.corpus_recordings import recording
from talkinghead.training.corpus_sentences import split_of
from talkinghead.training.speech_corpus import (
    add_recordings,
    add_synthetic,
    found_engines,
    main,
    open_corpus,
    summary,
    transcripts_of,
)
from talkinghead.types import SAMPLE_RATE

GERMAN = "Meine Oma wohnt am Fluss."
TEXT = "my mother has five big brown horses"
HOURS = 12 / 3600


@pytest.fixture(scope="module")
def aligner():
    return Aligner()


@pytest.fixture(scope="module")
def spoken():
    """A sentence and the truth about it."""
    return synthesise(TEXT, "en-us", rate=140)


def index_row(**columns):
    row = dict.fromkeys(
        "file split tier source licence seconds speaker language emotion transcript note".split(),
        "",
    )
    return {
        **row, "split": "train", "tier": "clean", "licence": "CC0", "language": "en",
        "speaker": "ada", **columns,
    }  # fmt: skip


def write_index(path, rows):
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def recordings(tmp_path_factory, spoken):
    """An index of five: three that align, one with a wrong text, one without a text."""
    folder = tmp_path_factory.mktemp("speech")
    german, _ = synthesise(GERMAN, "de+benjamin")
    for split in ("train", "eval"):
        (folder / split).mkdir()
        soundfile.write(folder / split / "a.wav", spoken[0].waveform, SAMPLE_RATE)
        soundfile.write(folder / split / "b c.wav", german.waveform, SAMPLE_RATE)
    rows = [
        index_row(file="a.wav", transcript=TEXT, emotion="happy"),
        index_row(file="a.wav", transcript="", split="eval"),
        index_row(file="b c.wav", transcript=GERMAN, language="de"),
        index_row(file="b c.wav", transcript="she sells nothing but the very best tea shops"),
    ]
    return write_index(folder / "index.csv", rows)


def made(folder, seed=0, hours=HOURS, resume=False):
    corpus = open_corpus(folder, seed, resume)
    add_synthetic(corpus, EspeakEngine(), hours, seed, {})
    corpus.save()
    return corpus


def test_the_same_seed_gives_the_same_bytes_and_another_others(tmp_path):
    one, two, other = (made(tmp_path / name, seed) for name, seed in (("1", 3), ("2", 3), ("3", 4)))
    assert list(one.rows) == list(two.rows)
    for name in one.rows:
        first, second = (utterance_path(corpus.folder, name).read_bytes() for corpus in (one, two))
        assert first == second
    assert [row.sentence for row in one.rows.values()] != [
        row.sentence for row in other.rows.values()
    ]


def test_synthetic_speech_has_its_times_and_its_split(tmp_path):
    corpus = made(tmp_path, hours=30 / 3600)
    rows = read_corpus(tmp_path)
    assert {row.id for row in rows} == set(corpus.rows)
    assert sum(row.seconds for row in rows) >= 30
    for row in rows:
        utterance = read_utterance(tmp_path, row)
        assert row.split == split_of(row.sentence)
        assert len(utterance.waveform) / SAMPLE_RATE == pytest.approx(row.seconds, abs=1e-3)
        assert utterance.phonemes[0].start == 0.0
        assert utterance.phonemes[-1].end == pytest.approx(row.seconds, abs=1e-3)
        for before, after in pairwise(utterance.phonemes):
            assert before.start < before.end == after.start
        for each in utterance.phonemes:
            if each.symbol == "SIL":
                start, end = round(each.start * SAMPLE_RATE), round(each.end * SAMPLE_RATE)
                inside = utterance.waveform[start + 160 : end - 160]
                assert not len(inside) or np.abs(inside).max() < 0.05


def test_a_run_that_was_cut_goes_on_where_it_stopped(tmp_path, monkeypatch):
    whole = made(tmp_path / "whole")
    corpus = open_corpus(tmp_path / "cut", 0, resume=False)
    add_synthetic(corpus, EspeakEngine(), HOURS / 3, 0, {})  # and no manifest
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cut").glob("*.npz")}
    assert 0 < len(times) < len(whole.rows)
    (tmp_path / "cut" / "half.npz.part").write_bytes(b"half")
    resumed = made(tmp_path / "cut", resume=True)
    assert list(resumed.rows) == list(whole.rows)
    assert not list((tmp_path / "cut").glob("*.part"))
    for name, time in times.items():
        assert (tmp_path / "cut" / name).stat().st_mtime_ns == time


def test_a_corpus_is_neither_overwritten_nor_mixed(tmp_path):
    made(tmp_path)
    with pytest.raises(BadOption, match="--resume"):
        open_corpus(tmp_path, 0, resume=False)
    with pytest.raises(BadOption, match="begun with --seed 0, not 1"):
        open_corpus(tmp_path, 1, resume=True)


def test_the_manifest_is_written_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(speech_corpus, "SAVE_EVERY", 0.0)
    corpus = open_corpus(tmp_path, 0, resume=False)
    add_synthetic(corpus, EspeakEngine(), HOURS, 0, {})
    assert len(read_corpus(tmp_path)) == len(corpus.rows)


def test_recordings_are_aligned_and_keep_their_split(tmp_path, recordings, spoken):
    corpus = open_corpus(tmp_path, 0, resume=False)
    add_recordings(corpus, recordings)
    corpus.save()
    english, german = read_corpus(tmp_path)
    assert (english.id, english.engine, english.emotion) == ("recording_a", "pocketsphinx", "happy")
    assert (german.id, german.engine, german.language) == ("recording_b_c", "pocketsphinx", "de")
    truth = {each.symbol: each.start for each in spoken[1]}
    found = {each.symbol: each.start for each in read_utterance(tmp_path, english).phonemes}
    assert abs(truth["B"] - found["B"]) < 0.06
    assert abs(truth["F"] - found["F"]) < 0.06
    assert {row.split for row in (english, german)} == {"train"}
    assert set(corpus.left_out) == {"recording_b_c+2"}  # another text, the same file name


def test_doubtful_alignments_are_left_out_counted_and_not_tried_again(
    tmp_path, recordings, monkeypatch
):
    rows = list(csv.DictReader(recordings.open()))
    wrong = write_index(recordings.parent / "wrong.csv", [rows[3]])
    corpus = open_corpus(tmp_path, 0, resume=False)
    add_recordings(corpus, wrong)
    corpus.save()
    assert "doubtful alignment" in corpus.left_out["recording_b_c"]
    assert "recording: doubtful alignment" in summary([], corpus.left_out)
    assert read_corpus(tmp_path) == []
    monkeypatch.setattr(speech_corpus, "recording", lambda *_: pytest.fail("tried again"))
    again = open_corpus(tmp_path, 0, resume=True)
    add_recordings(again, wrong)
    assert again.left_out == corpus.left_out


def test_research_recordings_keep_their_tier(recordings, aligner):
    entry = index_row(file="a.wav", transcript=TEXT, tier="research")
    row = recording(recordings.parent, entry, aligner, "r").row
    assert row.tier == "research"
    assert training_rows([row, replace(row, tier="clean")]) == [replace(row, tier="clean")]


def test_no_transcript_is_spoken_in_two_splits():
    recorded = [("train", range(40)), ("eval", range(20, 60))]
    entries = [
        index_row(transcript=f"sentence {number}", split=split, tier="research")
        for split, numbers in recorded
        for number in numbers
    ]
    known = transcripts_of([*entries, index_row(transcript="")])
    for split, allowed in (("train", range(20)), ("eval", range(40, 60))):
        numbers = {int(text.split()[1]) for text in known[f"{split} en"]}
        assert numbers == {n for n in allowed if split_of(f"sentence {n}") == split}
        assert numbers


def test_an_engine_that_never_speaks_is_given_up(tmp_path, monkeypatch, caplog):
    def broken(*_):
        message = "no voice"
        raise TalkingHeadError(message)

    monkeypatch.setattr(FliteEngine, "speak", broken)
    corpus = open_corpus(tmp_path, 0, resume=False)
    add_synthetic(corpus, FliteEngine(), HOURS, 0, {})
    assert not corpus.rows
    assert set(corpus.left_out.values()) == {"no voice"}
    assert "the last 50 sentences failed" in caplog.text


def test_missing_engines_are_reported(monkeypatch, caplog):
    monkeypatch.setenv("PATH", "/nowhere")
    assert [engine.name for engine in found_engines()] == ["espeak-ng"]
    assert "apt-get install flite" in caplog.text
    assert "festvox-italp16k" in caplog.text


def test_the_command_builds_and_sums_up(tmp_path, recordings, monkeypatch, caplog):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(
        "sys.argv",
        ["speech_corpus", "-o", f"{tmp_path / 'corpus'}", "--hours", "0.003", "--index",
         str(recordings)],
    )  # fmt: skip
    with caplog.at_level(logging.INFO):
        main()
    kinds = [row.kind for row in read_corpus(tmp_path / "corpus")]
    assert kinds.count("recording") == 2
    assert "synthetic" in kinds
    assert f"{len(kinds)} rows" in caplog.text
    assert "train recording" in caplog.text
    with pytest.raises(SystemExit, match="2"):
        main()


@pytest.mark.parametrize("wrong", [["--hours", "-1"], ["--hours", "nan"], ["--index", "none.csv"]])
def test_wrong_options_end_with_one_line(tmp_path, monkeypatch, capsys, wrong):
    monkeypatch.setattr("sys.argv", ["speech_corpus", "-o", str(tmp_path / "corpus"), *wrong])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
