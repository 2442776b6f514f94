import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from renderer.detail_network import PAINTERS as WIDTHS
from renderer.detail_network import DetailPainter
from renderer.follow_network import CONFIGS, FollowNetwork
from renderer.generator import FaceGenerator
from renderer.networks import PRESETS
from talkinghead.errors import BadOption, NotBuiltYet, WeightsCorrupt
from talkinghead.portrait.framing import crop_view
from talkinghead.renderers import FOLLOW, GENERATOR, PAINTERS, Renderers
from talkinghead.weights import save_weights, weights_folder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copy(weights_folder() / "manifest.json", tmp_path)
    rows = json.loads((tmp_path / "manifest.json").read_text())
    kept = [row for row in rows if row["name"] not in (GENERATOR, FOLLOW, *PAINTERS.values())]
    (tmp_path / "manifest.json").write_text(json.dumps(kept))
    monkeypatch.setenv("EVOKE_WEIGHTS", str(tmp_path))
    return tmp_path


def store(shake=0.0):
    torch.manual_seed(0)
    generator = FaceGenerator(PRESETS["tiny"])
    with torch.no_grad():
        for one in generator.parameters():
            one.add_(shake * torch.randn_like(one))
    save_weights(generator.as_tensors(), GENERATOR, "a test", "CC0-1.0")


def store_painter(name, shake=0.0):
    torch.manual_seed(0)
    painter = DetailPainter(WIDTHS["tiny"])
    with torch.no_grad():
        for one in painter.parameters():
            one.add_(shake * torch.randn_like(one))
    save_weights(painter.as_tensors(), PAINTERS[name], "a test", "CC0-1.0")


def frame(renderers, portrait, name, turn=0.0):
    view = crop_view(portrait.source, 256)
    motion = portrait.resting
    motion = replace(motion, rotation=motion.rotation + np.float32([0, turn, 0]))
    return next(renderers.on(view, name, "cpu").render(motion))


def test_without_weights_there_is_the_geometric_one(folder, face_model, portrait):
    renderers = Renderers(face_model)
    assert renderers.names == ("geometric",)
    with pytest.raises(NotBuiltYet, match="geometric"):
        renderers.on(portrait.source, "learned", "cpu")


def test_an_untrained_generator_paints_the_geometric_picture(folder, face_model, portrait):
    store()
    renderers = Renderers(face_model)
    assert renderers.names == ("geometric", "learned")
    geometric, learned = (frame(renderers, portrait, name) for name in renderers.names)
    assert np.abs(geometric.astype(int) - learned).max() <= 1


def test_a_trained_one_paints_another(folder, face_model, portrait):
    store(shake=0.05)
    renderers = Renderers(face_model)
    geometric, learned = (frame(renderers, portrait, name) for name in renderers.names)
    assert np.abs(geometric.astype(int) - learned).max() > 3


def test_a_painter_of_mouths_is_a_learned_renderer_too(folder, face_model, portrait):
    store_painter("mouth", shake=0.1)
    renderers = Renderers(face_model)
    assert renderers.names == ("geometric", "learned")
    geometric, learned = (frame(renderers, portrait, name) for name in renderers.names)
    rows = np.flatnonzero(np.abs(geometric.astype(int) - learned).max(axis=(1, 2)) > 3)
    mouth = crop_view(portrait.source, 256).landmarks[[61, 291], 1]
    assert rows.min() < mouth.min() < mouth.max() < rows.max()
    eyes = crop_view(portrait.source, 256).landmarks[[33, 263], 1]
    assert rows.min() > eyes.max()


def test_follow_maps_are_a_learned_renderer_too(folder, face_model, portrait):
    torch.manual_seed(0)
    network = FollowNetwork(CONFIGS["tiny"])
    torch.nn.init.normal_(network.head.weight, std=0.3)
    save_weights(network.as_tensors(), FOLLOW, "a test", "CC0-1.0")
    renderers = Renderers(face_model)
    assert renderers.names == ("geometric", "learned")
    view = crop_view(portrait.source, 256)
    still = [next(renderers.on(view, name, "cpu").render(view.motion)) for name in renderers.names]
    np.testing.assert_array_equal(*still)
    geometric, learned = (frame(renderers, portrait, name, turn=0.2) for name in renderers.names)
    assert np.abs(geometric.astype(int) - learned).max() > 20


def test_where_there_is_a_generator_it_is_taken(folder, face_model, portrait):
    store_painter("mouth", shake=0.1)
    store()
    renderers = Renderers(face_model)
    geometric, learned = (frame(renderers, portrait, name) for name in renderers.names)
    assert np.abs(geometric.astype(int) - learned).max() <= 1


def test_builders_are_named_as_the_renderers(folder, face_model, portrait):
    store()
    builders = Renderers(face_model).builders()
    assert tuple(builders) == ("geometric", "learned")
    view = crop_view(portrait.source, 256)
    frames = [next(build(view).render(portrait.resting)) for build in builders.values()]
    assert frames[0].shape == frames[1].shape == (256, 256, 3)


def test_damaged_weights_and_missing_gpus_are_named(folder, face_model, portrait):
    store()
    path = folder / f"{GENERATOR}.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(WeightsCorrupt, match=GENERATOR):
        frame(Renderers(face_model), portrait, "learned")
    if not torch.cuda.is_available():
        with pytest.raises(BadOption, match="cuda"):
            Renderers(face_model).on(portrait.source, "geometric", "cuda")


def test_the_shipped_painter_leaves_a_still_face_and_paints_an_open_mouth(face_model, portrait):
    renderers = Renderers(face_model)
    assert renderers.names == ("geometric", "learned")
    view = crop_view(portrait.source, 256)
    track = np.repeat(view.motion.expression, 2, axis=0)
    track[1, ARKIT_INDEX["jawOpen"]] = 0.5
    motion = MotionCoefficients(
        track, np.repeat(view.motion.rotation, 2, axis=0), np.zeros((2, 3), np.float32), 25.0
    )
    geometric, learned = (
        np.stack(list(renderers.on(view, name, "cpu").render(motion))).astype(int)
        for name in renderers.names
    )
    change = np.abs(geometric - learned).max(axis=-1)
    assert change[0].mean() < 0.5
    assert change[1].max() > 40
    assert change[1].mean() > 3 * change[0].mean()


def test_with_the_shipped_maps_the_head_turns_before_a_wall_that_stays(face_model, portrait):
    renderers = Renderers(face_model)
    photo = crop_view(portrait.source, 256).image.astype(int)
    corner = (slice(0, 90), slice(0, 60))  # beside the hair, above the shoulder
    moved = {
        name: np.abs(frame(renderers, portrait, name, turn=0.2)[corner] - photo[corner]).mean()
        for name in renderers.names
    }
    assert moved["learned"] < 0.6 * moved["geometric"]


def test_auto_means_the_best_there_is(folder, face_model):
    renderers = Renderers(face_model)
    assert renderers.meant("auto") == "geometric"
    store_painter("mouth")
    assert renderers.meant("auto") == "learned"
    assert renderers.meant("geometric") == "geometric"
