import numpy as np
import pytest
import torch

from renderer.coefficients import MotionCoefficients
from renderer.detail_network import MOTION, PAINTERS, DetailPainter
from renderer.detail_views import VIEWS
from renderer.detailed import CHUNK, DetailedRenderer
from renderer.geometric import GeometricRenderer
from talkinghead.portrait.framing import crop_view


def painter(shake=0.0):
    torch.manual_seed(0)
    network = DetailPainter(PAINTERS["tiny"])
    with torch.no_grad():
        for one in network.parameters():
            one.add_(shake * torch.randn_like(one))
    return network


def painters(shake=0.0):
    return {"mouth": painter(shake), "eye": painter(shake)}


def frames(renderer, motion):
    return np.stack(list(renderer.render(motion)))


def difference(first, second):
    return np.abs(first.astype(int) - second)


@pytest.mark.parametrize("size", [256, 512])
def test_untrained_it_hardly_changes_the_geometric_picture(face_model, portrait, opened, size):
    view = crop_view(portrait.source, size)
    motion = opened(view)
    seen = frames(DetailedRenderer(face_model, view, painters()), motion)
    expected = frames(GeometricRenderer(face_model, view), motion)
    assert seen.shape == expected.shape == (len(motion), size, size, 3)
    assert seen.dtype == np.uint8
    assert difference(seen, expected).mean() < 0.1


def test_it_paints_mouth_and_eyes_and_nothing_else(face_model, portrait, opened):
    view = crop_view(portrait.source, 256)
    motion = opened(view)
    renderer = DetailedRenderer(face_model, view, painters(0.1))
    changed = difference(
        frames(renderer, motion), frames(GeometricRenderer(face_model, view), motion)
    )[-1]
    points = next(renderer.geometry.poses(motion.frames(len(motion) - 1, len(motion)))).points
    outside = np.ones((256, 256), bool)
    for one in VIEWS:
        box = one.box(face_model, points, view.camera.pixels_per_cm)
        left, top, right, bottom = (int(np.clip(round(edge), 1, 255)) for edge in box)
        assert changed[top:bottom, left:right].max() > 5
        outside[top - 1 : bottom + 1, left - 1 : right + 1] = False
    assert not changed[outside].any()


def test_a_view_without_a_painter_stays_geometric(face_model, portrait, opened):
    view = crop_view(portrait.source, 256)
    motion = opened(view)
    mouth_only = {"mouth": painter(0.1)}
    seen = frames(DetailedRenderer(face_model, view, mouth_only), motion)
    changed = difference(seen, frames(GeometricRenderer(face_model, view), motion))
    assert not changed[:, : int(view.landmarks[1, 1] - 20)].any()  # above the tip of the nose
    assert changed.max() > 5


def test_a_still_face_stays_still_and_chunks_do_not_show(face_model, portrait):
    view = crop_view(portrait.source, 256)
    count = CHUNK + 3
    still = MotionCoefficients(
        *(np.repeat(one, count, axis=0) for one in (view.motion.expression, view.motion.rotation)),
        np.zeros((count, 3), np.float32), 25.0,
    )  # fmt: skip
    seen = frames(DetailedRenderer(face_model, view, painters(0.1)), still)
    assert (seen == seen[0]).all()


def test_every_weight_receives_gradient_and_rows_do_not_mix():
    torch.manual_seed(1)
    network = painter(0.05)
    known, motion = torch.rand(2, 7, 32, 32), torch.rand(2, MOTION)
    paint, share = network(known, motion)
    for row in range(2):
        alone, alone_share = network(known[row : row + 1], motion[row : row + 1])
        torch.testing.assert_close(alone[0], paint[row], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(alone_share[0], share[row], atol=1e-5, rtol=1e-4)
    (paint.square().mean() + share.square().mean()).backward()
    for name, one in network.named_parameters():
        assert one.grad is not None, name
        assert one.grad.abs().max() > 0, name


def test_weights_come_back_as_they_were_but_for_half_precision():
    network = painter(0.05)
    again = DetailPainter.from_tensors(network.as_tensors())
    known, motion = torch.rand(1, 7, 32, 32), torch.rand(1, MOTION)
    with torch.no_grad():
        torch.testing.assert_close(
            again(known, motion)[0], network(known, motion)[0], atol=0.02, rtol=0.02
        )
