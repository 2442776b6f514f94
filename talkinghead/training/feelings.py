"""Calibrate the embedded text tower to the emotion bank: `python -m talkinghead.training.feelings`.

Run it after `talkinghead.training.text_tower` and after editing `talkinghead/emotion/bank.json` or
`emotional_phrases.tsv`; it writes `weights/feelings.safetensors` and `phrase_book.safetensors`. The
map is solved from the bank and the labelled phrases; its constants are chosen on the phrases that
the tower was not trained on.
"""

from __future__ import annotations

import logging

import numpy as np

from renderer.coefficients import Floats
from talkinghead.emotion.bank import Bank, load_bank
from talkinghead.emotion.calibration import BACKGROUND, FeelingSpace, solve, with_examples
from talkinghead.emotion.phrase_book import WEIGHTS_NAME as BOOK_WEIGHTS
from talkinghead.emotion.phrase_book import stored_tensors
from talkinghead.emotion.stored_space import WEIGHTS_NAME, as_tensors, embedded_key, fingerprint
from talkinghead.emotion.text_tower import WEIGHTS_NAME as TOWER_WEIGHTS
from talkinghead.training.emotional_language import Labelled, labelled_texts
from talkinghead.training.teacher import network_vectors
from talkinghead.training.withheld import withheld
from talkinghead.weights import load_weights, save_weights


def solve_labelled(bank: Bank, labelled: Labelled, vectors: Floats) -> FeelingSpace:
    """The calibration from labelled phrases; the heavier feeling is a phrase's label.

    Args:
        bank: the feelings.
        labelled: N phrases.
        vectors: (N, E) unit rows, the phrases as a tower sees them.
    """
    about = labelled.targets.any(axis=1)
    labels = np.where(about, labelled.targets.argmax(axis=1), BACKGROUND)
    space = solve(bank, vectors, labels, [labelled.validation])
    return with_examples(space, vectors, labels)


def main() -> None:
    """Solve and store."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    made_by = "python -m talkinghead.training.feelings"
    book = save_weights(stored_tensors(), BOOK_WEIGHTS, made_by, "Apache-2.0")
    logging.info("wrote %s, %.2f MB", book.file, book.size / 1e6)
    bank = load_bank()
    labelled = labelled_texts(bank, withheld())
    vectors = network_vectors(load_weights(TOWER_WEIGHTS), labelled.texts)
    space = solve_labelled(bank, labelled, vectors)
    entry = save_weights(
        as_tensors(space, fingerprint(bank, embedded_key())),
        WEIGHTS_NAME,
        made_by,
        "Apache-2.0",
    )
    logging.info("wrote %s, %.2f MB, %d feelings", entry.file, entry.size / 1e6, len(bank.feelings))


if __name__ == "__main__":
    main()
