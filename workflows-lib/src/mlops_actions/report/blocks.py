"""The blocks of a section as HTML, each in its own way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlops_actions.outcome import Block, Chart, Columns, Contrast, Log, Markdown, Past, Table, Text
from mlops_actions.report import columns, commonmark, past, svg, wording
from mlops_actions.report.columns import Anchors, anchor
from mlops_actions.report.elements import (
    MAX_CELL,
    MAX_ROWS,
    MAX_SHORT,
    NUMBER,
    PLAIN,
    SHORT,
    badge,
    code,
    folded,
    message,
    more,
    scroll,
    share_bar,
    table,
    value,
)
from mlops_actions.report.escape import html, without_style
from mlops_actions.verdict import Status
from mlops_actions.visible import clip

MAX_LOG = 1_000_000  # characters, of its end


def blocks(given: Sequence[Block], title: str, ident: str, anchors: Anchors) -> Iterator[str]:
    """The blocks of a section; charts that follow each other stand side by side. ``ident`` begins the ids inside."""
    end = ""
    for number, block in enumerate(given):
        start, own = _around(block)
        if own != end:
            yield from filter(None, (end, start))
            end = own
        match block:
            case Text():
                yield f'<p class="text">{message(block.text)}</p>'
            case Table():
                yield from _data(block, title)
            case Chart():
                yield from _figure(block, block_ident(ident, number))
            case Contrast():
                yield from _contrast(block, block_ident(ident, number), anchors)
            case Columns():
                yield from columns.draw(block, title, block_ident(ident, number), anchors)
            case Past():
                yield from past.draw(block, block_ident(ident, number))
                yield from folded("All of it as a table", _data(block.table, title))
            case Log():
                yield from _log(block)
            case Markdown():
                name = html(clip(block.title, MAX_CELL))
                yield from folded(name, [f'<div class="written">{commonmark.render(block.text)}</div>'])
    if end:
        yield end


def _around(block: Block) -> tuple[str, str]:
    """What stands before and after blocks of this kind that follow each other."""
    match block:
        case Chart():
            return '<div class="charts">', "</div>"
        case Contrast():
            return '<ol class="contrasts">', "</ol>"
    return "", ""


def block_ident(ident: str, number: int) -> str:
    """The id that a block's own ids begin with."""
    return f"{ident}-c{number}"


def _data(data: Table, title: str) -> Iterator[str]:
    shown = data.rows[:MAX_ROWS]
    made = [wording.column(each) for each in zip(*shown, strict=True)] or [wording.EMPTY] * len(data.columns)
    cells = [[_status(cell) if each.statuses else value(cell, MAX_CELL) for cell in each.cells] for each in made]
    styles = [
        NUMBER if each.numeric else _style((name, *each.cells)) for name, each in zip(data.columns, made, strict=True)
    ]
    for at, name in enumerate(data.columns):
        if name in data.bars and shown:
            sizes, peak = wording.sizes([row[at] for row in shown])
            pairs = zip(cells[at], sizes, strict=True)
            cells[at] = [text if size is None else share_bar(size, peak) + text for text, size in pairs]
    yield from scroll(data.caption or title, table(data.columns, zip(*cells, strict=True), styles, data.caption))
    yield from more(len(data.rows) - len(shown), "row")


def _style(cells: Sequence[str]) -> str:
    return SHORT if max(map(len, cells)) <= MAX_SHORT else PLAIN


def _status(word: str) -> str:
    return badge(Status(word)) if word else ""


def _figure(chart: Chart, ident: str) -> Iterator[str]:
    yield f"<figure>\n<figcaption><strong>{html(clip(chart.title, MAX_CELL))}</strong>"
    last = len(chart.series) - 1
    keys = (
        f'<span class="key {"now" if number == last else f"t{number % svg.SERIES + 1}"}">{html(clip(name, 200))}</span>'
        for number, name in enumerate(chart.series)
    )
    yield f'<span class="keys">{" ".join(keys)}</span></figcaption>'
    made = svg.drawing(chart)
    yield svg.draw(made, ident)
    if made.note:
        yield f'<p class="note">{html(clip(made.note, MAX_CELL))}</p>'
    names = ("", *chart.series)
    rows = (
        [html(clip(category, MAX_CELL)), *(wording.amount(chart, values[at]) for values in chart.series.values())]
        for at, category in enumerate(chart.categories[:MAX_ROWS])
    )
    values = table(names, rows, [PLAIN, *[NUMBER] * len(chart.series)], chart.unit)
    yield from folded("Values", scroll(f"Values of {chart.title}", values))
    yield "</figure>"


def _contrast(of: Contrast, ident: str, anchors: Anchors) -> Iterator[str]:
    """The card of a column; it has the id of its finding, which stands nowhere else."""
    check = anchors.checks[of.check]
    own = anchor(of.check) if check.is_finding else ident
    yield f'<li class="contrast {check.status.value}" id="{own}" tabindex="-1"><div class="what">'
    yield f'<h3>{badge(check.status)} <a href="#{own}">{code(of.name)}</a></h3>'
    yield f'<p class="text">{message(check.message)}</p>'
    facts = (f"<div><dt>{html(name)}</dt><dd>{html(clip(said, MAX_CELL))}</dd></div>" for name, said in of.facts)
    yield f"<dl>{''.join(facts)}</dl></div>" if of.facts else "</div>"
    if isinstance(of.chart, Chart):
        yield from _figure(of.chart, f"{ident}-f")
    elif of.chart:
        yield f'<p class="note">{html(clip(of.chart, MAX_CELL))}</p>'
    yield "</li>"


def _log(log: Log) -> Iterator[str]:
    whole = without_style(log.text).rstrip("\n")
    shown = whole[-MAX_LOG:]
    lines = wording.plural(whole.count("\n") + 1, "line")
    note = lines if shown == whole else f"the last {len(shown):,} of {len(whole):,} characters"
    title = f'{html(clip(log.title, MAX_CELL))} <span class="note">{note}</span>'
    yield from folded(title, scroll(log.title, [f"<pre>{html(shown, keep=chr(10) + chr(9))}</pre>"]))
