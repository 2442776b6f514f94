import json
import string
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

from talkinghead.cli import main
from talkinghead.config import GenerateOptions
from talkinghead.errors import BackendMissing, BadOption
from talkinghead.pipeline import TalkingHead
from talkinghead.speech import public_checkpoint
from talkinghead.speech.features import extract_features
from talkinghead.speech.listener import EmbeddedListener, load_listener
from talkinghead.speech.phoneme_net import SYMBOLS
from talkinghead.speech.public_checkpoint import CheckpointListener, sounds_of
from talkinghead.speech.synthesis import synthesise

IPA = ["<pad>", "<s>", "</s>", "<unk>", "m", "b", "p", "f", "v", "t", "d", "n", "s", "k", "ɡ", "ʃ",
       "tʃ", "iː", "ɪ", "ə", "ɑː", "uː", "oʊ", "aɪ", "5", "pf"]  # fmt: skip
LETTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *string.ascii_uppercase, "'"]
WORDS = ["<pad>", *(f"word{index}" for index in range(60))]


def numbered(tokens):
    return {token: index for index, token in enumerate(tokens)}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A tiny random network, saved as published ones are; it says what its bias says."""
    from talkinghead.torchvision_operators import define_missing_operators

    define_missing_operators()
    from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

    def save(name, tokens, said=None, headless=False):
        folder = tmp_path_factory.mktemp(name)
        torch.manual_seed(0)
        network = Wav2Vec2ForCTC(
            Wav2Vec2Config(
                vocab_size=len(tokens), hidden_size=16, num_hidden_layers=1, intermediate_size=16,
                num_attention_heads=2, conv_dim=(8,) * 7, num_conv_pos_embeddings=8,
                num_conv_pos_embedding_groups=2, pad_token_id=0,
            )
        )  # fmt: skip
        if said is not None:
            with torch.no_grad():
                network.lm_head.weight.zero_()
                network.lm_head.bias.zero_()[tokens.index(said)] = 9.0
        (network.wav2vec2 if headless else network).save_pretrained(folder)
        (folder / "vocab.json").write_text(json.dumps(numbered(tokens)))
        (folder / "preprocessor_config.json").write_text(
            json.dumps({"sampling_rate": 16000, "do_normalize": True})
        )
        return str(folder)

    return save


@pytest.mark.parametrize("tokens", [IPA, LETTERS])
def test_a_checkpoint_of_phones_or_letters_gives_the_same_features_as_ours(checkpoint, tokens):
    speech, _ = synthesise("My brother bought a big blue boat.")
    listener = load_listener("transformers:" + checkpoint("random", tokens))
    found = extract_features(speech, 25.0, listener)
    ours = extract_features(speech, 25.0)
    assert found.content.shape == ours.content.shape
    assert np.allclose(found.content[:, : len(SYMBOLS)].sum(axis=1), 1.0, atol=1e-3)
    assert np.array_equal(found.content[:, len(SYMBOLS) :], ours.content[:, len(SYMBOLS) :])
    assert np.array_equal(found.loudness, ours.loudness)
    assert found.phonemes[-1].end == speech.seconds
    assert found.recogniser.startswith("transformers: ")
    again = extract_features(speech, 25.0, listener)
    assert again.content.tobytes() == found.content.tobytes()


@pytest.mark.parametrize(
    ("tokens", "said", "heard"),
    [(IPA, "b", {"B"}), (IPA, "uː", {"UW"}), (IPA, "<pad>", set()), (LETTERS, "M", {"M"}),
     (LETTERS, "|", set())],
)  # fmt: skip
def test_what_the_network_says_is_heard(checkpoint, tokens, said, heard):
    listener = CheckpointListener(checkpoint("certain", tokens, said))
    found = extract_features(synthesise("My mother")[0], 25.0, listener)
    assert {each.symbol for each in found.phonemes} - {"SIL"} == heard


class HearsLoudness(torch.nn.Module):
    """Says "m" in frames of 400 samples, 320 apart, that hold a tone, and blank elsewhere."""

    config = SimpleNamespace(inputs_to_logits_ratio=320, vocab_size=len(IPA))

    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, samples):
        self.calls.append(samples.shape[1])
        power = samples[0].unfold(0, 400, 320).square().mean(1)
        logits = torch.zeros(1, len(power), len(IPA))
        logits[0, :, IPA.index("m")] = torch.where(power > 0.1, 20.0, 0.0)
        logits[0, :, 0] = torch.where(power > 0.1, 0.0, 20.0)
        return SimpleNamespace(logits=logits)


def test_times_are_right_and_blocks_do_not_show(checkpoint, monkeypatch):
    network = HearsLoudness()
    monkeypatch.setattr(public_checkpoint, "_load", lambda source: network)
    listener = CheckpointListener(checkpoint("ears", IPA))
    wave = np.zeros(16000 * 12, np.float32)
    wave[48000:56000] = np.sin(np.arange(8000) * 0.3)
    wave[128000:136160] = np.sin(np.arange(8160) * 0.3)
    mel = np.zeros((1200, 40), np.float32)
    whole = listener.log_posteriors(wave, mel)
    closed = whole[:, SYMBOLS.index("M")] > np.log(0.5)
    edges = np.flatnonzero(np.diff(closed.astype(int))) + 1
    assert np.abs(edges - [300, 350, 800, 851]).max() <= 8  # sounds fade over 30 ms and more
    assert np.abs(edges.reshape(2, 2).mean(1) - [325, 825.5]).max() <= 1.0
    monkeypatch.setattr(public_checkpoint, "_BLOCK_SECONDS", 2.5)
    network.calls.clear()
    parts = listener.log_posteriors(wave, mel)
    assert np.allclose(parts, whole, atol=1e-4)
    assert len(network.calls) == 5
    assert max(network.calls) < 16000 * 4.6


@pytest.mark.parametrize(("token", "said"), [("X", "K S"), ("J", "JH"), ("R", "R"), ("E", "EH")])
def test_letters_are_read_as_english(token, said):
    row = sounds_of(numbered(LETTERS), "it")[LETTERS.index(token)]
    assert {SYMBOLS[column] for column in np.flatnonzero(row)} == set(said.split())
    assert row.sum() == pytest.approx(1.0)


def test_a_cluster_shares_its_weight_and_marks_have_none():
    sounds = sounds_of(numbered(IPA), "it")
    assert sounds[IPA.index("pf"), SYMBOLS.index("P")] == 0.5
    assert not sounds[[0, 1, 2, 3, IPA.index("5")]].any()


def test_what_cannot_be_used_is_refused_with_the_command_that_helps(checkpoint, tmp_path):
    with pytest.raises(BackendMissing, match="hf download nobody/phones"):
        CheckpointListener("nobody/phones")
    with pytest.raises(BackendMissing, match=r"no vocab\.json in"):
        CheckpointListener(str(tmp_path))
    with pytest.raises(BackendMissing, match="0 are phones or letters"):
        CheckpointListener(checkpoint("words", WORDS))
    with pytest.raises(BackendMissing, match="not fine-tuned"):
        CheckpointListener(checkpoint("headless", IPA, headless=True))
    (tmp_path / "vocab.json").write_text(json.dumps(numbered(IPA)))
    with pytest.raises(BackendMissing, match="cannot be loaded"):
        CheckpointListener(str(tmp_path))
    (tmp_path / "preprocessor_config.json").write_text('{"sampling_rate": 8000}')
    with pytest.raises(BackendMissing, match="8000 samples a second"):
        CheckpointListener(str(tmp_path))
    (tmp_path / "vocab.json").write_text("{")
    with pytest.raises(BackendMissing, match="damaged"):
        CheckpointListener(str(tmp_path))


@pytest.mark.parametrize("name", ["", "whisper", "transformers:", "transformers: ", "Embedded"])
def test_an_unknown_backend_is_refused(name):
    with pytest.raises(BadOption, match="transformers:NAME_OR_PATH"):
        load_listener(name)
    with pytest.raises(BadOption, match="transformers:NAME_OR_PATH"):
        GenerateOptions(speech=name)


def test_our_own_is_the_default_and_loaded_once():
    assert isinstance(load_listener(), EmbeddedListener)
    assert load_listener() is load_listener(GenerateOptions().speech)


def test_the_pipeline_and_the_command_line_use_the_backend_that_is_named(
    checkpoint, tmp_path, photo_path, fitter, face_model, capsys
):
    speech, _ = synthesise("My mother")
    sound = tmp_path / "a.wav"
    soundfile.write(sound, speech.waveform, 16000)
    model = TalkingHead(face_model, fitter, {})
    _, features = model.listen(sound, 25.0, "transformers:" + checkpoint("certain", IPA, "b"))
    assert {each.symbol for each in features.phonemes} - {"SIL"} == {"B"}
    output = tmp_path / "v.mp4"
    given = ["generate", str(photo_path), str(sound), "-o", str(output)]
    assert main([*given, "--speech", "transformers:nobody/phones"]) == 2
    assert "hf download nobody/phones" in capsys.readouterr().err
    assert not output.exists()
