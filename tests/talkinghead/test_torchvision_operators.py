import subprocess
import sys
from pathlib import Path

import talkinghead

ROOT = Path(talkinghead.__file__).parents[1]

CHECK = """
import sys
from talkinghead.torchvision_operators import define_missing_operators
assert "torch" not in sys.modules, "importing the module must stay cheap"
declared = define_missing_operators()
assert define_missing_operators() is False, "the second call has nothing left to do"
import open_clip
from transformers import AutoModel
import torch, torchvision
assert hasattr(torch.ops.torchvision, "nms")
boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
works = True
try:
    torchvision.ops.nms(boxes, torch.ones(1), 0.5)
except (NotImplementedError, RuntimeError):
    works = False
assert declared != works, (declared, works)
assert define_missing_operators() is False
"""

ABSENT = """
import importlib.util
from talkinghead.torchvision_operators import define_missing_operators
find = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == "torchvision" else find(name)
assert define_missing_operators() is False
import torch
assert not hasattr(torch.ops.torchvision, "nms")
"""

IMPORTS = """
import sys
import talkinghead.emotion.encoder, talkinghead.emotion.timeline
heavy = {"torch", "transformers", "open_clip", "torchvision"} & set(sys.modules)
assert not heavy, heavy
"""


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_open_clip_and_transformers_import_and_operators_are_declared_only_if_missing():
    run(CHECK)


def test_without_torchvision_nothing_is_declared():
    run(ABSENT)


def test_importing_the_room_loads_no_heavy_package():
    run(IMPORTS)
