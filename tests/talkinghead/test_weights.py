import json

import numpy as np
import pytest

from talkinghead.errors import WeightsCorrupt, WeightsMissing
from talkinghead.weights import load_weights, read_manifest, save_weights, verify, weights_folder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EVOKE_WEIGHTS", str(tmp_path))
    save_weights({"a": np.arange(6, dtype=np.float32)}, "small", "python -m maker", "MIT")
    return tmp_path


def test_what_is_saved_is_loaded(folder):
    np.testing.assert_array_equal(load_weights("small")["a"], np.arange(6, dtype=np.float32))
    save_weights({"b": np.ones(2)}, "other", "python -m maker", "MIT")
    assert list(read_manifest()) == ["other", "small"]
    assert not list(folder.glob("*.part"))


def test_arrays_come_back_whatever_their_layout_in_memory(folder):
    values = np.arange(24, dtype=np.float16).reshape(2, 3, 4)
    save_weights({"turned": values.transpose(0, 2, 1)}, "other", "python -m maker", "MIT")
    np.testing.assert_array_equal(load_weights("other")["turned"], values.transpose(0, 2, 1))


def test_a_damaged_file_is_refused_with_the_command(folder):
    data = bytearray((folder / "small.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "small.safetensors").write_bytes(data)
    with pytest.raises(WeightsCorrupt, match=r"sha256.*git checkout.*python -m maker"):
        load_weights("small")


def test_a_truncated_file_is_refused(folder):
    (folder / "small.safetensors").write_bytes(b"")
    with pytest.raises(WeightsCorrupt):
        load_weights("small")


def test_missing_file_name_and_manifest(folder):
    with pytest.raises(WeightsMissing, match="'large'"):
        load_weights("large")
    (folder / "small.safetensors").unlink()
    with pytest.raises(WeightsMissing, match="git checkout"):
        load_weights("small")
    (folder / "manifest.json").unlink()
    with pytest.raises(WeightsMissing, match="manifest"):
        read_manifest()


def test_the_shipped_weights_are_whole_and_small():
    total = 0
    for entry in read_manifest(weights_folder()).values():
        path = verify(entry)
        assert path.stat().st_size == entry.size <= 16_000_000
        total += entry.size
    assert total <= 96_000_000
    rows = json.loads((weights_folder() / "manifest.json").read_text())
    listed = {row["file"] for row in rows}
    assert {path.name for path in weights_folder().glob("*.safetensors")} == listed


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"name": "small"}]'])
def test_a_damaged_manifest_is_named(folder, text):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(WeightsCorrupt, match="manifest"):
        load_weights("small")
