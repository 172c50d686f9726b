"""Checks one after the other, drawn: what each came to and how much it found, and a line for each of some figures.

Every check takes the same room, so what stands below each other is of one
check; that of the report has a ground of its own. A line begins at 0, and what
is small is drawn small. Numbers and dates are text beside the drawings, which
stretch to any width; the table beneath says all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby

from mlops_actions.outcome import PRESENT, Past, Trace
from mlops_actions.report import wording
from mlops_actions.report.elements import MAX_CELL, WORDS, code
from mlops_actions.report.escape import html
from mlops_actions.verdict import Status
from mlops_actions.visible import clip

WIDTH, HIGH, LOW = 280, 60, 26
"""The size of the bars and of a line, in their own units."""
FLAT = 0.1
"""A figure that stays below it is drawn on the scale that it ends: chance has its ups and downs, too."""

_TOP = 4  # above the highest point of a line
_GAP = 0.3  # of a bar's room


def draw(past: Past, ident: str) -> Iterator[str]:
    """The bars with what each check came to, and the lines; ``ident`` begins the ids inside."""
    there = [each for each in (Status.PASS, Status.WARN, Status.FAIL) if each in past.statuses]
    keys = "".join(f'<span class="key came {each.value}">{WORDS[each]}</span>' for each in there)
    keys += f'<span class="key present">{PRESENT}</span>' if past.ends_now else ""
    yield f'<figure class="past">\n<figcaption><strong>{html(past.counted)}</strong>'
    yield f'<span class="keys">{keys}</span></figcaption>'
    yield from _bars(past, ident)
    marks = "".join(f'<li class="came {each.value}"></li>' for each in past.statuses)
    yield f'<ol class="marks" aria-hidden="true">{marks}</ol>'
    yield f'<p class="note ends"><span>{html(past.times[0])}</span> <span>{html(past.times[-1])}</span></p></figure>'
    if past.traces:
        any_marked = any(each.marked for each in past.traces)
        said = f"{past.traced}{'; a square is a check in which it failed' if any_marked else ''}."
        yield f'<p class="note">{html(said)}</p><ul class="traces">'
        for at, trace in enumerate(past.traces):
            yield from _line(trace, past, f"{ident}-o{at}")
        yield "</ul>"


def _bars(past: Past, ident: str) -> Iterator[str]:
    peak, room = max(*past.counts, 1), WIDTH / len(past.times)
    most = past.counts.index(max(past.counts))
    failed = sum(each is Status.FAIL for each in past.statuses)
    said = (
        f"{wording.plural(len(past.times), 'check')} from {past.times[0]} to {past.times[-1]}, of which {failed} failed"
    )
    note = f"at most {past.counts[most]:,}, {past.times[most]}" if past.counts[most] else "none"
    yield f'<p class="note">{note}</p>'
    yield (
        f'<svg class="chart counts" role="img" viewBox="0 0 {WIDTH} {HIGH}" preserveAspectRatio="none" '
        f'aria-labelledby="{ident}-t {ident}-d"><title id="{ident}-t">{html(past.counted)}</title>'
        f'<desc id="{ident}-d">{html(f"{said}; {note}")}</desc>{_ground(past, HIGH)}'
    )
    for at, count in enumerate(past.counts):
        left, height = (at + _GAP / 2) * room, HIGH * count / peak
        status = past.statuses[at]
        if count:
            yield (
                f'<rect class="{status.value}" x="{left:.2f}" y="{HIGH - height:.1f}" '
                f'width="{room * (1 - _GAP):.2f}" height="{height:.1f}"/>'
            )
        told = f"{past.times[at]}: {WORDS[status]}, {count:,}"
        yield (
            f'<rect class="hover" x="{at * room:.2f}" y="0" width="{room:.2f}" height="{HIGH}">'
            f"<title>{html(told)}</title></rect>"
        )
    yield f'<path class="zero" d="M0 {HIGH}H{WIDTH}"/></svg>'


def _line(trace: Trace, past: Past, ident: str) -> Iterator[str]:
    values = [None if each is None else wording.drawn(each) for each in trace.values]
    there = [at for at, each in enumerate(values) if each is not None]
    if not there:
        return
    most = max(there, key=lambda at: values[at] or 0.0)
    line, marked = _paths(values, trace.marked, max(values[most] or 0.0, FLAT))
    is_present = past.ends_now and there[-1] == len(values) - 1
    name = clip(trace.name, MAX_CELL)
    last = f"{PRESENT if is_present else 'last'} {_text(values[there[-1]])}"
    ends = f"at most {_text(values[most])}, {past.times[most]}"
    failed = f"; failed in {wording.plural(len(trace.marked), 'check')}" if trace.marked else ""
    yield (
        f'<li><p>{code(name)} <span class="note">{last}</span></p>'
        f'<svg class="chart strip" role="img" viewBox="0 0 {WIDTH} {LOW + 1}" preserveAspectRatio="none" '
        f'aria-labelledby="{ident}"><title id="{ident}">{html(f"{name} by check: {last}, {ends}{failed}")}</title>'
        f'{_ground(past, LOW)}<path class="zero" d="M0 {LOW}H{WIDTH}"/><path class="level" d="{line}"/>'
        f'<path class="marked fail" d="{marked}"/></svg>'
        f'<p class="note">{html(ends)}</p></li>'
    )


def _ground(past: Past, height: int) -> str:
    """What the check of the report stands on, behind all that is drawn of it."""
    if not past.ends_now:
        return ""
    room = WIDTH / len(past.times)
    return f'<rect class="present" x="{WIDTH - room:.2f}" y="0" width="{room:.2f}" height="{height}"/>'


def _paths(values: Sequence[float | None], marked: AbstractSet[int], peak: float) -> tuple[str, str]:
    """The line and its marks, as paths; ``peak`` is the figure at the top."""
    room = WIDTH / len(values)

    def point(at: int) -> str:
        return f"{(at + 0.5) * room:.2f} {LOW - (LOW - _TOP) * (values[at] or 0.0) / peak:.1f}"

    runs = (list(run) for is_there, run in groupby(range(len(values)), lambda at: values[at] is not None) if is_there)
    # A run of one is a line of hardly any length, which is drawn as a dot; so is what is marked. (On paper, one of no
    # length at all is not drawn.)
    line = "".join("M" + "L".join(map(point, run)) + "h.01" for run in runs)
    return line, "".join(f"M{point(at)}h.01" for at in sorted(marked) if values[at] is not None)


def _text(value: float | None) -> str:
    return f"{value or 0.0:.3g}"
