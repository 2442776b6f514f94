import json

import numpy as np
import pytest

from renderer.coefficients import ARKIT_INDEX
from talkinghead.emotion.bank import (
    BANK_PATH,
    MEAD_CLASSES,
    load_bank,
    read_bank,
    time_behaviour,
)

DU_2014 = """happily surprised|happily disgusted|sadly fearful|sadly angry|sadly surprised
sadly disgusted|fearfully angry|fearfully surprised|fearfully disgusted|angrily surprised
angrily disgusted|disgustedly surprised|appalled|hatred|awe""".replace("\n", "|").split("|")
COWEN_KELTNER_2020 = """amusement anger awe concentration confusion contemplation contempt
contentment desire disappointment disgust distress doubt ecstasy elation embarrassment fear interest
love pain pride realization relief sadness shame surprise sympathy triumph""".split()


def broken_bank(tmp_path, change):
    content = json.loads(BANK_PATH.read_text(encoding="utf-8"))
    change(content["feelings"])
    path = tmp_path / "bank.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_the_bank_holds_the_categories_of_the_literature():
    bank = load_bank()
    assert len(bank.feelings) >= 60
    assert set(MEAD_CLASSES) <= set(bank.by_name)
    assert set(DU_2014) <= set(bank.by_name)
    assert set(COWEN_KELTNER_2020) <= set(bank.words)


def test_every_mead_class_is_its_own_class():
    by_name = load_bank().by_name
    assert all(by_name[name].mead_class == name for name in MEAD_CLASSES)


def test_every_feeling_has_words_sentences_and_a_source():
    bank = load_bank()
    for feeling in bank.feelings:
        assert 5 <= len(feeling.synonyms) <= 14, feeling.name
        assert 3 <= len(feeling.prompts) <= 6, feeling.name
        assert all(key in bank.sources for key in feeling.source)


def test_every_feeling_but_neutral_moves_the_face_visibly():
    for feeling in load_bank().feelings:
        shown = feeling.expression * feeling.intensity
        if feeling.name == "neutral":
            assert not shown.any()
        else:
            assert shown.max() >= 0.15, feeling.name
            assert shown.sum() > 0.4, feeling.name


def test_no_two_feelings_make_the_same_face():
    feelings = load_bank().feelings
    for index, one in enumerate(feelings):
        for other in feelings[:index]:
            difference = np.abs(one.expression - other.expression).max()
            assert difference > 0.15, (one.name, other.name)


@pytest.mark.parametrize(
    ("name", "moved", "still"),
    [
        ("happy", ("mouthSmileLeft", "cheekSquintLeft"), ("browDownLeft", "mouthFrownLeft")),
        ("sad", ("browInnerUp", "mouthFrownLeft", "mouthShrugLower"), ("browOuterUpLeft",)),
        ("angry", ("browDownLeft", "eyeWideLeft", "mouthUpperUpLeft"), ("browInnerUp",)),
        ("fear", ("browInnerUp", "browDownLeft", "eyeWideLeft", "mouthStretchLeft"),
         ("mouthSmileLeft", "noseSneerLeft")),
        ("disgusted", ("noseSneerLeft", "mouthUpperUpLeft", "mouthShrugLower"),
         ("browInnerUp", "eyeWideLeft")),
        ("surprised", ("browInnerUp", "browOuterUpLeft", "eyeWideLeft", "jawOpen"),
         ("browDownLeft", "mouthStretchLeft")),
    ],
)  # fmt: skip
def test_plain_feelings_keep_to_the_prototypes_of_facs(name, moved, still):
    """FACS Investigator's Guide (2002) and Du et al. (2014): what must show, and what must not."""
    face = load_bank().by_name[name].expression
    assert min(face[ARKIT_INDEX[channel]] for channel in moved) > 0.3
    assert not any(face[ARKIT_INDEX[channel]] for channel in still)


def test_contempt_shows_on_one_side_only():
    contempt = load_bank().by_name["contempt"].expression
    assert contempt[ARKIT_INDEX["mouthDimpleLeft"]] > 0.5
    assert contempt[ARKIT_INDEX["mouthDimpleRight"]] == 0.0


def test_valence_follows_the_mead_class():
    by_name = load_bank().by_name
    assert by_name["happy"].valence > 0.5
    assert max(by_name[name].valence for name in ("angry", "sad", "fear", "disgusted")) < -0.5


def test_not_twice_leads_back_to_a_feeling_of_the_same_sign():
    bank = load_bank()
    for name in ("happy", "sad", "angry", "anxious", "proud"):
        opposite = bank.by_name[bank.by_name[name].opposite]
        assert opposite.valence * bank.by_name[name].valence < 0


def test_time_behaviour_of_a_mix_is_the_weighted_mean():
    by_name = load_bank().by_name
    mixed = time_behaviour((("fear", 0.25), ("sad", 0.75)))
    expected = 0.25 * by_name["fear"].time.onset + 0.75 * by_name["sad"].time.onset
    assert mixed.onset == pytest.approx(expected)
    assert time_behaviour((("anxious", 1.0),)).blink > time_behaviour((("stern", 1.0),)).blink


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda feelings: feelings[1].update(mead_class="joyous"), "mead_class 'joyous'"),
        (lambda feelings: feelings[1].update(units="6C 99D"), "'99D'"),
        (lambda feelings: feelings[1].update(valence=1.5), "valence of 'happy' is 1.5"),
        (lambda feelings: feelings[1].update(head=[0.0, 2.0, 0.0]), "head pose"),
        (lambda feelings: feelings[1].update(source=["Nobody1900"]), "Nobody1900"),
        (lambda feelings: feelings[1].update(opposite="nothing"), "nothing"),
        (lambda feelings: feelings[1]["synonyms"].update(sad=0.5), "'sad'"),
        (lambda feelings: feelings[1]["synonyms"].update(gladsome=3), "strength"),
        (lambda feelings: feelings[1].pop("prompts"), "lacks 'prompts'"),
    ],
)
def test_a_broken_entry_is_refused_with_its_fault(tmp_path, change, complaint):
    with pytest.raises(ValueError, match=complaint):
        read_bank(broken_bank(tmp_path, change))
