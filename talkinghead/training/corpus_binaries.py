"""flite and festival, which Debian packages: voices made of recorded people, with phone times.

`apt-get install flite festival festvox-kallpc16k ...` (docs/corpus.md). They are run as programs,
one process an utterance, so that nothing of one leaks into the next.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from talkinghead.errors import TalkingHeadError
from talkinghead.speech.phoneme_table import (
    ARPABET_CONSONANTS,
    ARPABET_VOWELS,
    SILENCE,
    arpabet_from_ipa,
)
from talkinghead.speech.waveform import load_speech
from talkinghead.training.corpus_engines import Voice
from talkinghead.types import Phoneme, Speech

_TIMEOUT = 60.0
_CMU, _FESTVOX = "CMU flite (BSD-like)", "festvox (BSD-like)"
_PAUSES = frozenset({"pau", "h#", "brth", "#", "##", "_", "sil"})
_REDUCED: Mapping[str, str] = {
    "ax": "AH", "axr": "ER", "dx": "D", "el": "L", "em": "M", "en": "N", "hv": "HH", "nx": "N",
}  # fmt: skip
"""English phones beside ARPAbet's."""
_IPA: Mapping[str, Mapping[str, str]] = {
    "it": {"E": "ɛ", "O": "ɔ", "J": "ɲ", "L": "ʎ", "S": "ʃ", "Z": "ʒ", "tS": "tʃ", "dZ": "dʒ",
           "ng": "ŋ", "nf": "ɱ"},
    "fi": {"@": "æ", "7": "ø", "N": "ŋ", "S": "ʃ", "T": "t"},
    "cs": {"c": "ts", "c~": "tʃ", "s~": "ʃ", "z~": "ʒ", "r~": "rʒ", "r~*": "rʃ", "t~": "c",
           "d~": "ɟ", "n~": "ɲ", "n*": "ŋ", "ch": "x", "dz~": "dʒ"},
}  # fmt: skip
"""Phones of other languages that are not written as in IPA."""


@dataclass(frozen=True)
class _BinaryVoice:
    """A voice, the split it belongs to, and the encoding of its texts."""

    voice: Voice
    split: str
    encoding: str = "ascii"


def _english(name: str, speaker: str, split: str, licence: str) -> _BinaryVoice:
    return _BinaryVoice(Voice(name, "en", f"festvox_{speaker}", licence), split)


def _foreign(name: str, language: str, licence: str, encoding: str) -> _BinaryVoice:
    """Diphones under a share-alike licence: what they speak holds pieces of the recordings."""
    voice = Voice(name, language, f"festvox_{name}", licence, tier="research")
    return _BinaryVoice(voice, "eval", encoding)


_FLITE_VOICES: tuple[_BinaryVoice, ...] = (
    _english("slt", "slt", "train", _CMU),
    _english("rms", "rms", "train", _CMU),
    _english("kal16", "kal", "train", _CMU),
    _english("awb", "awb", "eval", _CMU),
)
_FESTIVAL_VOICES: tuple[_BinaryVoice, ...] = (
    _english("kal_diphone", "kal", "train", _FESTVOX),
    _english("cmu_us_slt_arctic_hts", "slt", "train", _FESTVOX),
    _english("ked_diphone", "ked", "eval", _FESTVOX),
    _foreign("lp_diphone", "it", "GPL-2.0+ voice", "latin-1"),
    _foreign("pc_diphone", "it", "GPL-2.0+ voice", "latin-1"),
    _foreign("hy_fi_mv_diphone", "fi", "LGPL-2.0+ voice", "latin-1"),
    _foreign("suo_fi_lj_diphone", "fi", "LGPL-2.0+ voice", "latin-1"),
    _foreign("czech_ph", "cs", "GPL-2.0+ voice", "iso8859-2"),
    _foreign("czech_dita", "cs", "GPL-3.0+ voice", "iso8859-2"),
)


class _Binary(ABC):
    """What flite and festival share."""

    name: str
    share: float
    eval_share: float
    packages: str
    _voices: tuple[_BinaryVoice, ...]

    def found(self) -> bool:
        """Whether the program is on PATH."""
        return shutil.which(self.name) is not None

    def draw(self, generator: np.random.Generator, split: str) -> Voice:
        """One of the split's voices, each as often as the others."""
        voices = [one.voice for one in self._voices if one.split == split]
        return voices[generator.integers(len(voices))]

    def speak(
        self, text: str, voice: Voice, generator: np.random.Generator
    ) -> tuple[Speech, tuple[Phoneme, ...]]:
        """At a random rate.

        Raises:
            TalkingHeadError: the voice is not installed, or the program fails or names a phone that
                we do not know.
        """
        stretch = float(generator.uniform(0.75, 1.35))
        encoding = next(one.encoding for one in self._voices if one.voice == voice)
        with tempfile.TemporaryDirectory() as folder:
            sound = Path(folder) / "speech.wav"
            spoken = self._run(text.encode(encoding, "ignore"), voice.name, stretch, sound)
            if not sound.is_file():
                message = f"{self.name} says nothing in the voice {voice.name}: is it installed?"
                raise TalkingHeadError(message)
            speech = Speech(load_speech(sound).waveform)
        return speech, timed_phonemes(spoken, voice.language, speech.seconds)

    @abstractmethod
    def _run(self, text: bytes, voice: str, stretch: float, sound: Path) -> list[tuple[str, float]]:
        """Speak into a file; (phone, seconds at its end) in order."""


class FliteEngine(_Binary):
    """flite 2.2: English, four voices."""

    name = "flite"
    share = 0.12
    eval_share = 0.15
    packages = "flite"
    _voices = _FLITE_VOICES

    def _run(self, text: bytes, voice: str, stretch: float, sound: Path) -> list[tuple[str, float]]:
        command = ["flite", "-psdur", "-voice", voice, "--setf", f"duration_stretch={stretch:.3f}"]
        output = _output_of([*command, "-t", text.decode("ascii"), "-o", str(sound)])
        pairs = (part.rsplit(":", 1) for part in output.split() if ":" in part)
        return [(phone, float(end)) for phone, end in pairs]


class FestivalEngine(_Binary):
    """festival 2.5 with the diphone and HTS voices that Debian packages."""

    name = "festival"
    share = 0.18
    eval_share = 0.4  # seven of its ten voices may be used for measuring only
    packages = (
        "festival festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts festvox-italp16k "
        "festvox-itapc16k festvox-suopuhe-mv festvox-suopuhe-lj festvox-czech-ph "
        "festvox-czech-dita"
    )
    _voices = _FESTIVAL_VOICES

    def _run(self, text: bytes, voice: str, stretch: float, sound: Path) -> list[tuple[str, float]]:
        segments = sound.with_suffix(".segments")
        quoted = text.replace(b"\\", b" ").replace(b'"', b" ")
        script = (
            f"(voice_{voice})\n(Parameter.set 'Duration_Stretch {stretch:.3f})\n".encode()
            + b'(set! spoken (utt.synth (Utterance Text "' + quoted + b'")))\n'
            + f'(utt.save.segs spoken "{segments}")\n'.encode()
            + f"(utt.save.wave spoken \"{sound}\" 'riff)\n".encode()
        )  # fmt: skip
        program = sound.with_suffix(".scm")
        program.write_bytes(script)
        _output_of(["festival", "--batch", str(program)])
        lines = segments.read_text("latin-1").splitlines() if segments.is_file() else []
        fields = [line.split() for line in lines if line.strip() != "#"]
        return [(phone, float(end)) for end, _, phone in fields]


def timed_phonemes(
    spoken: Iterable[tuple[str, float]], language: str, seconds: float
) -> tuple[Phoneme, ...]:
    """An engine's phones as gap-free ARPAbet from 0 to the end of the sound.

    Args:
        spoken: (phone, seconds at its end) in order.
        language: whose phone set it is: "en", "it", "fi" or "cs".
        seconds: length of the sound.

    Raises:
        TalkingHeadError: for an unknown phone, or if nothing is spoken.
    """
    marks: list[tuple[str, float]] = []
    start = 0.0
    for phone, end in spoken:
        symbols = arpabet_of(phone, language)
        for part, symbol in enumerate(symbols):
            begin = start + (end - start) * part / len(symbols)
            if (
                begin < seconds
                and end > start
                and not (marks and symbol == SILENCE == marks[-1][0])
            ):
                marks.append((symbol, begin))
        start = end
    if not any(symbol != SILENCE for symbol, _ in marks):
        message = "the engine spoke nothing"
        raise TalkingHeadError(message)
    ends = [*(begin for _, begin in marks[1:]), seconds]
    return tuple(
        Phoneme(symbol, begin, end) for (symbol, begin), end in zip(marks, ends, strict=True)
    )


def arpabet_of(phone: str, language: str) -> tuple[str, ...]:
    """A phone of flite or festival in ARPAbet.

    Raises:
        TalkingHeadError: if the phone set has no such phone.
    """
    if phone in _PAUSES:
        return (SILENCE,)
    if language == "en":
        symbol = _REDUCED.get(phone, phone.upper())
        symbols: tuple[str, ...] = (
            (symbol,) if symbol in ARPABET_VOWELS | ARPABET_CONSONANTS else ()
        )
    else:
        bare = phone.rstrip("1:")
        symbols = arpabet_from_ipa(_IPA[language].get(bare, bare))
    if not symbols:
        message = f"unknown phone {phone!r} of {language}"
        raise TalkingHeadError(message)
    return symbols


def _output_of(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{command[0]} cannot speak: {error}"
        raise TalkingHeadError(message) from error
    if done.returncode:
        message = f"{command[0]} fails: {done.stderr.decode('utf-8', 'replace').strip()[:200]}"
        raise TalkingHeadError(message)
    return done.stdout.decode("utf-8", "replace")
