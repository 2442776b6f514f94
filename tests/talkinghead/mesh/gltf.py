"""A reader of our GLB files that shares no code with the writer: pygltflib and the standard."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from pygltflib import GLTF2
from scipy.spatial.transform import Rotation

KINDS = {5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


class Scene:
    """One file, played back."""

    def __init__(self, path):
        self.file = GLTF2().load(path)
        self.blob = self.file.binary_blob()
        self.nodes = {node.name: node for node in self.file.nodes}

    def _view(self, index, kind, count):
        view = self.file.bufferViews[index]
        assert count * np.dtype(kind).itemsize <= view.byteLength
        return np.frombuffer(self.blob, kind, count, view.byteOffset)

    def array(self, index):
        """An accessor, its sparse part included."""
        entry = self.file.accessors[index]
        kind, width = KINDS[entry.componentType], WIDTHS[entry.type]
        table = np.zeros((entry.count, width), kind)
        if entry.bufferView is not None:
            table = self._view(entry.bufferView, kind, entry.count * width).reshape(-1, width)
        if entry.sparse is not None:
            indices, values = entry.sparse.indices, entry.sparse.values
            rows = self._view(indices.bufferView, KINDS[indices.componentType], entry.sparse.count)
            assert (np.diff(rows.astype(int)) > 0).all()
            chosen = self._view(values.bufferView, kind, entry.sparse.count * width)
            table[rows] = chosen.reshape(-1, width)
        if entry.min:
            np.testing.assert_allclose(table.min(0), entry.min, atol=1e-7)
            np.testing.assert_allclose(table.max(0), entry.max, atol=1e-7)
        return table

    def track(self, node, path):
        """(times, values per frame) of one animated property."""
        animation = self.file.animations[0]
        for channel in animation.channels:
            target = channel.target
            if self.file.nodes[target.node].name == node and target.path == path:
                sampler = animation.samplers[channel.sampler]
                times = self.array(sampler.input)[:, 0]
                return times, self.array(sampler.output).reshape(len(times), -1)
        message = f"{node}.{path} is not animated"
        raise KeyError(message)

    def face(self, weights=None):
        """(V, 3) metres, in the head's frame; without weights the shape at rest."""
        primitive = self.file.meshes[self.nodes["face"].mesh].primitives[0]
        shape = self.array(primitive.attributes.POSITION).astype(np.float64)
        for index, weight in enumerate([] if weights is None else weights):
            shape = shape + weight * self.array(primitive.targets[index]["POSITION"])
        return shape

    def eye(self, side, frame):
        """(N, 3) metres, in the head's frame."""
        node = self.nodes[f"eye_{side}"]
        shape = self.array(self.file.meshes[node.mesh].primitives[0].attributes.POSITION)
        turn = Rotation.from_quat(self.track(node.name, "rotation")[1][frame])
        return turn.apply(shape) + node.translation

    def posed(self, points, frame):
        """Points of the head's frame in the world."""
        turn = Rotation.from_quat(self.track("head", "rotation")[1][frame])
        return turn.apply(points) + self.track("head", "translation")[1][frame]

    def picture(self, index):
        """(H, W, 3) uint8."""
        view = self.file.bufferViews[self.file.images[index].bufferView]
        data = self.blob[view.byteOffset : view.byteOffset + view.byteLength]
        return np.asarray(Image.open(io.BytesIO(data)))
