"""One door for every kind of prompt: words, a picture or a voice in, an `EmotionEmbedding` out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from numbers import Real

import numpy as np

from renderer.coefficients import Floats
from talkinghead.emotion.bank import MEAD_CLASSES, Bank, Feeling, load_bank
from talkinghead.emotion.calibration import FeelingSpace, calibrate, encode_texts
from talkinghead.emotion.clip_space import (
    DEFAULT_BACKEND,
    DeferredTower,
    TextTower,
    load_text_tower,
)
from talkinghead.emotion.modifiers import Part, apply_strength, read_parts
from talkinghead.emotion.phrase_book import look_up
from talkinghead.emotion.release import with_release
from talkinghead.emotion.senses import Reading, Senses
from talkinghead.emotion.stored_space import embedded_key, stored_space
from talkinghead.emotion.text_tower import EmbeddedTower
from talkinghead.emotion.wording import clean, is_mostly_foreign
from talkinghead.errors import BadEmotion
from talkinghead.types import EmotionEmbedding, EmotionPrompt, TextPrompt

MOST_FEELINGS = 4
"""Bank entries that one free text may mix; more would average every face into the same mush."""
LEAST_SHARE = 0.3
"""A feeling with less than this share of the heaviest one's weight is left out."""
FOREIGN_CONFIDENCE = 0.1
"""Of a text in letters that the tower was not taught: its vector says nothing."""
NEUTRAL_CONFIDENCE = 0.1
"""Of a text that was read as plain neutral, as everyday statements are: it names no feeling."""
NEGLIGIBLE = 0.01
CONFIDENCE_FLOOR = 0.5
"""Below this the text is more likely about something else than about a feeling."""
BLOCK = 512
"""Texts that are encoded at once: more are not faster, and want more memory."""


class EmotionEncoder:
    """Understands prompts with one text tower and one bank.

    Args:
        tower: turns words into vectors.
        bank: the named feelings.
        space: the tower's calibration to the bank; None = solve it now, which takes seconds.
    """

    def __init__(self, tower: TextTower, bank: Bank, space: FeelingSpace | None = None) -> None:
        self._tower = tower
        self._bank = bank
        self._index = {feeling.name: row for row, feeling in enumerate(bank.feelings)}
        self._space = calibrate(tower, bank) if space is None else space
        self._senses = Senses(bank)

    @property
    def backend(self) -> str:
        """The name of the text tower."""
        return self._tower.name

    @property
    def space(self) -> FeelingSpace:
        """The text tower's calibration to the bank."""
        return self._space

    def understand(self, prompt: EmotionPrompt, intensity: float | None = None) -> EmotionEmbedding:
        """Say which feelings a prompt means, how strong they are and what face they make.

        Args:
            prompt: words, or a picture or a sound whose cues have been read.
            intensity: 0..1 overrides what the prompt says; None = as the prompt says.

        Raises:
            BadEmotion: if the intensity is outside 0..1, a mix has no positive weight, or a picture
                or sound comes without its cues.
        """
        if isinstance(prompt, TextPrompt):
            return next(self.understand_texts([prompt.text], intensity))
        _check_intensity(intensity)
        reading, tower, notices = self._senses.read(prompt)
        return self._combine([reading], [1.0], intensity, notices, tower)

    def understand_texts(
        self, texts: Iterable[str], intensity: float | None = None
    ) -> Iterator[EmotionEmbedding]:
        """The same for many texts, one after the other; `BLOCK` of them are encoded at once.

        Args:
            texts: taken as they are needed.
            intensity: of all of them; see `understand`.

        Raises:
            BadEmotion: as `understand`, when the texts before the wrong one have been answered.
        """
        _check_intensity(intensity)
        remaining = iter(texts)
        while block := list(islice(remaining, BLOCK)):
            taken: list[tuple[str, tuple[Part, ...], tuple[str, ...]]] = []
            wrong: BadEmotion | None = None
            for text in block:
                try:
                    taken.append(self._taken_apart(text))
                except BadEmotion as error:
                    wrong = error
                    break
            vectors = self._encoded(
                part.text for _, parts, _ in taken for part in parts if part.word is None
            )
            for text, parts, notices in taken:
                readings = [self._read(part, vectors) for part in parts]
                doubts = self._doubts(text, min(one.confidence for one in readings))
                total = sum(part.weight for part in parts)
                shares = [part.weight / total for part in parts]
                yield self._combine(readings, shares, intensity, notices + doubts, self.backend)
            if wrong is not None:
                raise wrong

    def _taken_apart(self, given: object) -> tuple[str, tuple[Part, ...], tuple[str, ...]]:
        """The clean text, its feelings, and notices."""
        if not isinstance(given, str):
            message = f"the words of a feeling are {given!r:.80}, expected a text"
            raise BadEmotion(message)
        text, notices = clean(given)
        parts = read_parts(text, self._bank.words) if text else (Part("neutral", "neutral"),)
        return text, parts, notices

    def _encoded(self, texts: Iterable[str]) -> dict[str, Floats]:
        """(1, E) for each different text."""
        different = list(dict.fromkeys(texts))
        vectors = encode_texts(self._tower, different) if different else ()
        return {text: vector[None] for text, vector in zip(different, vectors, strict=True)}

    def _read(self, part: Part, vectors: Mapping[str, Floats]) -> Reading:
        reading = self._read_text(part, vectors) if part.word is None else self._read_word(part)
        if part.negation:
            return self._opposite(reading, part.negation)
        strong = apply_strength(reading.intensity, part.strength)
        stated = strong if part.stated is None else part.stated
        return Reading(reading.weights, reading.vector, stated, reading.confidence)

    def _read_word(self, part: Part) -> Reading:
        feeling, usual = self._bank.words[part.word or part.text]
        row = self._index[feeling.name]
        return Reading({row: 1.0}, self._space.prototypes[row], usual)

    def _read_text(self, part: Part, vectors: Mapping[str, Floats]) -> Reading:
        """A known phrase, or what the tower makes of it."""
        vector = vectors[part.text]
        weights, confidence = self._known(part.text), 1.0
        if not weights:
            weights, confidence = self._guessed(part.text, vector)
        usual = sum(weight * self._bank.feelings[row].intensity for row, weight in weights.items())
        # What is hardly about a feeling fades into neutral.
        belief = min(1.0, confidence / CONFIDENCE_FLOOR)
        neutral = self._index["neutral"]
        weights = {row: weight * belief for row, weight in weights.items()}
        weights[neutral] = weights.get(neutral, 0.0) + 1.0 - belief
        return Reading(weights, vector[0], usual * belief, confidence)

    def _known(self, text: str) -> dict[int, float]:
        """Rows of the bank that the phrase book names, if all of them are in this bank."""
        named = look_up(text) or {}
        known = all(name in self._index for name in named)
        return {self._index[name]: weight for name, weight in named.items()} if known else {}

    def _guessed(self, text: str, vector: Floats) -> tuple[dict[int, float], float]:
        """The heaviest feelings of the likeliest class, and how likely any feeling is meant."""
        probabilities = self._space.probabilities(vector)[0]
        confidence = float(self._space.confidence(vector)[0])
        if is_mostly_foreign(text):
            confidence = min(confidence, FOREIGN_CONFIDENCE)
        classes = np.array([feeling.mead_class for feeling in self._bank.feelings])
        totals = {name: probabilities[classes == name].sum() for name in MEAD_CLASSES}
        likely = np.where(classes == max(totals, key=totals.__getitem__), probabilities, 0.0)
        rows = [
            int(row)
            for row in np.argsort(-likely, kind="stable")[:MOST_FEELINGS]
            if likely[row] >= LEAST_SHARE * likely.max()
        ]
        if rows[0] == self._index["neutral"]:
            confidence = min(confidence, NEUTRAL_CONFIDENCE)
        total = likely[rows].sum()
        return {row: float(likely[row] / total) for row in rows}, confidence

    def _opposite(self, reading: Reading, amount: float) -> Reading:
        """What "not" makes of the heaviest feeling."""
        heaviest = max(reading.weights, key=lambda row: reading.weights[row])
        row = self._index[self._bank.feelings[heaviest].opposite]
        intensity = self._bank.feelings[row].intensity * amount
        return Reading({row: 1.0}, self._space.prototypes[row], intensity, reading.confidence)

    def _doubts(self, text: str, confidence: float) -> tuple[str, ...]:
        notices = []
        if confidence < CONFIDENCE_FLOOR:
            notices.append(
                f"{text!r} hardly names a feeling (confidence {confidence:.2f}): "
                "what was understood is a guess, and shows less or not at all"
            )
        if confidence < CONFIDENCE_FLOOR and is_mostly_foreign(text):
            notices.append(
                f"the text tower {self.backend!r} was taught English: other languages are a guess"
            )
        return tuple(notices)

    def _combine(
        self,
        readings: Sequence[Reading],
        shares: Sequence[float],
        asked: float | None,
        notices: tuple[str, ...],
        tower: str,
    ) -> EmotionEmbedding:
        weights: dict[int, float] = {}
        for reading, share in zip(readings, shares, strict=True):
            for row, weight in reading.weights.items():
                weights[row] = weights.get(row, 0.0) + share * weight
        pairs = self._pairs(weights)
        said = sum(share * part.intensity for part, share in zip(readings, shares, strict=True))
        intensity = said if asked is None else asked
        vector = sum(share * part.vector for part, share in zip(readings, shares, strict=True))
        expression = sum(weight * with_release(feeling) for feeling, weight in pairs)
        head = sum(weight * feeling.head for feeling, weight in pairs)
        arousal = sum(weight * feeling.arousal for feeling, weight in pairs)
        return EmotionEmbedding(
            vector=np.asarray(vector / np.linalg.norm(vector), np.float32),
            intensity=float(intensity),
            feelings=tuple((feeling.name, weight) for feeling, weight in pairs),
            mead_class=_heaviest_class(pairs),
            expression=np.asarray(expression * intensity, np.float32),
            head=np.asarray(head * intensity, np.float32),
            arousal=float(arousal * intensity),
            backend=tower,
            notices=notices,
        )

    def _pairs(self, weights: dict[int, float]) -> list[tuple[Feeling, float]]:
        """Heaviest first; what nobody would see is dropped, and the rest sums to 1."""
        kept = {row: weight for row, weight in weights.items() if weight >= NEGLIGIBLE}
        total = sum(kept.values())
        pairs = [(self._bank.feelings[row], weight / total) for row, weight in kept.items()]
        return sorted(pairs, key=lambda pair: -pair[1])


def load_emotion_encoder(backend: str = DEFAULT_BACKEND) -> EmotionEncoder:
    """Load the tower that `backend` names and its calibration to the bank; keep it.

    The default tower's calibration is stored, and the tower itself is loaded when the first free
    text comes: a prompt that the bank knows by name needs neither seconds nor torch.

    Raises:
        BadOption, BackendMissing: as `load_text_tower`.
    """
    bank = load_bank()
    if backend == DEFAULT_BACKEND:
        space = stored_space(bank, embedded_key())
        if space is not None:
            tower = DeferredTower(EmbeddedTower.name, EmbeddedTower, EmbeddedTower.template)
            return EmotionEncoder(tower, bank, space)
    return EmotionEncoder(load_text_tower(backend), bank)


def understanding_as_json(embedding: EmotionEmbedding) -> dict[str, object]:
    """What was understood, ready for `json.dumps`; `python -m talkinghead emotion` prints it."""
    by_name = load_bank().by_name
    known = [(by_name[name], weight) for name, weight in embedding.feelings if name in by_name]
    return {
        "embedding": [round(float(value), 6) for value in embedding.vector],
        "feelings": [
            {"name": name, "weight": round(weight, 4)} for name, weight in embedding.feelings
        ],
        "class": embedding.mead_class,
        "intensity": round(embedding.intensity, 4),
        "valence": round(math.fsum(feeling.valence * weight for feeling, weight in known), 4),
        "arousal": round(embedding.arousal, 4),
        "backend": embedding.backend,
        "notices": list(embedding.notices),
    }


def _check_intensity(intensity: object) -> None:
    given = float(intensity) if isinstance(intensity, Real) else math.nan
    if intensity is not None and not 0.0 <= given <= 1.0:
        message = f"intensity is {intensity!r:.80}, expected a number from 0 to 1"
        raise BadEmotion(message)


def _heaviest_class(pairs: Sequence[tuple[Feeling, float]]) -> str:
    """Sum the weights within each of MEAD's classes; the first feeling breaks a tie."""
    totals = dict.fromkeys(MEAD_CLASSES, 0.0)
    for feeling, weight in pairs:
        totals[feeling.mead_class] += weight
    best = max(totals.values())
    return next(feeling.mead_class for feeling, _ in pairs if totals[feeling.mead_class] == best)
