"""The figures by hand, and the way to networks that are not there."""

import numpy as np
import pytest

from talkinghead.errors import BadOption
from talkinghead.evaluation import outside_networks as outside
from talkinghead.evaluation.frames import fid_table


def vectors(seed, count=200, width=4, shift=0.0, scale=1.0):
    return (shift + scale * np.random.default_rng(seed).normal(size=(count, width))).astype(
        np.float32
    )


def test_equal_sets_have_no_distance():
    one = vectors(0)
    assert outside.frechet_distance(one, one) == pytest.approx(0, abs=1e-6)


def test_the_frechet_distance_by_hand():
    # One dimension: (m1 - m2)² + (s1 - s2)² with sample deviations.
    first = np.array([[0.0], [2.0]], np.float32)  # mean 1, deviation √2
    second = np.array([[5.0], [5.0 + np.sqrt(8)]], np.float32)  # deviation 2
    mean = (5 + np.sqrt(2) - 1) ** 2
    expected = mean + (np.sqrt(2) - 2) ** 2
    assert outside.frechet_distance(first, second) == pytest.approx(expected, rel=1e-5)


def test_a_shift_of_a_known_size():
    one = vectors(0)
    assert outside.frechet_distance(one, one + 3) == pytest.approx(4 * 9, rel=1e-4)


def test_sync_by_hand():
    seen = np.zeros((40, 2), np.float32)
    seen[:, 0] = np.arange(40) ** 2
    distance, confidence, shift = outside.lip_sync_errors(seen, seen)
    assert (distance, shift) == (0.0, 0)
    assert confidence > 0
    late = np.roll(seen, 3, axis=0)  # what is seen at i is heard at i + 3
    assert outside.lip_sync_errors(seen[5:35], late[5:35])[2] == 3
    constant = np.ones((9, 2), np.float32)
    assert outside.lip_sync_errors(constant, constant)[:2] == (0.0, 0.0)


def test_fid_compares_every_renderer_with_the_truth():
    frames = list(np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), np.uint8))

    def network(batch):
        assert batch.shape[1:] == (3, 299, 299)
        assert -1 <= batch.min() <= batch.max() <= 1
        return batch.mean((2, 3))

    dark = [frame // 4 for frame in frames]
    table = fid_table(network, {"truth": frames, "same": frames, "dark": dark})
    assert table["frames"] == 12
    assert table["same"] == pytest.approx(0, abs=1e-5)
    assert table["dark"] > 0.1


def test_syncnet_gets_five_frames_and_twenty_rows_at_a_time():
    pytest.importorskip("python_speech_features")
    shapes = []

    def network(batch):
        shapes.append(batch.shape[1:])
        return batch.reshape(len(batch), -1)[:, :8]

    faces = [np.zeros((224, 224, 3), np.uint8)] * 25
    wave = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    seen, heard = outside.sync_vectors(network, network, faces, wave)
    assert set(shapes) == {(3, 5, 224, 224), (1, 13, 20)}
    assert len(seen) == len(heard) == 20


def test_without_the_files_nothing_is_loaded(tmp_path):
    assert outside.found(None, outside.INCEPTION) is None
    assert outside.found(tmp_path, outside.INCEPTION) is None
    (tmp_path / outside.INCEPTION).write_bytes(b"no network")
    pytest.importorskip("onnxruntime")
    with pytest.raises(BadOption, match=r"inception.onnx is no ONNX"):
        outside.found(tmp_path, outside.INCEPTION)
