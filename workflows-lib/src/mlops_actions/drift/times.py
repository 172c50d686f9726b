"""When the rows of a profile are: the first and the last time of a column, as its range has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlops_actions.data.profiles.profile import Profile


@dataclass(frozen=True, slots=True)
class Ends:
    """The first time and the last as the data has them, with a zone or without.

    ``span`` is when the first row is and when the last one ends, in UTC without
    a zone; a row of a date lasts for that day.
    """

    first: datetime
    last: datetime
    span: tuple[datetime, datetime]


def of(profile: Profile, name: str) -> Ends | None:
    """The ends of a time column; None where there is none, no time in it, or none that Python's calendar has."""
    column = profile.column(name)
    if column is None or column.range is None:
        return None
    try:
        first, last = (datetime.fromisoformat(str(end)) for end in (column.range.min, column.range.max))
        until = in_utc(last) + timedelta(days=1 if column.type == "DATE" else 0)
        return Ends(first, last, (in_utc(first), until)) if first <= last else None
    except (TypeError, ValueError, OverflowError):
        return None


def span(profile: Profile, name: str) -> tuple[datetime, datetime] | None:
    """The span of a time column's rows; None as :func:`of`."""
    found = of(profile, name)
    return found.span if found else None


def in_utc(moment: datetime) -> datetime:
    """A time in UTC without its zone; one that has none is taken for UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
