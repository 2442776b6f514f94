"""Weights: manifest, location, sha256, load. safetensors only; nothing is downloaded."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from talkinghead.errors import WeightsCorrupt, WeightsMissing

Tensors = dict[str, NDArray[np.generic]]
MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True)
class WeightFile:
    """One row of the manifest.

    Attributes:
        name: what the program calls it.
        file: file name below the weights folder.
        sha256: of the whole file, hexadecimal.
        size: bytes.
        licence: SPDX name.
        made_by: the command that makes it again.
    """

    name: str
    file: str
    sha256: str
    size: int
    licence: str
    made_by: str


def weights_folder() -> Path:
    """Where weights lie: `EVOKE_WEIGHTS`, else `weights/` beside the packages."""
    chosen = os.environ.get("EVOKE_WEIGHTS")
    return Path(chosen) if chosen else Path(__file__).resolve().parent.parent / "weights"


def read_manifest(folder: Path | None = None) -> dict[str, WeightFile]:
    """All known weight files by name.

    Raises:
        WeightsMissing: if there is no manifest.
        WeightsCorrupt: if it cannot be read.
    """
    path = (folder or weights_folder()) / MANIFEST_NAME
    if not path.is_file():
        message = f"no weights manifest at {path}; get a complete copy of the repository"
        raise WeightsMissing(message)
    try:
        rows = json.loads(path.read_text())
        return {row["name"]: WeightFile(**row) for row in rows}
    except (ValueError, TypeError, KeyError) as error:
        message = f"the weights manifest {path} is damaged ({error}); run: git checkout {path}"
        raise WeightsCorrupt(message) from error


def verify(entry: WeightFile, folder: Path | None = None) -> Path:
    """Check that a file is there and unharmed.

    Raises:
        WeightsMissing: the file is not there.
        WeightsCorrupt: its sha256 is not the manifest's.
    """
    path = (folder or weights_folder()) / entry.file
    if not path.is_file():
        message = f"weights {path} are missing; run: git checkout {path}, or {entry.made_by}"
        raise WeightsMissing(message)
    found = sha256_of(path)
    if found != entry.sha256:
        message = (
            f"weights {path} are damaged: sha256 is {found[:12]}…, expected {entry.sha256[:12]}…; "
            f"run: git checkout {path}, or {entry.made_by}"
        )
        raise WeightsCorrupt(message)
    return path


def load_weights(name: str, folder: Path | None = None) -> Tensors:
    """Verify and read a weight file.

    Raises:
        WeightsMissing: unknown name, or the file is not there.
        WeightsCorrupt: the file is damaged.
    """
    from safetensors.numpy import load_file

    manifest = read_manifest(folder)
    if name not in manifest:
        message = f"no weights called {name!r}; the manifest lists {', '.join(manifest)}"
        raise WeightsMissing(message)
    tensors: Tensors = load_file(verify(manifest[name], folder))
    return tensors


def save_weights(tensors: Tensors, entry_name: str, made_by: str, licence: str) -> WeightFile:
    """Write a weight file and its row of the manifest, atomically.

    Args:
        tensors: named arrays, in any memory layout; types are kept.
        entry_name: the file becomes `<entry_name>.safetensors`.
        made_by: the command that makes it again.
        licence: SPDX name.
    """
    from safetensors.numpy import save_file

    folder = weights_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{entry_name}.safetensors"
    temporary = path.with_suffix(".part")
    # It writes memory as it lies: a transposed or channels-last array would come back scrambled.
    save_file({name: np.ascontiguousarray(one) for name, one in tensors.items()}, temporary)
    temporary.chmod(0o644)
    temporary.replace(path)
    entry = WeightFile(
        entry_name, path.name, sha256_of(path), path.stat().st_size, licence, made_by
    )
    rows = read_manifest() if (folder / MANIFEST_NAME).is_file() else {}
    rows[entry_name] = entry
    manifest = folder / f"{MANIFEST_NAME}.part"
    manifest.write_text(json.dumps([asdict(rows[key]) for key in sorted(rows)], indent=2) + "\n")
    manifest.replace(folder / MANIFEST_NAME)
    return entry


def sha256_of(path: Path) -> str:
    """Hash a file in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
