"""One column, then and now: the cells that both sides are counted in, and the shifts between them.

A shift has a size that a person can read (a share of rows) and a p-value (the
chance of such a shift between samples of one source). Whether it matters is for
:mod:`mlops_actions.drift.decision` to say, over all columns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mlops_actions.data.profiles.profile import Bins, ColumnProfile, Kind, Profile
from mlops_actions.data.profiles.profiling import Recount, is_whole
from mlops_actions.drift import statistics


class Sort(StrEnum):
    """What has shifted."""

    MASS = "mass"  # the distribution over all cells, missing values included
    MISSING = "missing"  # nulls and NaN
    NEW = "new"  # values outside of all that the reference has


class State(StrEnum):
    """Whether a column could be compared at all."""

    COMPARED = "compared"
    GONE = "gone"  # the current data has no such column
    ADDED = "added"  # the reference has none
    CHANGED = "changed"  # it is now of another kind


class Role(StrEnum):
    """What a cell holds."""

    VALUES = "values"
    NEW = "new"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a column's rows: a bin, a category, the nulls; and how many rows are in it on either side."""

    label: str
    reference: int
    current: int
    role: Role = Role.VALUES


@dataclass(frozen=True, slots=True)
class Shift:
    """``effect`` is a share of rows, 0 to 1; ``p`` the chance of one as large without drift."""

    sort: Sort
    effect: float
    p: float


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

    @property
    def name(self) -> str:
        return self.side.name

    @property
    def only_presence(self) -> bool:
        """Whether nothing but nulls (and values that are no numbers) was compared."""
        return self.state is State.COMPARED and PRESENT in {cell.label for cell in self.cells}


PRESENT = "there"
"""The label of the cell of all values of a column whose values are not compared."""


def compare(reference: Profile, current: Profile, recounts: Mapping[str, Recount]) -> list[Comparison]:
    """Each column of either side, those of the reference first, in their order."""
    found = [
        _column(column, current.column(column.name), recounts.get(column.name), (reference.rows, current.rows))
        for column in reference.columns
    ]
    known = {column.name for column in reference.columns}
    added = [column for column in current.columns if column.name not in known]
    return found + [Comparison(column, State.ADDED, None, column) for column in added]


def _column(
    reference: ColumnProfile, current: ColumnProfile | None, recount: Recount | None, rows: tuple[int, int]
) -> Comparison:
    if current is None or recount is None:
        return Comparison(reference, State.GONE, reference, None)
    values = (rows[0] - reference.nulls, rows[1] - current.nulls)
    alike = reference.kind == current.kind or {reference.kind, current.kind} == {Kind.CATEGORY, Kind.TEXT}
    if not alike and all(values):
        return Comparison(reference, State.CHANGED, reference, current)
    # Without a value on one side, there is no type to speak of: a column of nulls has any.
    shown = _values(reference, recount, values) if alike else []
    cells = [*(shown or _presence(reference, current, values)), *_special(reference, current)]
    cells = [cell for cell in cells if cell.reference or cell.current]
    shifts = [_mass(cells), _missing(cells, rows)]
    if reference.kind in (Kind.NUMBER, Kind.CATEGORY, Kind.TEXT) and shown:
        shifts.append(_new(reference, cells, rows))
    return Comparison(reference, State.COMPARED, reference, current, tuple(cells), tuple(shifts))


# Cells


def _values(reference: ColumnProfile, recount: Recount, values: tuple[int, int]) -> list[Cell]:
    """The cells of all values, where the reference says which."""
    if reference.categories is not None and recount.categories is not None:
        pairs = zip(reference.categories.values, recount.categories, strict=True)
        cells = [Cell(value, before, now) for (value, before), now in pairs]
        new = [Cell(value, 0, count, Role.NEW) for value, count in recount.new if count is not None]
        rest = values[1] - sum(cell.current for cell in (*cells, *new))
        return [*cells, *new, Cell("other values", 0, rest, Role.NEW)]
    if reference.bins is not None and recount.bins is not None:
        labels = bin_labels(reference.bins, is_whole(reference))
        last = len(labels) - 1
        return [
            Cell(label, before, now, Role.NEW if index in (0, last) and not before else Role.VALUES)
            for index, (label, before, now) in enumerate(zip(labels, reference.bins.counts, recount.bins, strict=True))
        ]
    return []


def _presence(reference: ColumnProfile, current: ColumnProfile, values: tuple[int, int]) -> list[Cell]:
    return [Cell(PRESENT, values[0] - reference.special.total, values[1] - current.special.total)]


def _special(reference: ColumnProfile, current: ColumnProfile) -> list[Cell]:
    one, other = reference.special, current.special
    return [
        Cell("-infinity", one.negative_infinity, other.negative_infinity),
        Cell("+infinity", one.infinity, other.infinity),
        Cell("NaN", one.nan, other.nan, Role.MISSING),
        Cell("null", reference.nulls, current.nulls, Role.MISSING),
    ]


def bin_labels(bins: Bins, whole: bool) -> list[str]:
    """What each bin is called: ``below 3``, ``3``, ``4 to 7``, ``above 7``; one more than edges."""
    if not bins.edges:
        return ["any"]
    if whole:
        ends = [f"{edge:.0f}" for edge in bins.edges]
        starts = [f"{edge + 1:.0f}" for edge in bins.edges]
    else:
        starts = ends = _shortest(bins.edges)
    inner = [low if low == high else f"{low} to {high}" for low, high in zip(starts, ends[1:], strict=False)]
    return [f"below {starts[0]}", *inner, f"above {ends[-1]}"]


def _shortest(edges: Sequence[float]) -> list[str]:
    """Numbers with as few digits as tell them apart."""
    for digits in range(3, 17):
        texts = [f"{edge:.{digits}g}" for edge in edges]
        if len(set(texts)) == len(texts):
            return texts
    return [repr(edge) for edge in edges]


# Shifts


def _mass(cells: Sequence[Cell]) -> Shift:
    before, now = [cell.reference for cell in cells], [cell.current for cell in cells]
    return Shift(Sort.MASS, statistics.total_variation(before, now), statistics.homogeneity(before, now))


def _missing(cells: Sequence[Cell], rows: tuple[int, int]) -> Shift:
    before = sum(cell.reference for cell in cells if cell.role is Role.MISSING)
    now = sum(cell.current for cell in cells if cell.role is Role.MISSING)
    effect = abs(now / rows[1] - before / rows[0]) if all(rows) else 0.0
    return Shift(Sort.MISSING, effect, statistics.fisher(before, rows[0], now, rows[1]))


def _new(reference: ColumnProfile, cells: Sequence[Cell], rows: tuple[int, int]) -> Shift:
    """New values against those that even an unchanged source would bring.

    Their share is that of the values which the reference has once (Good, "The
    Population Frequencies of Species and the Estimation of Population
    Parameters", Biometrika 40, 1953): for numbers the least and the greatest.
    """
    now = sum(cell.current for cell in cells if cell.role is Role.NEW)
    if reference.categories is not None:
        once = sum(1 for _, count in reference.categories.values if count == 1)
    else:
        once = min(2, rows[0])
    effect = now / rows[1] if rows[1] else 0.0
    chance = statistics.fisher(once, rows[0], now, rows[1]) if now * rows[0] > once * rows[1] else 1.0
    return Shift(Sort.NEW, effect, chance)


def mean_shift(comparison: Comparison) -> float | None:
    """How far the mean of a number moved, in standard deviations of the reference, where both are known."""
    one = comparison.reference.range if comparison.reference else None
    other = comparison.current.range if comparison.current else None
    if one is None or other is None or one.mean is None or other.mean is None or not one.sd:
        return None
    shift = (other.mean - one.mean) / one.sd
    return shift if math.isfinite(shift) else None
