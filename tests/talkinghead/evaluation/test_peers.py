"""The harness on a stand-in for a peer's repository."""

import argparse
import sys
from pathlib import Path

import pytest

from talkinghead.evaluation import peers

WARPING = """
import torch
class WarpingNetwork(torch.nn.Module):
    def __init__(self, num_kp, **sizes):
        super().__init__()
        self.layer = torch.nn.Conv2d(32 * 16, 8, 1)
    def forward(self, feature_3d, kp_driving, kp_source):
        return {"out": self.layer(feature_3d.flatten(1, 2))}
"""
SPADE = """
import torch
class SPADEDecoder(torch.nn.Module):
    def __init__(self, **sizes):
        super().__init__()
        self.layer = torch.nn.Conv2d(8, 3, 1)
    def forward(self, feature):
        return self.layer(feature)
"""


@pytest.fixture
def clone(tmp_path, monkeypatch):
    modules = tmp_path / "src" / "modules"
    modules.mkdir(parents=True)
    (modules / "warping_network.py").write_text(WARPING)
    (modules / "spade_generator.py").write_text(SPADE)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    for name in [one for one in sys.modules if one == "src" or one.startswith("src.")]:
        del sys.modules[name]


def chosen(clone, **more):
    values = {"liveportrait": clone, "threads": 1, "runs": 3, "device": "cpu",
              "precision": ["float32", "bfloat16"], **more}  # fmt: skip
    return argparse.Namespace(**values)


def test_networks_are_timed_in_every_precision(clone):
    rows = peers._measure("liveportrait", chosen(clone))
    assert [row["precision"] for row in rows] == ["float32", "bfloat16"]
    for row in rows:
        assert row["system"] == "liveportrait"
        assert row["ms_a_frame"] > 0
        assert row["frames_per_second"] == pytest.approx(1000 / row["ms_a_frame"], rel=0.05)


def test_a_folder_that_is_no_clone_says_so(tmp_path):
    with pytest.raises(peers.BadOption, match="clone"):
        peers._in_a_process("liveportrait", chosen(Path(tmp_path)))


def test_without_a_clone_the_peer_is_left_out():
    assert peers._in_a_process("sadtalker", argparse.Namespace(sadtalker=None)) == []


def test_what_is_timed_runs_once_more_than_it_counts():
    calls = []
    assert len(peers._seconds(lambda: calls.append(1), 4, "cpu")) == 4
    assert len(calls) == 5
