import json

import numpy as np
import pytest
import torch

from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.speech.phoneme_net import SYMBOLS, net_from_tensors
from talkinghead.speech.synthesis import synthesise
from talkinghead.training import phonemes as training
from talkinghead.training.content_network import DILATIONS, ContentNetwork
from talkinghead.training.corpus import CorpusRow, Utterance, write_manifest, write_utterance
from talkinghead.training.loop import Deadline
from talkinghead.training.phonemes import Corpus, Trainer, TrainingConfig
from talkinghead.training.pseudo_words import pseudo_text
from talkinghead.types import Phoneme


def small_network():
    torch.manual_seed(0)
    return ContentNetwork(width=24, dilations=(1, 2))


def row(name, split="train", tier="clean", licence="CC0", kind="synthetic", speaker="a"):
    return CorpusRow(
        name, split, kind, "espeak-ng", "en-us", "en", speaker, name, "", licence, tier, 3.0,
        float("nan"), 0.0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Three sentences to learn from, and rows that nobody may learn from."""
    folder = tmp_path_factory.mktemp("corpus")
    texts = {"one": "My mother bakes apple pie.", "two": "Bob may pay.", "three": "Who knew you?"}
    rows = [row("one"), row("two", speaker="b"), row("three", kind="recording", speaker="c")]
    for each in rows:
        speech, phonemes = synthesise(texts[each.id])
        write_utterance(folder, Utterance(each, speech.waveform, phonemes))
    forbidden = [
        row("four", split="eval"), row("five", tier="research"), row("six", licence="CC BY-SA 4.0"),
    ]  # fmt: skip
    write_manifest(folder, [*rows, *forbidden])
    return folder


def test_exported_network_computes_what_the_trained_one_does():
    torch.manual_seed(0)
    network = ContentNetwork()
    mel = np.random.default_rng(0).normal(0, 1, (300, 40)).astype(np.float32)
    rows = torch.from_numpy(mel.T[None].copy())
    with torch.no_grad():
        network(rows)  # moves the running statistics
        network.eval()
        expected = torch.log_softmax(network(rows)[0], 0).numpy().T
    found = net_from_tensors(network.exported()).log_posteriors(mel)
    assert found.shape == (300, len(SYMBOLS))
    assert np.abs(found - expected).max() < 0.02  # half precision


def test_shipped_weights_can_be_trained_further():
    network = small_network()
    mel = torch.randn(6, 40, 200)
    for _ in range(30):
        network(mel)  # moves the running statistics
    again = ContentNetwork.from_tensors(network.exported(), mel)
    with torch.no_grad():
        at_rest, learning = again.eval()(mel), again.train()(mel)
        wanted = network.eval()(mel)
    assert (at_rest - wanted).abs().max() < 0.02  # half precision
    assert (learning - wanted).abs().max() < 0.1  # the same when a batch norms itself


def test_the_network_waits_for_no_more_than_streaming_can():
    net = net_from_tensors(ContentNetwork().exported())
    assert net.dilations == DILATIONS
    assert net.reach * 10 + 7.5 < 200  # ms: rows, and half a window
    mel = np.random.default_rng(0).normal(0, 1, (100, 40)).astype(np.float32)
    changed = mel.copy()
    changed[60:] += 5.0
    difference = np.abs(net.log_posteriors(changed) - net.log_posteriors(mel)).max(axis=1)
    assert not difference[: 60 - net.reach].any()
    assert difference[60 - net.reach] > 0


def test_blocks_of_the_network_do_not_show():
    net = net_from_tensors(small_network().eval().exported())
    mel = np.random.default_rng(1).normal(0, 1, (2300, 40)).astype(np.float32)
    whole = net.log_posteriors(mel)
    assert np.allclose(whole[1900:2100], net.log_posteriors(mel[1800:2200])[100:300], atol=1e-4)


def test_shipped_weights_are_small_and_fit_the_streaming_look_ahead():
    from talkinghead.speech.phoneme_net import WEIGHTS_NAME, phoneme_net
    from talkinghead.weights import read_manifest

    assert read_manifest()[WEIGHTS_NAME].size < 4_000_000
    assert phoneme_net().reach <= 18


def test_only_rows_that_weights_may_learn_from_are_drawn(corpus):
    drawn = Corpus([corpus]).examples(60.0, np.random.default_rng(0))
    lengths = {len(waveform) for waveform, _ in drawn}
    assert len(lengths) == 4  # three sentences and the hiss; the forbidden ones have no file
    assert drawn[-1][1] == (Phoneme("SIL", 0.0, 2.0),)
    again = Corpus([corpus]).examples(60.0, np.random.default_rng(0))
    assert [len(wave) for wave, _ in again] == [len(wave) for wave, _ in drawn]


def test_two_corpora_are_drawn_from_together(corpus, tmp_path):
    speech, phonemes = synthesise("Pam met Ben.")
    write_utterance(tmp_path, Utterance(row("seven", speaker="d"), speech.waveform, phonemes))
    write_manifest(tmp_path, [row("seven", speaker="d")])
    drawn = Corpus([corpus, tmp_path]).examples(60.0, np.random.default_rng(0))
    assert len({len(waveform) for waveform, _ in drawn}) == 5


def test_a_corpus_without_training_speech_is_refused(tmp_path):
    write_manifest(tmp_path, [row("one", split="eval")])
    with pytest.raises(BadOption, match="no training speech"):
        Corpus([tmp_path])
    with pytest.raises(TalkingHeadError, match="speech_corpus"):
        Corpus([tmp_path / "nowhere"])


def trainer():
    return Trainer(TrainingConfig(40, round_seconds=12.0, batch=2), small_network())


def test_a_few_steps_learn(corpus):
    taught = trainer()
    source = Corpus([corpus])
    losses = []
    while taught.step < 40:
        examples = source.examples(12.0, np.random.default_rng(taught.rounds))
        losses.append(taught.learn_round(examples))
    assert losses[-1] < 0.9 * losses[0]
    tensors = taught.exported()
    assert np.allclose(np.exp(tensors["transition"]).sum(axis=1), 1.0, atol=1e-4)
    assert -40.0 < tensors["colour"].mean() < -5.0


def test_a_resumed_run_is_the_run_that_was_not_stopped(corpus, tmp_path):
    whole = trainer()
    training.train(whole, Corpus([corpus]), tmp_path, Deadline(5.0))
    stopped, rest = trainer(), trainer()
    first = np.random.default_rng([0, 0, 0])
    stopped.learn_round(Corpus([corpus]).examples(12.0, first))
    stopped.save(tmp_path / "checkpoint")
    rest.load(tmp_path / "checkpoint")
    training.train(rest, Corpus([corpus]), tmp_path, Deadline(5.0))
    assert rest.step == whole.step >= 40
    for name, tensor in whole.exported().items():
        assert np.array_equal(tensor, rest.exported()[name]), name
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["step"] == whole.step


def test_a_run_that_is_told_to_stop_saves_itself(corpus, tmp_path):
    training.train(trainer(), Corpus([corpus]), tmp_path, Deadline(-1.0))
    started = trainer()
    started.load(tmp_path / "checkpoint")
    assert started.step == 0


def test_rows_carry_the_sound_that_is_spoken_in_them():
    phonemes = (Phoneme("SIL", 0.0, 0.1), Phoneme("M", 0.1, 0.18), Phoneme("AA", 0.18, 0.31))
    mel, labels = training.labelled((np.ones(4960, np.float32), phonemes))
    assert len(mel) == len(labels) == 31
    expected = ["SIL"] * 10 + ["M"] * 8 + ["AA"] * 13
    assert [SYMBOLS[label] for label in labels] == expected


def test_pseudo_text_is_speakable_and_seeded():
    texts = [pseudo_text(np.random.default_rng(3), ["hello"]) for _ in range(2)]
    assert texts[0] == texts[1]
    assert len(texts[0].split()) >= 4
    assert texts[0] != pseudo_text(np.random.default_rng(4), ["hello"])
