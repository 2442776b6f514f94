import pytest

from talkinghead.motion.visemes import VISEMES
from talkinghead.speech.phoneme_net import SYMBOLS
from talkinghead.speech.phoneme_table import arpabet_from_ipa


@pytest.mark.parametrize(
    ("ipa", "expected"),
    [("ˈɑː", "AA"), ("aɪ", "AY"), ("əʊ", "OW"), ("tʃ", "CH"), ("d͡ʒ", "JH"), ("ɜː", "ER"),
     ("ɜ", "AH"), ("ɔ̃", "AO"), ("ã", "AA"), ("ç", "HH"), ("pf", "P F"), ("ts", "T S"), ("y", "UW"),
     ("β", "B"), ("ɲ", "N"), ("r", "L"), ("oːɹ", "OW R"), ("ʔ", ""), ("", ""), ("˥", "")],
)  # fmt: skip
def test_sounds_map_to_what_they_look_like(ipa, expected):
    assert arpabet_from_ipa(ipa) == tuple(expected.split())


def test_every_symbol_has_a_mouth_shape():
    assert set(SYMBOLS) == set(VISEMES)
    assert len(SYMBOLS) == 40
