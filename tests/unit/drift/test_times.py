"""When the rows of a profile are, whatever their times look like."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Profile, Range
from mlops_actions.drift import times


def of(kind: str, first: object, last: object) -> times.Ends | None:
    column = ColumnProfile("at", kind, Kind.TIME, 0, range=Range(first, last))  # type: ignore[arg-type]
    return times.of(Profile("data", 2, (column,)), "at")


@pytest.mark.parametrize(
    ("kind", "first", "last", "span"),
    [
        ("TIMESTAMP", "2013-09-01 09:00:00", "2013-09-02", (datetime(2013, 9, 1, 9), datetime(2013, 9, 2))),
        ("DATE", "2013-09-01", "2013-09-02", (datetime(2013, 9, 1), datetime(2013, 9, 3))),
        (
            "TIMESTAMP WITH TIME ZONE",
            "2013-09-01 01:00:00+02",
            "2013-09-02 00:00:00+00",
            (datetime(2013, 8, 31, 23), datetime(2013, 9, 2)),
        ),
    ],
)
def test_the_span_is_in_utc_and_a_date_lasts_for_its_day(kind, first, last, span):
    found = of(kind, first, last)
    assert found is not None and found.span == span


def test_a_zone_is_kept_for_who_names_the_days():
    found = of("TIMESTAMP WITH TIME ZONE", "2013-09-01 00:00:00+00", "2013-09-02 00:00:00+00")
    assert found is not None and found.first == datetime(2013, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last"),
    [(None, None), ("-infinity", "infinity"), ("9999-12-31", "9999-12-31"), ("2013-09-02", "2013-09-01"), (1, 2)],
)
def test_what_is_no_time_of_the_calendar_has_no_ends(first, last):
    assert of("DATE", first, last) is None


def test_a_column_that_is_not_there_has_none():
    assert times.span(Profile("data", 0, ()), "at") is None
