import json

import numpy as np
import pytest

from talkinghead.emotion.anchors import anchor_tensors, read_anchors
from talkinghead.emotion.bank import MEAD_CLASSES, load_bank
from talkinghead.emotion.encoder import understanding_as_json
from talkinghead.emotion.image_tower import ImageTower
from talkinghead.emotion.senses import Senses
from talkinghead.emotion.sound_tower import SoundTower
from talkinghead.errors import BadEmotion
from talkinghead.pipeline import TalkingHead
from talkinghead.portrait.cues import face_cues
from talkinghead.portrait.photo import read_photo
from talkinghead.speech.prosody import statistics_count, voice_cues
from talkinghead.speech.synthesis import synthesise
from talkinghead.types import FaceCues, ImagePrompt, SoundPrompt, Speech, VoiceCues

BANK = load_bank()
BY_NAME = BANK.by_name


def face(expression=None, grey=128):
    weights = np.zeros(52, np.float32) if expression is None else expression
    return FaceCues(np.full((96, 96), grey, np.uint8), weights, np.zeros(3, np.float32))


def picture(cues):
    return ImagePrompt(np.zeros((8, 8, 3), np.uint8), cues)


def sound(cues):
    return SoundPrompt(Speech(np.zeros(16, np.float32)), cues)


@pytest.fixture(scope="module")
def spoken():
    return voice_cues(synthesise("We shall meet at the station at noon.", "en-us")[0])


def test_both_towers_give_unit_vectors_of_the_space(spoken):
    seen = ImageTower().encode([face(), face(BY_NAME["happy"].expression)])
    heard, arousal = SoundTower().encode([spoken, spoken])
    for vectors in (seen, heard):
        assert vectors.shape == (2, 384)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert np.abs(arousal).max() <= 1.0
    np.testing.assert_array_equal(heard[0], heard[1])


def test_the_towers_do_not_depend_on_what_else_is_in_the_batch():
    tower = ImageTower()
    faces = [face(BY_NAME[name].expression) for name in MEAD_CLASSES]
    alone = np.concatenate([tower.encode([one]) for one in faces])
    np.testing.assert_allclose(tower.encode(faces), alone, atol=1e-5)


def test_a_face_that_wears_a_smile_is_happy_and_one_at_rest_is_not(encoder):
    smiling = encoder.understand(picture(face(BY_NAME["happy"].expression)))
    assert smiling.mead_class == "happy"
    assert smiling.backend == ImageTower.name
    assert encoder.understand(picture(face())).mead_class != "happy"


def test_a_stronger_smile_is_a_stronger_feeling(encoder):
    weak, strong = (
        encoder.understand(picture(face(factor * BY_NAME["happy"].expression)))
        for factor in (0.5, 0.9)
    )
    assert weak.mead_class == strong.mead_class == "happy"
    assert weak.intensity < strong.intensity
    assert encoder.understand(picture(face()), 0.25).intensity == 0.25


def test_a_silent_sound_is_neutral_with_a_notice(encoder):
    silent = encoder.understand(sound(VoiceCues(np.zeros(statistics_count(), np.float32), 0.0)))
    assert silent.feelings == (("neutral", 1.0),)
    assert not silent.expression.any()
    assert "neutral was used" in silent.notices[0]


def test_a_voice_keeps_the_contract_of_an_embedding(encoder, spoken):
    understood = encoder.understand(sound(spoken))
    assert understood.mead_class in MEAD_CLASSES
    assert sum(weight for _, weight in understood.feelings) == pytest.approx(1.0)
    assert 0.0 <= understood.intensity <= 1.0
    assert understood.backend == SoundTower.name
    json.dumps(understanding_as_json(understood))


def test_a_livelier_voice_of_an_aroused_feeling_is_stronger():
    senses = Senses(BANK)
    angry = {[one.name for one in BANK.feelings].index("angry"): 1.0}
    sad = {[one.name for one in BANK.feelings].index("sad"): 1.0}
    assert senses._heard(angry, 0.9) > senses._heard(angry, 0.3)
    assert senses._heard(sad, -0.7) > senses._heard(sad, 0.1)


def test_cues_that_are_missing_are_named(encoder):
    with pytest.raises(BadEmotion, match=r"TalkingHead\.feel"):
        encoder.understand(picture(None))


def test_anchors_follow_the_names_of_the_bank_not_their_order():
    generator = np.random.default_rng(0)
    points = generator.normal(size=(len(BANK.feelings), 4)).astype(np.float32)
    tensors = anchor_tensors(BANK, points)
    shuffled = type(BANK)(BANK.feelings[::-1], BANK.background, BANK.sources)
    np.testing.assert_allclose(read_anchors(tensors, shuffled), points[::-1], rtol=2e-3)
    shorter = type(BANK)(BANK.feelings[:3], BANK.background, BANK.sources)
    known = anchor_tensors(shorter, points[:3])
    assert not read_anchors(known, BANK)[3:].any()


def test_one_feeling_in_words_and_picture_makes_close_faces(encoder, photo_path):
    """Correlation of what a picture of somebody who wears a feeling gives with the word's face."""
    model = TalkingHead.from_pretrained("cpu")
    somebody = model.fit(read_photo(photo_path))
    for name in ("happy", "fear", "surprised"):
        worn = model.preview(somebody, model.feel(name))
        seen = encoder.understand(picture(face_cues(model.fit(worn))))
        assert seen.mead_class == name
        assert np.corrcoef(seen.expression, BY_NAME[name].expression)[0, 1] > 0.6, name


def test_the_anchor_of_a_feeling_means_that_feeling():
    anchors = ImageTower().anchors(BANK)
    senses = Senses(BANK)
    names = [feeling.name for feeling in BANK.feelings]
    for name in ("happy", "sad", "angry", "surprised"):
        weights, _ = senses.weights(anchors[names.index(name)], anchors)
        offset = sum(share * BANK.feelings[row].expression for row, share in weights.items())
        assert np.corrcoef(offset, BY_NAME[name].expression)[0, 1] > 0.7, name
