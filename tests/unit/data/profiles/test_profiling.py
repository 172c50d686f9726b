"""What one query counts is what plain Python counts, for any values, names and types."""

from __future__ import annotations

import json
import math
import statistics
import sys
from bisect import bisect_left
from collections import Counter

import duckdb
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions import schema
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.profiles import profile, profiling
from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Profile
from mlops_actions.data.sources.relation import Column, Relation

ENGINE = duckdb.connect()
SESSION = DuckSession(ENGINE)
ENGINE.execute("SET TimeZone = 'UTC'")
LIMIT = settings(max_examples=25, deadline=None)


def table(type_name: str, values: list, name: str = "x", private: bool = False) -> Relation:
    """A relation of one column."""
    ENGINE.execute(f"CREATE OR REPLACE TABLE t ({quote(name)} {type_name})")
    if values:
        ENGINE.execute(f"INSERT INTO t SELECT unnest($1::{type_name}[])", [values])
    (described,) = ENGINE.execute("DESCRIBE t").fetchall()
    return Relation("t", "t", (Column(name, described[1], private),), ())


def profiled(relation: Relation, like: Profile | None = None) -> tuple[Profile, dict[str, profiling.Recount]]:
    plan = profiling.plan(SESSION, relation, like)
    values = SESSION.aggregate(relation, plan.aggregates)
    found = profiling.build(plan, values)
    text = profile.dumps(found)
    assert profile.from_json(json.loads(text)) == found, "every count adds up, or from_json refuses it"
    jsonschema.validate(json.loads(text), schema.shipped("profile-v1"))
    return found, profiling.recount(plan, values)


def only(relation: Relation) -> ColumnProfile:
    found, _ = profiled(relation)
    return found.columns[0]


def in_bins(edges: tuple[float, ...], values: list[float]) -> tuple[int, ...]:
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_left(edges, value)] += 1
    return tuple(counts)


@LIMIT
@given(st.lists(st.none() | st.floats() | st.sampled_from([0.0, 1.0, 5e-324, 1.7e308, -1.7e308]), max_size=60))
def test_doubles_of_every_kind(values):
    found = only(table("DOUBLE", values))
    there = [each for each in values if each is not None]
    finite = [each for each in there if math.isfinite(each)]
    assert found.kind is Kind.NUMBER
    assert found.nulls == values.count(None)
    assert found.special.nan == sum(map(math.isnan, there))
    assert (found.special.infinity, found.special.negative_infinity) == (there.count(math.inf), there.count(-math.inf))
    assert found.bins.counts == in_bins(found.bins.edges, finite)
    if finite:
        assert (found.range.min, found.range.max) == (min(finite), max(finite))
        below_least = min(finite) == -sys.float_info.max  # there is no number to be an edge below it
        assert (below_least or found.bins.counts[0] == 0) and found.bins.counts[-1] == 0


@LIMIT
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60), st.sampled_from([0.0, 290.0, 1e9]))
def test_mean_and_deviation_keep_their_digits_far_from_zero(values, offset):
    values = [each + offset for each in values]
    found = only(table("DOUBLE", values)).range
    assert found.mean == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-6)
    assert found.sd == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-6)


@LIMIT
@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 20), max_size=60))
def test_whole_numbers(values):
    found = only(table("BIGINT", values))
    there = [each for each in values if each is not None]
    assert found.bins.counts == in_bins(found.bins.edges, [float(each) for each in there])
    if there:
        assert (found.range.min, found.range.max) == (min(there), max(there))


@LIMIT
@given(st.data())
def test_later_numbers_fall_into_the_bins_of_the_reference(data):
    numbers = st.lists(st.none() | st.floats(-1000, 1000) | st.floats(), max_size=60)
    before, now = data.draw(numbers), data.draw(numbers)
    reference, _ = profiled(table("DOUBLE", before))
    edges = reference.columns[0].bins.edges
    _, recounts = profiled(table("DOUBLE", now), reference)
    finite = [each for each in now if each is not None and math.isfinite(each)]
    assert recounts["x"].bins == in_bins(edges, finite)


texts = st.lists(
    st.none() | st.sampled_from(["", "a", "b", "B", "a ", "'", '"', "=", "é", "\U0001f600", "\n"]), max_size=80
)


@LIMIT
@given(texts)
def test_text_of_few_values_is_counted_value_by_value(values):
    found = only(table("VARCHAR", values))
    there = Counter(each for each in values if each is not None)
    assert found.nulls == values.count(None)
    lengths = [float(len(each)) for each in there.elements()]
    assert found.bins.counts == in_bins(found.bins.edges, lengths)
    if 2 * len(there) <= there.total():
        assert found.kind is Kind.CATEGORY and dict(found.categories.values) == there
        assert found.distinct == len(there) and found.distinct_is_exact
    elif len(there) > 1:
        assert found.kind is Kind.TEXT, "values that hardly repeat are no categories, and are not stored"


@LIMIT
@given(texts, texts, st.booleans())
def test_later_text_falls_into_the_categories_of_the_reference(before, now, private):
    reference, _ = profiled(table("VARCHAR", before, private=private))
    current, recounts = profiled(table("VARCHAR", now), reference)
    old = reference.columns[0].categories
    if old is None:
        return
    there = Counter(each for each in now if each is not None)
    shown = {profile.digest("x", each): count for each, count in there.items()} if private else there
    assert recounts["x"].categories == tuple(shown.get(value, 0) for value, _ in old.values)
    known = {value for value, _ in old.values}
    assert dict(recounts["x"].new) == {value: count for value, count in shown.items() if value not in known}
    assert current.columns[0].private is private


def test_many_values_are_exact_up_to_the_limit_and_text_beyond():
    for distinct, kind in ((profiling.CATEGORIES, Kind.CATEGORY), (profiling.CATEGORIES + 1, Kind.TEXT)):
        values = [f"value {index % distinct}" for index in range(distinct * 3 + 7)]
        found = only(table("VARCHAR", values))
        assert found.kind is kind
        if kind is Kind.CATEGORY:
            assert dict(found.categories.values) == Counter(values)


def test_values_that_the_first_look_has_not_seen_are_counted_too():
    values = ["first"] * (2 * profiling.LOOK) + ["second"] * 100 + [None]
    assert dict(only(table("VARCHAR", values)).categories.values) == {"first": 2 * profiling.LOOK, "second": 100}
    numbers = [0.0] * (2 * profiling.LOOK) + [float(each) for each in range(1000)]
    found = only(table("DOUBLE", numbers)).bins
    assert found.counts == in_bins(found.edges, numbers) and len(found.edges) > 3


def test_ten_times_more_values_than_the_first_look_promised_are_text():
    values = ["same"] * (2 * profiling.LOOK) + [f"value {each}" for each in range(100_000)]
    found = only(table("VARCHAR", values))
    assert found.kind is Kind.TEXT and found.categories is None
    assert found.distinct == pytest.approx(100_001, rel=0.1)


def test_a_reference_category_is_counted_among_any_number_of_new_values():
    reference, _ = profiled(table("VARCHAR", ["a", "b"] * 50))
    _, recounts = profiled(table("VARCHAR", ["a"] * 7 + [f"new {each}" for each in range(5000)]), reference)
    assert recounts["x"].categories == (7, 0)
    assert all(count is None for _, count in recounts["x"].new)


@pytest.mark.parametrize("private_type", ["DOUBLE", "VARCHAR", "DATE", "BOOLEAN"])
def test_no_value_of_a_private_column_is_stored(private_type):
    values = {
        "DOUBLE": [31337.5, 31338.5] * 30,
        "VARCHAR": ["Ada Lovelace", "Mary"] * 30,
        "DATE": ["1815-12-10", "1797-08-30"] * 30,
        "BOOLEAN": [True, False] * 30,
    }[private_type]
    found, _ = profiled(table(private_type, values, private=True))
    text = profile.dumps(found)
    assert found.columns[0].private
    for secret in ("31337", "31338", "Lovelace", "Mary", "1815", "1797"):
        assert secret not in text


def test_digests_of_the_engine_are_those_of_the_profile():
    values = ["Ada", "Mary", "é\n'"] * 20
    reference, _ = profiled(table("VARCHAR", values, name="na'me", private=True))
    assert dict(reference.columns[0].categories.values) == {profile.digest("na'me", each): 20 for each in values}
    _, recounts = profiled(table("VARCHAR", values[:-1], name="na'me"), reference)
    assert sorted(recounts["na'me"].categories) == [19, 20, 20] and not recounts["na'me"].new


@pytest.mark.parametrize(
    ("type_name", "values", "kind"),
    [
        ("BOOLEAN", [True, False, None], Kind.BOOLEAN),
        ("DECIMAL(18,3)", ["1.5", "2.25", None], Kind.NUMBER),
        ("HUGEINT", [2**120, -(2**120), None], Kind.NUMBER),
        ("FLOAT", [1.5, math.inf, None], Kind.NUMBER),
        ("TIME", ["10:00:00", None], Kind.NUMBER),
        ("INTERVAL", ["1 day", None], Kind.NUMBER),
        ("DATE", ["2013-01-01", "infinity", None], Kind.TIME),
        ("TIMESTAMP", ["2013-01-01 10:00:00", "290000-01-01", None], Kind.TIME),
        ("TIMESTAMPTZ", ["2013-01-01 10:00:00+02", None], Kind.TIME),
        ("UUID", ["6b29fc40-ca47-1067-b31d-00dd010662da"] * 2 + [None], Kind.CATEGORY),
        ("ENUM('a', 'b')", ["a", "a", None], Kind.CATEGORY),
        ("BLOB", [b"\x00\xff", None], Kind.OTHER),
        ("INTEGER[]", [[1, 2], None], Kind.OTHER),
        ("DECIMAL(4,1)[]", [["1.0"], None], Kind.OTHER),
        ("STRUCT(a INTEGER)", [{"a": 1}, None], Kind.OTHER),
        ("MAP(VARCHAR, INTEGER)", [{"a": 1}, None], Kind.OTHER),
    ],
)
@pytest.mark.parametrize("rows", ["all", "one", "nulls", "none"])
def test_every_type_can_be_profiled_whatever_is_in_it(type_name, values, kind, rows):
    values = {"all": values, "one": values[:1], "nulls": [None] * 3, "none": []}[rows]
    relation = table(type_name, values)
    found, _ = profiled(relation)
    column = found.columns[0]
    assert column.nulls == values.count(None) and found.rows == len(values)
    assert column.kind is kind or (not any(values) and column.kind in (Kind.CATEGORY, Kind.TEXT))
    again, _ = profiled(relation, found)
    assert again.columns[0].nulls == column.nulls


@LIMIT
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30))
def test_any_name_of_a_column(name):
    reference, _ = profiled(table("VARCHAR", ["a", "a"], name=name, private=True))
    found, _ = profiled(table("VARCHAR", ["a", "b"], name=name), reference)
    assert found.columns[0].name == name


def test_values_that_do_not_fit_a_category_are_not_stored():
    long = "x" * (profiling.LONGEST + 1)
    assert only(table("VARCHAR", [long, "a"] * 20)).kind is Kind.TEXT


def test_the_same_rows_in_any_order_and_on_any_number_of_threads_have_one_profile():
    ENGINE.execute(
        "CREATE OR REPLACE TABLE big AS SELECT random() * 100 AS x, 'k' || (random() * 9)::INT AS k FROM range(300000)"
    )
    columns = (Column("x", "DOUBLE"), Column("k", "VARCHAR"))
    found = set()
    for threads in (1, 2, 4):
        ENGINE.execute(f"SET threads = {threads}")
        found.add(profile.dumps(profiling.profile(SESSION, Relation("t", "big", columns, ()))))
    assert len(found) == 1
