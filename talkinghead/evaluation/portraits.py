"""Portraits: how close the fit is, and whether a still face is the photo."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from talkinghead.errors import BadOption, TalkingHeadError
from talkinghead.evaluation.contact_sheet import still_psnr
from talkinghead.pipeline import TalkingHead

logger = logging.getLogger(__name__)


def measure_portraits(folder: Path, size: int, model: TalkingHead) -> dict[str, object]:
    """Median and worst over all photos of a folder, and a row for each.

    Args:
        folder: .jpg and .png files.
        size: side of the crop in pixels in which the still face is compared with the photo.
        model: the whole system.

    Raises:
        BadOption: no photo could be used.
    """
    rows: list[dict[str, object]] = []
    for path in sorted(one for one in folder.iterdir() if one.suffix in {".jpg", ".png"}):
        try:
            portrait = model.fit(path)
        except TalkingHeadError as error:
            rows.append({"photo": path.name, "error": str(error)})
            logger.info("%s: %s", path.name, error)
            continue
        rows.append(
            {
                "photo": path.name,
                "fit_error_percent": round(100 * portrait.fit_error, 3),
                "still_psnr": round(still_psnr(model, portrait, size), 2),
            }
        )
    errors = np.array([row["fit_error_percent"] for row in rows if "error" not in row])
    likeness = np.array([row["still_psnr"] for row in rows if "error" not in row])
    if not len(errors):
        message = f"no photo in {folder} could be used; expected .jpg or .png files of faces"
        raise BadOption(message)
    table = {
        "photos": len(rows),
        "rendered": len(errors),
        "fit_error_median_percent": round(float(np.median(errors)), 3),
        "fit_error_worst_percent": round(float(errors.max()), 3),
        "still_psnr_worst": round(float(likeness.min()), 2),
    }
    return {"table": table, "rows": rows}
