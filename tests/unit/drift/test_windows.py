"""Times in words: what a person would call a window of data."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.data.profiles.blocks import Blocks, Unit
from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Profile, Range
from mlops_actions.drift.windows import CURRENT, REFERENCE, in_words, names


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2013-09-01", "2013-09-30", "September 2013"),
        ("2013-09-01 05:00", "2013-09-30 23:59", "September 2013"),
        ("2013-01-01", "2013-08-31", "January to August 2013"),
        ("2012-11-01", "2013-02-28", "November 2012 to February 2013"),
        ("2012-01-01", "2012-12-31", "2012"),
        ("2012-01-01", "2013-12-31", "2012 to 2013"),
        ("2013-02-03", "2013-02-09", "3 to 9 February 2013"),
        ("2013-02-03", "2013-02-03 23:00", "3 February 2013"),
        ("2013-01-27", "2013-02-02", "27 January to 2 February 2013"),
        ("2012-12-27", "2013-01-03", "27 December 2012 to 3 January 2013"),
        ("2013-09-02", "2013-09-30", "2 to 30 September 2013"),  # a month without its first day is said to be that
        # September in New York, and in Auckland; and the same hours where no zone makes them September.
        ("2013-09-01 04:00+00:00", "2013-10-01 03:59+00:00", "September 2013"),
        ("2013-08-31 12:00+00:00", "2013-09-30 10:00+00:00", "September 2013"),
        ("2013-09-01 04:00", "2013-10-01 03:59", "1 September to 1 October 2013"),
        ("0001-01-01", "9999-12-31", "1 January 1 to 31 December 9999"),  # where the calendar ends
    ],
)
def test_windows_as_people_call_them(first, last, words):
    assert in_words(datetime.fromisoformat(first), datetime.fromisoformat(last)) == words


@given(st.datetimes(), st.datetimes())
def test_any_two_times_have_words(one, other):
    assert in_words(min(one, other), max(one, other))


def profile(*, blocks: str = "", **columns: tuple[str | None, str | None]) -> Profile:
    """A profile of time columns, by their extremes."""
    made = (ColumnProfile(name, "DATE", Kind.TIME, 0, range=Range(*ends)) for name, ends in columns.items())
    return Profile("data", 1, tuple(made), Blocks(blocks, Unit.DAY, (None,), (1,)) if blocks else None)


def test_one_side_may_have_a_zone_and_the_other_none():
    zoned = ("2013-02-01 00:00:00+00:00", "2013-02-28 00:00:00+00:00")
    for blocks in ("", "at"):
        sides = profile(at=JANUARY, blocks=blocks), profile(at=zoned, blocks=blocks)
        assert names(*sides) == ("January 2013", "February 2013")
        assert names(*reversed(sides)) == ("February 2013", "January 2013")


JANUARY, FEBRUARY = ("2013-01-01", "2013-01-31"), ("2013-02-01", "2013-02-28")
BORN = ("1950-03-04", "2001-05-06")


def test_the_only_time_of_both_names_them():
    assert names(profile(at=JANUARY), profile(at=FEBRUARY)) == ("January 2013", "February 2013")
    assert names(profile(at=FEBRUARY), profile(at=JANUARY)) == ("February 2013", "January 2013")
    assert names(profile(at=JANUARY), profile(at=FEBRUARY, more=FEBRUARY)) == ("January 2013", "February 2013")


def test_the_time_of_the_blocks_decides_among_many():
    assert names(profile(blocks="at", at=JANUARY, born=BORN), profile(at=FEBRUARY, born=BORN)) == (
        "January 2013",
        "February 2013",
    )


@pytest.mark.parametrize(
    ("reference", "current"),
    [
        (profile(at=JANUARY, other=JANUARY), profile(at=FEBRUARY, other=FEBRUARY)),  # which of them?
        (profile(born=BORN), profile(born=("1949-01-02", "2000-10-11"))),  # no time of rows
        (profile(at=JANUARY), profile()),
        (profile(at=JANUARY), profile(at=(None, None))),
        (profile(at=JANUARY), profile(at=("2013-02-01", "infinity"))),
        (profile(at=("0044-03-15 (BC)", "2013-01-01")), profile(at=FEBRUARY)),
        (profile(blocks="at", at=JANUARY), profile(at=JANUARY)),  # the same name would tell nobody which is which
    ],
)
def test_where_no_time_tells_them_apart_they_are_what_they_are(reference, current):
    assert names(reference, current) == (REFERENCE, CURRENT)
