"""Seasons: what recurs in the reference is told apart, and nothing else."""

from datetime import date, datetime, timedelta

import pytest

from mlops_actions.data.profiles.blocks import Unit
from mlops_actions.drift.seasons import FEWEST, seasons


def days(first: date, number: int, step: int = 1) -> list[str]:
    return [str(first + timedelta(days=step * day)) for day in range(number)]


def test_days_are_told_apart_by_their_weekday():
    reference, current = days(date(2024, 1, 1), 21), days(date(2024, 3, 1), 3)
    known = seasons(Unit.DAY, reference, current)
    assert {start: known[start] for start in current} == {"2024-03-01": 4, "2024-03-02": 5, "2024-03-03": 6}
    assert len({known[start] for start in reference}) == 7


def test_a_weekday_that_the_reference_has_once_is_not_known():
    reference = days(date(2024, 1, 1), 13)  # one Sunday
    assert set(seasons(Unit.DAY, reference, ["2024-02-03"]).values()) == set(range(7)), "a Saturday is there twice"
    assert set(seasons(Unit.DAY, reference, ["2024-02-04"]).values()) == {0}


def test_a_month_is_known_by_two_years_of_it_not_by_its_weeks():
    one, two = days(date(2012, 1, 2), 52, 7), days(date(2012, 1, 2), 104, 7)
    assert set(seasons(Unit.WEEK, one, ["2014-03-03"]).values()) == {0}
    known = seasons(Unit.WEEK, two, ["2014-03-03"])
    assert known["2014-03-03"] == 3 and known["2012-01-30"] == 2, "a week is of the month that most of its days are in"


def test_hours_recur_by_the_day():
    hours = [str(datetime(2024, 1, 1) + timedelta(hours=hour)) for hour in range(35)]
    assert seasons(Unit.HOUR, hours, ["2024-01-03 09:00:00"])["2024-01-03 09:00:00"] == 9
    assert set(seasons(Unit.HOUR, hours, ["2024-01-03 12:00:00"]).values()) == {0}, "noon is there once"


def test_too_few_blocks_tell_no_seasons():
    months = [f"{year}-0{month}-01" for year in (2011, 2012) for month in range(1, FEWEST)]
    assert set(seasons(Unit.MONTH, months, ["2013-01-01"]).values()) == {0}
    assert seasons(Unit.MONTH, [*months, "2011-06-01", "2012-06-01"], ["2013-01-01"])["2013-01-01"] == 1


@pytest.mark.parametrize("unit", Unit)
def test_what_is_no_date_of_the_calendar_has_no_season(unit):
    starts = ["0044-03-15 (BC)", "290000-01-01", "2024-02-30"]
    assert set(seasons(unit, starts, starts).values()) == {0}
