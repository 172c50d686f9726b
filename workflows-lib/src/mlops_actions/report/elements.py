"""The HTML that the report is built of: badges, tables, figures, folded parts. Each takes data and gives HTML.

A name that ends in ``_html`` holds HTML; all other text is data and is escaped
here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mlops_actions.outcome import Block, Chart, Log, Markdown, Table, Text
from mlops_actions.report import commonmark, svg, wording
from mlops_actions.report.escape import attribute, html, quoted, without_style
from mlops_actions.verdict import Status
from mlops_actions.visible import clip

MAX_ROWS = 20_000
MAX_LOG = 1_000_000  # characters, of its end
MAX_TEXT = 10_000  # characters of one text
MAX_CELL = 2_000

PLAIN, SHORT, NUMBER, SENTENCE = "", "short", "number", "sentence"
"""How the cells of a column stand: short ones on one line, numbers to the right, a sentence with some room."""

WORDS = {
    Status.ERROR: "Error",
    Status.FAIL: "Fail",
    Status.WARN: "Warn",
    Status.NOT_CHECKED: "Not checked",
    Status.PASS: "Pass",
}


def badge(status: Status) -> str:
    """A status as a word with a shape and a color of its own."""
    return f'<span class="badge {status.value}">{WORDS[status]}</span>'


def value(data: str, limit: int = MAX_TEXT) -> str:
    """A value from data, as it is; its line breaks are kept, and the style sheet shows them."""
    return html(clip(data.replace("\r\n", "\n"), limit), keep="\n\t")


def message(data: str, limit: int = MAX_TEXT) -> str:
    """A sentence for people; what it quotes in backticks is shown as code."""
    pieces = quoted(clip(data.replace("\r\n", "\n"), limit))
    return "".join(code(piece) if at % 2 else html(piece, keep="\n\t") for at, piece in enumerate(pieces))


def code(data: str, limit: int = MAX_CELL) -> str:
    """A name or a value, on one line."""
    return f"<code>{html(clip(data, limit))}</code>"


def scroll(name: str, inner_html: Iterable[str]) -> Iterator[str]:
    """An area that scrolls on its own when it is too wide or too long; the keyboard can reach it."""
    yield f'<div class="scroll" role="group" aria-label="{attribute(clip(name, 200))}" tabindex="0">'
    yield from inner_html
    yield "</div>"


def folded(title_html: str, inner_html: Iterable[str]) -> Iterator[str]:
    """A part that is closed until a reader opens it."""
    yield f"<details><summary>{title_html}</summary>"
    yield from inner_html
    yield "</details>"


def table(
    columns: Sequence[str], rows_html: Iterable[Iterable[str]], styles: Sequence[str], caption: str = ""
) -> Iterator[str]:
    """A table of HTML cells; each row's first cell is its header.

    ``styles`` has one for each column.
    """
    kinds = [f' class="{style}"' if style else "" for style in styles]
    yield "<table>"
    if caption:
        yield f"<caption>{html(clip(caption, MAX_CELL))}</caption>"
    heads = (
        f'<th scope="col"{kind}>{html(clip(name, MAX_CELL))}</th>' if name else f"<td{kind}></td>"
        for name, kind in zip(columns, kinds, strict=True)
    )
    yield f"<thead><tr>{''.join(heads)}</tr></thead>\n<tbody>" if any(columns) else "<tbody>"
    for row in rows_html:
        first, *others = row
        cells = "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(others, kinds[1:], strict=True))
        yield f'<tr><th scope="row"{kinds[0]}>{first}</th>{cells}</tr>'
    yield "</tbody></table>"


def more(count: int, noun: str) -> Iterator[str]:
    """A line for what was left out, where something was."""
    if count > 0:
        yield f'<p class="more">… and {wording.plural(count, f"more {noun}")}.</p>'


def blocks(given: Sequence[Block], title: str, ident: str) -> Iterator[str]:
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
                yield from _figure(block, f"{ident}-c{number}")
            case Log():
                yield from _log(block)
            case Markdown():
                title = html(clip(block.title, MAX_CELL))
                yield from folded(title, [f'<div class="written">{commonmark.render(block.text)}</div>'])
    if in_grid:
        yield "</div>"


def _data(data: Table, title: str) -> Iterator[str]:
    shown = data.rows[:MAX_ROWS]
    columns = [wording.column(each) for each in zip(*shown, strict=True)] or [wording.EMPTY] * len(data.columns)
    cells = [[_status(cell) if each.statuses else value(cell, MAX_CELL) for cell in each.cells] for each in columns]
    styles = [NUMBER if each.numeric else PLAIN for each in columns]
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
