"""One column, then and now: the cells that both sides are counted in, and the shifts between them.

A shift has a size that a person can read (:mod:`.effects`) and a p-value (the
chance of such a shift between samples of one source). Whether it matters is for
:mod:`mlops_actions.drift.decision` to say, over all columns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from mlops_actions.data.profiles import beyond
from mlops_actions.data.profiles.blocks import ColumnBlocks
from mlops_actions.data.profiles.profile import Bins, ColumnProfile, Kind, Profile
from mlops_actions.data.profiles.profiling import Recount, is_whole
from mlops_actions.drift import effects, statistics, textshapes
from mlops_actions.drift.effects import Effect, Scale
from mlops_actions.drift.rhythm import Rhythm


class Sort(StrEnum):
    """What has shifted."""

    MASS = "mass"  # the distribution over all cells, missing values included
    MISSING = "missing"  # nulls and NaN
    NEW = "new"  # values outside of all that the reference has
    SHAPE = "shape"  # what kinds of signs texts are made of


class State(StrEnum):
    """Whether a column could be compared at all."""

    COMPARED = "compared"
    GONE = "gone"  # the current data has no such column
    ADDED = "added"  # the reference has none
    CHANGED = "changed"  # it is now of another kind


class Role(StrEnum):
    """What a cell holds."""

    VALUES = "values"
    PRESENT = "present"  # all values, of a column whose values are not compared
    NEW = "new"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a column's rows: a bin, a category, the nulls; and how many rows are in it on either side."""

    label: str
    reference: int
    current: int
    role: Role = Role.VALUES
    blocks: tuple[int, ...] = ()
    """Those of the reference in each block of its rhythm, where it has one."""
    listed: bool = True
    """Whether the label names what is in it, and not all the rest."""


@dataclass(frozen=True, slots=True)
class Shift:
    """``effect`` is its size, a share of rows (0 to 1) unless ``by`` says otherwise; ``p`` its chance without drift."""

    sort: Sort
    effect: float
    p: float
    by: Effect = Effect.TOTAL_VARIATION
    least: float = 0.0
    """The least that ``p`` could have been, whichever side the rows in question were on."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column's cells and shifts; none unless ``state`` is COMPARED.

    ``side`` is the reference's profile of it, or for an ADDED column the current one.
    """

    side: ColumnProfile
    state: State
    reference: ColumnProfile | None
    current: ColumnProfile | None
    cells: tuple[Cell, ...] = ()
    shifts: tuple[Shift, ...] = ()
    moved: float = 0.0
    """The share of mass that moved, 0 to 1, by whatever effect the column is judged."""
    apart: float = 0.0
    """The p-value of the values that are neither missing nor new, where some are: whether those moved by themselves."""
    shapes: tuple[Cell, ...] = ()
    """The shapes of its texts, of those that were looked at; empty where they were not compared."""
    without_blocks: bool = False
    """Whether it is judged by rows alone: the reference has blocks of time, and none of this column."""

    @property
    def effect(self) -> Effect:
        """The effect by which its distribution is judged: the one asked for, where that could be told."""
        return next((shift.by for shift in self.shifts if shift.sort is Sort.MASS), Effect.TOTAL_VARIATION)

    @property
    def name(self) -> str:
        return self.side.name

    @property
    def only_presence(self) -> bool:
        """Whether nothing but nulls (and values that are no numbers) was compared."""
        return any(cell.role is Role.PRESENT for cell in self.cells)


def compare(
    reference: Profile,
    current: Profile,
    recounts: Mapping[str, Recount],
    rhythm: Rhythm | None = None,
    wanted: Callable[[ColumnProfile], Effect] = lambda _: Effect.TOTAL_VARIATION,
) -> list[Comparison]:
    """Each column of either side, those of the reference first, in their order.

    ``rhythm`` is that of the reference's blocks of time, if rows of one time
    are to be taken for alike. ``wanted`` says by which effect a column of the
    reference is to be judged; where that cannot be told of it (the scale of a
    constant, an infinite distance), it is by total variation.
    """
    sides = _Sides((reference.rows, current.rows), rhythm, wanted, reference.time.column if reference.time else None)
    found = [
        _column(column, current.column(column.name), recounts.get(column.name), sides) for column in reference.columns
    ]
    known = {column.name for column in reference.columns}
    added = [column for column in current.columns if column.name not in known]
    return found + [Comparison(column, State.ADDED, None, column) for column in added]


@dataclass(frozen=True, slots=True)
class _Sides:
    """The rows of the reference and of the current data, the rhythm of the reference, and the column of its time."""

    rows: tuple[int, int]
    rhythm: Rhythm | None
    wanted: Callable[[ColumnProfile], Effect]
    time: str | None

    def each(self, counts: Sequence[int]) -> tuple[int, ...]:
        """Of counts by block, those of the rhythm's blocks; where the profile has none, there were no such rows."""
        return tuple(counts[place] if counts else 0 for place in self.rhythm.places) if self.rhythm else ()

    def chance(self, by_rows: float, blocks: Sequence[Sequence[int]], current: Sequence[int]) -> float:
        """The p-value by rows, or that by blocks where it is greater; blocks are not asked where rows see no shift."""
        if self.rhythm is None or by_rows > 0.5:
            return by_rows
        return max(by_rows, self.rhythm.p_value(blocks, current))


def _column(
    reference: ColumnProfile, current: ColumnProfile | None, recount: Recount | None, sides: _Sides
) -> Comparison:
    if current is None or recount is None:
        return Comparison(reference, State.GONE, reference, None)
    alike = reference.kind == current.kind or {reference.kind, current.kind} == {Kind.CATEGORY, Kind.TEXT}
    if not alike and reference.nulls < sides.rows[0] and current.nulls < sides.rows[1]:
        return Comparison(reference, State.CHANGED, reference, current)
    without_blocks = sides.rhythm is not None and not _is_in_blocks(reference)
    if without_blocks:
        sides = replace(sides, rhythm=None)
    found = _compared(reference, current, recount if alike else None, sides)
    return replace(found, without_blocks=without_blocks)


def _compared(reference: ColumnProfile, current: ColumnProfile, recount: Recount | None, sides: _Sides) -> Comparison:
    """A column that both sides have; without a recount, by the presence of its values alone."""
    values = (sides.rows[0] - reference.nulls, sides.rows[1] - current.nulls)
    # Without a value on one side, there is no type to speak of: a column of nulls has any.
    shown = _values(reference, recount, values, sides) if recount is not None else []
    cells = [*(shown or _present(reference, current, values, sides)), *_special(reference, current, sides)]
    wanted = sides.wanted(reference) if shown else Effect.TOTAL_VARIATION
    scale = _scale(reference, current) if wanted is Effect.WASSERSTEIN else None
    in_order = bool(shown) and reference.categories is None
    mass, moved = _mass(cells, sides, wanted, scale, in_order)
    shifts = [mass, _missing(cells, sides)]
    if _can_have_new(reference, cells, compared=bool(shown)):
        shifts.append(_new(reference, cells, sides, mass))
    shapes, shift = _shape(_shapes(reference, current, sides), sides)
    return Comparison(
        side=reference,
        state=State.COMPARED,
        reference=reference,
        current=current,
        cells=tuple(cell for cell in cells if cell.reference or cell.current),
        shifts=(*shifts, *shift),
        moved=moved,
        apart=_apart(cells, sides, in_order) if any(each.effect for each in shifts[1:]) else 0.0,
        shapes=shapes,
    )


def _can_have_new(reference: ColumnProfile, cells: Sequence[Cell], *, compared: bool) -> bool:
    """Whether there can be new values: of what is ``compared`` value by value, or of times with bounds."""
    if reference.kind is Kind.TIME:
        return any(cell.role is Role.NEW for cell in cells)
    return compared and reference.kind is not Kind.BOOLEAN


def _is_in_blocks(column: ColumnProfile) -> bool:
    """Whether a column was counted in the blocks of time, as all are but some of merged profiles."""
    counted = column.categories is not None or (column.bins is not None and column.bins.edges)
    return column.blocks is not None and (not counted or bool(column.blocks.counts))


# Cells


def _values(reference: ColumnProfile, recount: Recount, values: tuple[int, int], sides: _Sides) -> list[Cell]:
    """The cells of all values, where the reference says which."""
    counted = reference.blocks.counts if reference.blocks else ()

    def blocks(place: int) -> tuple[int, ...]:
        return sides.each([each[place] for each in counted])

    if reference.categories is not None and recount.categories is not None:
        pairs = zip(reference.categories.values, recount.categories, strict=True)
        cells = [Cell(value, before, now, blocks=blocks(place)) for place, ((value, before), now) in enumerate(pairs)]
        new = [Cell(value, 0, count, Role.NEW, sides.each(())) for value, count in recount.new if count is not None]
        rest = values[1] - sum(cell.current for cell in (*cells, *new))
        return [*cells, *new, Cell("any other value", 0, rest, Role.NEW, sides.each(()), listed=False)]
    if reference.bins is not None and recount.bins is not None:
        labels = bin_labels(reference.bins, is_whole(reference))
        ends, told = (0, len(labels) - 1), bool(reference.bins.edges)
        each = enumerate(zip(labels, reference.bins.counts, recount.bins, strict=True))
        return [
            Cell(label, before, now, Role.NEW if place in ends and not before else Role.VALUES, blocks(place), told)
            for place, (label, before, now) in each
        ]
    return []


def _present(reference: ColumnProfile, current: ColumnProfile, values: tuple[int, int], sides: _Sides) -> list[Cell]:
    """The cells of values that are not compared with each other: all together, but for times beyond the reference's."""
    new = _beyond(reference, current, values[1] - current.special.total, sides)
    rest = values[1] - current.special.total - sum(cell.current for cell in new)
    there = (values[0] - reference.special.total, rest)
    known = reference.blocks or ColumnBlocks(())
    if sides.rhythm is None:
        return [Cell("a value", *there, Role.PRESENT), *new]
    pairs = zip(sides.rhythm.places, sides.rhythm.rows, strict=True)
    blocks = tuple(size - known.nulls[place] - known.special(place) for place, size in pairs)
    return [Cell("a value", *there, Role.PRESENT, blocks), *new]


def _beyond(reference: ColumnProfile, current: ColumnProfile, times: int, sides: _Sides) -> list[Cell]:
    """The cells of times that are too early or too late; none where all are earlier, which is another window.

    Of the time of the rows itself, what is earlier overlaps or leaves gaps, which are judged (:mod:`.arrivals`).
    """
    known = beyond.limits(reference) if reference.kind is Kind.TIME else None
    found = beyond.counted(current, known) if known else None
    is_constant = current.range is not None and current.range.min == current.range.max
    if found is None or (times and found.earlier == times and not is_constant):
        return []
    earlier = found.earlier if reference.name != sides.time else 0
    pairs = zip(found.limits.words, (earlier, found.later), strict=True)
    return [Cell(label, 0, count, Role.NEW, sides.each(())) for label, count in pairs]


_SPECIAL = 4
"""Cells of what is no finite number: those of the infinities, of NaN, of nulls."""


def _special(reference: ColumnProfile, current: ColumnProfile, sides: _Sides) -> list[Cell]:
    one, other = reference.special, current.special
    known = reference.blocks or ColumnBlocks(())
    return [
        Cell("-infinity", one.negative_infinity, other.negative_infinity, blocks=sides.each(known.negative_infinity)),
        Cell("+infinity", one.infinity, other.infinity, blocks=sides.each(known.infinity)),
        Cell("NaN", one.nan, other.nan, Role.MISSING, sides.each(known.nan)),
        Cell("null", reference.nulls, current.nulls, Role.MISSING, sides.each(known.nulls)),
    ]


def _shapes(reference: ColumnProfile, current: ColumnProfile, sides: _Sides) -> list[Cell]:
    """The cells of the shapes of texts; none where a side does not know them, or not by blocks where these are asked.

    They are of the texts that were looked at, drawn ones maybe, and nulls are none.
    """
    one, other = reference.shapes, current.shapes
    if not (one and other and one.rows and other.rows) or (sides.rhythm and not one.blocks):
        return []
    place = {shape: index for index, (shape, _) in enumerate(one.values)}
    before, now = dict(one.values), dict(other.values)

    def blocks(shape: str) -> tuple[int, ...]:
        return sides.each([each[place[shape]] for each in one.blocks])

    told = textshapes.told(one, other)
    cells = [Cell(shape, before[shape], now.get(shape, 0), blocks=blocks(shape)) for shape in told]
    if (new := textshapes.newcomer(one, other)) is not None:  # of no block, as far as is known
        most = min(one.most_other, one.rows - sum(cell.reference for cell in cells))
        cells.append(Cell(new[0], most, new[1], Role.NEW, sides.each(())))
    rest = one.rows - sum(cell.reference for cell in cells), other.rows - sum(cell.current for cell in cells)
    in_blocks = [sum(each) - sum(each[place[shape]] for shape in told) for each in one.blocks]
    return [*cells, Cell(textshapes.OTHERS, rest[0], rest[1], blocks=sides.each(in_blocks))]


def bin_labels(bins: Bins, whole: bool) -> list[str]:
    """What each bin is called: ``below 3``, ``3``, ``4 to 7``, ``above 7``; one more than edges."""
    if not bins.edges:
        return ["any value"]
    if whole:
        ends = [f"{edge:.0f}" for edge in bins.edges]
        starts = [f"{edge + 1:.0f}" for edge in bins.edges]
    else:
        ends = _shortest(bins.edges)
        # Between two floats that follow each other there is one value: the greater.
        starts = [
            high if math.nextafter(one, math.inf) == other else low
            for low, high, (one, other) in zip(ends, ends[1:], pairwise(bins.edges), strict=False)
        ] + ends[-1:]
    inner = [low if low == high else f"{low} to {high}" for low, high in zip(starts, ends[1:], strict=False)]
    return [f"below {starts[0]}", *inner, f"above {ends[-1]}"]


def _shortest(edges: Sequence[float]) -> list[str]:
    """Numbers with as few digits as tell them apart."""
    for digits in range(3, 17):
        texts = [f"{edge:.{digits}g}" for edge in edges]
        if len(set(texts)) == len(texts):
            # 6000 and not 6e+03, as far as a person reads digits sooner than an exponent.
            return [f"{float(text):.0f}" if "e+" in text and abs(float(text)) < 1e15 else text for text in texts]
    return [repr(edge) for edge in edges]


# Shifts


def _mass(
    cells: Sequence[Cell], sides: _Sides, wanted: Effect, scale: Scale | None, in_order: bool
) -> tuple[Shift, float]:
    """The shift of the whole distribution, by the effect asked for if that can be told; and the mass moved."""
    now = [cell.current for cell in cells]
    before: list[float] = [cell.reference for cell in cells]
    placed = [cells[place] for place in _order(len(cells))] if in_order else ()
    chance = _chance(cells, placed)
    rhythmic = 0.0
    if sides.rhythm is not None:
        blocks = _blocks(cells)
        rhythmic = _by_blocks(sides, chance, (blocks, now), placed)
        before = [share * sides.rows[0] for share in sides.rhythm.expected(blocks)]
    moved = effects.total_variation(before, now)
    if wanted.is_ordered:
        found = _in_order(cells, before, wanted, scale)
        if found is not None:
            # What is missing has no place in an order, and is judged by itself: the values have to differ.
            return Shift(Sort.MASS, found, max(_chance(placed, placed), rhythmic), wanted), moved
        wanted = Effect.TOTAL_VARIATION
    return Shift(Sort.MASS, effects.size(wanted, before, now), max(chance, rhythmic), wanted), moved


PLACE, SPREAD, ALL = 0.8, 0.1, 0.1
"""What each test of values in an order has of the column's level: most goes to what moves most often, the mean.

So much that a moved mean is seen as often as by Kolmogorov and Smirnov's test, which alarms more often, as far as any
test can (docs/benchmarks.md).
"""

PLACE_OF_BLOCKS = 0.6
"""What the test of the place has by blocks, where the other one, over all cells, sees the spread as well."""


def _chance(cells: Sequence[Cell], placed: Sequence[Cell]) -> float:
    """The p-value by rows: over all cells and, of those that are in an order, by place and by spread.

    Bonferroni's, with weights (Rosenthal, Rubin, "Ensemble-Adjusted p Values",
    Psychological Bulletin 94, 1983).
    """
    over_all = statistics.homogeneity([cell.reference for cell in cells], [cell.current for cell in cells])
    if not placed:
        return over_all
    place, spread = statistics.in_order([cell.reference for cell in placed], [cell.current for cell in placed])
    return min(1.0, over_all / ALL, place / PLACE, spread / SPREAD)


def _by_blocks(
    sides: _Sides, by_rows: float, counted: tuple[list[list[int]], list[int]], placed: Sequence[Cell]
) -> float:
    """The p-value by blocks, or that by rows where it is greater: over all cells and, of those in an order, by place.

    ``counted`` are the counts of all cells in each block, and now. Spread is
    left to them. The smaller of the two p-values counts by its weight, as by rows.
    """
    over_all = sides.chance(by_rows, *counted)
    if sides.rhythm is None or by_rows > 0.5 or not placed:
        return over_all
    by_place = sides.rhythm.p_value_of_place(_blocks(placed), [cell.current for cell in placed])
    return max(by_rows, min(1.0, over_all / (1 - PLACE_OF_BLOCKS), by_place / PLACE_OF_BLOCKS))


def _apart(cells: Sequence[Cell], sides: _Sides, in_order: bool) -> float:
    """The p-value of the values that are neither missing nor new."""
    known = [cell for cell in cells if cell.role is Role.VALUES]
    placed = [cells[place] for place in _order(len(cells))] if in_order else []
    placed = [cell for cell in placed if cell.role is Role.VALUES]
    return _by_blocks(sides, _chance(known, placed), (_blocks(known), [cell.current for cell in known]), placed)


def _order(cells: int) -> list[int]:
    """The places of the cells of values in their order, infinities at the ends; what is missing has none."""
    low, high, *_ = range(cells)[-_SPECIAL:]
    return [low, *range(low), high]


def _scale(reference: ColumnProfile, current: ColumnProfile) -> Scale | None:
    """The ends of the bins of a number, the outer ones as far as its values go; None where they have no scale."""
    sd = reference.range.sd if reference.range else None
    if reference.bins is None or not reference.bins.edges or not sd:
        return None
    inner = reference.bins.edges
    ends = [float(each) for each in _ends(reference) + _ends(current)]
    return Scale((min(inner[0], *ends), *inner, max(inner[-1], *ends)), sd)


def _ends(column: ColumnProfile) -> list[int | float]:
    found = (column.range.min, column.range.max) if column.range else ()
    return [each for each in found if isinstance(each, int | float)]


def _in_order(cells: Sequence[Cell], before: Sequence[float], wanted: Effect, scale: Scale | None) -> float | None:
    """The effect on values in their order, infinities at the ends; None where it cannot be told."""
    order = _order(len(cells))
    if wanted is Effect.WASSERSTEIN:
        if scale is None or any(before[place] or cells[place].current for place in (order[0], order[-1])):
            return None
        order = order[1:-1]
    sides: tuple[list[float], list[int]] = (
        [before[place] for place in order],
        [cells[place].current for place in order],
    )
    if not sum(sides[0]) or not sum(sides[1]):  # no values, no order: that there are none is a matter of mass
        return None
    found = effects.size(wanted, *sides, scale)
    return found if math.isfinite(found) else None


def _missing(cells: Sequence[Cell], sides: _Sides) -> Shift:
    missing = [cell for cell in cells if cell.role is Role.MISSING]
    before, now = sum(cell.reference for cell in missing), sum(cell.current for cell in missing)
    rows = sides.rows
    if not before and not now:
        return Shift(Sort.MISSING, 0.0, 1.0, least=1.0)
    effect = abs(now / rows[1] - before / rows[0]) if all(rows) else 0.0
    chance = statistics.fisher(before, rows[0], now, rows[1])
    if sides.rhythm is not None:
        parted = [[sum(each), size - sum(each)] for each, size in zip(_blocks(missing), sides.rhythm.rows, strict=True)]
        chance = sides.chance(chance, parted, [now, rows[1] - now])
    least = min(statistics.least_fisher(before + now, *rows), statistics.least_fisher(before + now, *reversed(rows)))
    return Shift(Sort.MISSING, effect, chance, least=least)


def _new(reference: ColumnProfile, cells: Sequence[Cell], sides: _Sides, mass: Shift) -> Shift:
    """New values against those that even an unchanged source would bring.

    Their share is that of the values which the reference has once (Good, "The
    Population Frequencies of Species and the Estimation of Population
    Parameters", Biometrika 40, 1953): for numbers the least and the greatest.
    By blocks, it is the share of the rows of a block with values that no other
    block has, which is none of times beyond the reference's; of numbers, whose
    extremes are not known by block, the whole distribution has to differ.
    """
    now, rows = sum(cell.current for cell in cells if cell.role is Role.NEW), sides.rows
    effect = now / rows[1] if rows[1] else 0.0
    once, alone = _once(reference, now, rows)
    chance = statistics.fisher(once, rows[0], alone, rows[1]) if alone * rows[0] > once * rows[1] else 1.0
    least = statistics.least_fisher(once + alone, *rows)
    if sides.rhythm is None:
        return Shift(Sort.NEW, effect, chance, least=least)
    if reference.categories is None and reference.kind is not Kind.TIME:
        return Shift(Sort.NEW, effect, max(chance, mass.p), least=least)
    own = [0] * len(sides.rhythm.rows)
    for cell in cells:
        found = [place for place, count in enumerate(cell.blocks) if count]
        if len(found) == 1:
            own[found[0]] += cell.reference
    parted = [[count, size - count] for count, size in zip(own, sides.rhythm.rows, strict=True)]
    return Shift(Sort.NEW, effect, sides.chance(chance, parted, [now, rows[1] - now]), least=least)


def _once(reference: ColumnProfile, now: int, rows: tuple[int, int]) -> tuple[int, int]:
    """The rows of values that the reference has once, and new rows, as far as they come each by itself.

    Rows of a category that the reference happens to lack come together. How
    much more they vary for that is told by the categories that it has twice
    (Esty, "A Normal Limit Law for a Nonparametric Estimator of the Coverage of
    a Random Sample", Annals of Statistics 11, 1983); both are fewer by that.
    """
    if reference.categories is None:
        return min(2, rows[0]), now
    counts = [count for _, count in reference.categories.values]
    once, twice = counts.count(1), counts.count(2)
    more = 1 + 2 * twice / max(once, 1) * rows[1] / (rows[0] + rows[1])
    return math.ceil(once / more), math.floor(now / more)


def _shape(cells: Sequence[Cell], sides: _Sides) -> tuple[tuple[Cell, ...], list[Shift]]:
    """The shapes of texts and their shift; neither where there are not two to tell apart, or too few blocks."""
    if len(cells) < 2:
        return (), []
    before: list[float] = [cell.reference for cell in cells]
    now = [cell.current for cell in cells]
    chance = statistics.homogeneity([cell.reference for cell in cells], now)
    if sides.rhythm is not None:
        blocks = [each for each in _blocks(cells) if sum(each)]
        known = sides.rhythm.among([sum(each) for each in _blocks(cells)])
        if known is None:
            return (), []
        before = known.expected(blocks)
        chance = replace(sides, rhythm=known).chance(chance, blocks, now)
    return tuple(cells), [Shift(Sort.SHAPE, effects.total_variation(before, now), chance)]


def _blocks(cells: Sequence[Cell]) -> list[list[int]]:
    """The counts of the cells, block by block."""
    return [list(each) for each in zip(*(cell.blocks for cell in cells), strict=True)]


def mean_shift(comparison: Comparison) -> float | None:
    """How far the mean of a number moved, in standard deviations of the reference, where both are known."""
    one = comparison.reference.range if comparison.reference else None
    other = comparison.current.range if comparison.current else None
    if one is None or other is None or one.mean is None or other.mean is None or not one.sd:
        return None
    shift = (other.mean - one.mean) / one.sd
    return shift if math.isfinite(shift) else None
