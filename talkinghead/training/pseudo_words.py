"""Made-up words for training speech: every onset and coda, in any language's voice."""

from __future__ import annotations

import numpy as np

_ONSETS = "b bl br c ch d dr f fl fr g gr h j k l m m n p p pl pr qu r s sh sl sp st t th tr v w z"
_NUCLEI = "a a e e i i o o u u ai ea ee oa oo ou ie au y"
_CODAS = "b ck d f g k l lm m mp n nd ng nt p ps r rm rs s sh st t th ve x"


def pseudo_text(generator: np.random.Generator, words: list[str]) -> str:
    """A sentence of made-up words and words of the transcripts, with a comma now and then."""
    spoken: list[str] = []
    for _ in range(int(generator.integers(4, 12))):
        if words and generator.random() < 0.3:
            word = words[generator.integers(len(words))].strip(",.;:!?\"'")
        else:
            word = "".join(_syllable(generator) for _ in range(int(generator.integers(1, 4))))
        spoken.append(word + ("," if generator.random() < 0.12 else ""))
    return " ".join(spoken) + "."


def _syllable(generator: np.random.Generator) -> str:
    onset = generator.choice(_ONSETS.split()) if generator.random() < 0.85 else ""
    coda = generator.choice(_CODAS.split()) if generator.random() < 0.45 else ""
    return f"{onset}{generator.choice(_NUCLEI.split())}{coda}"
