"""Times that a reference's column has not: before its first one, and long after its last.

Time moves on, so what comes after the last is no sign of anything. What comes
before the first is one, and so are times that no clock has reached: 1970-01-01,
9999-12-31 and the like stand for something that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.profiles import fields
from mlops_actions.verdict import Json

if TYPE_CHECKING:
    from mlops_actions.data.profiles.profile import ColumnProfile

ZONES = timedelta(days=1)
"""More than two zones are apart: a time without one is taken for UTC."""

LATER = timedelta(days=36_525)
"""A century. No reference is so old."""

_NANOSECONDS = (date(1678, 1, 1), date(2262, 1, 1))
"""Between which a TIMESTAMP_NS lies."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Days: times before ``first`` are too early; those from ``last`` on, if it is known, too late."""

    first: date
    last: date | None

    @property
    def words(self) -> tuple[str, str]:
        """What is called too early, and too late."""
        return f"before {self.first}", f"from {self.last} on" if self.last else "too late"


@dataclass(frozen=True, slots=True)
class Beyond:
    """How many finite times of a column are beyond the limits of a reference: too early, and too late."""

    limits: Limits
    earlier: int
    later: int


def limits(reference: ColumnProfile | None) -> Limits | None:
    """Those of a column of times; None where none is known, or Python's calendar has no such day."""
    days = _days(reference)
    if days is None or days[0] < date.min + ZONES:
        return None
    return Limits(days[0] - ZONES, days[1] + LATER if days[1] <= date.max - LATER else None)


def counted(column: ColumnProfile, known: Limits) -> Beyond | None:
    """What of a column is beyond: as it was counted, or nothing where no time is; None where nobody has counted."""
    if column.beyond is not None and column.beyond.limits == known:
        return column.beyond
    days = _days(column)
    within = days and days[0] >= known.first and (known.last is None or days[1] < known.last)
    return Beyond(known, 0, 0) if within else None


def _days(column: ColumnProfile | None) -> tuple[date, date] | None:
    """The first and the last day of a column's finite times, as far as Python's calendar has them."""
    if column is None or column.range is None:
        return None
    try:
        first, last = (datetime.fromisoformat(str(end)).date() for end in (column.range.min, column.range.max))
    except ValueError:
        return None
    return first, last


def questions(name: str, kind: str, known: Limits) -> dict[str, str]:
    """The aggregates that count a column's times beyond the limits, infinite ones among them.

    ``name`` is quoted, ``kind`` the column's type. What that cannot hold is not asked for.
    """
    least, greatest = _NANOSECONDS if kind == "TIMESTAMP_NS" else (date.min, date.max)
    asked = {"earlier": ("<", known.first), "later": (">=", known.last)}
    return {
        key: f"count_if({name} {sign} {literal(str(day))})"
        for key, (sign, day) in asked.items()
        if day is not None and least <= day <= greatest
    }


def added(parts: Sequence[Beyond | None]) -> Beyond | None:
    """Of all times, from those of parts (one or more); None where they were not counted alike."""
    there = [part for part in parts if part is not None]
    if len(there) < len(parts) or any(part.limits != there[0].limits for part in there):
        return None
    return Beyond(there[0].limits, sum(part.earlier for part in there), sum(part.later for part in there))


# As JSON


def to_json(found: Beyond) -> dict[str, Json]:
    data: dict[str, Json] = {"before": str(found.limits.first), "earlier": found.earlier}
    return data | ({"from": str(found.limits.last), "later": found.later} if found.limits.last else {})


def from_json(data: Mapping[str, Any]) -> Beyond:
    """What :func:`to_json` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    first = date.fromisoformat(data["before"])
    last = date.fromisoformat(data["from"]) if "from" in data else None
    return Beyond(Limits(first, last), fields.count(data["earlier"]), fields.count(data["later"]) if last else 0)
