"""From the International Phonetic Alphabet to ARPAbet, by what the mouth looks like.

English sounds map to their own ARPAbet symbol. A sound that English lacks maps to the ARPAbet
symbol whose lips, jaw and tongue tip look most like it (French u = "UW", Spanish rr = "L"), because
the only reader of these symbols is a face. A rare affricate or diphthong becomes two symbols.
"""

from __future__ import annotations

import unicodedata

SILENCE = "SIL"

ARPABET_VOWELS: frozenset[str] = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())
ARPABET_CONSONANTS: frozenset[str] = frozenset(
    "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split()
)
BILABIALS: frozenset[str] = frozenset({"M", "B", "P"})

_DIPHTHONGS: dict[str, str] = {
    "aɪ": "AY", "aj": "AY", "ai": "AY", "aʊ": "AW", "au": "AW", "aw": "AW", "eɪ": "EY",
    "ei": "EY", "ej": "EY", "oʊ": "OW", "əʊ": "OW", "ou": "OW", "ow": "OW", "ɔɪ": "OY",
    "ɔi": "OY", "ɔj": "OY", "oi": "OY", "oj": "OY", "ɔø": "OY", "ɔʏ": "OY", "ɔy": "OY",
    "tʃ": "CH", "tɕ": "CH", "ʈʂ": "CH", "dʒ": "JH", "dʑ": "JH", "ɖʐ": "JH",
}  # fmt: skip

_SINGLE: dict[str, str] = {
    # Lips
    "m": "M", "b": "B", "p": "P", "β": "B", "ʙ": "B", "ɓ": "B", "ɸ": "F", "f": "F", "v": "V",
    "ʋ": "V", "ɱ": "V", "w": "W", "ʍ": "W", "ɥ": "W",
    # Tongue tip and blade
    "t": "T", "d": "D", "n": "N", "s": "S", "z": "Z", "l": "L", "r": "L", "ɾ": "D", "ɹ": "R",
    "ɻ": "R", "θ": "TH", "ð": "DH", "ʃ": "SH", "ʒ": "ZH", "ʂ": "SH", "ʐ": "ZH", "ɕ": "SH",
    "ʑ": "ZH", "ɬ": "L", "ɮ": "L", "ɫ": "L", "ɭ": "L", "ɺ": "L", "ɽ": "D", "ʈ": "T", "ɖ": "D",
    "ɗ": "D", "ɳ": "N", "ɧ": "SH",
    # Tongue back, throat
    "k": "K", "g": "G", "ɡ": "G", "ŋ": "NG", "x": "K", "χ": "K", "ɣ": "G", "ɰ": "G", "q": "K",
    "ɢ": "G", "ɠ": "G", "ʁ": "HH", "ʀ": "HH", "h": "HH", "ɦ": "HH", "ħ": "HH", "ʕ": "HH",
    "ç": "HH", "j": "Y", "ʲ": "Y", "ʝ": "Y", "ʎ": "Y", "c": "K", "ɟ": "G", "ɲ": "N",
    "ɴ": "NG",
    # Vowels
    "i": "IY", "ɪ": "IH", "ɨ": "IH", "ᵻ": "IH", "ɯ": "IH", "e": "EH", "ɛ": "EH", "ɘ": "AH",
    "æ": "AE", "a": "AA", "ɑ": "AA", "ɐ": "AH", "ʌ": "AH", "ə": "AH", "ɤ": "AH", "ɜ": "AH",
    "ɞ": "AH", "ɒ": "AO", "ɔ": "AO", "o": "OW", "u": "UW", "ʉ": "UW", "y": "UW", "ʏ": "UH",
    "ʊ": "UH", "ɵ": "UH", "ø": "UH", "œ": "UH", "ɶ": "AO", "ɚ": "ER", "ɝ": "ER",
}  # fmt: skip


def arpabet_from_ipa(sound: str) -> tuple[str, ...]:
    """Map one IPA sound to the ARPAbet symbols that look like it.

    Args:
        sound: one phoneme in IPA, with any stress, length, tone or nasal marks ("ˈɑː", "ɔ̃", "tʃ").

    Returns:
        One symbol for nearly every sound, two for a cluster that ARPAbet has no symbol for
        ("pf" gives P, F); empty if nothing in it is a speech sound (a glottal stop, a tone mark).
    """
    if "ɜː" in sound or "ɜ˞" in sound:  # English "nurse"; without length it is German "-er"
        return ("ER",)
    letters = "".join(_bare(letter) for letter in unicodedata.normalize("NFC", sound))
    symbols: list[str] = []
    at = 0
    while at < len(letters):
        pair = _DIPHTHONGS.get(letters[at : at + 2])
        symbol = pair or _SINGLE.get(letters[at])
        at += 2 if pair else 1
        if symbol and (not symbols or symbols[-1] != symbol):
            symbols.append(symbol)
    return tuple(symbols)


def _bare(letter: str) -> str:
    """A letter without its marks (nasal "ã" is "a"), and nothing for a mark that stands alone."""
    if letter in _SINGLE:
        return letter
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base in _SINGLE else ""
