import shutil

import pytest

from talkinghead.errors import BadOption
from talkinghead.evaluation.portraits import measure_portraits
from talkinghead.pipeline import TalkingHead


def test_good_photos_are_measured_and_bad_ones_counted(tmp_path, photo_path):
    shutil.copy(photo_path, tmp_path / "good.jpg")
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    result = measure_portraits(tmp_path, 256, TalkingHead.from_pretrained("cpu"))
    table = result["table"]
    assert (table["photos"], table["rendered"]) == (2, 1)
    assert table["fit_error_median_percent"] == table["fit_error_worst_percent"] < 3
    assert table["still_psnr_worst"] > 45
    assert "error" in result["rows"][0]


def test_a_folder_without_faces_says_so(tmp_path):
    with pytest.raises(BadOption, match="no photo"):
        measure_portraits(tmp_path, 256, TalkingHead.from_pretrained("cpu"))
