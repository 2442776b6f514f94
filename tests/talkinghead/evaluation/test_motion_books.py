import numpy as np
import pytest
import torch

from renderer.coefficients import ARKIT_INDEX, MotionCoefficients
from talkinghead.evaluation.motion_books import measure_books, perplexity
from talkinghead.motion.motion_vq import PARTS
from tests.talkinghead.motion.learned_cases import shaken, untrained


def track(frames=40, fps=30.0):
    expression = np.zeros((frames, 52), np.float32)
    expression[:, ARKIT_INDEX["jawOpen"]] = 0.3 + 0.3 * np.sin(np.arange(frames) / 4)
    pose = np.zeros((frames, 3), np.float32)
    return MotionCoefficients(expression, pose, pose, fps)


def test_perplexity_by_hand():
    assert perplexity(np.array([3, 3, 3]), 8) == pytest.approx(1.0)
    assert perplexity(np.arange(8), 8) == pytest.approx(8.0)
    assert perplexity(np.array([0, 0, 1, 1]), 8) == pytest.approx(2.0)


def test_every_part_is_counted(face_model):
    result = measure_books(shaken("codebook").net, [track(), track(60, 25.0)], face_model)
    for name, part in PARTS.items():
        row = result[name]
        assert row["size"] == part.size
        assert len(row["perplexity"]) == part.heads
        assert all(1.0 <= one <= part.size for one in row["perplexity"])
        assert all(0.0 <= one < 1.0 for one in row["unused"])


def test_untrained_books_lose_the_whole_movement(face_model):
    """Their decoder says nothing, so the error is the movement itself."""
    moving = track()
    result = measure_books(untrained("codebook").net, [moving], face_model)
    still = measure_books(untrained("codebook").net, [track(1)], face_model)
    assert result["lips_mm"]["mean"] > 3.0
    assert still["lips_mm"]["mean"] == pytest.approx(0.0, abs=1e-6)


def test_books_that_spell_perfectly_have_no_error(face_model):
    net = untrained("codebook").net

    class Perfect:
        def encode(self, motion):
            self.kept = motion
            return torch.zeros(1, motion.shape[1], sum(one.heads for one in PARTS.values()),
                               dtype=torch.int64)  # fmt: skip

        def decode(self, codes):
            return self.kept

    net._modules.pop("books")
    net.books = Perfect()
    assert measure_books(net, [track()], face_model)["lips_mm"]["mean"] == 0.0
