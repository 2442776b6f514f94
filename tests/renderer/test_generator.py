import numpy as np
import pytest
import torch

from renderer.generator import Batch, Change, FaceGenerator, applied
from renderer.layers import ResidualBlock
from renderer.networks import PRESETS, warp_by


def random_batch(count, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def uniform(*shape):
        return torch.rand(count, *shape, generator=generator)

    maps = uniform(7, 64, 64)
    maps[:, :2] = (maps[:, :2] - 0.5) * 0.2
    return Batch(
        uniform(3, 256, 256), uniform(3, 256, 256), uniform(2, 256, 256), maps,
        uniform(4, 64, 64), uniform(27, 110),
    )  # fmt: skip


def part_of(batch, index):
    return Batch(*(getattr(batch, name)[index : index + 1] for name in Batch.__annotations__))


@pytest.fixture(scope="module")
def untrained():
    torch.manual_seed(0)
    return FaceGenerator(PRESETS["tiny"])


@pytest.fixture(scope="module")
def perturbed():
    torch.manual_seed(0)
    generator = FaceGenerator(PRESETS["tiny"])
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.02)
    return generator


def test_untrained_it_returns_the_geometric_picture(untrained):
    batch = random_batch(1)
    with torch.no_grad():
        picture, change = untrained(batch)
    assert float((picture - batch.picture).abs().max()) < 1e-5
    assert float(change.flow.abs().max()) == 0.0


def test_every_convolution_receives_gradient(perturbed):
    batch = random_batch(2)
    picture, change = perturbed(batch)
    (picture.square().mean() + change.visibility.mean()).backward()
    dead = [
        name for name, parameter in perturbed.named_parameters()
        if parameter.grad is None or float(parameter.grad.abs().max()) == 0.0
    ]  # fmt: skip
    perturbed.zero_grad(set_to_none=True)
    assert dead == []


def test_two_at_once_are_two_one_after_the_other(perturbed):
    batch = random_batch(2)
    with torch.no_grad():
        together, _ = perturbed(batch)
        first, _ = perturbed(part_of(batch, 0))
        second, _ = perturbed(part_of(batch, 1))
    difference = (together - torch.cat([first, second])).abs()
    assert float(difference.mean()) < 1e-4
    assert float(difference.max()) < 5e-3  # flow's rounding errors, on noise


def test_the_source_changes_the_answer(perturbed):
    batch, other = random_batch(1), random_batch(1, seed=1)
    swapped = Batch(other.source, batch.picture, batch.inner, batch.maps, batch.source_maps,
                    batch.motion)  # fmt: skip
    with torch.no_grad():
        assert float((perturbed(batch)[0] - perturbed(swapped)[0]).abs().max()) > 1e-4


def test_the_motion_changes_the_answer(perturbed):
    batch = random_batch(1)
    moved = Batch(batch.source, batch.picture, batch.inner, batch.maps, batch.source_maps,
                  batch.motion + 1)  # fmt: skip
    with torch.no_grad():
        assert float((perturbed(batch)[0] - perturbed(moved)[0]).abs().max()) > 1e-5


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(64, 64), (31, 48)])
def test_no_flow_is_the_identity(mode, size):
    picture = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    same = warp_by(picture, torch.zeros(1, 2, *size), mode)
    assert float((same - picture).abs().max()) < 1e-5


def test_flow_is_counted_in_half_sides_towards_right_and_bottom():
    picture = torch.zeros(1, 1, 8, 8)
    picture[0, 0, 2, 5] = 1.0
    offset = torch.zeros(1, 2, 8, 8)
    offset[:, 0] = 2 * 3 / 8  # three pixels to the right
    offset[:, 1] = -2 * 1 / 8  # one up
    moved = warp_by(picture, offset)
    assert float(moved[0, 0, 3, 2]) == pytest.approx(1.0, abs=1e-4)


def test_a_change_is_flow_then_shading_then_texture():
    picture = torch.full((1, 3, 256, 256), 0.5)
    change = Change(
        torch.zeros(1, 2, 64, 64), torch.full((1, 3, 64, 64), 0.1),
        torch.full((1, 3, 256, 256), 0.2), torch.ones(1, 1, 64, 64),
    )  # fmt: skip
    np.testing.assert_allclose(applied(picture, change).numpy(), 0.8, atol=1e-5)


def test_the_second_convolution_of_a_block_takes_the_first_ones_output():
    block = ResidualBlock(4)
    values = torch.rand(1, 4, 5, 5)
    before = block(values)
    with torch.no_grad():
        block.first.weight += 1.0
    assert float((block(values) - before).abs().max()) > 1e-3


def test_the_base_preset_fits_a_file_of_16_megabytes_in_half_precision():
    count = sum(one.numel() for one in FaceGenerator(PRESETS["base"]).parameters())
    assert count <= 8_000_000


def test_weights_come_back_from_a_file_of_half_precision(perturbed):
    again = FaceGenerator.from_tensors(perturbed.as_tensors())
    assert again.config == perturbed.config
    pairs = zip(again.parameters(), perturbed.parameters(), strict=True)
    assert max(float((one - other).abs().max()) for one, other in pairs) < 2e-3
