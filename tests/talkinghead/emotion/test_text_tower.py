import numpy as np
import pytest

from talkinghead.emotion.text_tower import (
    MAX_TOKENS,
    WEIGHTS_NAME,
    EmbeddedTower,
    forward,
    make_network,
    make_tokenizer,
    packed,
    read_vocabulary,
    token_rows,
    unpacked,
)
from talkinghead.weights import load_weights, read_manifest


@pytest.fixture(scope="module")
def tower():
    return EmbeddedTower()


@pytest.fixture(scope="module")
def tensors():
    return load_weights(WEIGHTS_NAME)


def test_the_weight_file_is_small(tensors):
    assert read_manifest()[WEIGHTS_NAME].size <= 16_000_000
    assert tensors["token_embedding.weight"].dtype == np.int8


def test_texts_become_unit_rows_in_order_whatever_their_company(tower):
    texts = ["joy", "a rather longer text about a lost umbrella", "grief", "joy"]
    rows = tower.encode(texts)
    assert rows.shape == (4, 384)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(rows[1], tower.encode([texts[1]])[0], atol=1e-5)
    assert rows[0].tobytes() == rows[3].tobytes()
    assert rows[0] @ rows[2] < 0.95


def test_numpy_and_open_clip_agree(tensors):
    """The network is open_clip's TextTransformer; the program runs the same sums in NumPy."""
    import torch

    words = read_vocabulary(tensors)
    state = unpacked(tensors)
    network = make_network(len(words))
    network.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    rows = token_rows(make_tokenizer(words), ["my heart is heavy", "so what", "the train is late"])
    for row in rows:
        with torch.inference_mode():
            theirs = network(torch.tensor([row])).mean(dim=1).numpy()
        theirs /= np.linalg.norm(theirs)
        np.testing.assert_allclose(forward(state, np.array([row])), theirs, atol=2e-5)


def test_rounding_to_eight_bits_hardly_turns_a_vector():
    import torch

    torch.manual_seed(0)
    network = make_network(50)
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    rounded = unpacked(packed(state, [str(number) for number in range(50)]))
    tokens = np.arange(40).reshape(4, 10)
    cosines = (forward(state, tokens) * forward(rounded, tokens)).sum(axis=1)
    assert cosines.min() > 0.999


def test_long_and_strange_text_is_cut_to_what_the_network_reads(tower):
    rows = token_rows(make_tokenizer(read_vocabulary(load_weights(WEIGHTS_NAME))), ["so " * 5000])
    assert len(rows[0]) == MAX_TOKENS
    for text in ("so " * 5000, "x" * 10_000, "", "漢字", "\u0000", "'; DROP TABLE users; --"):
        assert np.isfinite(tower.encode([text])).all()
