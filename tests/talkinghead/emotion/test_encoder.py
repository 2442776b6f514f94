import json

import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX, UPPER_FACE_CHANNELS, channel_indices
from talkinghead.emotion.bank import MEAD_CLASSES, load_bank
from talkinghead.emotion.encoder import EmotionEncoder, understanding_as_json
from talkinghead.errors import BadEmotion
from talkinghead.types import ImagePrompt, SoundPrompt, Speech


def names(embedding):
    return [name for name, _ in embedding.feelings]


def test_every_label_and_synonym_means_its_feeling(understand):
    for feeling in load_bank().feelings:
        for word in (feeling.name, *feeling.synonyms, *feeling.translations):
            understood = understand(word)
            assert names(understood) == [feeling.name], word
            assert understood.mead_class == feeling.mead_class


def test_an_embedding_keeps_its_contract(understand):
    for text in ("happy", "70% joy + 30% fear", "the cat has hidden behind the stove", "not sad"):
        understood = understand(text)
        assert np.linalg.norm(understood.vector) == pytest.approx(1.0, abs=1e-5)
        assert understood.vector.dtype == understood.expression.dtype == np.float32
        assert understood.expression.shape == (52,)
        assert understood.head.shape == (3,)
        assert 0.0 <= understood.intensity <= 1.0
        assert -1.0 <= understood.arousal <= 1.0
        weights = [weight for _, weight in understood.feelings]
        assert sum(weights) == pytest.approx(1.0)
        assert weights == sorted(weights, reverse=True)
        assert understood.mead_class in MEAD_CLASSES


def test_intensity_by_hand_overrides_the_words_and_scales_the_face(understand):
    half, full = understand("slightly furious", 0.5), understand("furious", 1.0)
    assert half.intensity == 0.5
    np.testing.assert_allclose(half.expression * 2, full.expression, atol=1e-6)
    np.testing.assert_allclose(half.head * 2, full.head, atol=1e-6)
    assert not understand("furious", 0.0).expression.any()


@pytest.mark.parametrize("intensity", [-0.1, 1.1, float("nan"), float("inf")])
def test_an_intensity_outside_its_range_is_refused(understand, intensity):
    with pytest.raises(BadEmotion, match="from 0 to 1"):
        understand("happy", intensity)


def test_a_mix_is_the_weighted_mean_of_its_faces(understand):
    mixed = understand("0.75 joy + 0.25 fear", 1.0)
    expected = 0.75 * understand("joy", 1.0).expression + 0.25 * understand("fear", 1.0).expression
    np.testing.assert_allclose(mixed.expression, expected, atol=1e-6)
    assert [weight for _, weight in mixed.feelings] == pytest.approx([0.75, 0.25])


def test_the_vectors_of_like_feelings_are_closer_than_of_unlike_ones(understand):
    joy, glee, grief = (understand(text).vector for text in ("happy", "elated", "grieving"))
    assert joy @ glee > joy @ grief


@pytest.mark.parametrize("text", ["", "   ", "\n\t\x00", "...", "?!"])
def test_nothing_said_is_neutral_with_a_notice(understand, text):
    understood = understand(text)
    assert names(understood) == ["neutral"]
    assert not understood.expression.any()
    assert "empty" in understood.notices[0]


def test_a_long_prompt_is_cut_with_a_notice(understand):
    understood = understand("I am happy. " * 900)
    assert "10799 characters" in understood.notices[0]
    assert understood.mead_class == "happy"


@pytest.mark.parametrize(
    "text",
    [
        "the invoice is due on Monday",
        "install the driver from the vendor's page",
        "a bus ticket costs three euros",
        "the cupboard is next to the dishwasher",
        "hexagonal bolts, size eight",
    ],
)
def test_unrelated_text_stays_near_neutral_with_a_notice(understand, text):
    understood = understand(text)
    assert understood.mead_class == "neutral"
    assert understood.intensity < 0.3
    assert "hardly names a feeling" in understood.notices[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("😭", "sad"), ("😀", "happy"), ("❤️", "happy"), ("😡😡", "angry"), ("😱", "fear"),
        ("🤢", "disgusted"), ("😲", "surprised"), ("😏", "contempt"), ("😐", "neutral"),
        ("👍🏽", "happy"), ("💔", "sad"), (":)", "happy"), (":-(", "sad"),
    ],
)  # fmt: skip
def test_emoji_are_understood(understand, text, expected):
    assert understand(text).mead_class == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("je suis très heureux", "happy"), ("muy triste", "sad"), ("ich bin wütend", "angry"),
        ("我很高兴", "happy"), ("悲しい", "sad"), ("очень злой", "angry"),
        ("دعونا نذهب", "neutral"),
    ],
)  # fmt: skip
def test_other_languages_are_tried(understand, text, expected):
    assert understand(text).mead_class == expected


def test_a_language_that_was_not_understood_is_said_so(understand):
    notices = " ".join(understand("दरवाज़ा बंद करो").notices)
    assert "taught English" in notices


def test_control_characters_do_not_hide_a_word(understand):
    plain, dirty = (
        understand("very happy"),
        understand("very\x07 hap\u200bpy\x1b ".replace("\u200b", "")),
    )
    assert dirty.feelings == plain.feelings
    assert dirty.intensity == plain.intensity


def test_free_text_moves_the_face_as_much_as_a_label_does(understand):
    upper = channel_indices(UPPER_FACE_CHANNELS)
    for text in ("I could strangle that liar", "the puppy ran to me wagging its tail"):
        understood = understand(text)
        assert not understood.notices
        assert understood.expression.max() > 0.15
        assert understood.expression[upper].max() > 0.1


def test_happy_and_sad_move_the_corners_of_the_mouth_apart(understand):
    smile, frown = ARKIT_INDEX["mouthSmileLeft"], ARKIT_INDEX["mouthFrownLeft"]
    assert understand("happy").expression[smile] > 0.4 > understand("happy").expression[frown]
    assert understand("sad").expression[frown] > 0.3 > understand("sad").expression[smile]


def test_pictures_and_sounds_whose_cues_nobody_read_are_refused(encoder):
    with pytest.raises(BadEmotion, match="picture has not been read"):
        encoder.understand(ImagePrompt(np.zeros((8, 8, 3), np.uint8)))
    with pytest.raises(BadEmotion, match="sound has not been read"):
        encoder.understand(SoundPrompt(Speech(np.zeros(16, np.float32))))


def test_the_report_is_json_and_names_the_backend(understand):
    report = json.loads(json.dumps(understanding_as_json(understand("quiet joy"))))
    assert set(report) == {
        "embedding", "feelings", "class", "intensity", "valence", "arousal", "backend", "notices",
    }  # fmt: skip
    assert report["class"] == "happy"
    assert report["backend"] == "embedded: open_clip text transformer of Evoke"
    assert report["feelings"] == [{"name": "content", "weight": 1.0}]
    assert len(report["embedding"]) == 384
    assert report["valence"] > 0.5


def test_many_texts_are_encoded_together_and_mean_the_same(encoder, understand):
    texts = ["a parcel nobody wanted", "joy", "0.3 fear + 0.7 like the last day of school", "",
             "rain on a tin roof", "a parcel nobody wanted"] * 3  # fmt: skip
    calls = []
    tower = encoder._tower

    class Counting:
        template, name = tower.template, tower.name

        def encode(self, given):
            calls.append(list(given))
            return tower.encode(given)

    together = list(EmotionEncoder(Counting(), load_bank(), encoder.space).understand_texts(texts))
    assert [len(given) for given in calls] == [3]
    for text, one in zip(texts, together, strict=True):
        alone = understand(text)
        assert (one.mead_class, one.notices) == (alone.mead_class, alone.notices)
        for field in ("vector", "intensity", "expression", "head", "arousal"):
            np.testing.assert_allclose(getattr(one, field), getattr(alone, field), atol=1e-5)


def test_texts_are_taken_block_by_block(encoder, monkeypatch):
    monkeypatch.setattr("talkinghead.emotion.encoder.BLOCK", 2)
    taken = []

    def texts():
        for text in ("joy", "fear", "anger", "sadness"):
            taken.append(text)
            yield text

    found = encoder.understand_texts(texts())
    assert next(found).mead_class == "happy"
    assert taken == ["joy", "fear"]
    assert [one.mead_class for one in found] == ["fear", "angry", "sad"]


def test_texts_before_a_wrong_one_are_answered(encoder):
    found = encoder.understand_texts(["joy", "fear", "-1 joy + 2 fear", "anger"])
    assert [next(found).mead_class, next(found).mead_class] == ["happy", "fear"]
    with pytest.raises(BadEmotion, match="the weights"):
        next(found)


@pytest.mark.parametrize("text", ["calm -> angry", "calm → angry", "calm=>angry", "joy ➡️ fear"])
def test_an_arrow_brings_the_hint_at_a_timeline(understand, text):
    assert any("timeline" in notice for notice in understand(text).notices)
    assert not any("timeline" in notice for notice in understand("5 > 3, joy").notices)
