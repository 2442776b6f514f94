"""The container: arrays and a JSON document to the bytes of a binary glTF 2.0 file (Khronos)."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Json = dict[str, object]
Index = int

_MAGIC, _VERSION = 0x46546C67, 2
_JSON_CHUNK, _BINARY_CHUNK = 0x4E4F534A, 0x004E4942
_COMPONENTS = {"uint16": 5123, "uint32": 5125, "float32": 5126}
_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}


@dataclass
class GlbFile:
    """A file in the making; `document` takes the parts that are no numbers (nodes, meshes, ...)."""

    document: Json = field(default_factory=dict)
    _binary: bytearray = field(default_factory=bytearray)
    _views: list[Json] = field(default_factory=list)
    _accessors: list[Json] = field(default_factory=list)

    def accessor(self, array: NDArray[np.generic], *, bounds: bool = False) -> Index:
        """Store an array.

        Args:
            array: (N,) or (N, 2..4) of uint16, uint32 or float32.
            bounds: state the range, as positions and times must.

        Returns:
            The accessor's index.
        """
        entry = self._described(array)
        entry["bufferView"] = self._view(array.tobytes())
        if bounds:
            table = array.reshape(len(array), -1)
            entry["min"], entry["max"] = table.min(0).tolist(), table.max(0).tolist()
        return self._add(entry)

    def sparse(self, array: NDArray[np.float32], least: float) -> Index:
        """Store (N, 3) rows, N < 65,536, mostly zero: only those with a value above `least`."""
        rows = np.flatnonzero(np.abs(array).max(1) > least).astype(np.uint16)
        if not len(rows):
            rows = np.zeros(1, np.uint16)  # the format asks for one at least
        values = np.ascontiguousarray(array[rows])
        kept = np.zeros_like(array)
        kept[rows] = values
        entry = self._described(array)
        entry["min"], entry["max"] = kept.min(0).tolist(), kept.max(0).tolist()
        entry["sparse"] = {
            "count": len(rows),
            "indices": {
                "bufferView": self._view(rows.tobytes()),
                "componentType": _COMPONENTS["uint16"],
            },
            "values": {"bufferView": self._view(values.tobytes())},
        }
        return self._add(entry)

    def image(self, data: bytes) -> Index:
        """Store an encoded picture; returns its buffer view."""
        return self._view(data)

    def to_bytes(self) -> bytes:
        """The whole file."""
        document = {
            **self.document,
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self._binary)}],
        }
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode()
        text += b" " * (-len(text) % 4)
        total = 12 + 8 + len(text) + 8 + len(self._binary)
        return b"".join([
            struct.pack("<III", _MAGIC, _VERSION, total),
            struct.pack("<II", len(text), _JSON_CHUNK), text,
            struct.pack("<II", len(self._binary), _BINARY_CHUNK), bytes(self._binary),
        ])  # fmt: skip

    def _described(self, array: NDArray[np.generic]) -> Json:
        width = 1 if array.ndim == 1 else array.shape[1]
        return {
            "componentType": _COMPONENTS[array.dtype.name], "count": len(array),
            "type": _TYPES[width],
        }  # fmt: skip

    def _view(self, data: bytes) -> Index:
        self._views.append({"buffer": 0, "byteOffset": len(self._binary), "byteLength": len(data)})
        self._binary += data + bytes(-len(data) % 4)
        return len(self._views) - 1

    def _add(self, entry: Json) -> Index:
        self._accessors.append(entry)
        return len(self._accessors) - 1
