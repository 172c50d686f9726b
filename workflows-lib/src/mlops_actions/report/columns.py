"""The columns of a data set as HTML: a way to find one, then a card for each.

Nothing here needs a script. The filter is a group of radio buttons, which the
arrow keys move through, and the style sheet hides the cards that do not fit
(``page.css``). A link to a card shows it in any case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlops_actions.outcome import Column, Columns, Frequencies, Histogram, Shapes
from mlops_actions.report import histogram, trends, wording
from mlops_actions.report.elements import (
    MAX_CELL,
    NUMBER,
    PLAIN,
    SHORT,
    WORDS,
    badge,
    cell,
    code,
    folded,
    more,
    scroll,
    share_bar,
    table,
)
from mlops_actions.report.escape import attribute, html
from mlops_actions.verdict import Check, Status, gravity
from mlops_actions.visible import clip

MAX_CARDS = 300
"""Columns shown in full, those with findings first; the others follow as a folded table."""

MAX_ROWS = 5000
"""Rows of that table."""

MAX_RULES = 50
"""Rules of one card."""

FEW = 8
"""A data set of no more columns needs neither filter nor index."""

MAX_OPEN = 40
"""An index of more columns is folded."""

_NAME, _TYPE = 200, 120  # characters


_FILTERS = {
    "has-findings": "With findings",
    "has-nulls": "With nulls",
    "is-number": "Numbers",
    "is-text": "Text",
    "is-time": "Times",
    "is-boolean": "Booleans",
    "is-other": "Other types",
}
"""Classes of cards, as the style sheet has them, with their words."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """What links of the page lead to: the verdict's ``checks``, and those that are ``shown``, by their places."""

    checks: Sequence[Check]
    shown: frozenset[int] = frozenset()

    def findings(self, of: Column | Columns) -> list[int]:
        """The checks of a column that did not pass, the worst first."""
        found = [number for number in of.checks if self.checks[number].is_finding]
        return sorted(found, key=lambda number: gravity(self.checks[number]))

    def passed(self, of: Column | Columns) -> list[int]:
        return [number for number in of.checks if not self.checks[number].is_finding]


def anchor(number: int) -> str:
    """The id of the check at this place in the verdict."""
    return f"rule-{number}"


def cards(block: Columns, ident: str, anchors: Anchors) -> Iterator[tuple[int, str, str]]:
    """The checks that a card speaks of: their places, the id of the card, and the name of the column."""
    for at in _chosen(block, anchors):
        for number in block.columns[at].checks:
            yield number, f"{ident}-{at}", block.columns[at].name


def draw(block: Columns, title: str, ident: str, anchors: Anchors) -> Iterator[str]:
    """The columns; ``ident`` begins the ids inside."""
    chosen = _chosen(block, anchors)
    others = [each for at, each in enumerate(block.columns) if at not in set(chosen)]
    shown = {f"{ident}-{at}": block.columns[at] for at in chosen}
    yield from _legend(block, shown.values())
    if block.checks:
        yield f'<div class="whole">{_rules(block, "Of all columns together", anchors)}</div>'
    if len(shown) > FEW:
        yield from _filter(shown.values(), ident, anchors)
        yield from _index(shown, title, anchors)
    yield '<ol class="columns">'
    for name, column in shown.items():
        yield from _card(column, block, name, anchors)
    yield "</ol>"
    if others:
        named = wording.plural(len(others), "more column")
        yield from folded(named, scroll(named, _rest(others, block.rows, anchors)))


def _legend(block: Columns, shown: Collection[Column]) -> Iterator[str]:
    """How drawings are to be read, as far as there are any."""
    said = []
    if any(isinstance(each.shape, Histogram) for each in shown):
        said.append("In a histogram, the area of a bar is its number of rows.")
    if any(each.shapes is not None for each in shown):
        said.append(
            "The shape of a text has A for its capital letters, a for small ones, 9 for digits, ¤ for other signs."
        )
    if block.time is not None and any(each.trends for each in shown):
        first, last = block.time.blocks[0], block.time.blocks[-1]
        said.append(f"What is drawn over time is by {block.time.unit}, from {first} to {last}.")
        if any(trend.kind == "level" for each in shown for trend in each.trends):
            said.append("The strip of a mean is as high as one standard deviation of the column, or more.")
        if block.time.undated:
            said.append(f"{wording.plural(block.time.undated, 'row')} without a finite time are in none of it.")
    if said:
        yield f'<p class="note legend">{html(clip(" ".join(said), MAX_CELL))}</p>'


def _chosen(block: Columns, anchors: Anchors) -> list[int]:
    """The places of the columns that have a card, in their order."""
    if len(block.columns) <= MAX_CARDS:
        return list(range(len(block.columns)))
    first = sorted(range(len(block.columns)), key=lambda at: not anchors.findings(block.columns[at]))
    return sorted(first[:MAX_CARDS])


def _classes(column: Column, anchors: Anchors) -> str:
    """The filters that a column fits."""
    found = {
        f"is-{column.kind}": True,
        "has-findings": bool(anchors.findings(column)),
        "has-nulls": bool(column.nulls),
    }
    return " ".join(name for name, fits in found.items() if fits)


def _filter(columns: Iterable[Column], ident: str, anchors: Anchors) -> Iterator[str]:
    fits = [_classes(each, anchors).split() for each in columns]
    counted = {name: sum(name in each for each in fits) for name in _FILTERS}
    useful = {name: count for name, count in counted.items() if 0 < count < len(fits)}
    if not useful:
        return
    yield '<fieldset class="filter"><legend>Show</legend>'
    for name, count in {"all": len(fits), **useful}.items():
        word = _FILTERS.get(name, "All")
        chosen = " checked" if name == "all" else ""
        yield (
            f'<label><input type="radio" name="{ident}-show" value="{name}" autocomplete="off"{chosen}> {word} '
            f'<span class="note">{count:,}</span></label>'
        )
    yield "</fieldset>"


def _index(shown: Mapping[str, Column], title: str, anchors: Anchors) -> Iterator[str]:
    is_open = " open" if len(shown) <= MAX_OPEN else ""
    yield f'<nav class="index" aria-label="Index: {attribute(clip(title, _NAME))}">'
    yield f"<details{is_open}><summary>Index of {wording.plural(len(shown), 'column')}</summary><ul>"
    for ident, column in shown.items():
        findings = anchors.findings(column)
        mark = _mark(anchors.checks[findings[0]].status) if findings else ""
        yield f'<li class="{_classes(column, anchors)}"><a href="#{ident}">{code(column.name, _NAME)}</a>{mark}</li>'
    yield "</ul></details></nav>"


def _mark(status: Status) -> str:
    return f' <span class="mark {status.value}">{WORDS[status]}</span>'


def _card(column: Column, of: Columns, ident: str, anchors: Anchors) -> Iterator[str]:
    findings = anchors.findings(column)
    status = f" {anchors.checks[findings[0]].status.value}" if findings else ""
    yield f'<li class="column {_classes(column, anchors)}{status}" id="{ident}" tabindex="-1">'
    yield f'<div class="what"><h3>{code(column.name, _NAME)}</h3>'
    if column.type:
        yield f'<p class="type">{code(column.type, _TYPE)}</p>'
    facts = [("Nulls", _nulls(column, of.rows)), *column.facts]
    yield from _facts((name, said) for name, said in facts if said)
    yield '</div><div class="shape">'
    match column.shape:
        case Histogram():
            made = histogram.drawing(column.shape)
            yield histogram.draw(made, column.name, ident)
            for said in filter(None, (histogram.beyond(made), histogram.uncertain(made))):
                yield f'<p class="note">{html(said)}</p>'
        case Frequencies():
            yield from _top(column.shape, of.rows)
        case _ if column.shape:
            yield f'<p class="note">{html(clip(column.shape, MAX_CELL))}</p>'
    if column.shapes is not None:
        yield from _shapes(column.shapes)
    if of.time is not None and column.trends:
        yield from trends.draw(column.trends, of.time, column.name, ident)
    yield f'</div><div class="met">{_rules(column, "", anchors)}</div></li>'


def _facts(facts: Iterable[tuple[str, str]]) -> Iterator[str]:
    pairs = (f"<div><dt>{html(name)}</dt><dd>{html(clip(said, _NAME))}</dd></div>" for name, said in facts)
    yield f"<dl>{''.join(pairs)}</dl>"


def _nulls(column: Column, rows: int) -> str:
    return "" if column.nulls is None else wording.part(column.nulls, rows)


def _top(of: Frequencies, rows: int) -> Iterator[str]:
    """The most frequent values, each with its rows and their share as a bar."""
    others = {wording.plural(of.others, "other"): of.rest} if of.others else {}
    yield from _counted(("Value", "", "Rows", ""), of.values, others, rows)


def _shapes(of: Shapes) -> Iterator[str]:
    """The most frequent shapes of texts, likewise, and what the others come to."""
    rest = of.texts - sum(count for _, count in of.values)
    yield from _counted(("Shape", "", "Texts", ""), of.values, {"other shapes": rest} if rest else {}, of.texts)
    if of.drawn:
        yield f'<p class="note">Of {of.texts:,} texts, drawn at random.</p>'


def _counted(
    heads: Sequence[str], values: Sequence[tuple[str, int]], others: Mapping[str, int], whole: int
) -> Iterator[str]:
    """A row for each value of the data, and one for what ``others`` there are, with their part of the whole."""
    peak = max((count for _, count in values), default=0)
    lines = [(cell(value), share_bar(count, peak), count) for value, count in values]
    lines += [(f'<span class="note">{html(name)}</span>', "", count) for name, count in others.items()]
    cells = ([value, drawn, f"{count:,}", wording.percent(count / whole)] for value, drawn, count in lines)
    yield from table(heads, cells, (PLAIN, PLAIN, NUMBER, NUMBER))


def _rules(of: Column | Columns, title: str, anchors: Anchors) -> str:
    """The rules, those that are broken one a line, those that were met as one."""
    findings, passed = anchors.findings(of), anchors.passed(of)
    lines = [f"{badge(anchors.checks[number].status)} {_rule(number, anchors)}" for number in findings[:MAX_RULES]]
    if len(findings) > MAX_RULES:
        lines.append(f'<span class="note">and {len(findings) - MAX_RULES:,} more</span>')
    if passed:
        names = ", ".join(_rule(number, anchors) for number in passed[:MAX_RULES])
        if len(passed) > MAX_RULES:
            names += f" and {len(passed) - MAX_RULES:,} more"
        lines.append(f"{badge(Status.PASS)} {names}")
    if not lines:
        return ""
    heading = f"<p>{html(title)}</p>" if title else ""
    return f"{heading}<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"


def _rule(number: int, anchors: Anchors) -> str:
    """A rule by what tells it from the others of its column, as a link to where more is said of it."""
    check = anchors.checks[number]
    own = check.rule.removeprefix(wording.named(check.where))
    name = code(own.removeprefix(".") if own[:1] in {".", "["} else check.rule, _NAME)
    return f'<a href="#{anchor(number)}">{name}</a>' if number in anchors.shown else name


def _rest(columns: Sequence[Column], rows: int, anchors: Anchors) -> Iterator[str]:
    """Columns as a table: their names, types, facts, and what became of their rules."""
    cells = (
        [
            code(each.name, _NAME),
            code(each.type, _TYPE) if each.type else "",
            _nulls(each, rows),
            html("; ".join(f"{name} {said}" for name, said in each.facts)),
            wording.tallied(anchors.checks[number] for number in each.checks),
        ]
        for each in columns[:MAX_ROWS]
    )
    yield from table(("Column", "Type", "Nulls", "Values", "Rules"), cells, (PLAIN, PLAIN, NUMBER, PLAIN, SHORT))
    yield from more(len(columns) - MAX_ROWS, "column")
