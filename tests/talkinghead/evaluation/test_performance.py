import csv

import numpy as np
import pytest
import soundfile

from talkinghead.emotion.encoder import load_emotion_encoder
from talkinghead.errors import BadOption
from talkinghead.evaluation import performance
from talkinghead.evaluation.held_out_sentences import ACCENTS, SENTENCES, TIMBRES, voice_of
from talkinghead.motion.visemes import BILABIALS
from talkinghead.speech.synthesis import synthesise
from talkinghead.training.corpus_engines import EspeakEngine
from talkinghead.types import TextPrompt


def test_no_training_voice_has_a_held_out_timbre():
    generator = np.random.default_rng(0)
    drawn = {EspeakEngine().draw(generator, "train").name for _ in range(800)}
    numbered = {f"{kind}{number}" for kind in ("m", "f", "klatt") for number in range(1, 9)}
    spoken = {name.split("+")[1] for name in drawn} | numbered  # the first recogniser heard those
    assert len(spoken) > 30
    assert not spoken & set(TIMBRES)


def test_every_language_has_twelve_different_sentences_that_every_timbre_shares():
    assert set(SENTENCES) == set(ACCENTS)
    for language, texts in SENTENCES.items():
        assert len(set(texts)) == len(texts) == 12
        voices = [voice_of(language, index) for index in range(12)]
        assert sorted(voices.count(one) for one in set(voices)) == [3, 3, 3, 3]


@pytest.mark.parametrize("language", SENTENCES)
def test_the_sentences_hold_what_they_are_for(language):
    lips = rounded = 0
    for index in (0, 5, 6, 11):
        symbols = [
            p.symbol for p in synthesise(SENTENCES[language][index], voice_of(language, 0))[1]
        ]
        lips += sum(one in BILABIALS for one in symbols)
        rounded += sum(one in {"UW", "OW", "W", "UH"} for one in symbols)
    assert lips >= 10
    assert rounded >= 10


def write_recordings(folder, rows):
    (folder / "eval").mkdir()
    with (folder / "index.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "split", "source", "language", "transcript"])
        for name, split, language, text, spoken in rows:
            writer.writerow([name, split, "made", language, text])
            speech, _ = synthesise(spoken, {"en": "en-us", "de": "de"}[language])
            soundfile.write(folder / "eval" / name, speech.waveform, 16000)


def test_recordings_are_aligned_and_wrong_transcripts_left_out(tmp_path):
    said = "Papa bakes a big potato pie."
    german = "Der Lappen liegt auf dem Tisch."
    rows = [
        ("a.wav", "eval", "en", said, said),
        ("b.wav", "train", "en", said, said),
        ("c.wav", "eval", "en", "", said),
        ("d.wav", "eval", "de", german, german),
        ("e.wav", "eval", "de", german, "Wir haben heute abend keine Zeit für dich und euch alle."),
    ]
    write_recordings(tmp_path, rows)
    sentences, counts = performance.recorded(tmp_path)
    assert [one.language for one in sentences] == ["en", "de"]
    assert counts == {"rows with transcript": 3, "chosen": 3, "used": 2,
                      "unsure alignment, de": 1}  # fmt: skip
    truth = [p for p in synthesise(said, "en-us")[1] if p.symbol in BILABIALS]
    found = [p for p in sentences[0].phonemes if p.symbol in BILABIALS]
    assert [p.symbol for p in found] == [p.symbol for p in truth]
    assert np.median([abs(p.start - q.start) for p, q in zip(found, truth, strict=True)]) < 0.05


def test_a_folder_without_an_index_is_told(tmp_path):
    with pytest.raises(BadOption, match=r"no index\.csv"):
        performance.recorded(tmp_path)


def test_one_source_does_not_drown_the_rest():
    rows = [{"file": f"{n:03}", "source": "large"} for n in range(500)]
    rows += [{"file": "x", "source": "small"}]
    chosen = performance._spread(rows)
    assert [row["source"] for row in chosen].count("large") == performance.MOST_OF_A_SOURCE
    assert chosen[0]["file"] == "000"
    assert chosen[-2]["file"] == "499"
    assert chosen[-1]["source"] == "small"


class Listening:
    """Keeps what it is given."""

    def __call__(self, features, emotion, identity, resting, eyes, head, generator):
        self.given = (emotion, identity, resting, generator.integers(1 << 30))
        return resting.held(len(features))


def test_a_performance_wears_a_feeling_as_videos_do(face_model):
    from talkinghead.feelings import SPOKEN_JAW

    speech, _ = synthesise("Oh my goodness, what is that over there?", "en-us")
    features = performance.extract_features(speech, 25.0)
    felt = load_emotion_encoder().understand(TextPrompt("surprised"), 0.7)
    decoder = Listening()
    performance.perform(decoder, features, felt, face_model)
    emotion, identity, resting, first = decoder.given
    assert len(emotion) == len(features)
    assert emotion.expression[:, 24].max() < (SPOKEN_JAW + 0.2) * felt.expression[24]
    assert not identity.weights.any()
    assert not resting.expression.any()
    performance.perform(decoder, features, felt, face_model, seed=1)
    assert decoder.given[3] != first
