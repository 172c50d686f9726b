"""The times that both sides are of, in words that a person uses: September 2013, 3 to 9 February 2013."""

from __future__ import annotations

from calendar import month_name, monthrange
from datetime import UTC, date, datetime, timedelta

from mlops_actions.data.profiles.profile import Kind, Profile
from mlops_actions.drift import times

CURRENT, REFERENCE = "the current data", "the reference"
"""What the sides are called where their times are not known."""

_OFFSET = timedelta(hours=14)
"""The farthest that a time zone is from UTC, by which a profile has times that have a zone."""

_DAY = timedelta(days=1)


def names(reference: Profile, current: Profile) -> tuple[str, str]:
    """The reference and the current data by their times; by :data:`REFERENCE` and :data:`CURRENT` where none tells.

    The time is that of the reference's blocks; else of the only time column of
    both, provided that one side ends before the other begins (a date of birth
    is no time of a row).
    """
    for column in _columns(reference, current):
        sides = (times.of(reference, column), times.of(current, column))
        if sides[0] is None or sides[1] is None:
            continue
        # One side may have a zone, and the other none.
        (first, last), (start, end) = ((times.in_utc(each.first), times.in_utc(each.last)) for each in sides if each)
        apart = last < start or end < first
        then, now = in_words(sides[0].first, sides[0].last), in_words(sides[1].first, sides[1].last)
        if then != now and (apart or reference.time is not None):
            return then, now
    return REFERENCE, CURRENT


def _columns(reference: Profile, current: Profile) -> list[str]:
    if reference.time is not None:
        return [reference.time.column]
    found = [
        each.name
        for each in reference.columns
        if each.kind is Kind.TIME and (other := current.column(each.name)) is not None and other.kind is Kind.TIME
    ]
    return found if len(found) == 1 else []


def in_words(first: datetime, last: datetime) -> str:
    """A window by the days of its ends, or by months or years where it is whole ones.

    Days of times with a zone are those of UTC. A month of some other zone
    begins and ends up to 14 hours off, and is still that month.
    """
    months = _months(first, last)
    if months is not None:
        return months
    one, other = first.date(), last.date()
    if one == other:
        return _day(one)
    if (one.year, one.month) == (other.year, other.month):
        return f"{one.day} to {_day(other)}"
    if one.year == other.year:
        return f"{one.day} {month_name[one.month]} to {_day(other)}"
    return f"{_day(one)} to {_day(other)}"


def _months(first: datetime, last: datetime) -> str | None:
    """The months or years that a window is, from the first day of the first to the last day of the last."""
    slack = _OFFSET if first.tzinfo is not None else timedelta()
    try:
        begun, ended = (first + slack).date(), (last - slack).date()
        start = datetime(begun.year, begun.month, 1, tzinfo=first.tzinfo and UTC)
        stop = datetime(ended.year, ended.month, monthrange(ended.year, ended.month)[1], tzinfo=start.tzinfo) + _DAY
        if not (start - slack <= first < start + _DAY and stop - _DAY <= last < stop + slack):
            return None
    except OverflowError:  # an end of the calendar
        return None
    if (begun.month, ended.month) == (1, 12):
        return f"{begun.year}" if begun.year == ended.year else f"{begun.year} to {ended.year}"
    if (begun.year, begun.month) == (ended.year, ended.month):
        return _month(begun)
    return f"{month_name[begun.month] if begun.year == ended.year else _month(begun)} to {_month(ended)}"


def _month(of: date) -> str:
    return f"{month_name[of.month]} {of.year}"


def _day(of: date) -> str:
    return f"{of.day} {_month(of)}"
