"""Calibrate the default text tower to the emotion bank: `python -m talkinghead.training.feelings`.

Run it after editing `talkinghead/emotion/bank.json`; it writes `weights/feelings.safetensors`.
"""

from __future__ import annotations

import logging

from talkinghead.emotion.bank import load_bank
from talkinghead.emotion.calibration import calibrate
from talkinghead.emotion.clip_space import load_text_tower
from talkinghead.emotion.stored_space import WEIGHTS_NAME, as_tensors, fingerprint
from talkinghead.weights import save_weights


def main() -> None:
    """Solve and store."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    bank, tower = load_bank(), load_text_tower()
    space = calibrate(tower, bank)
    entry = save_weights(
        as_tensors(space, fingerprint(bank, tower.name)),
        WEIGHTS_NAME,
        "python -m talkinghead.training.feelings",
        "Apache-2.0",
    )
    logging.info("wrote %s, %.2f MB, %d feelings", entry.file, entry.size / 1e6, len(bank.feelings))


if __name__ == "__main__":
    main()
