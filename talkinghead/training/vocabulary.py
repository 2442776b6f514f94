"""Which of the teacher's wordpieces the small tower keeps."""

from __future__ import annotations

import math
import string
from collections import Counter
from collections.abc import Iterable, Sequence

from talkinghead.emotion.clip_space import SentenceTower
from talkinghead.emotion.text_tower import FIRST, LAST, UNKNOWN
from talkinghead.training.withheld import stem

SIZE = 17_400
"""Rows of the embedding; with five layers as int8 the weight file stays below 16 MB."""
MARKS = ("[PAD]", UNKNOWN, FIRST, LAST)
FREQUENT = 2.5
"""How much the teacher's own order, which is by frequency in books and Wikipedia, counts beside the
frequency in our texts: the dictionary has few inflected and few colloquial words. Names of people
and places, which no lower-case text of the dictionary shares a stem with, are left out."""


def choose_pieces(
    teacher: SentenceTower, texts: Sequence[str], certain: Iterable[str], size: int = SIZE
) -> list[str]:
    """The wordpieces of the student, marks first, then in the teacher's order.

    Args:
        teacher: gives the wordpieces.
        texts: any text of the language; pieces that are frequent here are kept.
        certain: texts whose pieces are all kept.
        size: how many.
    """
    tokenizer, _ = teacher.parts
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    table = backend.get_vocab()
    counts = _counts(backend, texts)
    kept = set(MARKS) | set(_counts(backend, certain))
    letters = string.ascii_lowercase + string.digits + string.punctuation
    kept |= {piece for letter in letters for piece in (letter, f"##{letter}") if piece in table}
    known = {stem(word) for text in texts if text == text.lower() for word in text.split()}
    words = [
        piece
        for piece in table
        if piece.removeprefix("##").isalpha()
        and piece.isascii()
        and (piece.startswith("##") or stem(piece) in known)
    ]
    ranked = sorted(
        words,
        key=lambda piece: FREQUENT * math.log(table[piece]) - math.log(counts[piece] + 0.3),
    )
    for piece in ranked:
        if len(kept) >= size:
            break
        kept.add(piece)
    rest = sorted(kept - set(MARKS), key=table.__getitem__)
    return [*MARKS, *rest]


def _counts(backend: object, texts: Iterable[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in backend.encode_batch(list(texts), add_special_tokens=False):  # type: ignore[attr-defined]
        counts.update(row.tokens)
    return counts
