"""The profile of all rows is that of their parts added up: exactly where it says so, within the stated error elsewhere."""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import json
import math
import random
from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.profiles import blockscan, cumulative, merging, profile, profiling
from mlops_actions.data.profiles.blocks import Unit
from mlops_actions.data.profiles.profile import Bins, Kind, Profile
from mlops_actions.data.sources.relation import Column, Relation

ENGINE = duckdb.connect()
ENGINE.execute("SET TimeZone = 'UTC'")
SESSION = DuckSession(ENGINE)
# Each example runs the engine; shrinking a failure would run it for minutes.
LIMIT = settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])

TYPES = {"n": "DOUBLE", "i": "BIGINT", "s": "VARCHAR", "b": "BOOLEAN", "t": "TIMESTAMP", "o": "BLOB"}


def of(select: str, types: dict[str, str], time: str = "", private: str = "", like: Profile | None = None) -> Profile:
    """The profile of a query's rows."""
    relation = Relation(
        "t", f"({select})", tuple(Column(name, each, name in private) for name, each in types.items()), ()
    )
    timing = blockscan.timing(relation, time) if time else None
    plan = profiling.plan(SESSION, relation, like)
    return again(blockscan.scan(SESSION, plan, (), timing, like)[1])


def profiled(
    rows: list[dict], like: Profile | None = None, types: dict[str, str] = TYPES, private: str = ""
) -> Profile:
    """The profile of rows, with blocks of ``t`` where they have it."""
    ENGINE.execute(f"CREATE OR REPLACE TABLE t ({', '.join(f'{quote(name)} {each}' for name, each in types.items())})")
    lists = ", ".join(f"unnest(${index}::{each}[])" for index, each in enumerate(types.values(), 1))
    if rows:
        ENGINE.execute(f"INSERT INTO t SELECT {lists}", [[row[name] for row in rows] for name in types])
    return of("FROM t", types, "t" if "t" in types else "", private, like)


def again(one: Profile) -> Profile:
    """The same, written and read: every count adds up, or it is refused."""
    assert profile.from_json(json.loads(profile.dumps(one))) == one
    return one


def merged(*parts: Profile) -> Profile:
    return again(merging.merge(parts))


MOMENTS = st.builds("2013-{:02}-{:02} {:02}:30:00".format, st.integers(1, 12), st.integers(1, 28), st.integers(0, 23))
ROW = st.fixed_dictionaries(
    {
        "n": st.none() | st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.5, math.nan, math.inf, -math.inf]),
        "i": st.none() | st.integers(-50, 50) | st.integers(-(2**63), 2**63 - 1),
        "s": st.none() | st.sampled_from(["", "a", "é", "'", "long " * 19]) | st.text("xyz", min_size=1, max_size=9),
        "b": st.none() | st.booleans(),
        "t": st.none() | MOMENTS | st.sampled_from(["infinity", "-infinity", "1969-12-31 23:59:59"]),
        "o": st.none() | st.just(b"x"),
    }
)
ROWS = st.lists(ROW, max_size=40)


def finite(rows: list[dict], name: str) -> list[float]:
    return sorted(float(row[name]) for row in rows if row[name] is not None and math.isfinite(row[name]))


def assert_holds(histogram: Bins, values: list[float]) -> None:
    """No number of values up to an edge is wrong by more than is stated."""
    assert sum(histogram.counts) == len(values)
    for edge, counted in zip(histogram.edges, accumulate(histogram.counts), strict=False):
        assert abs(counted - bisect_right(values, edge)) <= histogram.uncertain


@LIMIT
@given(ROWS, ROWS)
def test_parts_added_up_are_the_whole(a, b):
    both, whole = merged(profiled(a), profiled(b)), profiled(a + b)
    assert (both.rows, both.time) == (whole.rows, whole.time)
    for one, other in zip(both.columns, whole.columns, strict=True):
        assert (one.name, one.type, one.nulls, one.special) == (other.name, other.type, other.nulls, other.special)
        if Kind.CATEGORY is one.kind is other.kind or one.kind is Kind.BOOLEAN:
            assert (one.categories, one.bins, one.distinct) == (other.categories, other.bins, other.distinct)
            assert one.blocks == other.blocks
        if one.range or other.range:
            assert (one.range.min, one.range.max) == (other.range.min, other.range.max)
            for moment in ("mean", "sd"):
                first, second = getattr(one.range, moment), getattr(other.range, moment)
                assert first == second if None in (first, second) else first == pytest.approx(second, 1e-9, 1e-6)
        assert one.sketch == other.sketch
        for name in ("nulls", "nan", "infinity", "negative_infinity"):
            assert getattr(one.blocks, name) == getattr(other.blocks, name)
    for name in "ni":
        values, column = finite(a + b, name), both.column(name)
        for histogram in filter(None, (column.bins, column.fine)):
            assert_holds(histogram, values)
            assert histogram.uncertain <= cumulative.TOLERANCES[-1] * len(values)


@LIMIT
@given(ROWS, ROWS, ROWS)
def test_neither_order_nor_grouping_matters_for_what_is_exact(a, b, c):
    one, two, three = profiled(a), profiled(b), profiled(c)
    for left, right in (
        (merged(one, two), merged(two, one)),
        (merged(merged(one, two), three), merged(one, merged(two, three))),
    ):
        for first, second in zip(left.columns, right.columns, strict=True):
            for name in ("nulls", "special", "sketch", "categories"):
                assert getattr(first, name) == getattr(second, name)
            if first.range:
                assert (first.range.min, first.range.max) == (second.range.min, second.range.max)
    for name in "ni":
        assert_holds(merged(merged(one, two), three).column(name).bins, finite(a + b + c, name))


@LIMIT
@given(ROWS, ROWS, ROWS)
def test_profiles_made_alike_add_up_exactly(a, b, c):
    reference = profiled(a)
    two, three = profiled(b, reference), profiled(c, reference)
    whole = profiled(a + b + c, reference)
    for together in (merged(reference, two, three), merged(merged(reference, two), three)):
        for name in "ni":
            one, other = together.column(name), whole.column(name)
            if reference.column(name).bins.edges:
                assert (one.bins, one.fine) == (other.bins, other.fine)
                assert not one.blocks.uncertain
                if together.time == whole.time:  # a whole made alike keeps the reference's length, however many blocks
                    assert one.blocks.counts == other.blocks.counts


# Real sizes

SHAPES = {
    "normal": "{low} + sqrt(-2 * ln(1 - random())) * cos(6.2832 * random())",
    "lognormal": "exp({low} + sqrt(-2 * ln(1 - random())) * cos(6.2832 * random()))",
    "zeros": "CASE WHEN random() < 0.5 THEN 0 ELSE -ln(1 - random()) * (1 + {low}) END",
    "whole": "CAST(round(60 * random() + 10 * {low}) AS DOUBLE)",
    "far": "1e9 + {low} + random()",
}


@pytest.fixture(scope="module")
def year() -> dict[str, list[Profile] | Profile]:
    """Twelve months of 3,000 rows whose shapes move, the profile of each, and of all."""
    ENGINE.execute("SELECT setseed(0.4)")
    columns = ", ".join(f"{sql.format(low='sin(m)')} AS {name}" for name, sql in SHAPES.items())
    ENGINE.execute(
        f"CREATE OR REPLACE TABLE year AS SELECT m, {columns}, 'k' || (random() * (100 + 30 * m))::INTEGER AS k, "
        "TIMESTAMP '2013-01-01' + to_months(m::INTEGER) + to_hours((i % 670)::INTEGER) AS t "
        "FROM range(12) months(m), range(3000) r(i)"
    )
    types = {**dict.fromkeys(SHAPES, "DOUBLE"), "k": "VARCHAR", "t": "TIMESTAMP"}
    months = [of(f"FROM year WHERE m = {month}", types, "t") for month in range(12)]
    return {"months": months, "whole": of("FROM year", types, "t")}


def test_twelve_months_of_days_are_a_year_of_days(year):
    both, whole = merged(*year["months"]), year["whole"]
    assert {each.time.unit for each in year["months"]} == {Unit.DAY}
    assert both.time == whole.time and both.time.unit is Unit.DAY
    assert both.column("t").range == whole.column("t").range


def test_days_of_two_years_are_weeks():
    both = merged(timed("days", 200), timed("days", 400), timed("days", 400, start="2014-02-01"))
    assert both.time.unit is Unit.WEEK and sum(both.time.rows) == 1000


@pytest.mark.parametrize("name", SHAPES)
def test_no_number_up_to_an_edge_is_wrong_by_more_than_is_stated(year, name):
    merged_year = merged(*year["months"])
    both = merged_year.column(name)
    values = sorted(value for (value,) in ENGINE.execute(f"SELECT {name} FROM year").fetchall())
    assert_holds(both.bins, values)
    assert_holds(both.fine, values)
    assert both.bins.uncertain <= 0.02 * len(values) and len(both.bins.edges) >= 10
    for day, start in list(enumerate(merged_year.time.starts))[::30]:
        own = sorted(v for (v,) in ENGINE.execute(f"SELECT {name} FROM year WHERE t::DATE = DATE '{start}'").fetchall())
        uncertain = both.blocks.uncertain[day] if both.blocks.uncertain else 0
        assert_holds(Bins(both.bins.edges, both.blocks.counts[day], uncertain), own)
        assert uncertain <= 0.15 * len(own)


def test_different_values_are_estimated_within_the_stated_error(year):
    both = merged(*year["months"])
    for name in (*SHAPES, "k", "t"):
        (real,) = ENGINE.execute(f"SELECT count(DISTINCT {name}) FROM year").fetchone()
        assert both.column(name).distinct == pytest.approx(real, rel=4 * 0.046)
        assert both.column(name).distinct_at_most is None


def test_a_category_with_too_many_values_becomes_text_whose_lengths_are_known(year):
    months = year["months"]
    both, whole = merged(*months).column("k"), year["whole"].column("k")
    assert months[0].column("k").kind is Kind.CATEGORY and whole.kind is Kind.TEXT
    assert (both.kind, both.categories) == (Kind.TEXT, None)
    lengths = sorted(float(each) for (each,) in ENGINE.execute("SELECT length(k) FROM year").fetchall())
    assert_holds(both.bins, lengths)
    assert (both.bins.uncertain, both.blocks.uncertain) == (0, ())


# One column at a time


def column(values: list, type_name: str = "VARCHAR", private: str = "") -> Profile:
    return profiled([{"x": value} for value in values], None, {"x": type_name}, private)


def test_without_a_sketch_in_common_different_values_have_bounds():
    one, other = column([1.0, 2.0, 3.0], "DOUBLE"), column([3.0, 4.0], "DOUBLE")
    old = replace(other, columns=tuple(replace(each, sketch=None, fine=None) for each in other.columns))
    (found,) = merged(one, old).columns
    assert (found.distinct, found.distinct_at_most, found.sketch) == (3, 5, None)
    (more,) = merged(merged(one, old), column([9.0], "DOUBLE")).columns
    assert (more.distinct, more.distinct_at_most) == (3, 6)


def test_a_profile_of_the_first_version_is_merged_by_its_bins():
    values = [random.Random(5).gauss(0, 1) for _ in range(500)]  # noqa: S311
    old = replace(column(values, "DOUBLE"), time=None)
    old = replace(old, columns=tuple(replace(each, sketch=None, fine=None, blocks=None) for each in old.columns))
    more = [each + 0.3 for each in values]
    assert_holds(merged(old, column(more, "DOUBLE")).columns[0].bins, sorted(values + more))


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_private_in_one_part_is_private_in_the_whole(order):
    values = ["Ada"] * 30 + ["Mary"] * 30
    parts = [column(values), column(values, private="x")][::order]
    made = merged(*parts)
    (found,) = made.columns
    assert "Ada" not in profile.dumps(made) and found.private
    assert dict(found.categories.values) == {profile.digest("x", each): 60 for each in ("Ada", "Mary")}
    assert (found.range, found.bins, found.fine, found.sketch) == (None, None, None, None)


@pytest.mark.parametrize("order", [1, -1])
def test_a_part_without_values_has_any_type(order):
    parts = [column([None, None]), column([1, 2, 3], "INTEGER")][::order]
    (found,) = merged(*parts).columns
    assert (found.type, found.kind, found.nulls, found.range.max) == ("INTEGER", Kind.NUMBER, 2, 3)
    (found,) = merged(*[column([None], each) for each in ("VARCHAR", "INTEGER")][::order]).columns
    assert found.nulls == 2


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (("INTEGER", "BIGINT"), "BIGINT"),
        (("UTINYINT", "TINYINT"), "SMALLINT"),
        (("UBIGINT", "INTEGER"), "HUGEINT"),
        (("UTINYINT", "UINTEGER"), "UINTEGER"),
    ],
)
def test_integers_are_of_the_least_type_that_holds_them_all(types, expected):
    (found,) = merged(*(column([1, 2], each) for each in types)).columns
    assert found.type == expected


def test_profiles_of_different_rows_are_not_added():
    one, other = column(["a", "b"] * 9), column([1.5, 2.5], "DOUBLE")
    more = profiled([{"x": "a", "y": 1}] * 9, None, {"x": "VARCHAR", "y": "INTEGER"})
    with pytest.raises(merging.Unlike) as caught:
        merging.merge([one, other, more, replace(one, object="u")])
    assert caught.value.reasons == (
        (1, "has DOUBLE in the column 'x', which is VARCHAR before"),
        (2, "has 'y', which the first lacks"),
        (3, "is of 'u', the first of 't'"),
    )
    with pytest.raises(merging.Unlike, match="part 1 lacks 'y'"):
        merging.merge([more, one])


def test_the_order_of_columns_does_not_matter():
    types = {"x": "VARCHAR", "y": "INTEGER"}
    one = profiled([{"x": "a", "y": 1}] * 9, None, types)
    other = profiled([{"x": "a", "y": 1}] * 9, None, dict(reversed(types.items())))
    assert merged(one, other).columns == merged(one, one).columns


def timed(unit: str, count: int, name: str = "t", start: str = "2013-01-01") -> Profile:
    return of(f"SELECT TIMESTAMP '{start}' + to_{unit}(i::INTEGER) AS {name} FROM range({count}) r(i)",
              {name: "TIMESTAMP"}, name)  # fmt: skip


def test_blocks_that_do_not_add_up_are_left_out_with_the_reason():
    weeks, months = timed("days", 1000), timed("months", 400)
    assert (weeks.time.unit, months.time.unit) == (Unit.WEEK, Unit.QUARTER)
    assert merged(weeks, months).time is None and merged(weeks, months).columns[0].blocks is None
    assert merging.without_blocks([weeks, months]) == "they do not add up to each other: quarter, week"
    untimed = of("SELECT TIMESTAMP '2013-01-01' AS t", {"t": "TIMESTAMP"})
    assert merging.without_blocks([weeks, untimed]) == "not all of the profiles have blocks of time"
    assert merging.without_blocks([weeks, weeks]) is None is merging.without_blocks([untimed, untimed])


def test_a_single_profile_is_itself():
    one = profiled([{"n": 1.5, "i": 3, "s": "a", "b": True, "t": "2013-01-01", "o": None}] * 20)
    assert merging.merge([one]) == one
