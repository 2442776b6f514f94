from talkinghead.evaluation.report import as_markdown, as_page, write_report
from talkinghead.evaluation.statistics import pooled, summary

RESULT = {
    "suite": "frames",
    "machine": {"processor": "P", "cores": 2, "gpu": None, "torch": "2", "commit": "abc"},
    "settings": {"clips": "x"},
    "table": {"geometric": {"psnr": summary([20.0, 20.0])}, "truth": {"psnr": summary([100.0])}},
    "count": 3,
    "rows": [{"not": "shown"}],
}


def test_every_mapping_of_figures_becomes_a_table():
    words = as_markdown(RESULT)
    assert "| | psnr |" in words
    assert "| geometric | 20 [20, 20], median 20 |" in words
    assert "2 cores, GPU: None" in words
    assert "not" not in words.split("## table")[1]


def test_a_single_row_of_figures_is_a_table_too():
    words = as_markdown({"suite": "s", "table": {"psnr": summary([1.0, 3.0, 8.0])}})
    assert "| table | 4 [" in words
    assert ", median 3 |" in words


def test_shares_say_of_how_many_they_are():
    words = as_markdown({"t": {"a": {"closure": pooled([(3, 4), (4, 4)])}}})
    assert "| a | 0.875 [0.75, 1], n 8 |" in words


def test_wins_are_told():
    row = {**summary([1.0, -1.0]), "better_on": 1, "of": 2}
    assert "better on 1 of 2" in as_markdown({"t": {"a": {"psnr": row}}})


def test_the_page_escapes_what_it_shows(tmp_path):
    page = as_page(as_markdown({"suite": "<script>", "t": {"<b>": {"x": 1.0}}}))
    assert "<script>" not in page
    assert "&lt;b&gt;" in page
    assert page.count("<tr>") == 2
    write_report(RESULT, tmp_path / "deep" / "r.html")
    write_report(RESULT, tmp_path / "r.md")
    assert (tmp_path / "deep" / "r.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "r.md").read_text().startswith("# frames")
