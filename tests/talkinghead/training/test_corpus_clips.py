import csv

import numpy as np
import pytest

from talkinghead.speech.synthesis import synthesise
from talkinghead.training.corpus import read_corpus, read_utterance
from talkinghead.training.corpus_alignment import Aligner
from talkinghead.training.corpus_recordings import clip
from talkinghead.training.speech_corpus import add_clips, open_corpus
from talkinghead.types import SAMPLE_RATE, Speech
from talkinghead.video.write import write_video

TEXT = "my mother has five big brown horses"


@pytest.fixture(scope="module")
def aligner():
    return Aligner()


@pytest.fixture(scope="module")
def spoken():
    """A sentence and the truth about it."""
    return synthesise(TEXT, "en-us", rate=140)


def write_index(path, rows):
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def clips(tmp_path_factory, clip_frames, spoken):
    """A silent clip and one with sound, of the rendered face of the training tests."""
    folder = tmp_path_factory.mktemp("clips")
    (folder / "eval").mkdir()
    frames = [*clip_frames, *clip_frames[::-1]] * 2
    write_video(frames, folder / "eval" / "mute.mp4", 25.0, mark=False)
    sound = Speech(spoken[0].waveform)
    looped = [frames[index % 20] for index in range(sound.frame_count(25.0))]
    write_video(looped, folder / "eval" / "talk.mp4", 25.0, sound, mark=False)
    common = {
        "split": "eval", "tier": "repo", "licence": "CC0", "identity": "id7", "emotion": "sad",
        "fps": "25.0", "sync_lag25": "",
    }  # fmt: skip
    rows = [
        {**common, "file": "mute.mp4", "note": "driving", "seconds": "0.8", "sound": "False",
         "sync_margin": ""},
        {**common, "file": "talk.mp4", "note": f"speaker 1; text: {TEXT}", "seconds": "12.0",
         "sound": "True", "sync_margin": "0.41", "sync_lag25": "6"},
    ]  # fmt: skip
    write_index(folder / "index.csv", rows)
    return folder


def test_clips_are_tracked_with_and_without_sound(tmp_path, clips, spoken):
    corpus = open_corpus(tmp_path, 0, resume=False)
    add_clips(corpus, clips)
    corpus.save()
    mute, talk = read_corpus(tmp_path)
    assert (mute.engine, talk.engine) == ("silent", "pocketsphinx")
    assert np.isnan(mute.sync_margin)
    assert (talk.sync_margin, talk.sync_lag) == (0.41, 0.24)
    assert (talk.speaker, talk.split, talk.sentence) == ("id7", "eval", TEXT)
    silent, sounding = (read_utterance(tmp_path, row) for row in (mute, talk))
    assert len(silent.waveform) == len(silent.motion) / 25 * SAMPLE_RATE
    assert not silent.waveform.any()
    assert silent.phonemes == ()
    for each in (silent, sounding):
        assert each.identity.shape == (50,)
        assert np.ptp(each.motion.channel("jawOpen")) > 0.1
    assert len(sounding.waveform) == round(len(sounding.motion) / 25 * SAMPLE_RATE)
    assert "M" in {each.symbol for each in sounding.phonemes}
    assert len(sounding.motion) == spoken[0].frame_count(25.0)


@pytest.mark.parametrize(
    ("seconds", "margin", "lag"), [("8.0", "0.41", 0.0), ("12.0", "0.29", 0.0), ("9", "0.3", 0.24)]
)
def test_only_a_trusted_lag_is_kept(clips, face_model, aligner, seconds, margin, lag, monkeypatch):
    monkeypatch.setattr("talkinghead.training.corpus_recordings.LONGEST_CLIP", 5)
    entry = list(csv.DictReader((clips / "index.csv").open()))[1]
    entry |= {"seconds": seconds, "sync_margin": margin, "note": ""}
    row = clip(clips, entry, face_model, aligner, "c").row
    assert row.sync_lag == lag
    assert row.seconds == 0.2


def test_a_clip_without_a_face_is_left_out(tmp_path, clips):
    (tmp_path / "eval").mkdir()
    write_video([np.zeros((64, 64, 3), np.uint8)] * 3, tmp_path / "eval" / "x.mp4", 25.0)
    entry = next(csv.DictReader((clips / "index.csv").open()))
    write_index(tmp_path / "index.csv", [{**entry, "file": "x.mp4"}])
    corpus = open_corpus(tmp_path / "corpus", 0, resume=False)
    add_clips(corpus, tmp_path)
    assert "face was found in 0" in corpus.left_out["clip_x"]
