"""Each test of a row, held against a plain-Python reference over tables drawn at random."""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.engines.session import Aggregate
from mlops_actions.data.rules import rules
from mlops_actions.data.rules.rules import Repeated
from mlops_actions.data.rules.sql import Dialect, Unfit, constant, re2
from mlops_actions.data.sources.relation import Column, Relation

TEXT = st.text(st.sampled_from(["a", "B", "0", " ", "\n", "é", "🤦", "'", '"', "\x00", "\u2028", "^", "$"]), max_size=4)
DATES = st.dates(date(1990, 1, 1), date(1990, 1, 9))
KINDS = {
    "BIGINT": st.integers(-5, 5) | st.sampled_from([2**63 - 1, -(2**63)]),
    "DOUBLE": st.sampled_from([0.0, -0.0, 0.1, 1.0, -2.5, 1e300, math.nan, math.inf, -math.inf]),
    "VARCHAR": TEXT,
    "DATE": DATES,
    "BOOLEAN": st.booleans(),
}


def relation(rows, kinds):
    """Rows as a relation without a file; two columns that are called as the counting itself might be."""
    names = ["n", "rows", "c"][: len(kinds)]
    select = ", ".join(
        f'CAST(col{i} AS {kind}) AS "{name}"' for i, (name, kind) in enumerate(zip(names, kinds, strict=True))
    )
    values = ", ".join("(" + ", ".join(written(value) for value in row) + ")" for row in rows)
    empty = "" if rows else " WHERE FALSE"
    values = values or "(" + ", ".join(["NULL"] * len(kinds)) + ")"
    columns = tuple(Column(name, kind) for name, kind in zip(names, kinds, strict=True))
    return Relation("t", f"(SELECT {select} FROM (VALUES {values}){empty})", columns, ())


def written(value):
    if isinstance(value, date):
        return literal(value.isoformat())
    if isinstance(value, str) and "\0" in value:
        return " || ".join(["''", *("chr(0)" if part == "\0" else literal(part) for part in re.split("(\0)", value))])
    return literal(value)


ENGINE = duckdb.connect()


def count(table, sql):
    return int(DuckSession(ENGINE).aggregate(table, [Aggregate("it", sql)])["it"] or 0)


def tables(kinds):
    return st.lists(st.tuples(*(st.none() | KINDS[kind] for kind in kinds)), max_size=12)


def shown(value):
    """A value as a contract would have it."""
    return value.isoformat() if isinstance(value, date) else value


def finite(value):
    return not isinstance(value, float) or math.isfinite(value)


@st.composite
def one_column(draw):
    kind = draw(st.sampled_from(sorted(KINDS)))
    return kind, draw(tables([kind]))


@st.composite
def ranges(draw):
    """A kind, rows, and a range of one or two ends, each open or not; some values are at the ends."""
    kind = draw(st.sampled_from(["BIGINT", "DOUBLE", "DATE"]))
    low, high = sorted(draw(st.tuples(*[KINDS[kind].filter(finite)] * 2)))
    rows = draw(st.lists(st.tuples(st.none() | st.sampled_from([low, high]) | KINDS[kind]), max_size=8))
    low, high = draw(st.sampled_from([(low, high), (low, None), (None, high)]))
    return kind, rows, low, high, draw(st.booleans()), draw(st.booleans())


@settings(max_examples=150, deadline=None)
@given(ranges())
def test_a_range_holds_finite_values_alone_and_its_ends_unless_open(drawn):
    kind, rows, low, high, low_open, high_open = drawn

    def inside(value):
        above = low is None or value > low or (value == low and not low_open)
        return above and (high is None or value < high or (value == high and not high_open))

    truth = sum(value is not None and not (finite(value) and inside(value)) for (value,) in rows)
    table = relation(rows, [kind])
    test = rules.IsOutside("n", shown(low), shown(high), low_open, high_open)
    assert count(table, f"count_if({Dialect(table).condition(test)})") == truth


@settings(max_examples=60, deadline=None)
@given(one_column(), st.data())
def test_values_are_compared_and_a_null_is_never_invalid(drawn, data):
    kind, rows = drawn
    values = data.draw(st.lists(KINDS[kind].filter(finite), max_size=4))
    table = relation(rows, [kind])
    present = [value for (value,) in rows if value is not None]
    valid = rules.IsNoneOf("n", (None, *map(shown, values)))
    assert count(table, f"count_if({Dialect(table).condition(valid)})") == sum(value not in values for value in present)
    listed = rules.IsOneOf("n", (None, *map(shown, values)))
    truth = sum(value is None or value in values for (value,) in rows)
    assert count(table, f"count_if({Dialect(table).condition(listed)})") == truth


@settings(max_examples=60, deadline=None)
@given(tables(["VARCHAR"]), st.integers(0, 3), st.integers(0, 3))
def test_lengths_are_of_code_points(rows, low, high):
    table = relation(rows, ["VARCHAR"])
    truth = sum(value is not None and not low <= len(value) <= high for (value,) in rows)
    assert count(table, f"count_if({Dialect(table).condition(rules.IsLengthOutside('n', low, high))})") == truth


@settings(max_examples=60, deadline=None)
@given(tables(["VARCHAR"]), st.sampled_from(["a", "^a", "a$", "^a$", "^$", "^[aB]*$", "^.$", r"\$", "a|B"]))
def test_patterns_search_and_the_ends_are_those_of_the_value(rows, pattern):
    table = relation(rows, ["VARCHAR"])
    strict = re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern))
    truth = sum(value is not None and not strict.search(value) for (value,) in rows)
    assert count(table, f"count_if({Dialect(table).condition(rules.IsUnmatched('n', pattern))})") == truth


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3))
def test_surplus_rows_and_rows_that_share_a_key(data, kinds):
    rows = data.draw(tables(kinds))
    table = relation(rows, kinds)
    measure = Repeated(tuple(column.name for column in table.columns))
    same = [tuple("NaN" if value != value else value for value in row) for row in rows if None not in row]
    groups = Counter(same)
    assert count(table, Dialect(table).surplus(measure)) == len(same) - len(groups)
    (sharing,) = ENGINE.execute(Dialect(table).sharing(measure)).fetchall()
    shared = [amount for amount in groups.values() if amount > 1]
    assert sharing == (sum(shared), len(shared))
    without = f"count_if({Dialect(table).without_key(measure)})"
    assert count(table, without) == sum(None in row for row in rows)


@settings(max_examples=60, deadline=None)
@given(tables(["BIGINT"]), st.integers(1, 4))
def test_multiples_of_whole_numbers(rows, of):
    table = relation(rows, ["BIGINT"])
    truth = sum(value is not None and value % of != 0 for (value,) in rows)
    assert count(table, f"count_if({Dialect(table).condition(rules.IsNoMultiple('n', of))})") == truth


def test_multiples_of_fractions_are_of_decimal_meaning():
    table = relation([(0.3,), (0.7,), (0.35,), (math.nan,), (math.inf,), (None,), (1e15,)], ["DOUBLE"])
    assert count(table, f"count_if({Dialect(table).condition(rules.IsNoMultiple('n', 0.1))})") == 3


@pytest.mark.parametrize(
    ("test", "kind"),
    [
        (rules.IsUnmatched("n", "a"), "BIGINT"),
        (rules.IsLengthOutside("n", 1, 2), "DATE"),
        (rules.IsOutside("n", 1), "VARCHAR"),
        (rules.IsOutside("n", "soon"), "DATE"),
        (rules.IsOutside("n", "5"), "BIGINT"),
        (rules.IsNoMultiple("n", 2), "VARCHAR"),
        (rules.IsNoneOf("n", ("a",)), "STRUCT(a INTEGER)"),
        (rules.IsNull("nn"), "BIGINT"),
    ],
)
def test_a_test_that_a_type_cannot_hold_is_unfit(test, kind):
    table = Relation("t", "t", (Column("n", kind),), ())
    with pytest.raises(Unfit):
        Dialect(table).condition(test)


@pytest.mark.parametrize(
    ("value", "kind", "written_as"),
    [
        ("2020-01-01T02:00:00+02:00", "TIMESTAMP", "CAST('2020-01-01 00:00:00' AS TIMESTAMP)"),
        ("2020-01-01", "TIMESTAMP WITH TIME ZONE", "CAST('2020-01-01 00:00:00' AS TIMESTAMP WITH TIME ZONE)"),
        ("2020-13-01", "DATE", None),
        ("x", "DOUBLE", None),
        ("7", "DOUBLE", "7"),
        (True, "BIGINT", None),
        (True, "VARCHAR", "'true'"),
        ("True", "BOOLEAN", "TRUE"),
        ("maybe", "BOOLEAN", None),
        (math.nan, "DOUBLE", None),
        (0.1, "FLOAT", "CAST(CAST('0.10000000149011612' AS DOUBLE) AS FLOAT)"),
        ("it's", "UUID", "'it''s'"),
    ],
)
def test_constants_are_of_the_columns_type(value, kind, written_as):
    assert constant(value, Column("n", kind)) == written_as


def test_unicode_escapes_of_ecma_262_are_read():
    assert re2(r"\u00e9\\u0041") == r"\x{00e9}\\u0041"
    assert (
        count(
            relation([("é",), ("e",)], ["VARCHAR"]), f"count_if(regexp_matches(n, {literal(re2(chr(92) + 'u00e9'))}))"
        )
        == 1
    )
