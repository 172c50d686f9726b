"""What a validation or a profile says to a person: one sentence, and each column of the data.

Values of private columns stand nowhere here: not their range, nor their shape,
nor their most frequent ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from mlops_actions.data.profiles import blocks
from mlops_actions.data.profiles.blocks import Blocks
from mlops_actions.data.profiles.profile import Bins, Categories, ColumnProfile, Kind, Profile, Range, Special
from mlops_actions.data.profiles.profiling import is_whole
from mlops_actions.data.rules.checks import example
from mlops_actions.outcome import Column, Columns, Frequencies, Histogram, Section, Shapes, Timeline, Trend
from mlops_actions.outcome import Kind as Shown
from mlops_actions.report.wording import plural, rounded, scalar
from mlops_actions.verdict import Check, Status, Verdict

TOP = 5
"""Values shown of a column of categories, and shapes of texts."""

PRIVATE = "Values of a private column are not shown."
ABSENT = "The data has no such column."


def is_broken(check: Check) -> bool:
    """Whether a check goes into the list of failed rules: it failed, warned, or could not be evaluated."""
    return check.status in {Status.FAIL, Status.WARN, Status.ERROR}


def headline(verdict: Verdict) -> str:
    """The validation in one sentence."""
    total = len(verdict.checks)
    broken = [check for check in verdict.checks if is_broken(check)]
    unchecked = sum(check.status is Status.NOT_CHECKED for check in verdict.checks)
    text = f"{len(broken):,} of {total:,} checks did not pass" if broken else f"All {total - unchecked:,} checks passed"
    if broken:
        text += f", first {verdict.findings[0].rule}"
    return text + (f"; {unchecked:,} were not made" if unchecked else "") + "."


def sections(profiles: Sequence[Profile], checks: Sequence[Check]) -> tuple[Section, ...]:
    """The columns of each object, with those of the verdict's ``checks`` that speak of them."""
    return tuple(_section(each, checks) for each in profiles)


def _section(of: Profile, checks: Sequence[Check]) -> Section:
    own: dict[str | None, list[int]] = {}
    for number, check in enumerate(checks):
        if check.where.object == of.object:
            own.setdefault(check.where.column, []).append(number)
    whole = own.pop(None, [])
    trends = _Trends.of(of)
    found = [
        replace(_column(each, of.rows, tuple(own.pop(each.name, ()))), trends=tuple(trends.drawn(each)))
        for each in of.columns
    ]
    absent = [Column(name or "", "", "other", shape=ABSENT, checks=tuple(each)) for name, each in own.items()]
    title = f"Columns of {of.object} ({plural(of.rows, 'row')})"
    return Section(title, (Columns(of.rows, (*found, *absent), tuple(whole), trends.timeline),))


# One column

_KINDS: Mapping[Kind, Shown] = {
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "boolean",
    Kind.CATEGORY: "text",
    Kind.TEXT: "text",
    Kind.TIME: "time",
    Kind.OTHER: "other",
}


def _column(of: ColumnProfile, rows: int, checks: tuple[int, ...]) -> Column:
    facts = tuple((name, said) for name, said in _facts(of, rows - of.nulls) if said)
    shape, shapes = _shape(of, rows - of.nulls), _shapes(of, rows - of.nulls)
    return Column(of.name, of.type, _KINDS[of.kind], of.nulls, facts, shape, checks, shapes=shapes)


def _facts(of: ColumnProfile, values: int) -> Iterator[tuple[str, str]]:
    yield "Distinct", _distinct(of, values)
    yield "Not finite", _special(of.special)
    if of.range is None or of.private:
        return
    least, greatest = of.range.min, of.range.max
    if least is not None and greatest is not None:
        said = _value(least) if least == greatest else f"{_value(least)} to {_value(greatest)}"
        unit = _unit(of)
        yield ("Length" if unit == _LENGTH else "Range"), f"{said} {unit}".strip()
    if of.kind is Kind.NUMBER and least != greatest:
        yield "Mean", rounded(of.range.mean)
        yield "Std. dev.", rounded(of.range.sd)


def _distinct(of: ColumnProfile, values: int) -> str:
    """An estimate is never above what there can be."""
    if of.distinct is None:
        return ""
    if of.distinct_is_exact:
        return f"{of.distinct:,}"
    if of.distinct_at_most is not None:
        return f"at least about {of.distinct:,}, at most {of.distinct_at_most:,}"
    least, greatest = (of.range.min, of.range.max) if of.range else (None, None)
    most = values
    if of.kind is not Kind.TEXT and least is not None and greatest is not None and not of.special.total:
        if least == greatest:
            return "1"
        if isinstance(least, int) and isinstance(greatest, int):
            most = min(values, greatest - least + 1)
    return f"about {min(of.distinct, most):,}"


def _special(of: Special) -> str:
    """Values that are no finite number, each kind by its own name."""
    counts = {"NaN": of.nan, "infinite": of.infinity, "negative infinite": of.negative_infinity}
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


_LENGTH = "characters"


def _unit(of: ColumnProfile) -> str:
    if of.kind in (Kind.TEXT, Kind.CATEGORY):
        return _LENGTH
    return "seconds" if of.kind is Kind.NUMBER and of.type.startswith(("TIME", "INTERVAL")) else ""


def _value(value: int | float | str) -> str:
    return example(value).strip("'") if isinstance(value, str) else scalar(value)


def _shape(of: ColumnProfile, values: int) -> Histogram | Frequencies | str:
    if of.private:
        return PRIVATE
    if not values:
        return "There is no value."
    if of.categories is not None:
        return _frequencies(of.categories)
    if of.bins is not None and of.range is not None:
        return _histogram(of, of.bins, of.range) or ""
    return ""


def _shapes(of: ColumnProfile, values: int) -> Shapes | None:
    """The most frequent shapes of its texts; None where there are none, or none that may be shown."""
    if of.private or of.shapes is None or not of.shapes.rows:
        return None
    found = [each for each in of.shapes.values if each[1]]
    return Shapes(tuple(found[:TOP]), of.shapes.rows, of.shapes.rows < values)


def _frequencies(of: Categories) -> Frequencies:
    """The most frequent values; one that no row has (a boolean's) is left out."""
    found = sorted((each for each in of.values if each[1]), key=lambda each: -each[1])
    rest = found[TOP:]
    return Frequencies(tuple(found[:TOP]), len(rest), sum(count for _, count in rest))


def _histogram(of: ColumnProfile, bins: Bins, within: Range) -> Histogram | None:
    """The bins that hold values, None where there are not two values to tell apart.

    The outer two, beyond all edges, are empty in the data that the edges were made for. Where they are not, they
    reach to the extremes.
    """
    least, greatest = within.min, within.max
    if not isinstance(least, int | float) or not isinstance(greatest, int | float) or least == greatest:
        return None
    whole, first, last = is_whole(of), int(not bins.counts[0]), len(bins.counts) - int(not bins.counts[-1])
    below = least - 1 if whole else math.nextafter(least, -math.inf)
    edges = (float(below), *bins.edges, float(greatest))[first : last + 1]
    if len(edges) < 2 or not all(one < other for one, other in pairwise(edges)):  # a float does not tell them apart
        return None
    return Histogram(
        edges, bins.counts[first:last], (scalar(least), scalar(greatest)), whole, _unit(of), bins.uncertain
    )


# Over time


@dataclass(frozen=True, slots=True)
class _Trends:
    """What is shown of columns over time: the blocks with a time, of which there are two or more."""

    time: Blocks
    timeline: Timeline | None
    places: tuple[int | None, ...]
    """The place in the profile of each block of the timeline, None of one that no row is in."""

    @classmethod
    def of(cls, one: Profile) -> _Trends:
        time = one.time or Blocks("", blocks.Unit.YEAR, (), ())
        starts = blocks.calendar(time.starts, time.unit)
        place = {start: at for at, start in enumerate(time.starts)}
        places = tuple(place.get(start) for start in starts)
        undated = one.rows - sum(time.rows[at] for at in places if at is not None)
        names = tuple(blocks.said(start, time.unit) for start in starts)
        return cls(time, Timeline(time.unit.value, names, undated) if len(starts) > 1 else None, places)

    def drawn(self, of: ColumnProfile) -> Iterator[Trend]:
        """The trends of a column: its nulls, where it has any, and one of what its values are."""
        if self.timeline is None or of.blocks is None:
            return
        if of.name == self.time.column:
            yield Trend("Rows", tuple(0 if at is None else self.time.rows[at] for at in self.places), "rows")
        if of.nulls:
            shares = [_share(nulls, rows) for nulls, rows in zip(of.blocks.nulls, self.time.rows, strict=True)]
            yield Trend("Nulls", self._placed(shares))
        if of.private:
            return
        if any(each is not None for each in of.blocks.mean):
            spread = of.range.sd if of.range and of.range.sd else 0.0
            yield Trend("Mean", self._placed(of.blocks.mean), "level", spread=spread)
        elif of.categories is not None and of.blocks.counts and (values := of.categories.values):
            # Of a boolean, true; of texts, the most frequent one.
            shares = [_share(counts[0], sum(counts)) for counts in of.blocks.counts]
            yield Trend("Share of", self._placed(shares), of=values[0][0])

    def _placed(self, values: Sequence[float | None]) -> tuple[float | None, ...]:
        return tuple(None if at is None else values[at] for at in self.places)


def _share(count: int, whole: int) -> float | None:
    return count / whole if whole else None
