import cv2
import numpy as np
import pytest
import torch

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from renderer.conditions import network_box
from renderer.generator import FaceGenerator
from renderer.geometric import GeometricRenderer
from renderer.learned import Answer, LearnedRenderer, Paste
from renderer.networks import PRESETS
from talkinghead.portrait.framing import crop_view


def speaking(view, count):
    expression = np.repeat(view.motion.expression, count, axis=0)
    expression[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0, 0.5, count)
    rotation = np.repeat(view.motion.rotation, count, axis=0)
    rotation[:, 1] += np.linspace(0, 0.15, count)
    return MotionCoefficients(expression, rotation, np.zeros((count, 3), np.float32), 25.0)


def perturbed_generator():
    torch.manual_seed(0)
    generator = FaceGenerator(PRESETS["tiny"])
    with torch.no_grad():
        for level in generator.hierarchy.levels:
            torch.nn.init.normal_(level.head.weight, std=0.003)
        torch.nn.init.normal_(generator.hierarchy.texture.weight, std=0.01)
    return generator


@pytest.mark.parametrize("size", [256, 512])
def test_untrained_it_is_the_geometric_renderer(face_model, portrait, size):
    view = crop_view(portrait.source, size)
    motion = speaking(view, 2)
    torch.manual_seed(0)
    renderer = LearnedRenderer(face_model, view, FaceGenerator(PRESETS["tiny"]))
    frames = list(renderer.render(motion))
    expected = list(GeometricRenderer(face_model, view).render(motion))
    assert len(frames) == 2
    for frame, other in zip(frames, expected, strict=True):
        assert frame.shape == (size, size, 3)
        assert frame.dtype == np.uint8
        # Where geometry paints, detail finer than the network's pixels is taken out at 512.
        assert np.abs(frame.astype(int) - other).mean() < 0.05


def test_it_changes_the_head_and_leaves_what_the_network_does_not_see(face_model, portrait):
    view = crop_view(portrait.source, 256)
    motion = speaking(view, 1)
    renderer = LearnedRenderer(face_model, view, perturbed_generator())
    frame = next(renderer.render(motion))
    geometric = next(GeometricRenderer(face_model, view).render(motion))
    left, top, right, bottom = (int(np.clip(edge, 0, 256)) for edge in renderer.box)
    outside = np.ones((256, 256), bool)
    outside[top:bottom, left:right] = False
    assert outside.any()
    np.testing.assert_array_equal(frame[outside], geometric[outside])
    assert np.abs(frame.astype(int) - geometric)[top:bottom, left:right].mean() > 0.5


def smooth_answer():
    x, y = np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 64))
    flow = np.stack([0.03 * np.sin(3 * y), 0.02 * np.cos(2 * x)], axis=-1)
    shading = np.repeat(0.1 * np.sin(4 * x)[..., None], 3, axis=-1)
    texture = np.zeros((256, 256, 3))
    texture[150:180, 100:150] = 0.2
    painted = texture[..., :1] * 5
    return Answer(*(one.astype(np.float32) for one in (flow, shading, texture, painted)))


def test_the_same_change_at_twice_the_size(portrait):
    small = cv2.GaussianBlur(crop_view(portrait.source, 256).image, (0, 0), 3)
    large = cv2.resize(small, (512, 512), interpolation=cv2.INTER_LINEAR)
    box = (30.0, 20.0, 230.0, 220.0)
    frame = Paste(box, small.shape).apply(small, smooth_answer()).astype(float)
    twice = Paste(tuple(2 * edge for edge in box), large.shape).apply(large, smooth_answer())
    halved = twice.reshape(256, 2, 256, 2, 3).mean((1, 3))
    assert np.abs(frame - small).mean() > 3
    assert np.abs(halved - frame).mean() < 0.5


def test_what_is_painted_hides_the_photos_finer_detail(portrait):
    view = crop_view(portrait.source, 512)
    paste = Paste(network_box(view.landmarks), view.image.shape)
    left, top, right, _ = (int(edge) for edge in network_box(view.landmarks))
    scale = (right - left) / 256
    noisy = np.random.default_rng(0).integers(0, 256, view.image.shape).astype(np.uint8)
    answer = smooth_answer()
    answer.flow[:] = 0
    frame = paste.apply(noisy, answer).astype(float)
    rows = slice(int(top + 155 * scale), int(top + 175 * scale))
    columns = slice(int(left + 105 * scale), int(left + 145 * scale))
    assert frame[rows, columns].std() < 0.7 * noisy[rows, columns].std()


def test_frames_do_not_depend_on_their_chunk(face_model, portrait):
    view = crop_view(portrait.source, 256)
    renderer = LearnedRenderer(face_model, view, perturbed_generator())
    motion = speaking(view, 6)
    once, again = list(renderer.render(motion)), list(renderer.render(motion))
    assert len(once) == 6
    for first, second in zip(once, again, strict=True):
        np.testing.assert_array_equal(first, second)
