"""The HTML report of an outcome: one file that needs no script and no network.

It opens on a phone and prints, in light and in dark; what failed stands first.
Its policy allows one style sheet, named by its hash, and nothing else: should
text from data ever slip through :mod:`.escape`, it still runs nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypeAlias

from mlops_actions.outcome import Columns, Outcome
from mlops_actions.report import columns, wording
from mlops_actions.report.blocks import block_ident, blocks
from mlops_actions.report.columns import Anchors, anchor
from mlops_actions.report.elements import (
    MAX_CELL,
    MAX_ROWS,
    MAX_SHORT,
    MAX_TEXT,
    NUMBER,
    PLAIN,
    SENTENCE,
    SHORT,
    badge,
    cell,
    code,
    folded,
    message,
    more,
    scroll,
    table,
    value,
)
from mlops_actions.report.escape import html
from mlops_actions.verdict import Check, Example, Severity, Status, Subject, Verdict, gravity
from mlops_actions.visible import clip

MAX_CARDS = 100
"""Findings shown in full; the others follow as a folded table."""

MAX_OPEN = 12
"""Subjects or materials listed openly; a longer list is folded."""

_STYLES = {"Measured": NUMBER, "Rows": NUMBER, "Message": SENTENCE}


def page(outcome: Outcome) -> str:
    """The whole page, as text to be written in UTF-8."""
    return "\n".join(_page(outcome)) + "\n"


@dataclass(frozen=True, slots=True)
class _Part:
    """A titled part of the page; ``title`` is data, ``body`` is HTML."""

    ident: str
    title: str
    body: Iterable[str]


def _page(outcome: Outcome) -> Iterator[str]:
    verdict = outcome.verdict
    parts = list(_parts(outcome))
    yield '<!doctype html>\n<html lang="en">'
    yield from _head(verdict)
    yield f'<body class="{verdict.status.value}">\n<a class="skip" href="#main">Skip to the findings</a>'
    yield from _header(outcome)
    yield from _contents(parts)
    yield '<main id="main" tabindex="-1">'
    for part in parts:
        yield f'<section id="{part.ident}" aria-labelledby="{part.ident}-h">'
        yield f'<h2 id="{part.ident}-h">{html(clip(part.title, MAX_TEXT))}</h2>'
        yield from part.body
        yield "</section>"
    yield "</main>"
    took = wording.duration(verdict.ended - verdict.started)
    yield f"<footer><p>Started {wording.moment(verdict.started)}, took {took}.</p>"
    yield "<p>The same verdict stands in <code>verdict.json</code>, for programs.</p></footer>\n</body>\n</html>"


def _head(verdict: Verdict) -> Iterator[str]:
    style = _style()
    yield '<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_policy(style)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">'
    yield f"<title>{html(clip(f'{verdict.stage}: {verdict.status.value}', 200))}</title>"
    yield f'<link rel="icon" href="data:,">\n<style>{style}</style>\n</head>'


@cache
def _style() -> str:
    return (resources.files("mlops_actions.report") / "page.css").read_text(encoding="utf-8").strip()


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def _header(outcome: Outcome) -> Iterator[str]:
    verdict = outcome.verdict
    yield f"<header>\n<h1>{badge(verdict.status)} {html(clip(verdict.stage, MAX_TEXT))}</h1>"
    if outcome.headline:
        yield f'<p class="lead">{message(outcome.headline)}</p>'
    counted = wording.counts(verdict.checks)
    yield '<ul class="tally">'
    for status, count in counted:
        yield f'<li class="{status.value}">{wording.tally(status, count)}</li>'
    yield "</ul>" if counted else "<li>No checks</li></ul>"
    yield from _proportions(counted)
    yield "</header>"


def _proportions(counted: Sequence[tuple[Status, int]]) -> Iterator[str]:
    """The counts as one bar. Decoration: the words above it say the same."""
    total = sum(count for _, count in counted)
    yield '<svg class="bar" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">'
    left = 0.0
    for status, count in counted:
        width = 1000 * count / total
        yield f'<rect class="{status.value}" x="{left:.2f}" y="0" width="{width:.2f}" height="8"/>'
        left += width
    yield "</svg>"


def _contents(parts: Sequence[_Part]) -> Iterator[str]:
    if len(parts) < 2:
        return
    yield '<nav aria-label="Contents"><ul>'
    for part in parts:
        title = part.title if len(part.title) <= 48 else part.title[:47] + "…"
        yield f'<li><a href="#{part.ident}">{html(title)}</a></li>'
    yield "</ul></nav>"


_Numbered: TypeAlias = tuple[int, Check]
"""A check with its place in the verdict."""


def _parts(outcome: Outcome) -> Iterator[_Part]:
    verdict = outcome.verdict
    numbered = list(enumerate(verdict.checks))
    covered = frozenset[int]().union(*(section.covers for section in outcome.sections))
    findings = sorted(
        (each for each in numbered if each[1].is_finding and each[0] not in covered), key=lambda each: gravity(each[1])
    )
    passed = [each for each in numbered if not each[1].is_finding]
    shown = (number for number, _ in (*findings[: MAX_CARDS + MAX_ROWS], *passed[:MAX_ROWS]))
    anchors = Anchors(verdict.checks, frozenset(shown))
    sections = [
        (section, _Part(ident, section.title, blocks(section.blocks, section.title, ident, anchors)))
        for number, section in enumerate(outcome.sections, 1)
        for ident in [_section_ident(number)]
    ]
    yield from (part for section, part in sections if section.covers)
    if findings:
        noun = "more finding" if covered else "finding"
        yield _Part("findings", wording.plural(len(findings), noun), _findings(findings, _columns(outcome, anchors)))
    yield from (part for section, part in sections if not section.covers)
    if passed:
        title = wording.plural(len(passed), "check") + " passed"
        yield _Part("passed", title, folded("Show them", scroll(title, _checks(passed))))
    if verdict.subjects or verdict.materials or verdict.parameters:
        yield _Part("evidence", "Evidence", _evidence(verdict))


def _section_ident(number: int) -> str:
    return f"part-{number}"


_Links: TypeAlias = Mapping[int, str]
"""The place of a check to a link to its column, as HTML."""


def _columns(outcome: Outcome, anchors: Anchors) -> _Links:
    found = {}
    for number, section in enumerate(outcome.sections, 1):
        for at, block in enumerate(section.blocks):
            if isinstance(block, Columns):
                ident = block_ident(_section_ident(number), at)
                for check, card, name in columns.cards(block, ident, anchors):
                    found[check] = f'<a href="#{card}">{code(name)}</a>'
    return found


def _findings(findings: Sequence[_Numbered], links: _Links) -> Iterator[str]:
    yield '<ol class="findings">'
    for number, check in findings[:MAX_CARDS]:
        yield from _card(number, check, links.get(number, ""))
    yield "</ol>"
    if others := findings[MAX_CARDS:]:
        title = wording.plural(len(others), "more finding")
        yield from folded(title, scroll(title, _checks(others)))


def _card(number: int, check: Check, column_html: str) -> Iterator[str]:
    ident = anchor(number)
    yield f'<li class="card {check.status.value}" id="{ident}" tabindex="-1">{badge(check.status)}'
    yield f'<h3><a href="#{ident}">{code(check.rule)}</a></h3>'
    if check.message:
        yield f'<p class="text">{message(check.message)}</p>'
    facts = [(name, said) for name, said in _facts(check, column_html) if said]
    if facts:
        yield "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{said}</dd></div>" for name, said in facts) + "</dl>"
    if check.examples:
        yield from _examples(check.examples)
    yield "</li>"


def _examples(examples: Sequence[Example]) -> Iterator[str]:
    """Rows that break a rule: the place, then a column for each cell that is shown."""
    names, shown = wording.cells(examples)
    caption = "The first row that breaks it" if len(examples) == 1 else f"The first {len(examples)} rows that break it"
    rows = (
        [value(wording.found_at(each), MAX_CELL), *(_example(cells, name) for name in names)]
        for each, cells in zip(examples, shown, strict=True)
    )
    yield from scroll(caption, table(("Where", *names), rows, [PLAIN] * (1 + len(names)), caption))


def _example(cells: Mapping[str, str | None], name: str) -> str:
    """A cell as it is, and what tells a null from the word; nothing where it is not shown."""
    if name not in cells:
        return ""
    text = cells[name]
    return '<span class="note">null</span>' if text is None else cell(text)


def _facts(check: Check, column_html: str) -> Iterator[tuple[str, str]]:
    """What a card says besides rule and message: names, and values as HTML."""
    name = wording.named(check.where)
    yield "Measured", html(clip(wording.measured(check), MAX_TEXT))
    yield "Asked", html(clip(wording.threshold(check.threshold), MAX_TEXT))
    yield "Rows", wording.scalar(check.rows)
    yield "Severity", check.severity.value if check.severity is not Severity.ERROR else ""
    yield "Column", column_html
    yield "In", code(name) if name and not column_html and not check.rule.startswith(name) else ""
    yield "At", _place(check)


def _place(check: Check) -> str:
    place = wording.place(check.where)
    return code(place) if place else ""


def _checks(checks: Sequence[_Numbered]) -> Iterator[str]:
    """A table of checks, without the columns that say nothing here."""
    numbers, shown = zip(*checks[:MAX_ROWS], strict=True)
    cells = {
        "Rule": [_anchored(number, check) for number, check in zip(numbers, shown, strict=True)],
        "Status": [badge(check.status) if check.is_finding else "" for check in shown],
        "Measured": [html(clip(wording.measured(check), MAX_TEXT)) for check in shown],
        "Asked": [html(clip(wording.threshold(check.threshold), MAX_TEXT)) for check in shown],
        "Rows": [wording.scalar(check.rows) for check in shown],
        "Message": [_said(check) for check in shown],
    }
    filled = {name: each for name, each in cells.items() if any(each)}
    short = max(map(len, cells["Asked"])) <= MAX_SHORT
    styles = [SHORT if name == "Asked" and short else _STYLES.get(name, PLAIN) for name in filled]
    yield from table(tuple(filled), zip(*filled.values(), strict=True), styles)
    yield from more(len(checks) - len(shown), "check")


def _anchored(number: int, check: Check) -> str:
    return f'<span id="{anchor(number)}" tabindex="-1">{code(check.rule)}</span>'


def _said(check: Check) -> str:
    place = _place(check)
    return message(check.message) + (f'<div class="note">{place}</div>' if place else "")


def _evidence(verdict: Verdict) -> Iterator[str]:
    for noun, things in (("Subject", verdict.subjects), ("Material", verdict.materials)):
        if things:
            shown = scroll(f"{noun}s", _things(noun, things))
            many = len(things) > MAX_OPEN
            yield from folded(wording.plural(len(things), noun.lower()), shown) if many else shown
    if verdict.parameters:
        rows = (
            [html(clip(name, MAX_TEXT)), code(wording.json_text(given))] for name, given in verdict.parameters.items()
        )
        yield from scroll("Parameters", table(("Parameter", "Value"), rows, (PLAIN, PLAIN)))


def _things(noun: str, things: Sequence[Subject]) -> Iterator[str]:
    rows = ([code(each.name), f'<span class="digest">{code(each.sha256)}</span>'] for each in things[:MAX_ROWS])
    yield from table((noun, "SHA-256"), rows, (PLAIN, PLAIN))
    yield from more(len(things) - MAX_ROWS, noun.lower())
