"""A suite's JSON as Markdown and as a page that needs no network."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path

from talkinghead.evaluation.plots import Image, as_image_tag, bars

MOST_CELLS = 12
"""Columns of a table; more are left to the JSON."""


def write_report(
    result: Mapping[str, object], path: Path, sheets: Mapping[str, Image] | None = None
) -> None:
    """Write all tables of a result; a page has their plots and the contact sheets as well.

    Args:
        result: what a suite gave; nested mappings of figures become tables.
        path: .md or .html; anything else is written as Markdown.
        sheets: (H, W, 3) uint8 pictures by name.
    """
    markdown = as_markdown(result)
    drawn = [*plots_of(result), *(as_image_tag(*one) for one in (sheets or {}).items())]
    text = as_page(markdown, drawn) if path.suffix == ".html" else markdown
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def as_markdown(result: Mapping[str, object]) -> str:
    """Headings for the parts, one table for each mapping of mappings."""
    lines = [f"# {result.get('suite', 'Evaluation')}", ""]
    machine = result.get("machine")
    if isinstance(machine, Mapping):
        lines += [
            f"{machine.get('processor')}, {machine.get('cores')} cores, GPU: {machine.get('gpu')}; "
            f"torch {machine.get('torch')}, commit {machine.get('commit')}.",
            "",
        ]
    for name, part in result.items():
        if isinstance(part, Mapping) and name not in {"machine", "settings"}:
            lines += _part(name, part)
    return "\n".join(lines).rstrip() + "\n"


def _part(name: str, part: Mapping[str, object]) -> list[str]:
    rows = {key: value for key, value in part.items() if isinstance(value, Mapping)}
    plain = {key: value for key, value in part.items() if key not in rows}
    lines = [f"## {name}", ""]
    lines += [f"- {key}: {_cell(value)}" for key, value in plain.items() if _is_short(value)]
    if rows and all(_is_figure(value) for value in rows.values()):
        lines += _table({name: rows})
    elif rows:
        lines += _table(rows)
    return [*lines, ""]


def _is_figure(value: object) -> bool:
    """Whether a mapping is one figure with its interval."""
    return isinstance(value, Mapping) and "mean" in value


def _is_short(value: object) -> bool:
    return isinstance(value, int | float | str) or value is None


def _table(rows: Mapping[str, object]) -> list[str]:
    """Rows by name; a figure with an interval becomes "mean [low, high]" and what it is of."""
    columns = list(
        dict.fromkeys(key for row in rows.values() if isinstance(row, Mapping) for key in row)
    )[:MOST_CELLS]
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, row in rows.items():
        cells = [_cell(row.get(key)) for key in columns] if isinstance(row, Mapping) else []
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return _figure(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value).replace("|", "/").replace("\n", " ")


def _figure(value: Mapping[str, object]) -> str:
    if value.get("mean") is None:
        return ""
    words = f"{float(str(value['mean'])):.4g}"
    interval = value.get("interval")
    if isinstance(interval, list | tuple) and len(interval) == 2:
        words += f" [{interval[0]:.4g}, {interval[1]:.4g}]"
    if value.get("median") is not None:
        words += f", median {float(str(value['median'])):.4g}"
    if "units" in value:
        words += f", n {float(str(value['count'])):.4g}"
    if "better_on" in value:
        words += f", better on {value['better_on']} of {value['of']}"
    return words


def plots_of(result: Mapping[str, object]) -> list[str]:
    """A plot for every measure that several rows of the result's table have."""
    table = result.get("table")
    rows = {
        name: row
        for name, row in (table.items() if isinstance(table, Mapping) else ())
        if isinstance(row, Mapping) and not _is_figure(row) and "against" not in name
    }
    measures = dict.fromkeys(key for row in rows.values() for key, one in row.items()
                             if _is_figure(one))  # fmt: skip
    return [
        bars(measure, {name: row[measure] for name, row in rows.items() if measure in row})
        for measure in measures
    ]


def as_page(markdown: str, drawn: Sequence[str] = ()) -> str:
    """A complete HTML page; every word of the result is escaped.

    Args:
        markdown: from `as_markdown`.
        drawn: HTML and SVG that stands below it.
    """
    body: list[str] = []
    table: list[str] = []
    for line in [*markdown.splitlines(), ""]:
        if line.startswith("|"):
            table.append(line)
            continue
        body += _rows(table)
        table = []
        if line.startswith("#"):
            level = min(3, len(line) - len(line.lstrip("#")))
            body.append(f"<h{level}>{html.escape(line.lstrip('# '))}</h{level}>")
        elif line:
            body.append(f"<p>{html.escape(line)}</p>")
    style = (
        "body{font:15px system-ui;margin:2em auto;max-width:70em;padding:0 1em;color:#222}"
        "table{border-collapse:collapse;display:block;overflow-x:auto}"
        "td,th{padding:.3em .7em;border-bottom:1px solid #ddd;text-align:left}"
    )
    head = f'<meta charset="utf-8"><title>Evoke: evaluation</title><style>{style}</style>'
    content = "".join([*body, *drawn])
    return f"<!doctype html><html lang=en><head>{head}</head><body>{content}</body></html>\n"


def _rows(table: list[str]) -> list[str]:
    if not table:
        return []
    rows = []
    for number, line in enumerate(table):
        if number == 1:  # the rule under the head
            continue
        tag = "th" if number == 0 else "td"
        cells = (html.escape(cell.strip()) for cell in line.strip("|").split("|"))
        rows.append("<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>")
    return ["<table>", *rows, "</table>"]
