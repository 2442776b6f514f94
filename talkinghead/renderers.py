"""The renderers by name: the geometric one, and the learned one where its weights are present."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import MotionCoefficients
from renderer.face_model import FaceModel
from renderer.geometric import GeometricRenderer
from renderer.source import Source
from talkinghead.devices import raster_backend, torch_device
from talkinghead.errors import NotBuiltYet
from talkinghead.weights import load_weights, read_manifest

if TYPE_CHECKING:
    from renderer.detail_network import DetailPainter
    from renderer.follow_network import FollowNetwork
    from renderer.generator import FaceGenerator

AUTO = "auto"
GENERATOR = "generator"
"""Name of the weights that change the whole head; where they are, they are the learned renderer."""
PAINTERS = {"mouth": "detail_mouth", "eye": "detail_eye"}
"""Names of the weights that paint mouth and eyes: the learned renderer otherwise, with those of
them that are here."""
FOLLOW = "follow_maps"
"""Name of the weights that say what goes along with the head; part of the learned renderer too."""


class FrameRenderer(Protocol):
    """What turns motion on one source into frames."""

    def render(self, motion: MotionCoefficients) -> Iterator[NDArray[np.uint8]]:
        """Frames (H, W, 3) uint8 RGB of the source's size, one at a time."""
        ...


class Renderers:
    """Builds renderers; the learned one's networks are read once, when they are first needed.

    Args:
        model: the face model.
    """

    def __init__(self, model: FaceModel) -> None:
        self._model = model
        self._generator: FaceGenerator | None = None
        self._painters: dict[str, DetailPainter] = {}
        self._follow: FollowNetwork | None = None
        self._loading = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """What `on` knows here."""
        present = read_manifest()
        learned = not present.keys().isdisjoint((GENERATOR, FOLLOW, *PAINTERS.values()))
        return ("geometric", "learned") if learned else ("geometric",)

    def meant(self, name: str) -> str:
        """The renderer that a name means here: "auto" is the learned one where its weights are.

        Raises:
            NotBuiltYet: this copy has no such renderer.
        """
        if name == AUTO:
            return self.names[-1]
        if name not in self.names:
            known = ", ".join(self.names)
            message = f"this copy holds no renderer {name!r}; it has {known}"
            raise NotBuiltYet(message)
        return name

    def on(self, source: Source, name: str, device: str) -> FrameRenderer:
        """A renderer for one source.

        Args:
            source: the still.
            name: one of `names`, or "auto".
            device: "auto", "cpu" or "cuda".

        Raises:
            NotBuiltYet: this copy has no such renderer.
            BadOption: "cuda" where there is none.
            WeightsMissing, WeightsCorrupt: the weights are not as the manifest says.
        """
        name = self.meant(name)
        backend = raster_backend(device)
        if name == "geometric":
            return GeometricRenderer(self._model, source, backend)
        if GENERATOR in read_manifest():
            from renderer.learned import LearnedRenderer

            network = self._network()
            return LearnedRenderer(self._model, source, network, backend, torch_device(device))
        from renderer.detailed import DetailedRenderer

        painters, follow = self._detail_networks()
        device = torch_device(device)
        return DetailedRenderer(self._model, source, painters, follow, backend, device)

    def builders(self) -> dict[str, Callable[[Source], FrameRenderer]]:
        """One builder for each name, on the CPU: for measuring."""

        def builder(name: str) -> Callable[[Source], FrameRenderer]:
            return lambda source: self.on(source, name, "cpu")

        return {name: builder(name) for name in self.names}

    def _network(self) -> FaceGenerator:
        with self._loading:
            if self._generator is None:
                from renderer.generator import FaceGenerator

                self._generator = FaceGenerator.from_tensors(load_weights(GENERATOR))
            return self._generator

    def _detail_networks(self) -> tuple[dict[str, DetailPainter], FollowNetwork | None]:
        with self._loading:
            if not self._painters and self._follow is None:
                from renderer.detail_network import DetailPainter
                from renderer.follow_network import FollowNetwork

                present = read_manifest()
                self._painters = {
                    name: DetailPainter.from_tensors(load_weights(weights))
                    for name, weights in PAINTERS.items()
                    if weights in present
                }
                if FOLLOW in present:
                    self._follow = FollowNetwork.from_tensors(load_weights(FOLLOW))
            return self._painters, self._follow
