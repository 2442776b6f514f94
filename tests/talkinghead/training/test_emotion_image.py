import argparse

import numpy as np
import torch

from talkinghead.emotion.image_tower import make_network
from talkinghead.training.emotion_disguise import MIRROR, disguised
from talkinghead.training.emotion_faces import save_faces
from talkinghead.training.emotion_image import (
    ImagePlan,
    measure_image,
    place_names,
    train_image,
)
from talkinghead.training.emotion_looks import load_looks, look, save_looks
from talkinghead.training.emotion_material import LOOKS, read_looks
from talkinghead.training.emotion_teacher import TAUGHT
from talkinghead.training.loop import Deadline
from tests.talkinghead.training.emotion_cases import anchors, faces, looks


def test_a_stopped_run_gives_the_same_network_as_one_that_was_not_stopped(tmp_path):
    class After:
        def __init__(self, steps):
            self.left = steps

        @property
        def passed(self):
            self.left -= 1
            return self.left < 0

    given = (looks(), looks(seed=1), anchors())
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    whole = train_image(*given, ImagePlan(4, 0, tmp_path / "a"), Deadline(60))
    assert train_image(*given, ImagePlan(4, 0, tmp_path / "b"), After(2)) is None
    parted = train_image(*given, ImagePlan(4, 0, tmp_path / "b"), Deadline(60))
    for one, other in zip(whole.parameters(), parted.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_a_mirrored_face_has_its_sides_exchanged():
    twice = np.array(MIRROR)[np.array(MIRROR)]
    np.testing.assert_array_equal(twice, np.arange(55))
    crops = torch.rand(8, 96, 96, generator=torch.Generator().manual_seed(1))
    fitted = torch.rand(8, 55, generator=torch.Generator().manual_seed(2))
    one, other = (disguised(crops, fitted, torch.Generator().manual_seed(5)) for _ in range(2))
    torch.testing.assert_close(one, other)
    assert one[0].min() >= 0.0
    assert one[0].max() <= 1.0


def test_training_leaves_the_eye_as_it_was():
    torch.manual_seed(1)
    network = make_network()
    state = network.state_dict()
    eye = {name: state[name] for name in state if name.startswith(("look.", "name."))}
    trained = train_image(looks(), looks(), anchors(), ImagePlan(2, 0, None, eye), Deadline(60))
    crops = torch.from_numpy(faces(4).crops).float() / 255.0
    with torch.inference_mode():
        torch.testing.assert_close(trained.see(crops), network.see(crops))
        torch.testing.assert_close(
            trained.name(trained.see(crops)), network.name(network.see(crops))
        )
    fresh = make_network(0.0)
    assert not torch.allclose(trained.to_space.weight, fresh.to_space.weight)


def test_what_the_eye_names_lies_at_the_plain_feelings():
    points, network = anchors(), make_network()
    place_names(network, points)
    with torch.no_grad():
        network.name.weight.zero_()
        network.name.bias.copy_(torch.eye(7)[4] * 50.0)
        where = network.named(torch.zeros(1, 256))[0]
    torch.testing.assert_close(where, points.vectors[points.plain[TAUGHT[4]]])


def test_a_face_and_its_mirror_image_look_the_same_to_the_eye():
    crops = torch.rand(2, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        network = make_network()
        torch.testing.assert_close(network.see(crops), network.see(crops.flip(2)))


def test_a_face_is_looked_at_as_it_is_and_then_in_disguise(tmp_path):
    given, network = faces(4), make_network()
    found = look(network, given, 3, 0)
    assert found.seen.shape == (4, 3, 256)
    with torch.inference_mode():
        plain = network.see(torch.from_numpy(given.crops).float() / 255.0).numpy()
    np.testing.assert_allclose(found.seen[:, 0], plain, atol=0.02 * plain.max())
    np.testing.assert_array_equal(found.fitted[:, 0, :52], given.expression)
    assert np.abs(found.seen[:, 1] - found.seen[:, 2]).max() > 1e-3
    save_looks(tmp_path / "looks.npz", found)
    again = load_looks(tmp_path / "looks.npz")
    np.testing.assert_array_equal(again.seen, look(network, given, 3, 0).seen)
    np.testing.assert_array_equal(again.person, given.person)


def test_the_image_tower_learns_from_what_was_seen():
    given, points = looks(), anchors()
    network = train_image(given, given, points, ImagePlan(120, 0), Deadline(60))
    figures = measure_image(network, given, points)
    assert figures["accuracy"] > 0.9  # chance is 0.125
    assert figures["average_recall"] > 0.9


def test_faces_are_looked_at_once_in_a_run(tmp_path, monkeypatch):
    (tmp_path / "index.csv").write_text("file,split,tier,expression\n")
    for name in ("real", "rendered", "variants"):
        save_faces(tmp_path / f"{name}.npz", faces(2))
    chosen = argparse.Namespace(
        portraits=tmp_path, clips=[tmp_path], out=tmp_path, faces=2, variants=2
    )
    eye = {f"look.{name}": value for name, value in make_network().look.state_dict().items()}
    real, rendered = read_looks(chosen, eye)
    assert real.seen.shape == (2, LOOKS["real"], 256)
    assert rendered.seen.shape == (4, LOOKS["rendered"], 256)
    monkeypatch.setattr("talkinghead.training.emotion_material.look", None)  # not asked again
    again = read_looks(chosen, eye)
    np.testing.assert_array_equal(again[1].seen, rendered.seen)
