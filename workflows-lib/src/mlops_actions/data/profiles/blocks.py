"""Blocks of time: the parts of the calendar that a profile counts apart, and what it holds of each.

A block is an hour, a day, a week (from Monday), a month, a quarter or a year,
in UTC, named by its start. Rows without a time, or with an infinite one, are in
blocks of their own, so the blocks add up to all rows.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from mlops_actions.data.profiles import fields
from mlops_actions.data.profiles.fields import Misfit
from mlops_actions.verdict import Json

MOST = 35
"""Blocks that a profile of any width is made with, where the calendar has a length that gives no more.

The days of a month, with some to spare: a month of some other time zone has parts of 32 days in UTC.
"""

LONGEST = 370
"""Blocks of a profile of few columns: the days of a year, with some to spare."""

TOGETHER = 15_000
"""Blocks of all columns of a profile that has more than MOST of each, so that it stays about a megabyte."""

YEARS = 200
"""Blocks of a year that a profile is made with; a column with more is hardly the time of its rows."""


class Unit(StrEnum):
    """A block's length."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


UNITS = tuple(Unit)
"""The finest first."""

_INTO: Mapping[Unit, tuple[Unit, ...]] = {
    Unit.HOUR: (Unit.HOUR, Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR),
    Unit.DAY: (Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR),
    Unit.WEEK: (Unit.WEEK,),  # which no month is made of
    Unit.MONTH: (Unit.MONTH, Unit.QUARTER, Unit.YEAR),
    Unit.QUARTER: (Unit.QUARTER, Unit.YEAR),
    Unit.YEAR: (Unit.YEAR,),
}
"""What whole blocks of each unit add up to."""

UNDATED = (None, "-infinity", "infinity")
"""The starts of the blocks of rows without a time, or with an infinite one."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of a profile: the time column, their length, their starts in order and their numbers of rows.

    A start is ``2013-01-31``, ``2013-01-31 14:00:00`` of an hour, or one of
    UNDATED, which come last (None) and at the ends.
    """

    column: str
    unit: Unit
    starts: tuple[str | None, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ColumnBlocks:
    """What is counted of a column in each block: a value a block, in the order of the blocks.

    ``counts`` are, in each block, those of the column's categories where it has
    them, else of its bins, in the same order; none of a private column, of
    times and of what is only counted. ``mean`` and ``sd`` are of finite
    numbers, to four digits of ``sd``; None where a block has too few. The other
    three are empty where there is no such value in any block. ``uncertain`` is
    the most rows by which the counts of a block up to an edge can be wrong;
    empty where they are exact.
    """

    nulls: tuple[int, ...]
    nan: tuple[int, ...] = ()
    infinity: tuple[int, ...] = ()
    negative_infinity: tuple[int, ...] = ()
    mean: tuple[float | None, ...] = ()
    sd: tuple[float | None, ...] = ()
    counts: tuple[tuple[int, ...], ...] = ()
    uncertain: tuple[int, ...] = ()

    def special(self, block: int) -> int:
        """Values of a block that are there and are no finite number."""
        return sum(each[block] for each in (self.nan, self.infinity, self.negative_infinity) if each)


def choose(blocks: Mapping[Unit, int], columns: int) -> Unit | None:
    """The length for times that fall into so many blocks of each: the finest that gives no more than :func:`limit`.

    Hours are no more than MOST: of a longer time, days tell more. Else it is
    the coarsest there is; None where that gives more than YEARS.
    """
    units = [unit for unit in UNITS if unit in blocks]
    if not units or blocks[units[-1]] > YEARS:
        return None
    limits = dict.fromkeys(UNITS, limit(columns)) | {Unit.HOUR: MOST}
    return next((unit for unit in units if blocks[unit] <= limits[unit]), units[-1])


def limit(columns: int) -> int:
    """Blocks that a profile of so many columns is made with: MOST to LONGEST."""
    return max(MOST, min(LONGEST, TOGETHER // max(columns, 1)))


def common(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """The lengths that blocks of all these can be added up to, the finest first; weeks and months have none."""
    given = set(units)
    return tuple(unit for unit in UNITS if all(unit in _INTO[each] for each in given))


def order(start: str | None) -> tuple[int, int, int, int, str]:
    """The sort key of a start, or of any date or time as the engine writes it (years before Christ have ``(BC)``)."""
    if start is None:
        return (2, 0, 0, 0, "")
    found = re.match(r"(\d+)-(\d\d)-(\d\d)", start)
    if found is None:
        return (1 if start == "infinity" else -1, 0, 0, 0, start)
    year, month, day = map(int, found.groups())
    rest = start[found.end() :]
    return (0, 1 - year if "(BC)" in rest else year, month, day, rest.replace(" (BC)", ""))


def named(text: str | None) -> str | None:
    """The start as it is stored, from a time as the engine writes it."""
    return text.removesuffix(" 00:00:00") if text is not None else None


def start_of(start: str | None, unit: Unit) -> str | None:
    """The start of the block of ``unit`` that a finer block, by its start, is in."""
    if start in UNDATED or unit is Unit.HOUR:
        return start
    day = (start or "").partition(" ")[0]
    rest = " (BC)" if "(BC)" in (start or "") else ""
    year, month, number = map(int, day.split("-"))
    match unit:
        case Unit.WEEK:
            return day + rest if rest or not 1 <= year <= 9999 else _monday(date(year, month, number))
        case Unit.MONTH:
            number = 1
        case Unit.QUARTER:
            month, number = 3 * ((month - 1) // 3) + 1, 1
        case Unit.YEAR:
            month, number = 1, 1
    return f"{day.split('-')[0]}-{month:02}-{number:02}{rest}"


def _monday(day: date) -> str:
    return (day - timedelta(days=day.weekday())).isoformat() if day.toordinal() > day.weekday() else day.isoformat()


def calendar(starts: Iterable[str | None], unit: Unit, most: int = 3 * LONGEST) -> tuple[str, ...]:
    """The starts of all blocks from the first to the last with a time, those without rows too.

    Of the given ones alone, where there would be more than ``most``, or one is
    of no year from 1 to 9999.
    """
    dated = tuple(start for start in starts if start is not None and start not in UNDATED)
    found: list[str] = []
    try:
        times = [datetime.fromisoformat(start) for start in dated]
        while times and len(found) < most and (not found or found[-1] != dated[-1]):
            found.append(str(times[0]).removesuffix(" 00:00:00"))
            times[0] = following(times[0], unit)
    except (ValueError, OverflowError):
        return dated
    return tuple(found) if set(dated) <= set(found) else dated


def following(start: datetime, unit: Unit) -> datetime:
    """The start of the block after the one that starts then. Raises ValueError or OverflowError at the last."""
    match unit:
        case Unit.HOUR:
            return start + timedelta(hours=1)
        case Unit.DAY:
            return start + timedelta(days=1)
        case Unit.WEEK:
            return start + timedelta(weeks=1)
    months = 12 * start.year + start.month - 1 + {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}[unit]
    return start.replace(year=months // 12, month=months % 12 + 1)


def said(start: str, unit: Unit) -> str:
    """A block as people call it: ``2013``, ``2013 Q2``, ``2013-04``, ``2013-04-01 14:00``; a week by its Monday."""
    found = re.fullmatch(r"(\d{4,}-(\d\d))-\d\d( \d\d:\d\d)?(:\d\d)?", start)
    if found is None:
        return start
    match unit:
        case Unit.HOUR:
            return start[: -len(found[4])] if found[4] else f"{start} 00:00"
        case Unit.MONTH:
            return found[1]
        case Unit.QUARTER:
            return f"{found[1][:-3]} Q{(int(found[2]) + 2) // 3}"
        case Unit.YEAR:
            return found[1][:-3]
    return start


# As JSON


def to_json(blocks: Blocks) -> dict[str, Json]:
    return {
        "column": blocks.column,
        "unit": blocks.unit.value,
        "starts": list(blocks.starts),
        "rows": list(blocks.rows),
    }


_DATE = re.compile(r"([0-9]+)-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])( (?:[01][0-9]|2[0-3]):00:00)?( \(BC\))?")

_LISTS = ("nulls", "nan", "infinity", "negative infinity", "mean", "sd", "counts", "uncertain")


def column_to_json(blocks: ColumnBlocks) -> dict[str, Json]:
    data: dict[str, Json] = {}
    for name in _LISTS:
        values: tuple[Any, ...] = getattr(blocks, name.replace(" ", "_"))
        if values or name == "nulls":
            data[name] = [list(each) if isinstance(each, tuple) else each for each in values]
    return data


def from_json(data: Mapping[str, Any]) -> Blocks:
    """Raises ValueError (Misfit), KeyError or TypeError for what :func:`to_json` has not written."""
    starts = tuple(None if start is None else fields.text(start) for start in data["starts"])
    found = Blocks(
        fields.text(data["column"]), fields.word(data["unit"], Unit), starts, fields.counts(data["rows"], len(starts))
    )
    for start in starts:
        if not _is_start(start, found.unit):
            raise Misfit(f"is not a profile: no {found.unit} begins at {start!r:.60}")
    if any(order(one) >= order(other) for one, other in pairwise(starts)):
        raise Misfit("is not a profile: its blocks of time are not in order, each once")
    if not all(found.rows):
        raise Misfit("is not a profile: a block of time has no rows")
    return found


def _is_start(start: str | None, unit: Unit) -> bool:
    """Whether a block of that length begins then: by the calendar, and outside of the years 1 to 9999 by its look."""
    if start in UNDATED:
        return True
    parts = _DATE.fullmatch(start or "")
    if parts is None or start != named(start) or start_of(f"{start}", unit) != start:
        return False
    year = int(parts[1]) if len(parts[1]) == 4 else 0
    if not year or parts[5]:
        return True
    return int(parts[3]) in range(1, monthrange(year, int(parts[2]))[1] + 1)


def column_from_json(data: Mapping[str, Any], blocks: int) -> ColumnBlocks:
    """Raises ValueError (Misfit), KeyError or TypeError for what :func:`column_to_json` has not written."""

    def counts(name: str) -> tuple[int, ...]:
        return fields.counts(data[name], blocks) if data.get(name) else ()

    def numbers(name: str) -> tuple[float | None, ...]:
        return _sized(fields.numbers(data.get(name, ())), blocks, name)

    rows = _sized(tuple(data.get("counts", ())), blocks, "counts")
    return ColumnBlocks(
        nulls=fields.counts(data["nulls"], blocks),
        nan=counts("nan"),
        infinity=counts("infinity"),
        negative_infinity=counts("negative infinity"),
        mean=numbers("mean"),
        sd=numbers("sd"),
        counts=tuple(fields.counts(each, len(each)) for each in rows),
        uncertain=counts("uncertain"),
    )


def _sized(values: tuple[Any, ...], blocks: int, name: str) -> tuple[Any, ...]:
    if len(values) not in (0, blocks):
        raise Misfit(f"is not a profile: `{name}` has not a value for each of {blocks} blocks")
    return values
