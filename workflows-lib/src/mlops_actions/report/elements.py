"""The HTML that the report is built of: badges, tables, folded parts. Each takes data and gives HTML.

A name that ends in ``_html`` holds HTML; all other text is data and is escaped
here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mlops_actions.report import wording
from mlops_actions.report.escape import attribute, html, quoted
from mlops_actions.verdict import Status
from mlops_actions.visible import clip

MAX_ROWS = 20_000
MAX_TEXT = 10_000  # characters of one text
MAX_CELL = 2_000
MAX_SHORT = 32
"""Characters of a cell that stay on one line in a table, where all of its column are as few."""

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


def cell(data: str) -> str:
    """A value of the data; one that would not be seen, or not whole, stands in quotes."""
    return code(data if data and data == data.strip() else f"'{data}'")


def share_bar(size: float, peak: float) -> str:
    """A bar that says how large a number is, beside it; the largest of its column is ``peak``."""
    width = 100 * abs(size) / peak if peak else 0
    return (
        '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="s1" x="0" y="0" width="{width:.1f}" height="8"/></svg>'
    )


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
    """A table of HTML cells; each row's first cell is its header, where it has one.

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
        head = f'<th scope="row"{kinds[0]}>{first}</th>' if first else "<td></td>"
        yield f"<tr>{head}{cells}</tr>"
    yield "</tbody></table>"


def more(count: int, noun: str) -> Iterator[str]:
    """A line for what was left out, where something was."""
    if count > 0:
        yield f'<p class="more">… and {wording.plural(count, f"more {noun}")}.</p>'
