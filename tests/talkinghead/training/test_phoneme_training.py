import numpy as np
import torch

from talkinghead.speech.phoneme_net import SYMBOLS, net_from_tensors
from talkinghead.training import phonemes as training
from talkinghead.training.pseudo_words import pseudo_text


def test_exported_network_computes_what_the_trained_one_does():
    torch.manual_seed(0)
    network = training.build_network()
    mel = np.random.default_rng(0).normal(0, 1, (300, 40)).astype(np.float32)
    rows = torch.from_numpy(mel.T[None].copy())
    training.forward(network, rows)  # moves the running statistics
    network.eval()
    expected = torch.log_softmax(training.forward(network, rows)[0], 0).detach().numpy().T
    found = net_from_tensors(training.tensors_of(network)).log_posteriors(mel)
    assert found.shape == (300, len(SYMBOLS))
    assert np.abs(found - expected).max() < 0.02  # half precision


def test_blocks_of_the_network_do_not_show():
    network = training.build_network().eval()
    net = net_from_tensors(training.tensors_of(network))
    mel = np.random.default_rng(1).normal(0, 1, (2300, 40)).astype(np.float32)
    whole = net.log_posteriors(mel)
    assert np.allclose(whole[1900:2100], net.log_posteriors(mel[1800:2200])[100:300], atol=1e-4)


def test_a_few_steps_learn(monkeypatch):
    monkeypatch.setattr(training, "_SYNTHETIC_SECONDS", 25.0)
    monkeypatch.setattr(training, "_BATCH", 4)
    state = training._new_state()
    for group in state.optimiser.param_groups:
        group["lr"] = 1e-3
    losses = []
    real_step = training._step
    monkeypatch.setattr(
        training, "_step", lambda *given: losses.append(real_step(*given)) or losses[-1]
    )
    for _ in range(6):
        training._round(state, ["hello", "maybe"], 100)
    assert state.step == len(losses) >= 30
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
    bigram = training._bigram(state.transitions)
    assert np.allclose(np.exp(bigram["transition"]).sum(axis=1), 1.0, atol=1e-4)


def test_pseudo_text_is_speakable_and_seeded():
    texts = [pseudo_text(np.random.default_rng(3), ["hello"]) for _ in range(2)]
    assert texts[0] == texts[1]
    assert len(texts[0].split()) >= 4
    assert texts[0] != pseudo_text(np.random.default_rng(4), ["hello"])


def test_only_rows_whose_licence_lets_weights_ship_are_used(tmp_path):
    index = tmp_path / "index.csv"
    index.write_text(
        "file,split,tier,licence,seconds,language,transcript\n"
        "a.ogg,train,clean,CC0,3.0,en,hello there\n"
        "b.ogg,train,research,CC BY-NC,3.0,en,hello there\n"
        "c.ogg,eval,clean,CC0,3.0,en,hello there\n"
        "d.ogg,train,clean,CC BY-SA 4.0,3.0,en,hello there\n"
        "e.ogg,train,clean,CC0,3.0,en,\n"
        "f.ogg,train,clean,CC0,3.0,xx,hello there\n"
    )
    assert [row["file"] for row in training._usable_rows(index)] == ["a.ogg"]
