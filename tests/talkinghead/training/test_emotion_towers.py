import json
import shutil

import numpy as np
import pytest
import torch

from talkinghead.emotion.bank import MEAD_CLASSES
from talkinghead.emotion.image_tower import ImageTower
from talkinghead.emotion.sound_tower import SoundTower
from talkinghead.evaluation.emotion_sets import Labelled
from talkinghead.pipeline import TalkingHead
from talkinghead.training import emotion_labels
from talkinghead.training.emotion_alignment import (
    alignment_loss,
    balanced,
    class_of_vectors,
    make_anchors,
    pair_loss,
    smooth_accuracy,
    unit,
)
from talkinghead.training.emotion_faces import (
    gathered,
    load_faces,
    rendered_faces,
    save_faces,
)
from talkinghead.training.emotion_held_out import fitted_as_voices, held_out
from talkinghead.training.emotion_image import (
    split_persons,
)
from talkinghead.training.emotion_sound import across_speakers, sound_tensors, train_sound
from talkinghead.training.emotion_towers import Run, Steps, train
from talkinghead.training.emotion_voices import versions
from talkinghead.training.loop import Deadline, load_checkpoint
from talkinghead.types import VoiceCues
from talkinghead.weights import load_weights, weights_folder
from tests.talkinghead.training.emotion_cases import BANK, PLAIN, anchors, faces, looks, voices


def test_two_steps_write_weights_that_load_and_a_second_run_goes_on(tmp_path, monkeypatch):
    shutil.copytree(weights_folder(), tmp_path / "weights")
    monkeypatch.setenv("EVOKE_WEIGHTS", str(tmp_path / "weights"))
    for name in ("image_tower", "sound_tower"):
        (tmp_path / "weights" / f"{name}.safetensors").unlink(missing_ok=True)
    out, never = tmp_path / "run", Deadline(60)
    out.mkdir()
    given = (looks(), looks(seed=1))
    train(given, voices(), Run(out, Steps(2, 2, 2)), never)
    tensors = ImageTower().encode([faces().cues(0)])
    assert tensors.shape == (1, 384)
    cues = VoiceCues(voices().statistics[0], 1.0)
    assert SoundTower().encode([cues])[0].shape == (1, 384)
    before = load_checkpoint(out / "image")[0]["average.to_space.weight"].numpy()
    aligned = load_weights("image_tower")["to_space.weight"].astype(np.float32)
    assert np.abs(aligned - before).max() > 3e-4  # an average comes frozen: it must be thawed
    assert json.loads((out / "image.jsonl").read_text().splitlines()[0])["step"] == 0
    assert len((out / "figures.jsonl").read_text().splitlines()) == 2
    train(given, voices(), Run(out, Steps(0, 2, 2)), never)  # as --align-only
    np.testing.assert_allclose(ImageTower().encode([faces().cues(0)]), tensors, atol=1e-3)


def test_speakers_are_left_out_one_at_a_time():
    figures = across_speakers(voices(), anchors(), 0, 100)
    assert figures["accuracy"] > 0.3  # chance is 0.125, and a hundred steps are few


def test_the_sound_tower_learns_and_runs_the_same_in_numpy():
    given, points = voices(), anchors()
    network = train_sound(given, points, 0, 150)
    with torch.inference_mode():
        vectors, arousal = network(torch.from_numpy(given.statistics))
    found = class_of_vectors(vectors.numpy(), points.vectors.numpy(), BANK)
    assert (found == np.arange(len(given)) % 8).mean() > 0.9
    tower = SoundTower(sound_tensors(network))
    again, heard = tower.encode([VoiceCues(row, 1.0) for row in given.statistics])
    np.testing.assert_allclose(again, vectors.numpy(), atol=1e-5)
    np.testing.assert_allclose(heard, np.clip(arousal.numpy(), -1, 1), atol=1e-5)


def test_the_loss_is_least_at_the_labels_own_anchor():
    points = anchors()
    mead, feeling = torch.arange(8), torch.full((8,), -1)
    right = alignment_loss(points.vectors[points.plain], mead, feeling, points)
    wrong = alignment_loss(points.vectors[points.plain.roll(1)], mead, feeling, points)
    assert (right + 1.0 < wrong).all()


def test_what_is_held_out_takes_no_part_in_the_contrast():
    points = anchors("happy")
    vectors = unit(torch.randn(4, 384, generator=torch.Generator().manual_seed(0)))
    mead, feeling = torch.zeros(4, dtype=torch.long), torch.full((4,), -1)
    happy = points.classes == MEAD_CLASSES.index("happy")
    assert not points.allowed[happy].any()
    moved = points.vectors.clone()
    moved[happy] = vectors[0]
    other = make_anchors(BANK, moved.numpy(), "happy")
    torch.testing.assert_close(
        alignment_loss(vectors, mead, feeling, points),
        alignment_loss(vectors, mead, feeling, other),
    )


def test_pairs_of_one_class_are_pulled_together():
    alike = unit(torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]]))
    assert pair_loss(alike, torch.tensor([0, 0, 1, 1])) < pair_loss(
        alike, torch.tensor([0, 1, 0, 1])
    )


def test_rare_groups_are_drawn_as_often_as_common_ones():
    groups = np.array(["a"] * 95 + ["b"] * 5)
    generator = torch.Generator().manual_seed(0)
    even = np.mean(groups[balanced(groups, 2000, generator)] == "b")
    as_is = np.mean(groups[balanced(groups, 2000, generator, 0.0)] == "b")
    assert 0.45 < even < 0.55
    assert as_is < 0.1


def test_average_recall_weighs_classes_alike():
    truth, found = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])
    assert smooth_accuracy(found, truth) == pytest.approx(0.5)


def test_nobody_trains_and_validates():
    kept, held = split_persons([looks(), looks(seed=1)], 0.2, 0)
    trained, asked = (set(np.concatenate([one.person for one in parts])) for parts in (kept, held))
    assert not trained & asked
    assert len(trained | asked) == 10
    assert all(len(one) > 0 for one in (*kept, *held))
    assert len(kept[1]) + len(held[1]) == 64


def test_rendered_faces_carry_the_feeling_that_they_wear(photo_path, tmp_path, monkeypatch):
    monkeypatch.setattr("talkinghead.training.emotion_faces.CALMEST", 2.0)  # the admiral smiles
    made = list(rendered_faces(TalkingHead.from_pretrained("cpu"), [photo_path], 4, 0))
    assert len(made) == 4
    examples = gathered(made)
    assert [BANK.feelings[row].mead_class for row in examples.feeling] == [
        MEAD_CLASSES[row] for row in examples.mead
    ]
    assert np.abs(examples.expression[0] - examples.expression[1]).max() > 0.1
    save_faces(tmp_path / "faces.npz", examples)
    np.testing.assert_array_equal(load_faces(tmp_path / "faces.npz").crops, examples.crops)


def test_only_rows_that_may_ship_are_read(tmp_path):
    index = tmp_path / "index.csv"
    index.write_text(
        "file,split,tier,emotion\na,train,clean,fearful\nb,train,research,happy\n"
        "c,eval,clean,sad\nd,train,repo,joyful\n"
    )
    rows = emotion_labels.read_index(index, "train", emotion_labels.SHIPPABLE)
    assert [row["file"] for row in rows] == ["a", "d"]
    assert [emotion_labels.class_of(row["emotion"]) for row in rows] == ["fear", ""]


def test_labels_by_hand_name_classes():
    photos, moments = emotion_labels.photo_labels(), emotion_labels.clip_labels()
    assert len(photos) > 200
    assert len(moments) > 100
    assert set(photos.values()) <= {*MEAD_CLASSES, ""}
    assert set(moments.values()) <= set(MEAD_CLASSES)


def test_a_recording_comes_first_as_it_is_and_then_in_disguise():
    waveform = np.sin(np.arange(16000) / 20).astype(np.float32)
    first, second, third = versions(waveform, 2, np.random.default_rng(0))
    assert first is waveform
    assert len(second) != len(third) or np.abs(second - third).max() > 0.01


def test_a_held_out_class_is_asked_for_but_never_taught(monkeypatch):
    monkeypatch.setattr("talkinghead.training.emotion_held_out.STEPS", 80)
    asked = [
        Labelled(VoiceCues(row, 1.0), MEAD_CLASSES[number % 8], "set", "p", str(number), row)
        for number, row in enumerate(voices(16, seed=3).statistics)
    ]
    figures = held_out("sad", voices(), asked, anchors("sad"))
    assert figures["sound to text"] == 0.0  # these anchors are noise: nothing leads to a new one
    assert figures["text to sound, chance"] == 0.125
    assert held_out("sad", voices(), [asked[0]], anchors("sad")) == {}


def test_fitted_faces_stand_in_for_voices():
    examples = fitted_as_voices([faces(), faces(seed=1)], anchors())
    assert examples.statistics.shape == (128, 55)
    assert set(examples.feeling) == set(PLAIN)
