import numpy as np
import pytest

from renderer.camera import pose
from talkinghead.training.pairs import PairMaker
from talkinghead.training.scenes import Cut
from talkinghead.training.stream import PairStream, Sources, as_sample, augmented, mirrored


@pytest.fixture(scope="module")
def maker(face_model, clip_shard):
    return PairMaker(face_model, clip_shard.expression)


@pytest.fixture(scope="module")
def clip_pairs(maker, clip_shard):
    cut = Cut.around(clip_shard.landmarks[0], turn=0.1)
    return list(maker.from_clip(clip_shard, 0, [0, len(clip_shard) - 1], cut))


def decibels(first, second):
    error = ((first.astype(float) - second) ** 2).mean()
    return 10 * np.log10(255**2 / max(error, 1e-9))


def test_a_frame_paired_with_itself_is_reproduced(clip_pairs):
    pair = clip_pairs[0]
    np.testing.assert_array_equal(pair.source, pair.target)
    assert decibels(pair.picture, pair.target) > 40
    assert np.abs(pair.maps[..., :2]).max() < 1e-3


def test_geometry_brings_the_source_nearer_to_the_target(clip_pairs):
    pair = clip_pairs[1]
    assert decibels(pair.picture, pair.target) > decibels(pair.source, pair.target) + 3
    assert pair.inner[..., 0].max() > 200  # the mouth is open


def test_a_cut_moves_mesh_and_picture_alike(face_model, clip_shard):
    cut = Cut.around(clip_shard.landmarks[0], 1.9, 0.2, (0.03, -0.02))
    shape = face_model.deform(
        face_model.resting_shape(clip_shard.identity[0]), clip_shard.expression[:1]
    )[0]
    still = np.zeros(3, np.float32)
    before = clip_shard.camera(0).project(pose(shape, clip_shard.rotation[0], still))
    after = cut.camera(clip_shard.camera(0)).project(
        pose(shape, cut.rotation(clip_shard.rotation[0]), still)
    )
    np.testing.assert_allclose(cut.points(before[:, :2]), after[:, :2], atol=0.05)


def test_a_photo_is_the_target_and_something_else_the_source(maker, photo_shard):
    cut = Cut.around(photo_shard.landmarks[0])
    pairs = list(maker.from_photo(photo_shard, 0, cut, 2, np.random.default_rng(0)))
    assert len(pairs) == 2
    photo = cut.picture(photo_shard.picture(0))
    for pair in pairs:
        assert decibels(pair.target, photo) > 28  # only softer
        assert decibels(pair.picture, pair.target) > decibels(pair.source, pair.target) + 1


def test_a_mirror_twice_is_the_pair_again(clip_pairs):
    pair = clip_pairs[1]
    once, twice = mirrored(pair), mirrored(mirrored(pair))
    assert np.abs(once.maps.astype(float) - pair.maps).max() > 0.1
    for name, array in twice.arrays().items():
        np.testing.assert_array_equal(array, pair.arrays()[name])


def test_another_light_falls_on_all_pictures_of_a_pair(clip_pairs):
    pair = clip_pairs[0]
    lit = augmented(pair, np.random.default_rng(1))
    np.testing.assert_array_equal(lit.source, lit.target)
    assert np.abs(lit.source.astype(int).mean() - pair.source.mean()) > 1


def test_samples_have_channels_first(clip_pairs):
    sample = as_sample(clip_pairs[0])
    assert tuple(sample["source"].shape) == (3, 256, 256)
    assert tuple(sample["maps"].shape) == (7, 64, 64)
    assert tuple(sample["window"].shape) == (27, 55)


def test_a_stream_can_be_entered_anywhere(face_model, clip_shard):
    sources = Sources.of([clip_shard], frozenset())
    whole = iter(PairStream(sources, face_model, 3))
    for _ in range(4):
        next(whole)
    entered = iter(PairStream(sources, face_model, 3, start=4))
    for _ in range(2):
        first, second = next(whole), next(entered)
        for name, tensor in first.items():
            assert tensor.equal(second[name])


def test_the_held_out_are_left_out(clip_shard, photo_shard):
    sources = Sources.of([clip_shard, photo_shard], frozenset({"grace"}))
    assert sources.people == ()
    assert sources.photos == (photo_shard,)
