import numpy as np
import pytest
import torch

from renderer.discriminator import FaceDiscriminator, crop_around, region_centres
from renderer.generator import Change
from renderer.losses import (
    VISIBLE,
    Regions,
    feature_matching,
    hinge,
    modesty,
    psnr,
    reconstruction,
    region_weight,
)


@pytest.fixture(scope="module")
def regions(face_model):
    return Regions.of(face_model)


def maps_with(code):
    maps = torch.zeros(1, 7, 64, 64)
    maps[:, 4:7] = 9.0  # far from everything
    maps[0, 3, 40, 20] = 1.0
    maps[0, 4:7, 40, 20] = code
    return maps


def test_equal_pictures_cost_nothing():
    picture = torch.rand(1, 3, 16, 16)
    absolute, gradient = reconstruction(picture, picture, torch.ones(1, 1, 16, 16))
    assert float(absolute) == 0.0
    assert float(gradient) == 0.0


def test_a_shift_of_brightness_costs_itself_and_has_no_gradient():
    picture = torch.rand(1, 3, 16, 16)
    absolute, gradient = reconstruction(picture + 0.25, picture, torch.ones(1, 1, 16, 16))
    assert float(absolute) == pytest.approx(np.hypot(0.25, VISIBLE) - VISIBLE, abs=1e-5)
    assert float(gradient) == pytest.approx(0.0, abs=1e-5)


def test_an_edge_costs_by_hand():
    picture = torch.zeros(1, 1, 8, 8)
    picture[..., 4:] = 1.0
    _, gradient = reconstruction(picture, torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8))
    # One column edge a scale: 8 of 64, then 4 x 1 and 2 x 1 of it, over the weights' sum there.
    step = np.hypot(1, VISIBLE) - VISIBLE
    assert float(gradient) == pytest.approx(step * (8 / 64 + 4 / 16 + 2 / 4), abs=1e-5)


def test_weight_counts():
    picture, target = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    picture[..., 0, 0] = 1.0
    weight = torch.ones(1, 1, 8, 8)
    weight[..., 0, 0] = 5.0
    assert float(reconstruction(picture, target, weight)[0]) == pytest.approx(
        5 / 68 * (np.hypot(1, VISIBLE) - VISIBLE)
    )


def test_lips_are_near_the_mouth_and_weigh_more(regions):
    mouth = torch.from_numpy(regions.centres[0])
    closeness = regions.closeness(maps_with(mouth))
    assert float(closeness[0, 0, 40, 20]) == pytest.approx(1.0, abs=1e-4)
    assert float(closeness[0, 1, 40, 20]) < 0.05
    weight = region_weight(maps_with(mouth), closeness, (64, 64))
    assert float(weight[0, 0, 40, 20]) > 5
    assert float(weight[0, 0, 5, 60]) < 1


def test_a_region_is_found_where_it_is(regions):
    closeness = regions.closeness(maps_with(torch.from_numpy(regions.centres[0])))
    x, y = region_centres(closeness)[0, 0]
    assert float(x) == pytest.approx((20 + 0.5) / 32 - 1, abs=1e-4)
    assert float(y) == pytest.approx((40 + 0.5) / 32 - 1, abs=1e-4)


def test_a_crop_shows_what_lies_around_its_centre():
    picture = torch.rand(1, 3, 256, 256)
    centre = torch.tensor([[(100 / 128) - 1, (60 / 128) - 1]])
    crop = crop_around(picture, centre)
    assert float((crop - picture[..., 28:92, 68:132]).abs().max()) < 1e-4


def test_discriminators_learn_from_what_they_see():
    torch.manual_seed(0)
    judge = FaceDiscriminator(4)
    real, fake = torch.rand(2, 3, 256, 256), torch.zeros(2, 3, 256, 256)
    centres = torch.zeros(2, 3, 2)
    optimizer = torch.optim.Adam(judge.parameters(), 1e-2)
    losses = []
    for _ in range(6):
        loss = hinge(judge(real, centres).scores, judge(fake, centres).scores)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_equal_features_match():
    features = [torch.rand(1, 4, 8, 8)]
    assert float(feature_matching(features, features)) == 0.0


def test_psnr_by_hand():
    picture = torch.full((1, 3, 8, 8), 0.6)
    assert float(psnr(picture, torch.full((1, 3, 8, 8), 0.5))) == pytest.approx(20.0, abs=1e-3)


def test_paint_costs_only_where_the_photo_shows_the_surface():
    size, small = 32, 8
    change = Change(
        flow=torch.zeros(1, 2, small, small), shading=torch.zeros(1, 3, small, small),
        texture=torch.full((1, 3, size, size), 0.1), visibility=torch.ones(1, 1, small, small),
    )  # fmt: skip
    seen = torch.ones(1, 7, small, small)
    hidden = seen.clone()
    hidden[:, 2] = 0
    nowhere, mouth = torch.zeros(1, 2, size, size), torch.ones(1, 2, size, size)
    far, near = torch.zeros(1, 3, small, small), torch.ones(1, 3, small, small)
    assert modesty(change, seen, nowhere, far)[1] == pytest.approx(0.1, abs=1e-6)
    assert modesty(change, hidden, nowhere, far)[1] == 0
    assert modesty(change, seen, mouth, far)[1] == 0
    assert modesty(change, seen, nowhere, near)[1] == 0
