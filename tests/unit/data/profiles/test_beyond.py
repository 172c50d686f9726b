"""Times that a reference has not: their days against the calendar, their counts against plain Python."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.profiles import profile, profiling
from mlops_actions.data.profiles.profile import Profile
from mlops_actions.data.sources.relation import Column, Relation

ENGINE = duckdb.connect()
ENGINE.execute("SET TimeZone = 'UTC'")
SESSION = DuckSession(ENGINE)

DAYS = st.one_of(st.dates(), st.dates(date(1969, 1, 1), date(1972, 1, 1)), st.sampled_from([date.min, date.max]))
INFINITE = ("infinity", "-infinity")


def relation(kind: str, values: list[str | None], *, private: bool = False) -> Relation:
    ENGINE.execute(f"CREATE OR REPLACE TABLE t AS SELECT CAST(unnest($1::VARCHAR[]) AS {kind}) AS x", [values])
    return Relation("t", "t", (Column("x", kind, private),), ())


def described(kind: str, values: list[str | None]) -> Profile:
    return profiling.profile(SESSION, relation(kind, values))


def beyond(reference: Profile, kind: str, values: list[str | None], *, private: bool = False) -> dict[str, int]:
    """What is beyond the reference, in words, after the profile was written and read; empty where nothing is told."""
    made = profiling.plan(SESSION, relation(kind, values, private=private), like=reference)
    built = profiling.build(made, SESSION.aggregate(made.relation, made.aggregates))
    assert profile.from_json(json.loads(profile.dumps(built))) == built
    found = built.columns[0].beyond
    return dict(zip(found.limits.words, (found.earlier, found.later), strict=True)) if found else {}


@given(st.lists(DAYS, min_size=1, max_size=5), st.lists(DAYS | st.sampled_from(INFINITE) | st.none(), max_size=20))
def test_days_too_early_and_too_late_are_counted(before: list[date], now: list[date | str | None]) -> None:
    found = beyond(described("DATE", list(map(str, before))), "DATE", [each and str(each) for each in now])
    days = [each for each in now if isinstance(each, date)]
    if min(before) == date.min:  # the day before has no name
        assert not found
        return
    assert found.pop(f"before {min(before) - timedelta(1)}") == sum(each < min(before) - timedelta(1) for each in days)
    century = timedelta(days=36_525)
    late = sum(each - max(before) >= century for each in days)
    assert list(found.values()) == [late if max(before) <= date.max - century else 0]


@pytest.mark.parametrize(
    "kind", ["TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"]
)
def test_a_time_is_too_early_by_more_than_zones_are_apart(kind: str) -> None:
    begin = datetime(2013, 1, 2, 8, tzinfo=UTC if kind.endswith("ZONE") else None)
    reference = described(kind, [str(begin), str(begin + timedelta(days=200))])
    early = begin.replace(day=1, hour=0) - timedelta(seconds=1)
    now = [str(early), str(early + timedelta(seconds=1)), "2200-01-01", None, *INFINITE]
    assert beyond(reference, kind, list(now)) == {"before 2013-01-01": 1, "from 2113-07-22 on": 1}


def test_a_bound_that_the_current_type_cannot_hold_is_not_asked_for() -> None:
    reference = described("TIMESTAMP", ["1500-01-01 00:00:00", "2200-01-01 00:00:00"])
    assert beyond(reference, "TIMESTAMP_NS", ["2000-01-01 00:00:00"]) == {
        "before 1499-12-31": 0,
        "from 2300-01-02 on": 0,
    }


def test_of_private_times_nothing_is_told() -> None:
    assert not beyond(described("DATE", ["2013-01-01"]), "DATE", ["1970-01-01"], private=True)


@pytest.mark.parametrize("value", ["infinity", "0044-03-15 (BC)", "294246-01-01", None])
def test_a_reference_without_a_day_of_the_calendar_has_no_bounds(value: str | None) -> None:
    assert not beyond(described("TIMESTAMP", [value]), "TIMESTAMP", ["1970-01-01 00:00:00"])
