"""Blocks of time are those of the calendar, as the engine has it and as Python has it."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.data.profiles import blocks
from mlops_actions.data.profiles.blocks import UNDATED, Unit

ENGINE = duckdb.connect()


def plain_start(moment: datetime, unit: Unit) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case Unit.HOUR:
            return moment.replace(minute=0, second=0, microsecond=0)
        case Unit.WEEK:
            return midnight - timedelta(days=moment.weekday())
        case Unit.MONTH:
            return midnight.replace(day=1)
        case Unit.QUARTER:
            return midnight.replace(month=1 + 3 * ((moment.month - 1) // 3), day=1)
        case Unit.YEAR:
            return midnight.replace(month=1, day=1)
    return midnight


@settings(max_examples=60, deadline=None)
@given(st.datetimes(datetime(2, 1, 1)), st.sampled_from(Unit))
def test_a_block_starts_where_the_engine_says(moment, unit):
    query = f"SELECT CAST(date_trunc('{unit.value}', $1::TIMESTAMP) AS VARCHAR)"
    (text,) = ENGINE.execute(query, [moment]).fetchone()
    plain = plain_start(moment, unit)
    assert blocks.named(text) == f"{plain:%Y-%m-%d}".rjust(10, "0") + (f"{plain: %H:%M:%S}" if plain.hour else "")


@given(st.datetimes(datetime(2, 1, 1)), st.sampled_from(Unit), st.sampled_from(Unit))
def test_a_coarser_block_holds_a_finer_one_whole(moment, fine, coarse):
    if coarse not in blocks.common([fine]):
        return
    named = [blocks.named(f"{plain_start(moment, each).isoformat(' ')}") for each in (fine, coarse)]
    assert blocks.start_of(named[0], coarse) == named[1]


@pytest.mark.parametrize(
    ("start", "unit", "expected"),
    [
        (None, Unit.MONTH, None),
        ("infinity", Unit.YEAR, "infinity"),
        ("-infinity", Unit.DAY, "-infinity"),
        ("2013-05-17 14:00:00", Unit.DAY, "2013-05-17"),
        ("2013-05-17", Unit.QUARTER, "2013-04-01"),
        ("0044-03-15 (BC)", Unit.YEAR, "0044-01-01 (BC)"),
        ("290000-03-15", Unit.MONTH, "290000-03-01"),
    ],
)
def test_starts_that_no_python_date_can_be(start, unit, expected):
    assert blocks.start_of(start, unit) == expected


def test_weeks_add_up_to_weeks_alone():
    assert blocks.common([Unit.WEEK, Unit.DAY]) == (Unit.WEEK,)
    assert blocks.common([Unit.WEEK, Unit.MONTH]) == ()
    assert blocks.common([Unit.DAY, Unit.MONTH]) == (Unit.MONTH, Unit.QUARTER, Unit.YEAR)


def test_the_finest_length_that_gives_few_blocks():
    def choose(*counts: int, columns: int = 400) -> Unit | None:
        return blocks.choose(dict(zip(blocks.UNITS, counts, strict=True)), columns)

    assert choose(24, 1, 1, 1, 1, 1) is Unit.HOUR
    assert choose(700, 31, 5, 1, 1, 1) is Unit.DAY
    assert choose(9000, 365, 53, 12, 4, 1) is Unit.MONTH
    assert choose(9000, 365, 53, 12, 4, 1, columns=20) is Unit.DAY, "few columns have room for a year of days"
    assert choose(9000, 365, 53, 12, 4, 1, columns=200) is Unit.WEEK
    assert choose(40, 2, 1, 1, 1, 1, columns=1) is Unit.DAY, "hours are for a day or so"
    assert choose(10**6, 10**5, 10**4, 3000, 1000, 90) is Unit.YEAR
    assert choose(10**6, 10**5, 10**4, 10**4, 10**4, 900) is None, "hardly the time of the rows"
    assert choose(0, 0, 0, 0, 0, 0) is Unit.HOUR, "no row has a time, and there is a block for that"
    assert blocks.choose({}, 1) is None


def test_starts_are_in_the_order_of_time():
    ordered = ["-infinity", "0044-03-15 (BC)", "0044-01-01", "1999-12-31", "2013-01-01", "2013-01-01 10:00:00",
               "2013-01-02", "290000-01-01", "infinity", None]  # fmt: skip
    assert sorted(reversed(ordered), key=blocks.order) == ordered
    assert set(UNDATED) <= set(ordered)


@pytest.mark.parametrize("unit", Unit)
@given(
    st.lists(
        st.builds("2013-{:02}-{:02} {:02}:30:00".format, st.integers(1, 12), st.integers(1, 28), st.integers(0, 23)),
        min_size=1,
        max_size=5,
    )
)
def test_a_calendar_has_every_block_between_the_first_and_the_last(unit, times):
    starts = sorted({start_of_moment(time, unit) for time in times}, key=blocks.order)
    found = blocks.calendar([*starts, *UNDATED], unit)
    first, last = (datetime.fromisoformat(choose(times)) for choose in (min, max))
    step = timedelta(hours=1 if unit is Unit.HOUR else 24)
    moments = [*(first + step * at for at in range((last - first) // step + 1)), last]
    plain = list(dict.fromkeys(start_of_moment(str(moment), unit) for moment in moments))
    assert list(found) == (plain if len(plain) <= 3 * blocks.LONGEST else starts)


def start_of_moment(time, unit):
    return blocks.named(str(plain_start(datetime.fromisoformat(time), unit)))


@pytest.mark.parametrize(
    ("starts", "unit"),
    [
        (("0044-03-15 (BC)", "2013-01-01"), Unit.DAY),
        (("9999-12-01", "10000-01-01"), Unit.MONTH),
        (("whatever <b>", "2013-01-01"), Unit.YEAR),
        (("2013-01-02", "2013-03-01"), Unit.MONTH),  # no month begins so
        ((), Unit.DAY),
    ],
)
def test_what_no_calendar_has_is_left_as_it_is(starts, unit):
    assert blocks.calendar([*starts, None], unit) == starts


@pytest.mark.parametrize(
    ("start", "unit", "said"),
    [
        ("2013-04-01 14:00:00", Unit.HOUR, "2013-04-01 14:00"),
        ("2013-04-01", Unit.HOUR, "2013-04-01 00:00"),
        ("2013-04-01", Unit.DAY, "2013-04-01"),
        ("2013-04-01", Unit.WEEK, "2013-04-01"),
        ("2013-04-01", Unit.MONTH, "2013-04"),
        ("2013-04-01", Unit.QUARTER, "2013 Q2"),
        ("2013-10-01", Unit.QUARTER, "2013 Q4"),
        ("12013-01-01", Unit.YEAR, "12013"),
        ("0044-03-15 (BC)", Unit.YEAR, "0044-03-15 (BC)"),
    ],
)
def test_how_people_call_a_block(start, unit, said):
    assert blocks.said(start, unit) == said
