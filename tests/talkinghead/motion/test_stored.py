import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from talkinghead.errors import WeightsCorrupt, WeightsMissing
from talkinghead.motion.rules import RulesAudioToMotion
from talkinghead.motion.stored import StoredDecoder, all_decoders
from talkinghead.weights import save_weights, weights_folder
from tests.talkinghead.motion.learned_cases import DECODERS, animated, shaken, speech


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("manifest.json", "phoneme_net.safetensors"):
        shutil.copy(weights_folder() / name, tmp_path)
    rows = json.loads((tmp_path / "manifest.json").read_text())
    kept = [row for row in rows if not row["name"].startswith("motion_")]
    (tmp_path / "manifest.json").write_text(json.dumps(kept))
    monkeypatch.setenv("EVOKE_WEIGHTS", str(tmp_path))
    return tmp_path


def store(name):
    decoder = shaken(name)
    save_weights(decoder.as_tensors(), f"motion_{name}", "a test", "CC0-1.0")
    return decoder


def test_without_weights_there_are_the_rules(folder):
    assert {name: type(one) for name, one in all_decoders().items()} == {
        "rules": RulesAudioToMotion
    }


@pytest.mark.parametrize("name", DECODERS)
def test_a_stored_decoder_says_what_was_stored(folder, name):
    decoder = store(name)
    assert list(all_decoders()) == ["rules", name]
    kept = type(decoder).from_tensors(decoder.as_tensors())
    features = speech(2)
    np.testing.assert_array_equal(
        animated(all_decoders()[name], features).as_array(), animated(kept, features).as_array()
    )


def test_threads_share_one_network(folder):
    store("regression")
    stored = StoredDecoder("regression")
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(lambda _: stored.load(), range(8)))
    assert len({id(one) for one in loaded}) == 1


def test_missing_and_damaged_weights_are_named(folder):
    store("regression")
    path = folder / "motion_regression.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(WeightsCorrupt, match="motion_regression"):
        StoredDecoder("regression").load()
    path.unlink()
    with pytest.raises(WeightsMissing, match="motion_regression"):
        StoredDecoder("regression").load()


def test_the_head_that_ships_turns_no_faster_than_a_neck():
    """Tracked people turn by 0.4 to 1.8 degrees a frame of 25 a second, a fast nod by 4."""
    features = speech(repeats=6)
    for seed in range(3):
        motion = animated(all_decoders()["codebook"], features, head="natural", seed=seed)
        steps = np.degrees(np.abs(np.diff(motion.rotation, axis=0)))
        assert 0.1 < steps.max() < 2.0
