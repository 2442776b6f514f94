"""The texts of the text tower: a dictionary for meaning, labelled phrases for feeling.

General text: WordNet 3.0 (Princeton, permissive licence; Debian's `wordnet-base`): words,
definitions and usage examples, without labels. Labelled: the bank's own words and prompts,
`emotional_phrases.tsv` and `emotional_templates.json` (both ours). Every line with a withheld word
is dropped (`talkinghead.training.withheld`).
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from renderer.coefficients import Floats
from talkinghead.emotion.bank import Bank
from talkinghead.emotion.phrase_book import (
    BACKGROUND,
    PHRASES_PATH,
    Phrase,
    read_phrases,
    shares,
)
from talkinghead.errors import TalkingHeadError
from talkinghead.training.withheld import Relatives

TEMPLATES_PATH = Path(__file__).with_name("emotional_templates.json")
FILLINGS = 40
"""Samples of each template, so that none drowns the phrases that people wrote."""
LONGEST_GENERAL = 110
"""Characters; longer definitions cost more than they teach."""
EVERYDAY_NOUNS = frozenset(
    "noun.feeling noun.state noun.attribute noun.act noun.event noun.cognition noun.communication "
    "noun.person noun.body noun.animal noun.food noun.phenomenon noun.motive".split()
)
_FILE_NAMES = (
    "adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute "
    "noun.body noun.cognition noun.communication noun.event noun.feeling noun.food noun.group "
    "noun.location noun.motive noun.object noun.person noun.phenomenon noun.plant "
    "noun.possession noun.process noun.quantity noun.relation noun.shape noun.state "
    "noun.substance noun.time verb.body verb.change verb.cognition verb.communication "
    "verb.competition verb.consumption verb.contact verb.creation verb.emotion verb.motion "
    "verb.perception verb.possession verb.social verb.stative verb.weather adj.ppl"
).split()
"""WordNet's lexicographer files, by number (lexnames(5WN))."""


@dataclass(frozen=True)
class Labelled:
    """Labelled phrases.

    Attributes:
        texts: the phrases.
        targets: (N, F) float32, weights of the bank's feelings; a row of zeros is background.
        validation: (N,) held out of training, as the phrase file says.
    """

    texts: tuple[str, ...]
    targets: Floats
    validation: NDArray[np.bool_]

    def part(self, chosen: NDArray[np.bool_]) -> Labelled:
        """Some of the rows."""
        texts = tuple(text for text, keep in zip(self.texts, chosen, strict=True) if keep)
        return Labelled(texts, self.targets[chosen], self.validation[chosen])


def labelled_texts(bank: Bank, banned: Relatives, path: Path = PHRASES_PATH) -> Labelled:
    """The bank's own texts, the phrase file and filled templates, without withheld words.

    Raises:
        TalkingHeadError: if a label names no feeling of the bank.
    """
    index = {feeling.name: row for row, feeling in enumerate(bank.feelings)}
    rows: dict[str, Phrase] = {}
    for phrase in (*_bank_phrases(bank), *read_phrases(path), *filled_templates()):
        unknown = [name for name in phrase.labels if name not in index and name != BACKGROUND]
        if unknown:
            message = f"{phrase.text!r} is labelled {unknown}, which the bank does not know"
            raise TalkingHeadError(message)
        if not banned.among(phrase.text):
            rows.setdefault(phrase.text, phrase)
    targets = np.zeros((len(rows), len(index)), np.float32)
    for target, phrase in zip(targets, rows.values(), strict=True):
        for name, weight in shares(phrase.labels).items():
            target[index[name]] = weight
    held_out = np.array([phrase.held_out for phrase in rows.values()])
    return Labelled(tuple(rows), targets, held_out)


def filled_templates(path: Path = TEMPLATES_PATH) -> Iterator[Phrase]:
    """A seeded sample of each template's fillings."""
    content = json.loads(path.read_text(encoding="utf-8"))
    generator = np.random.default_rng(0)
    for label, templates in content["phrases"].items():
        for template in templates:
            slots = re.findall(r"{(\w+)}", template)
            fillings = list(itertools.product(*(content["slots"][slot] for slot in slots)))
            for row in generator.permutation(len(fillings))[:FILLINGS]:
                text = template.format(**dict(zip(slots, fillings[row], strict=True)))
                yield Phrase(tuple(label.split("+")), text)


def _bank_phrases(bank: Bank) -> Iterator[Phrase]:
    for feeling in bank.feelings:
        for text in (feeling.name, *feeling.synonyms, *feeling.prompts):
            yield Phrase((feeling.name,), text)
    for text in bank.background:
        yield Phrase((BACKGROUND,), text)


def general_texts(wordnet: Path, banned: Relatives) -> list[str]:
    """Words, definitions and examples of WordNet, in a fixed order, without repetition.

    Args:
        wordnet: the folder with data.adj, data.adv, data.noun and data.verb.
        banned: words that no line may hold.

    Raises:
        TalkingHeadError: if the dictionary is not there.
    """
    texts: list[str] = []
    for kind in ("adj", "adv", "verb", "noun"):
        path = wordnet / f"data.{kind}"
        if not path.is_file():
            message = f"no dictionary at {path}; run: apt-get install wordnet-base"
            raise TalkingHeadError(message)
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith(" "):
                texts += _entry_texts(line)
    kept = dict.fromkeys(text for text in texts if text and not banned.among(text))
    return list(kept)


def dictionary_words(wordnet: Path) -> list[str]:
    """Every text of the dictionary, withheld or not: only which letters make up words is taken."""
    nothing = Relatives(())
    return general_texts(wordnet, nothing)


def _entry_texts(line: str) -> Iterator[str]:
    """What one synset gives: its words, its definition, its examples."""
    head, _, gloss = line.partition("|")
    fields = head.split()
    name = _FILE_NAMES[int(fields[1])]
    everyday = not name.startswith("noun") or name in EVERYDAY_NOUNS
    definition, *examples = re.split(r";?\s*\"", gloss.strip())
    yield from (one.strip(" ;,.") for one in examples if 8 < len(one) < LONGEST_GENERAL)
    if not everyday:
        return
    count = int(fields[3], 16)
    for field in fields[4 : 4 + 2 * count : 2]:
        word = re.sub(r"\(.*\)", "", field).replace("_", " ")
        if word == word.lower():
            yield word
    if len(definition) < LONGEST_GENERAL:
        yield definition.strip(" ;,.")
