"""What every training needs: a checkpoint in small files, a log, an average, and a good end."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn, optim

from talkinghead.errors import TalkingHeadError

LARGEST_FILE = 15_000_000
"""Bytes of one checkpoint file."""
_STATE = "state.json"

Numbers = Mapping[str, float]
Averaged = TypeVar("Averaged", bound=nn.Module)


def save_checkpoint(folder: Path, tensors: Mapping[str, Tensor], state: Numbers) -> None:
    """Write a checkpoint; a crash leaves the old one or the new one, never a mixture.

    Args:
        folder: becomes the checkpoint.
        tensors: by name; split over files of at most `LARGEST_FILE` bytes.
        state: counters.
    """
    from safetensors.torch import save_file

    fresh = folder.with_name(folder.name + ".part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for number, names in enumerate(_split(tensors)):
        part = {name: tensors[name].detach().cpu().contiguous() for name in names}
        save_file(part, fresh / f"tensors_{number:03d}.safetensors")
    (fresh / _STATE).write_text(json.dumps(dict(state)))
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(folder: Path) -> tuple[dict[str, Tensor], dict[str, float]]:
    """Read what `save_checkpoint` wrote.

    Raises:
        TalkingHeadError: there is none.
    """
    from safetensors.torch import load_file

    old = folder.with_name(folder.name + ".old")
    if not folder.exists() and old.exists():  # killed between the two renames
        old.rename(folder)
    if not (folder / _STATE).is_file():
        message = f"no checkpoint in {folder}; start without --resume"
        raise TalkingHeadError(message)
    tensors: dict[str, Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors.update(load_file(path))
    return tensors, json.loads((folder / _STATE).read_text())


def _split(tensors: Mapping[str, Tensor]) -> Iterator[list[str]]:
    names: list[str] = []
    size = 0
    for name, tensor in tensors.items():
        length = tensor.numel() * tensor.element_size()
        if names and size + length > LARGEST_FILE:
            yield names
            names, size = [], 0
        names.append(name)
        size += length
    if names:
        yield names


def module_tensors(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    """A module's parameters and buffers under a prefix."""
    return {f"{prefix}.{name}": value for name, value in module.state_dict().items()}


def load_module(prefix: str, module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Inverse of `module_tensors`."""
    start = f"{prefix}."
    module.load_state_dict(
        {name[len(start) :]: one for name, one in tensors.items() if name.startswith(start)}
    )


def optimizer_tensors(prefix: str, optimizer: optim.Optimizer) -> dict[str, Tensor]:
    """An optimiser's moments under a prefix."""
    state = optimizer.state_dict()["state"]
    return {
        f"{prefix}.{index}.{name}": value
        for index, values in state.items()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }


def load_optimizer(prefix: str, optimizer: optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Inverse of `optimizer_tensors`."""
    start = f"{prefix}."
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith(start):
            index, name = key[len(start) :].split(".", 1)
            state.setdefault(int(index), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


class Resumable:
    """A training that can be saved and gone on with.

    Args:
        parts: modules and optimisers by name; a name is a prefix in the checkpoint.

    Attributes:
        step: steps done.
        seconds: spent on them, where a training counts them.
    """

    def __init__(self, parts: Mapping[str, nn.Module | optim.Optimizer]) -> None:
        self._parts = dict(parts)
        self.step = 0
        self.seconds = 0.0

    def save(self, folder: Path) -> None:
        """Write everything that a resumed run needs."""
        tensors: dict[str, Tensor] = {}
        for name, part in self._parts.items():
            if isinstance(part, nn.Module):
                tensors |= module_tensors(name, part)
            else:
                tensors |= optimizer_tensors(name, part)
        save_checkpoint(folder, tensors, {"step": self.step, "seconds": self.seconds})

    def load(self, folder: Path) -> None:
        """Continue from what `save` wrote.

        Raises:
            TalkingHeadError: there is no checkpoint.
        """
        tensors, state = load_checkpoint(folder)
        for name, part in self._parts.items():
            if isinstance(part, nn.Module):
                load_module(name, part, tensors)
            else:
                load_optimizer(name, part, tensors)
        self.step, self.seconds = int(state["step"]), state.get("seconds", 0.0)


class Average(Generic[Averaged]):
    """Exponential moving average of a module's parameters.

    Args:
        module: a copy of the trained one; it is overwritten.
        decay: after a warm-up that is as long as the average.
    """

    def __init__(self, module: Averaged, decay: float = 0.999) -> None:
        self.module = module
        module.eval().requires_grad_(requires_grad=False)
        self._decay = decay

    @torch.no_grad()
    def update(self, trained: nn.Module, step: int) -> None:
        """Move towards the trained parameters."""
        decay = min(self._decay, (1 + step) / (10 + step))
        pairs = zip(self.module.parameters(), trained.parameters(), strict=True)
        for mean, value in pairs:
            mean.lerp_(value, 1 - decay)


class JsonLog:
    """One JSON object a line, appended.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, values: Mapping[str, float | str]) -> None:
        """Append a line; floats with five digits."""
        short = {
            key: float(f"{value:.5g}") if isinstance(value, float) else value
            for key, value in values.items()
        }
        with self._path.open("a") as stream:
            stream.write(json.dumps(short) + "\n")


class Deadline:
    """Says when to stop: the time is over, or somebody sent SIGTERM or pressed Ctrl-C.

    Args:
        minutes: from now.
    """

    def __init__(self, minutes: float) -> None:
        self._end = time.monotonic() + 60 * minutes
        self._asked = False

    def listen(self) -> None:
        """Take the signals."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._asked = True

    @property
    def passed(self) -> bool:
        """Whether to save and end."""
        return self._asked or time.monotonic() > self._end
