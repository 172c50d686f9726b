"""The profile of all rows is that of their parts added up: exactly where it says so, within the stated error elsewhere."""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import json
import math
import random
import statistics
from bisect import bisect_left, bisect_right
from dataclasses import replace
from itertools import accumulate

import duckdb
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions import schema
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.profiles import blockscan, cumulative, merging, profile, profiling
from mlops_actions.data.profiles.profile import Bins, ColumnProfile, Kind, Profile
from mlops_actions.data.sources.relation import Column, Relation

ENGINE = duckdb.connect()
ENGINE.execute("SET TimeZone = 'UTC'")
SESSION = DuckSession(ENGINE)
LIMIT = settings(max_examples=20, deadline=None)

TYPES = {"n": "DOUBLE", "i": "BIGINT", "s": "VARCHAR", "b": "BOOLEAN", "t": "TIMESTAMP", "o": "BLOB"}


def profiled(rows: list[dict], types: dict[str, str] = TYPES, private: str = "", time: str = "t") -> Profile:
    """The profile of rows, with blocks of ``time``."""
    ENGINE.execute(f"CREATE OR REPLACE TABLE t ({', '.join(f'{quote(name)} {each}' for name, each in types.items())})")
    lists = ", ".join(f"unnest(${index}::{each}[])" for index, each in enumerate(types.values(), 1))
    if rows:
        ENGINE.execute(f"INSERT INTO t SELECT {lists}", [[row[name] for row in rows] for name in types])
    relation = Relation("t", "t", tuple(Column(name, each, name in private) for name, each in types.items()), ())
    timing = blockscan.timing(relation, time) if time else None
    plan = profiling.plan(SESSION, relation)
    asked = [*plan.aggregates, *(timing.aggregates if timing else [])]
    return again(blockscan.complete(SESSION, plan, SESSION.aggregate(relation, asked), timing))


def again(one: Profile) -> Profile:
    """The same, written and read: every count adds up, or it is refused."""
    assert profile.from_json(json.loads(profile.dumps(one))) == one
    return one


def merged(*parts: Profile) -> Profile:
    return again(merging.merge(parts))


moments = st.integers(0, 400).map(lambda days: f"2013-01-01 {days % 24:02}:30:00").flatmap(
    lambda text: st.integers(1, 28).map(lambda day: f"2013-{1 + day % 12:02}-{day:02}{text[10:]}")
)
ROW = st.fixed_dictionaries(
    {
        "n": st.none() | st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.5, math.nan, math.inf, -math.inf, 1.7e308]),
        "i": st.none() | st.integers(-50, 50) | st.integers(-(2**63), 2**63 - 1),
        "s": st.none() | st.sampled_from(["", "a", "é", "'", "long " * 9]) | st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=9),
        "b": st.none() | st.booleans(),
        "t": st.none() | moments | st.sampled_from(["infinity", "-infinity", "1969-12-31 23:59:59"]),
        "o": st.none() | st.just(b"x"),
    }
)  # fmt: skip
ROWS = st.lists(ROW, max_size=40)


def finite(rows: list[dict], name: str) -> list[float]:
    return sorted(float(row[name]) for row in rows if row[name] is not None and math.isfinite(row[name]))


def assert_in_bins(histogram: Bins, values: list[float]) -> None:
    """No number of values up to an edge is wrong by more than is stated."""
    assert sum(histogram.counts) == len(values)
    for edge, counted in zip(histogram.edges, accumulate(histogram.counts), strict=False):
        assert abs(counted - bisect_right(values, edge)) <= histogram.uncertain


def plain_counts(edges: tuple[float, ...], values: list[float]) -> tuple[int, ...]:
    found = [0] * (len(edges) + 1)
    for value in values:
        found[bisect_left(edges, value)] += 1
    return tuple(found)


@LIMIT
@given(ROWS, ROWS)
def test_parts_added_up_are_the_whole(a, b):
    both, whole = merged(profiled(a), profiled(b)), profiled(a + b)
    assert both.rows == whole.rows and both.time == whole.time
    for one, other in zip(both.columns, whole.columns, strict=True):
        assert (one.name, one.type, one.nulls, one.special) == (other.name, other.type, other.nulls, other.special)
        if one.kind is Kind.CATEGORY and other.kind is Kind.CATEGORY:
            assert (one.categories, one.bins, one.distinct) == (other.categories, other.bins, other.distinct)
        if one.kind is Kind.BOOLEAN:
            assert one.categories == other.categories
        if one.range or other.range:
            assert (one.range.min, one.range.max) == (other.range.min, other.range.max)
            assert (one.range.mean is None) <= (other.range.mean is None) or one.range.mean == pytest.approx(0, abs=1e300)
        assert one.blocks.nulls == other.blocks.nulls
        assert (one.blocks.nan, one.blocks.infinity) == (other.blocks.nan, other.blocks.infinity)
    for name in "ni":
        values = finite(a + b, name)
        column = both.column(name)
        assert_in_bins(column.bins, values)
        if column.fine:
            assert_in_bins(column.fine, values)
            assert set(column.bins.edges) <= set(column.fine.edges)
        for histogram in filter(None, (column.bins, column.fine)):
            assert histogram.uncertain <= cumulative.TOLERANCE * len(values)


@LIMIT
@given(ROWS, ROWS, ROWS)
def test_the_order_of_parts_does_not_matter_nor_how_they_are_grouped_for_what_is_exact(a, b, c):
    one, two, three = profiled(a), profiled(b), profiled(c)
    assert merging.merge([one, two]) == pytest_equal(merging.merge([two, one]))
    left, right = merged(merged(one, two), three), merged(one, merged(two, three))
    for first, second in zip(left.columns, right.columns, strict=True):
        for name in ("nulls", "special", "sketch", "categories"):
            assert getattr(first, name) == getattr(second, name)
        if first.range:
            assert (first.range.min, first.range.max) == (second.range.min, second.range.max)
    for name in "ni":
        values = finite(a + b + c, name)
        assert_in_bins(left.column(name).bins, values)
        assert_in_bins(right.column(name).bins, values)


def pytest_equal(one: Profile) -> Profile:
    return one
