import re

import numpy as np

from talkinghead.evaluation.plots import as_image_tag, bars, sheet
from talkinghead.evaluation.report import write_report
from talkinghead.evaluation.statistics import summary


def widths(svg):
    return [float(one) for one in re.findall(r'<rect [^>]*width="([\d.]+)"', svg)]


def test_bars_are_as_long_as_their_figures():
    first, second = widths(bars("psnr", {"a": summary([10.0]), "b": summary([20.0])}))
    assert abs(second - 2 * first) < 0.2
    left, right = widths(bars("gain", {"worse": summary([-5.0]), "better": summary([5.0])}))
    assert abs(left - right) < 0.2


def test_a_row_without_a_figure_is_left_out_and_names_are_escaped():
    svg = bars("<x>", {"<b>": summary([1.0, 2.0]), "none": summary([float("nan")])})
    assert "none" not in svg
    assert "<b>" not in svg
    assert svg.count("<line") == 1


def test_a_sheet_has_a_row_for_each_name():
    picture = np.full((64, 64, 3), 90, np.uint8)
    made = sheet({"truth": [picture] * 20, "ours": [picture] * 3})
    assert made.shape == (2 * 128, 8 * 128, 3)
    assert (made[200, 60] == 90).all()
    assert not made[200, 700].any()


def test_the_page_holds_plots_and_sheets(tmp_path):
    row = {"psnr": summary([20.0, 22.0])}
    result = {"suite": "frames", "table": {"a": row, "b": row, "a against b": row}}
    sheets = {"frames": np.zeros((8, 8, 3), np.uint8)}
    write_report(result, tmp_path / "r.html", sheets)
    page = (tmp_path / "r.html").read_text()
    assert page.count("<svg") == 1
    assert "data:image/jpeg;base64," in page
    assert as_image_tag("frames", sheets["frames"]) in page
    write_report(result, tmp_path / "r.md", sheets)
    assert "<svg" not in (tmp_path / "r.md").read_text()
