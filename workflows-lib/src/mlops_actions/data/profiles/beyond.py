"""Times that a reference's column has not: before its first one, and long after its last.

Time moves on, so what comes after the last is no sign of anything. What comes
before the first is one, and so are times that no clock has reached: 1970-01-01,
9999-12-31 and the like stand for something that is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mlops_actions.data.engines.quoting import literal
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


def limits(reference: ColumnProfile | None) -> Limits | None:
    """Those of a column of times; None where none is known, or Python's calendar has no such day."""
    if reference is None or reference.range is None:
        return None
    try:
        first, last = (datetime.fromisoformat(str(end)).date() for end in (reference.range.min, reference.range.max))
        return Limits(first - ZONES, last + LATER if last <= date.max - LATER else None)
    except (ValueError, OverflowError):
        return None


def questions(name: str, kind: str, known: Limits) -> dict[str, str]:
    """The aggregates that count a column's times beyond the limits, infinite ones among them.

    ``name`` is quoted, ``kind`` the column's type.
    """
    asked = {"earlier": f"{name} < {{}}", "later": f"{name} >= {{}}"}
    ends = {"earlier": known.first, "later": known.last}
    least, greatest = _NANOSECONDS if kind == "TIMESTAMP_NS" else (date.min, date.max)
    return {
        key: f"count_if({condition.format(literal(str(day)))})"
        for key, condition in asked.items()
        if (day := ends[key]) is not None and least <= day <= greatest
    }
