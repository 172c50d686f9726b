"""Profiles added up: that of all rows from those of parts of them, without the rows.

Counts of rows, nulls, special values and categories, extremes and blocks are
exact; means and deviations to about ten digits. What cannot be exact says how
wrong it may be: bins whose edges differ (``uncertain``), different values
(``sketch``, ``distinct_at_most``). Parts are best added all at once: then the
errors of the parts do not add up, and blocks of days can become months.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from operator import add, or_
from typing import Any, TypeAlias

from mlops_actions.data.profiles import beyond, bins, blocks, cumulative, profiling
from mlops_actions.data.profiles.bins import Detail
from mlops_actions.data.profiles.blocks import Blocks, ColumnBlocks
from mlops_actions.data.profiles.blockscan import rounded
from mlops_actions.data.profiles.cumulative import Cumulative
from mlops_actions.data.profiles.profile import (
    Bins,
    Categories,
    ColumnProfile,
    Kind,
    Profile,
    Range,
    Special,
    digest,
)
from mlops_actions.data.profiles.shapes import Shapes
from mlops_actions.data.profiles.shapes import added as shapes_added

Mapped: TypeAlias = tuple[int, ...]
"""For each block of a part, the number of the merged block that it goes into."""


class Unlike(ValueError):
    """Profiles that are not of one kind of rows: ``reasons`` are a part and what is of it, numbered from 0."""

    def __init__(self, reasons: Sequence[tuple[int, str]]) -> None:
        super().__init__("; ".join(f"part {number} {reason}" for number, reason in reasons))
        self.reasons = tuple(reasons)


def merge(parts: Sequence[Profile]) -> Profile:
    """The profile of all rows together, of at least one part.

    Columns are in the order of the first part. Raises Unlike where the parts
    differ in their object, their columns or the types of these; the integers
    are of one type.
    """
    reasons = list(_differences(parts))
    if reasons:
        raise Unlike(reasons)
    time, mapped = _time(parts)
    named = [{column.name: column for column in part.columns} for part in parts]
    frame = _Frame(time, mapped, bins.detail(len(parts[0].columns), time is not None))
    columns = tuple(
        _column([_Part(own[first.name], part.rows) for own, part in zip(named, parts, strict=True)], frame)
        for first in parts[0].columns
    )
    return Profile(parts[0].object, sum(part.rows for part in parts), columns, time)


def without_blocks(parts: Sequence[Profile]) -> str | None:
    """Why the merged profile has no blocks of time though a part has, or None."""
    timed = [part.time for part in parts if part.time is not None]
    if not timed:
        return None
    if len(timed) < len(parts):
        return "not all of the profiles have blocks of time"
    if len(names := sorted({each.column for each in timed})) > 1:
        return f"they are by different columns: {', '.join(map(repr, names))}"
    if not blocks.common(each.unit for each in timed):
        return f"they do not add up to each other: {', '.join(sorted({each.unit.value for each in timed}))}"
    return None if _time(parts)[0] else f"they would be more than {blocks.YEARS} years"


def _differences(parts: Sequence[Profile]) -> Iterator[tuple[int, str]]:
    """Why profiles cannot be added."""
    first = parts[0]
    types: dict[str, list[str]] = {column.name: [] for column in first.columns}
    for number, part in enumerate(parts):
        if part.object != first.object:
            yield number, f"is of {part.object!r}, the first of {first.object!r}"
        own = {column.name for column in part.columns}
        if missing := [name for name in types if name not in own]:
            yield number, f"lacks {_named(missing)}, which the first has"
        if more := [column.name for column in part.columns if column.name not in types]:
            yield number, f"has {_named(more)}, which the first lacks"
        for column in part.columns:
            if column.name in types and column.nulls < part.rows:
                before = types[column.name]
                try:
                    _type([*before, column.type])
                    before.append(column.type)
                except ValueError:
                    yield number, f"has {column.type} in the column {column.name!r}, which is {before[0]} before"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10:,} more" if len(names) > 10 else ""
    return ", ".join(map(repr, names[:10])) + more


_SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "BIGNUM")
_UNSIGNED = ("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")


def _type(types: Sequence[str]) -> str | None:
    """The one type of all, None of none. Integers have the least that holds them all. Raises ValueError."""
    found = set(types)
    if len(found) <= 1:
        return next(iter(found), None)
    if found <= set(_UNSIGNED):
        return max(found, key=_UNSIGNED.index)
    if not found <= {*_SIGNED, *_UNSIGNED}:
        raise ValueError("the types differ")
    ranks = [_UNSIGNED.index(each) + 1 if each in _UNSIGNED else _SIGNED.index(each) for each in found]
    return _SIGNED[max(ranks)]


# Blocks of time


def _time(parts: Sequence[Profile]) -> tuple[Blocks | None, list[Mapped]]:
    """The blocks of all parts together, and for each part where its own go."""
    timed = [part.time for part in parts if part.time is not None]
    if len(timed) < len(parts) or len({each.column for each in timed}) > 1:
        return None, []
    starts = {start for each in timed for start in each.starts}
    counts = {
        unit: len({blocks.start_of(start, unit) for start in starts if start not in blocks.UNDATED})
        for unit in blocks.common(each.unit for each in timed)
    }
    unit = blocks.choose(counts, max(len(part.columns) for part in parts))
    if unit is None:
        return None, []
    merged = sorted({blocks.start_of(start, unit) for start in starts}, key=blocks.order)
    place = {start: index for index, start in enumerate(merged)}
    mapped = [tuple(place[blocks.start_of(start, unit)] for start in each.starts) for each in timed]
    rows = _summed([(each.rows, own) for each, own in zip(timed, mapped, strict=True)], len(merged))
    return Blocks(timed[0].column, unit, tuple(merged), rows), mapped


def _summed(parts: Iterable[tuple[Sequence[int], Mapped]], size: int) -> tuple[int, ...]:
    """Numbers of blocks, added up in the merged blocks; a part without any adds nothing."""
    found = [0] * size
    for values, places in parts:
        for value, place in zip(values, places, strict=False):
            found[place] += value
    return tuple(found)


# A column


@dataclass(frozen=True, slots=True)
class _Part:
    column: ColumnProfile
    rows: int

    @property
    def values(self) -> int:
        return self.rows - self.column.nulls

    @property
    def finite(self) -> int:
        return self.values - self.column.special.total


@dataclass(frozen=True, slots=True)
class _Frame:
    """What columns are merged into: the blocks, where those of each part go, and how many bins."""

    time: Blocks | None
    mapped: Sequence[Mapped]
    detail: Detail


def _column(parts: Sequence[_Part], frame: _Frame) -> ColumnProfile:
    """A column's parts, of one type as far as they have values, added up."""
    there = [part for part in parts if part.values] or [parts[0]]
    first = there[0].column
    private = any(part.column.private for part in parts)
    made = ColumnProfile(
        name=first.name,
        type=_type([part.column.type for part in there]) or first.type,
        kind=first.kind,
        nulls=sum(part.column.nulls for part in parts),
        private=private,
        special=Special(
            sum(part.column.special.nan for part in parts),
            sum(part.column.special.infinity for part in parts),
            sum(part.column.special.negative_infinity for part in parts),
        ),
    )
    if made.kind in (Kind.CATEGORY, Kind.TEXT, Kind.BOOLEAN):
        found = _categories([part.column for part in there], first.kind)
        kind = first.kind if first.kind is Kind.BOOLEAN else Kind.TEXT if found is None else Kind.CATEGORY
        made = replace(made, kind=kind, categories=found)
    made = _with_distinct(made, [part.column for part in there])
    if not private:
        made = replace(made, range=_range(there, made.kind))
        made = _with_bins(made, [part for part in there if part.column.bins is not None], frame.detail)
        made = replace(made, shapes=_shapes(parts, frame), beyond=beyond.added([part.column.beyond for part in there]))
    if frame.time is None:
        return made
    return replace(made, blocks=_blocks(made, parts, frame.mapped, len(frame.time.starts)))


def _categories(columns: Sequence[ColumnProfile], kind: Kind) -> Categories | None:
    """The categories of all, if all list theirs and they stay few."""
    listed = [column.categories for column in columns if column.categories is not None]
    if len(listed) < len(columns):
        return None
    digested = any(each.digested for each in listed)
    counts: Counter[str] = Counter()
    for column, each in zip(columns, listed, strict=True):
        for value, count in each.values:
            counts[digest(column.name, value) if digested and not each.digested else value] += count
    if kind is Kind.BOOLEAN:
        return Categories(tuple((value, counts[value]) for value, _ in listed[0].values))
    return Categories(profiling.ranked(counts), digested) if len(counts) <= profiling.CATEGORIES else None


def _with_distinct(made: ColumnProfile, columns: Sequence[ColumnProfile]) -> ColumnProfile:
    sketches = [column.sketch for column in columns if column.sketch is not None]
    sketched = (
        len(sketches) == len(columns) and len({(each.type, each.sketch.hash) for each in columns if each.sketch}) == 1
    )
    if sketched and not made.private:
        made = replace(made, sketch=reduce(or_, sketches))
    if made.categories is not None:
        return replace(made, distinct=sum(1 for _, count in made.categories.values if count))
    if len(columns) == 1:
        return replace(made, distinct=columns[0].distinct, distinct_at_most=columns[0].distinct_at_most)
    if made.sketch is not None:
        return replace(made, distinct=made.sketch.estimate)
    least = [column.distinct for column in columns if column.distinct is not None]
    if len(least) < len(columns):
        return made
    most = sum(column.distinct_at_most or column.distinct or 0 for column in columns)
    return replace(made, distinct=max(least), distinct_at_most=most)


def _range(parts: Sequence[_Part], kind: Kind) -> Range | None:
    """Extremes and moments of all.

    Means and sums of squares of parts are combined exactly but for rounding
    (Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for
    computing sample variances", 1979).
    """
    pairs = [(part.column.range, part.finite) for part in parts if part.column.range is not None and part.finite]
    if not pairs:
        return next((part.column.range for part in parts if part.column.range is not None), None)
    if len(pairs) == 1:
        return pairs[0][0]
    ranges = [each for each, _ in pairs]
    key: Callable[[Any], Any] = blocks.order if kind is Kind.TIME else lambda value: value
    low = min((each.min for each in ranges if each.min is not None), key=key, default=None)
    high = max((each.max for each in ranges if each.max is not None), key=key, default=None)
    means = [(each.mean, count) for each, count in pairs if each.mean is not None]
    if len(means) < len(pairs):
        return Range(low, high)
    total = sum(count for _, count in means)
    mean = math.fsum(mean * (count / total) for mean, count in means)
    if kind is not Kind.NUMBER:
        return Range(low, high, profiling.places(mean))
    sd = combined([(each.mean or 0.0, each.sd, count) for each, count in pairs])[1]
    return Range(low, high, profiling.places(mean), None if sd is None else profiling.places(sd))


def combined(parts: Sequence[tuple[float, float | None, int]]) -> tuple[float | None, float | None]:
    """The mean and the deviation of all, from mean, deviation (None of fewer than two) and number (not 0) of each."""
    total = sum(count for *_, count in parts)
    if not total:
        return None, None
    mean = math.fsum(mean * (count / total) for mean, _, count in parts)
    try:
        squares = math.fsum((sd or 0.0) ** 2 * (count - 1) + count * (one - mean) ** 2 for one, sd, count in parts)
    except OverflowError:
        return mean, None
    return mean, math.sqrt(squares / (total - 1)) if total > 1 else None


def _cumulative(column: ColumnProfile, histogram: Bins, shape: Cumulative | None = None) -> Cumulative:
    low, high = (column.range.min, column.range.max) if column.range else (None, None)
    ends = histogram.edges or (0.0,)
    return cumulative.of(
        histogram,
        float(low) if isinstance(low, int | float) else ends[0],
        float(high) if isinstance(high, int | float) else ends[-1],
        shape,
    )


def _finest(column: ColumnProfile) -> Bins | None:
    """The finest counts that there are of a column's numbers, or lengths."""
    if column.categories is not None and not column.categories.digested:
        lengths = _lengths(column.categories)
        edges = tuple(sorted(lengths))
        return Bins(tuple(map(float, edges)), (*(lengths[each] for each in edges), 0))
    return column.fine or column.bins


def _lengths(categories: Categories) -> dict[int, int]:
    """Length to number of values of it."""
    found: Counter[int] = Counter()
    for value, count in categories.values:
        found[len(value)] += count
    return found


def _with_bins(made: ColumnProfile, parts: Sequence[_Part], detail: Detail) -> ColumnProfile:
    filled = [part.column for part in parts if part.finite]
    stored = [column.bins for column in filled if column.bins is not None]
    if not stored:
        return replace(made, bins=parts[0].column.bins) if parts else made
    if made.categories is not None:
        return replace(made, bins=profiling.bins_of_lengths(_lengths(made.categories), detail))
    finest = [(column, own) for column in filled if (own := _finest(column)) is not None]
    shapes = [_cumulative(column, own) for column, own in finest]
    if len({each.edges for each in stored}) > 1:
        coarse, fine = cumulative.added(shapes, profiling.is_whole(made), detail)
    elif len({own.edges for _, own in finest}) > 1:
        coarse = _same(stored)
        fine = cumulative.added(shapes, profiling.is_whole(made), detail, coarse.edges)[1]
    else:
        coarse, fine = _same(stored), _same([own for _, own in finest])
    return replace(made, bins=coarse, fine=fine if len(fine.edges) > len(coarse.edges) else None)


def _shapes(parts: Sequence[_Part], frame: _Frame) -> Shapes | None:
    """The shapes of all texts; None where a part has texts whose shapes were not told, or of drawn rows alone."""
    found = [part.column.shapes or Shapes(0, ()) for part in parts]
    if not any(part.column.shapes for part in parts) or any(
        each.rows < part.values for each, part in zip(found, parts, strict=True)
    ):
        return None
    return shapes_added(found, frame.mapped, len(frame.time.starts) if frame.time else 0)


def _same(parts: Sequence[Bins]) -> Bins:
    """Histograms of the same edges."""
    counts = tuple(map(sum, zip(*(each.counts for each in parts), strict=True)))
    return Bins(parts[0].edges, counts, sum(each.uncertain for each in parts))


# A column in blocks of time


def _blocks(made: ColumnProfile, parts: Sequence[_Part], mapped: Sequence[Mapped], size: int) -> ColumnBlocks | None:
    pairs = [(part.column.blocks, own) for part, own in zip(parts, mapped, strict=True)]
    known = [(each, own) for each, own in pairs if each is not None]
    if len(known) < len(pairs):
        return None

    def added(name: str) -> tuple[int, ...]:
        found = _summed([(getattr(each, name), own) for each, own in known], size)
        return found if any(found) else ()

    nulls = _summed([(each.nulls, own) for each, own in known], size)
    found = ColumnBlocks(nulls, added("nan"), added("infinity"), added("negative_infinity"))
    if made.private or not (made.bins.edges if made.bins else made.categories):
        return found
    if any(part.finite and not each.counts for part, (each, _) in zip(parts, known, strict=True)):
        return found  # a part was made without them
    counts, uncertain = _cells(made, parts, known, size)
    found = replace(found, counts=counts, uncertain=uncertain if any(uncertain) else ())
    if made.kind is not Kind.NUMBER:
        return found
    moments = _moments(known, size)
    return replace(found, mean=tuple(mean for mean, _ in moments), sd=tuple(sd for _, sd in moments))


def _cells(
    made: ColumnProfile, parts: Sequence[_Part], known: Sequence[tuple[ColumnBlocks, Mapped]], size: int
) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """For each merged block, the counts in the merged column's categories or bins, and how wrong they may be."""
    cells = len(made.categories.values) if made.categories else len(made.bins.counts) if made.bins else 0
    sums, errors = [(0,) * cells] * size, [0] * size
    for part, (each, own) in zip(parts, known, strict=True):
        places, gathered = _gathered(each, own)
        for place, (counts, error) in zip(places, _in_cells(made, part, gathered), strict=False):
            sums[place] = tuple(map(add, sums[place], counts))
            errors[place] += error
    return tuple(sums), tuple(errors)


def _gathered(own: ColumnBlocks, places: Mapped) -> tuple[list[int], ColumnBlocks]:
    """A part's counts, added up where several of its blocks go into one, and the places of those."""
    counts: dict[int, tuple[int, ...]] = {}
    errors: Counter[int] = Counter()
    for index, (place, each) in enumerate(zip(places, own.counts, strict=False)):
        counts[place] = tuple(map(add, counts[place], each)) if place in counts else each
        errors[place] += own.uncertain[index] if own.uncertain else 0
    uncertain = tuple(errors[place] for place in counts)
    return list(counts), ColumnBlocks((), counts=tuple(counts.values()), uncertain=uncertain)


def _in_cells(made: ColumnProfile, part: _Part, own: ColumnBlocks) -> list[tuple[tuple[int, ...], int]]:
    """A part's counts in each of its blocks, in the categories or bins of the merged column, and how wrong they are."""
    column = part.column
    if not part.finite or not own.counts:
        return []
    if made.categories is not None and column.categories is not None:
        place = {value: index for index, (value, _) in enumerate(column.categories.values)}
        order = [place.get(value) for value, _ in made.categories.values]
        return [(tuple(0 if index is None else counts[index] for index in order), 0) for counts in own.counts]
    edges = made.bins.edges if made.bins else ()
    if column.categories is not None:  # whose merged column has too many: their lengths are known
        lengths = [len(value) for value, _ in column.categories.values]
        return [(_by_length(edges, lengths, counts), 0) for counts in own.counts]
    uncertain = own.uncertain or (0,) * len(own.counts)
    if column.bins is None or column.bins.edges == edges:
        return list(zip(own.counts, uncertain, strict=True))
    shape = _cumulative(column, column.fine or column.bins)
    found = []
    for counts, error in zip(own.counts, uncertain, strict=True):
        one = _cumulative(column, Bins(column.bins.edges, counts, error), shape)
        made_bins = cumulative.between([one], edges)
        found.append((made_bins.counts, made_bins.uncertain))
    return found


def _by_length(edges: Sequence[float], lengths: Sequence[int], counts: Sequence[int]) -> tuple[int, ...]:
    marks = [sum(c for length, c in zip(lengths, counts, strict=True) if length <= edge) for edge in edges]
    return tuple(after - before for before, after in pairwise([0, *marks, sum(counts)]))


def _moments(known: Sequence[tuple[ColumnBlocks, Mapped]], size: int) -> list[tuple[float | None, float | None]]:
    """Mean and deviation of each merged block, None where a part's is not known."""
    parts: list[list[tuple[float | None, float | None, int]]] = [[] for _ in range(size)]
    for each, own in known:
        for index, (place, counts) in enumerate(zip(own, each.counts, strict=False)):
            if count := sum(counts):
                mean = each.mean[index] if each.mean else None
                parts[place].append((mean, each.sd[index] if each.sd else None, count))
    found = []
    for block in parts:
        mean, sd = combined([(mean, sd, count) for mean, sd, count in block if mean is not None])
        whole = all(mean is not None for mean, *_ in block)
        found.append((rounded(mean, sd), rounded(sd, sd)) if whole else (None, None))
    return found
