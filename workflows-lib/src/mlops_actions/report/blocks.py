"""The blocks of a section as HTML, each in its own way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlops_actions.outcome import Block, Chart, Columns, Log, Markdown, Table, Text
from mlops_actions.report import columns, commonmark, svg, wording
from mlops_actions.report.columns import Anchors
from mlops_actions.report.elements import (
    MAX_CELL,
    MAX_ROWS,
    NUMBER,
    PLAIN,
    badge,
    folded,
    message,
    more,
    scroll,
    table,
    value,
)
from mlops_actions.report.escape import html, without_style
from mlops_actions.verdict import Status
from mlops_actions.visible import clip

MAX_LOG = 1_000_000  # characters, of its end


def blocks(given: Sequence[Block], title: str, ident: str, anchors: Anchors) -> Iterator[str]:
    """The blocks of a section; charts that follow each other stand side by side. ``ident`` begins the ids inside."""
    in_grid = False
    for number, block in enumerate(given):
        if isinstance(block, Chart) != in_grid:
            in_grid = not in_grid
            yield '<div class="charts">' if in_grid else "</div>"
        match block:
            case Text():
                yield f'<p class="text">{message(block.text)}</p>'
            case Table():
                yield from _data(block, title)
            case Chart():
                yield from _figure(block, block_ident(ident, number))
            case Columns():
                yield from columns.draw(block, title, block_ident(ident, number), anchors)
            case Log():
                yield from _log(block)
            case Markdown():
                name = html(clip(block.title, MAX_CELL))
                yield from folded(name, [f'<div class="written">{commonmark.render(block.text)}</div>'])
    if in_grid:
        yield "</div>"


def block_ident(ident: str, number: int) -> str:
    """The id that a block's own ids begin with."""
    return f"{ident}-c{number}"


def _data(data: Table, title: str) -> Iterator[str]:
    shown = data.rows[:MAX_ROWS]
    made = [wording.column(each) for each in zip(*shown, strict=True)] or [wording.EMPTY] * len(data.columns)
    cells = [[_status(cell) if each.statuses else value(cell, MAX_CELL) for cell in each.cells] for each in made]
    styles = [NUMBER if each.numeric else PLAIN for each in made]
    yield from scroll(data.caption or title, table(data.columns, zip(*cells, strict=True), styles, data.caption))
    yield from more(len(data.rows) - len(shown), "row")


def _status(word: str) -> str:
    return badge(Status(word)) if word else ""


def _figure(chart: Chart, ident: str) -> Iterator[str]:
    yield f"<figure>\n<figcaption><strong>{html(clip(chart.title, MAX_CELL))}</strong>"
    keys = (
        f'<span class="key k{number % svg.SERIES + 1}">{html(clip(name, 200))}</span>'
        for number, name in enumerate(chart.series)
    )
    yield f'<span class="keys">{" ".join(keys)}</span></figcaption>'
    yield svg.draw(chart, ident)
    names = ("", *chart.series)
    rows = (
        [html(clip(category, MAX_CELL)), *(wording.amount(chart, values[at]) for values in chart.series.values())]
        for at, category in enumerate(chart.categories[:MAX_ROWS])
    )
    values = table(names, rows, [PLAIN, *[NUMBER] * len(chart.series)], chart.unit)
    yield from folded("Values", scroll(f"Values of {chart.title}", values))
    yield "</figure>"


def _log(log: Log) -> Iterator[str]:
    whole = without_style(log.text).rstrip("\n")
    shown = whole[-MAX_LOG:]
    lines = wording.plural(whole.count("\n") + 1, "line")
    note = lines if shown == whole else f"the last {len(shown):,} of {len(whole):,} characters"
    title = f'{html(clip(log.title, MAX_CELL))} <span class="note">{note}</span>'
    yield from folded(title, scroll(log.title, [f"<pre>{html(shown, keep=chr(10) + chr(9))}</pre>"]))
