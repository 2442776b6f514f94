import numpy as np
import pytest
import torch

from talkinghead.motion.codebook import WARMTH
from talkinghead.motion.codebook_net import ALPHABETS, MEAN_TEMPERATURE, Memory
from talkinghead.motion.motion_vq import CODE_WIDTH, MOTION, PARTS, Codebook, PartAutoencoder
from tests.talkinghead.motion.learned_cases import shaken
from tests.talkinghead.motion.test_regression_net import known

HEADS = len(ALPHABETS)


@pytest.fixture
def decoder():
    return shaken("codebook")


def codes_of(rows, seed=0):
    generator = np.random.default_rng(seed)
    return torch.from_numpy(
        np.stack([generator.integers(0, size, (1, rows)) for size in ALPHABETS], axis=2)
    )


def test_remembered_keys_equal_the_whole_prefix(decoder):
    rows, codes = known(60), codes_of(60)
    with torch.inference_mode():
        naive = decoder.net.hidden(rows, codes)
        fixed, memory = decoder.net.known(rows), Memory()
        before = torch.zeros(1, 1, HEADS * CODE_WIDTH)
        for row in range(60):
            hidden = decoder.net.step(fixed[:, row : row + 1], before, memory)
            torch.testing.assert_close(hidden[0, 0], naive[0, row], atol=1e-5, rtol=1e-5)
            before = decoder.net.vectors(codes[:, row : row + 1]).flatten(2)
    assert memory.keys[0].shape[2] == decoder.net.config.back + 1


def test_spelling_equals_asking_anew_for_every_row(decoder):
    rows = known(20)
    spelled = decoder.spell(rows, np.random.default_rng(4))
    generator = np.random.default_rng(4)
    codes = torch.zeros(1, 0, HEADS, dtype=torch.int64)
    warmth = torch.tensor([WARMTH[name] for name, one in PARTS.items() for _ in range(one.heads)])
    with torch.inference_mode():
        for _ in range(20):
            noise = generator.gumbel(size=(HEADS, max(ALPHABETS))).astype(np.float32)
            padded = torch.cat([codes, codes.new_zeros(1, 20 - codes.shape[1], HEADS)], 1)
            hidden = decoder.net.hidden(rows, padded)[:, codes.shape[1] : codes.shape[1] + 1]
            chosen, _ = decoder.net.choose(hidden, torch.from_numpy(noise), warmth)
            codes = torch.cat([codes, chosen], 1)
    np.testing.assert_array_equal(spelled.codes, codes[0].numpy())


def test_scores_of_a_head_know_the_heads_before_it(decoder):
    rows, codes = known(5), codes_of(5)
    with torch.inference_mode():
        hidden = decoder.net.hidden(rows, codes)
        other = codes.clone()
        other[..., 1] = (other[..., 1] + 7) % ALPHABETS[1]
        first, second = decoder.net.scores(hidden, codes), decoder.net.scores(hidden, other)
    torch.testing.assert_close(first[1], second[1])
    assert not torch.allclose(first[2], second[2])


def test_decoding_in_blocks_equals_decoding_at_once(decoder):
    with torch.inference_mode():
        vectors = decoder.net.vectors(codes_of(70))[0]
    whole = decoder.decoded(vectors, 1000)
    assert whole.shape == (70, MOTION)
    np.testing.assert_allclose(decoder.decoded(vectors, 9), whole, atol=1e-5)


def test_where_nothing_is_left_to_chance_the_mean_is_decoded(decoder):
    with torch.inference_mode():
        hidden = torch.randn(1, 1, decoder.net.config.width)
        noise = torch.zeros(HEADS, max(ALPHABETS))
        warmth = torch.tensor([0.0] + [1.0] * (HEADS - 1))
        codes, vectors = decoder.net.choose(hidden, noise, warmth)
        book = decoder.net.books.alphabets[0].codes
        scores = decoder.net.asks[0](hidden)[0, 0]
        mean = (scores / MEAN_TEMPERATURE).softmax(dim=0) @ book
        torch.testing.assert_close(vectors[0, 0, 0], mean)
        torch.testing.assert_close(
            vectors[0, 0, 1], decoder.net.books.alphabets[1].codes[codes[0, 0, 1]]
        )


def test_memory_does_not_grow_with_the_speech(decoder):
    fixed, memory = decoder.net.known(known(80)), Memory()
    before = torch.zeros(1, 1, HEADS * CODE_WIDTH)
    with torch.inference_mode():
        for row in range(80):
            decoder.net.step(fixed[:, row : row + 1], before, memory)
    assert {one.shape[2] for one in memory.keys} == {decoder.net.config.back + 1}


def test_each_part_has_columns_of_its_own():
    columns = sorted(column for part in PARTS.values() for column in part.columns)
    assert columns == list(range(MOTION))


def test_autoencoder_is_causal_and_knows_the_order():
    torch.manual_seed(0)
    book = PartAutoencoder(PARTS["upper"]).eval()
    torch.nn.init.normal_(book.leave.weight)
    motion = torch.randn(1, 30, len(PARTS["upper"].columns))
    codes = book.encode(motion)
    late = motion.clone()
    late[:, 20:] += 2.0
    assert torch.equal(book.encode(late)[:, :20], codes[:, :20])
    with torch.inference_mode():
        made = book(motion).motion
        turned = book(motion.flip(1)).motion.flip(1)
    assert (made - turned).abs().max() > 1e-3


def test_books_start_from_data_and_revive_dead_codes():
    torch.manual_seed(0)
    book = Codebook(32)
    data = torch.randn(400, CODE_WIDTH) + 5.0
    for _ in range(60):
        book.learn(data, book.nearest(data))
    used = torch.unique(book.nearest(data))
    assert len(used) > 24
    start = (data - data.mean(0)).square().mean()
    assert (data - book.codes[book.nearest(data)]).square().mean() < 0.8 * start


def test_quantised_training_reaches_the_encoder():
    torch.manual_seed(0)
    book = PartAutoencoder(PARTS["head"]).train()
    torch.nn.init.normal_(book.leave.weight)
    made = book(torch.randn(2, 20, 3))
    (made.motion.square().mean() + made.commitment).backward()
    assert book.enter.weight.grad is not None
    assert book.enter.weight.grad.abs().sum() > 0
