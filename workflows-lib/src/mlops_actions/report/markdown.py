"""The Markdown summary of an outcome, as GitHub shows it on the page of a run.

The verdict comes first, then what failed, the stage's own sections, and the
evidence. Tables are cut at a row, with a line that says so; the whole is cut
where GitHub's limit is (:func:`mlops_actions.github.summary.fit`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mlops_actions.github.summary import LIMIT, MARGIN, fit
from mlops_actions.outcome import (
    Block,
    Chart,
    Column,
    Columns,
    Contrast,
    Frequencies,
    Log,
    Markdown,
    Outcome,
    Past,
    Table,
    Text,
)
from mlops_actions.report import wording
from mlops_actions.report.escape import (
    markdown,
    markdown_code,
    markdown_fence,
    markdown_html,
    markdown_message,
    markdown_paragraphs,
    without_style,
)
from mlops_actions.verdict import Check, Example, Status, Subject, Verdict
from mlops_actions.visible import clip

MAX_FINDINGS = 1000
MAX_ROWS = 500
MAX_COLUMNS = 100  # of a data set, those with findings first
MAX_EXAMPLES = 100  # findings whose rows are shown
MAX_LOG_LINES = 200
MAX_CELL = 1000  # characters
MAX_NAME = 100
MAX_VALUES = 3  # of a column of categories
MAX_LINES = 20  # of one message
BAR = 12  # characters of a full bar

_ICONS = {Status.ERROR: "🛑", Status.FAIL: "❌", Status.WARN: "⚠️", Status.NOT_CHECKED: "⚪", Status.PASS: "✅"}
_EIGHTHS = ("", *"▏▎▍▌▋▊▉")


def summary(outcome: Outcome, *, limit: int = LIMIT - MARGIN) -> str:
    """The summary, of at most ``limit`` bytes; longer ones are cut between two lines and say so."""
    return fit("\n".join(_lines(outcome)) + "\n", limit)


def _lines(outcome: Outcome) -> Iterator[str]:
    verdict = outcome.verdict
    yield f"## {_ICONS[verdict.status]} {markdown(clip(verdict.stage, MAX_CELL))}: {verdict.status.value}"
    yield ""
    if outcome.headline:
        yield markdown_paragraphs(clip(outcome.headline, MAX_CELL))
        yield ""
    yield _facts(verdict)
    yield ""
    yield from _findings(verdict)
    for section in outcome.sections:
        yield f"### {markdown(clip(section.title, MAX_CELL))}"
        yield ""
        for block in section.blocks:
            yield from _block(block, verdict.checks)
    yield from _passed([check for check in verdict.checks if not check.is_finding])
    yield from _evidence(verdict)


def _facts(verdict: Verdict) -> str:
    counted = [f"**{wording.tally(status, count)}**" for status, count in wording.counts(verdict.checks)]
    took = wording.duration(verdict.ended - verdict.started)
    return " · ".join([*(counted or ["no checks"]), f"{took}, {wording.moment(verdict.started)}"])


def _findings(verdict: Verdict) -> Iterator[str]:
    findings, causes = verdict.findings, verdict.causes
    if not findings:
        return
    yield f"### {wording.plural(len(findings), 'finding')}"
    yield ""
    yield from _checks(causes, MAX_FINDINGS)
    if same := len(findings) - len(causes):
        yield f"{wording.plural(same, 'more check')} in error with the same words."
        yield ""
    for check in findings[:MAX_EXAMPLES]:
        if check.examples:
            title = f"{wording.plural(len(check.examples), 'example')} of {markdown_html(clip(check.rule, MAX_CELL))}"
            yield from _folded(title, _examples(check.examples))


def _examples(examples: Sequence[Example]) -> Iterator[str]:
    """Rows that break a rule: the place, then a column for each cell that is shown."""
    names, shown = wording.cells(examples)
    rows = [
        [markdown_code(clip(wording.found_at(each), MAX_CELL)), *(_value(cells, name) for name in names)]
        for each, cells in zip(examples, shown, strict=True)
    ]
    heads = ["Where", *(markdown(clip(name, MAX_CELL)) for name in names)]
    yield from _table(heads, rows, [False] * len(heads))


def _value(cells: Mapping[str, str | None], name: str) -> str:
    """A cell of an example as code, a null as the bare word, and nothing where it is not shown."""
    text = cells.get(name, "")
    return "null" if text is None else markdown_code(clip(text, MAX_CELL))


def _passed(checks: Sequence[Check]) -> Iterator[str]:
    if checks:
        yield from _folded(f"{wording.plural(len(checks), 'check')} passed", _checks(checks, MAX_ROWS))


def _checks(checks: Sequence[Check], limit: int) -> Iterator[str]:
    """A table of checks, without the columns that say nothing here."""
    shown = checks[:limit]
    cells = {
        "Status": [_status(check.status) if check.is_finding else "" for check in shown],
        "Rule": [markdown_code(clip(check.rule, MAX_CELL)) for check in shown],
        "Measured": [markdown(clip(wording.measured(check), MAX_CELL)) for check in shown],
        "Asked": [markdown(clip(wording.threshold(check.threshold), MAX_CELL)) for check in shown],
        "Rows": [wording.scalar(check.rows) for check in shown],
        "Message": [_message(check.message) for check in shown],
        "Where": [_where(check) for check in shown],
    }
    filled = {name: column for name, column in cells.items() if any(column)}
    numeric = [name in {"Measured", "Rows"} for name in filled]
    yield from _table(tuple(filled), zip(*filled.values(), strict=True), numeric, len(checks) - len(shown))


def _message(text: str) -> str:
    lines = clip(text, MAX_CELL).split("\n")
    shown = lines[:MAX_LINES] + ([f"… ({len(lines) - MAX_LINES} more lines)"] if len(lines) > MAX_LINES else [])
    return markdown_message("\n".join(shown))


def _where(check: Check) -> str:
    name = wording.named(check.where)
    parts = [wording.place(check.where), "" if check.rule.startswith(name) else name]
    return "<br>".join(markdown_code(clip(part, MAX_CELL)) for part in parts if part)


def _table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[bool], left_out: int = 0
) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "|".join("---:" if right else "---" for right in numeric) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""
    if left_out:
        yield f"> … and {left_out:,} more in the full report."
        yield ""


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield from lines
    yield "</details>"
    yield ""


def _block(block: Block, checks: Sequence[Check]) -> Iterator[str]:
    match block:
        case Text():
            yield markdown_paragraphs(clip(block.text, MAX_CELL * 10))
            yield ""
        case Table():
            yield from _data(block)
        case Chart():
            yield from _folded(f"Chart: {markdown_html(clip(block.title, MAX_CELL))}", _chart(block))
        case Contrast():
            # Its sentence stands among the findings.
            if isinstance(block.chart, Chart):
                yield from _block(block.chart, checks)
        case Columns():
            yield from _columns(block, checks)
        case Past():
            yield from _data(block.table)
        case Log():
            yield from _log(block)
        case Markdown():
            yield from _log(Log(block.title, block.text))


def _data(table: Table) -> Iterator[str]:
    if table.caption:
        yield f"**{markdown(clip(table.caption, MAX_CELL))}**"
        yield ""
    shown = table.rows[:MAX_ROWS]
    columns = [wording.column(each) for each in zip(*shown, strict=True)] or [wording.EMPTY] * len(table.columns)
    cells = [[_status(cell) if each.statuses else _cell(cell) for cell in each.cells] for each in columns]
    numeric = [each.numeric and name not in table.bars for name, each in zip(table.columns, columns, strict=True)]
    for at, name in enumerate(table.columns):
        if name in table.bars and shown:
            sizes, peak = wording.sizes([row[at] for row in shown])
            pairs = zip(cells[at], sizes, strict=True)
            cells[at] = [text if size is None else f"{text} {_blocks(size, peak)}".strip() for text, size in pairs]
    yield from _table(
        [_cell(name) for name in table.columns], zip(*cells, strict=True), numeric, len(table.rows) - len(shown)
    )


def _status(word: str) -> str:
    return f"{_ICONS[Status(word)]} {word}" if word else ""


def _cell(text: str) -> str:
    return markdown(clip(text, MAX_CELL))


def _columns(block: Columns, checks: Sequence[Check]) -> Iterator[str]:
    """A line for each column; where there are too many, those with findings first."""

    def is_sound(of: Column) -> bool:
        return not any(checks[number].is_finding for number in of.checks)

    found = list(block.columns)
    if len(found) > MAX_COLUMNS:
        found.sort(key=is_sound)
    rows = (
        [
            _name(each.name),
            _name(each.type),
            "" if each.nulls is None else wording.part(each.nulls, block.rows),
            markdown(clip(_said(each), MAX_CELL)),
            _rules([checks[number] for number in each.checks]),
        ]
        for each in found[:MAX_COLUMNS]
    )
    names = ("Column", "Type", "Nulls", "Values", "Rules")
    yield from _table(names, rows, [name == "Nulls" for name in names], max(0, len(found) - MAX_COLUMNS))


def _name(text: str) -> str:
    return markdown_code(clip(text, MAX_NAME))


def _said(column: Column) -> str:
    """What is known of the values: ``about 527 distinct, -43 to 1301``."""
    said = [f"{name.lower()} {text}" for name, text in column.facts]
    if isinstance(column.shape, Frequencies):
        said += [f"{value} ({count:,})" for value, count in column.shape.values[:MAX_VALUES]]
    elif isinstance(column.shape, str):
        said += [column.shape] if column.shape else []
    return ", ".join(said)


def _rules(checks: Sequence[Check]) -> str:
    worst = next((status for status, _ in wording.counts(checks)), None)
    return f"{_ICONS[worst]} {wording.tallied(checks)}" if worst else ""


def _chart(chart: Chart) -> Iterator[str]:
    shown = range(min(len(chart.categories), MAX_ROWS))
    peak = max((abs(wording.drawn(value)) for values in chart.series.values() for value in values), default=0.0)
    names = ["", *(_cell(name) for name in chart.series)]
    rows = (
        [_cell(chart.categories[at]), *(_bar(chart, values[at], peak) for values in chart.series.values())]
        for at in shown
    )
    yield from _table(names, rows, [False] * len(names), len(chart.categories) - len(shown))
    yield markdown_paragraphs(f"In {clip(chart.unit, MAX_CELL)}.")
    yield ""


def _bar(chart: Chart, value: float, peak: float) -> str:
    return f"{_blocks(abs(wording.drawn(value)), peak)} {wording.amount(chart, value)}".strip()


def _blocks(size: float, peak: float) -> str:
    """A bar of block characters, ``BAR`` of them for the largest; empty for nothing."""
    eighths = round(size / peak * BAR * 8) if peak else 0
    return f"{'█' * (eighths // 8)}{_EIGHTHS[eighths % 8]}"


def _log(log: Log) -> Iterator[str]:
    lines = without_style(log.text).rstrip("\n").split("\n")
    shown = [clip(line, MAX_CELL) for line in lines[-MAX_LOG_LINES:]]
    left_out = len(lines) - len(shown)
    note = f" (the last {len(shown)} of {len(lines):,} lines)" if left_out else ""
    title = markdown_html(clip(log.title, MAX_CELL)) + note
    yield from _folded(title, [*markdown_fence("\n".join(shown)).split("\n"), ""])


def _evidence(verdict: Verdict) -> Iterator[str]:
    for noun, things in (("subject", verdict.subjects), ("material", verdict.materials)):
        if things:
            yield from _folded(wording.plural(len(things), noun), _things(noun, things))
    if verdict.parameters:
        rows = [
            (_cell(name), markdown_code(clip(wording.json_text(value), MAX_CELL)))
            for name, value in verdict.parameters.items()
        ]
        yield from _folded("Parameters", _table(("Parameter", "Value"), rows, (False, False)))


def _things(noun: str, things: Sequence[Subject]) -> Iterator[str]:
    rows = [(markdown_code(clip(each.name, MAX_CELL)), markdown_code(each.sha256[:12])) for each in things[:MAX_ROWS]]
    yield from _table((noun.capitalize(), "SHA-256"), rows, (False, False), len(things) - len(rows))
