"""Write a talking face for 3D programs: GLB or an OBJ sequence, and an ARKit CSV beside it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from renderer.coefficients import MotionCoefficients
from renderer.face_model import FaceModel
from renderer.geometry import FaceGeometry
from renderer.source import Source
from talkinghead.errors import BadOption, OutputNotWritable
from talkinghead.files import check_not_an_input, check_writable
from talkinghead.mesh.glb import glb_bytes
from talkinghead.mesh.live_link import LIVE_LINK_START, live_link_csv
from talkinghead.mesh.morphs import morphs_of
from talkinghead.mesh.obj import write_obj_sequence
from talkinghead.mesh.surface import surface_of
from talkinghead.types import Progress, no_progress

_PROGRESS_EVERY = 5  # frames


@dataclass(frozen=True)
class MeshFiles:
    """What was written.

    Attributes:
        mesh: the GLB, or the OBJ of the face as it is in the photo.
        sequence: the folder of the OBJ sequence; None for a GLB.
        motion: the CSV in the layout of Live Link Face.
        frames: how many.
        fps: frames per second.
        targets: names of the morph targets (GLB), the 52 ARKit names first.
    """

    mesh: Path
    sequence: Path | None
    motion: Path
    frames: int
    fps: float
    targets: tuple[str, ...]


def mesh_outputs(path: Path) -> list[Path]:
    """All files that `write_mesh(path)` makes, the folder of an OBJ sequence left aside.

    Raises:
        BadOption: for a suffix other than .glb or .obj.
    """
    suffix = path.suffix.lower()
    if suffix not in {".glb", ".obj"} or not path.stem:
        message = f"the output {path.name!r} should end in .glb, or in .obj for numbered OBJ files"
        raise BadOption(message)
    materials = [path.with_suffix(".mtl")] if suffix == ".obj" else []
    return [path, path.with_suffix(".csv"), *materials]


def check_mesh_path(path: Path, inputs: Iterable[object] = ()) -> None:
    """Refuse an output that cannot work, before any work is done.

    Args:
        path: as `write_mesh` takes it.
        inputs: paths that must not be replaced, nor lie in a folder that is.

    Raises:
        BadOption: for a suffix other than .glb or .obj.
        OutputNotWritable: for a missing or closed folder, an OBJ folder with other files in it, or
            a CSV of that name that is not in Live Link's layout.
    """
    for output in mesh_outputs(path):
        check_writable(output)
        check_not_an_input(output, [*inputs])
    _check_not_a_stranger(path.with_suffix(".csv"))
    if path.suffix.lower() == ".glb":
        return
    folder = path.with_suffix("")
    if folder.is_dir():
        for given in inputs:
            if isinstance(given, str | Path) and folder.resolve() in Path(given).resolve().parents:
                message = f"{given} lies in {folder}, which is replaced; give another name"
                raise OutputNotWritable(message)
        strangers = [one.name for one in folder.iterdir() if not _of_sequence(one.name, path.stem)]
        if strangers:
            message = (
                f"the folder {folder} holds other files ({strangers[0]}); the OBJ sequence would "
                "replace it: give another name"
            )
            raise OutputNotWritable(message)
    elif folder.exists():
        message = f"{folder} is a file, the OBJ sequence needs a folder of this name"
        raise OutputNotWritable(message)


def write_mesh(
    model: FaceModel,
    source: Source,
    motion: MotionCoefficients,
    path: Path,
    progress: Progress = no_progress,
) -> MeshFiles:
    """Write the animated face; everything appears under its name only when it is complete.

    Args:
        model: the face model.
        source: the fitted portrait (`Portrait.source`).
        motion: T frames, absolute weights as `TalkingHead.animate` makes them.
        path: OUT.glb, or OUT.obj for the face of the photo and a folder OUT of numbered files;
            OUT.csv lies beside it.
        progress: called with ("mesh", done, total); may raise `Cancelled`.

    Raises:
        BadOption, OutputNotWritable: see `check_mesh_path`.
    """
    path = Path(path)
    check_mesh_path(path)
    progress("mesh", 0, len(motion))
    geometry = FaceGeometry(model, source)
    morphs, surface = morphs_of(geometry), surface_of(geometry)
    is_sequence = path.suffix.lower() == ".obj"
    with _workplace(path) as folder:
        made = folder / path.name
        if is_sequence:
            for done in write_obj_sequence(made, geometry, surface, motion):
                if done % _PROGRESS_EVERY == 0:
                    progress("mesh", done, len(motion))
        else:
            made.write_bytes(glb_bytes(geometry, morphs, surface, motion))
        made.with_suffix(".csv").write_text(live_link_csv(motion), encoding="ascii")
        _move(folder, path)
    progress("mesh", len(motion), len(motion))
    sequence = path.with_suffix("") if is_sequence else None
    csv = path.with_suffix(".csv")
    return MeshFiles(path, sequence, csv, len(motion), motion.fps, morphs.names)


def _move(folder: Path, path: Path) -> None:
    """Put what was made beside its final name; the folder first, which cannot be replaced."""
    sequence = path.with_suffix("")
    if (folder / sequence.name).is_dir():
        if sequence.is_dir():
            sequence.rename(folder / "earlier")
        (folder / sequence.name).rename(sequence)
    for output in mesh_outputs(path):
        (folder / output.name).replace(output)


def _check_not_a_stranger(motion: Path) -> None:
    """The CSV is not named by the user: only one that an earlier mesh brought may be replaced."""
    if not motion.is_file():
        return
    start = ",".join(LIVE_LINK_START).encode()
    try:
        with motion.open("rb") as file:
            known = file.read(len(start)) in {start, b""}
    except OSError as error:
        message = f"{motion} cannot be read: {error.strerror or error}"
        raise OutputNotWritable(message) from error
    if not known:
        message = (
            f"{motion} is written beside the mesh, and holds something else than the motion of an "
            "earlier mesh (Live Link Face's layout); give the mesh another name"
        )
        raise OutputNotWritable(message)


def _of_sequence(name: str, stem: str) -> bool:
    return (
        re.fullmatch(rf"{re.escape(stem)}(_\d+\.obj|\.mtl|_(?:face|eyes)\.jpg)", name) is not None
    )


@contextmanager
def _workplace(path: Path) -> Iterator[Path]:
    """A fresh folder on the output's disk, gone afterwards."""
    try:
        with tempfile.TemporaryDirectory(prefix=".evoke-mesh-", dir=path.parent) as folder:
            yield Path(folder)
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        raise OutputNotWritable(message) from error
