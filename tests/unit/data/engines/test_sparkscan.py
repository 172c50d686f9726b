"""Spark gives rules, keys, profiles and patterns the meaning that plain Python and DuckDB give them.

A job takes a second whatever it counts, so a table has a column of every kind
and a job answers hundreds of rules; what is drawn is the same in each run.
"""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from drawn_tables import KINDS, NAMES, Loader, Table, on_duckdb, on_spark
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from plain_rules import broken, surplus
from test_alike import _DRAWN, a_test, about, counted, expected, judged

from mlops_actions.data.engines.quoting import literal, quote
from mlops_actions.data.rules import rules
from mlops_actions.data.rules.rules import Broken, Repeated

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ONCE = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
HELD = sorted(KINDS.keys() - {"uuid"})
"""Spark has no type for a UUID in Parquet."""


@pytest.fixture(scope="module")
def loader(spark_session: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Loader:
    return on_spark(spark_session, tmp_path_factory.mktemp("tables"))


@st.composite
def wide(draw: st.DrawFn, rows: int = 30) -> Table:
    """A table with a column of every kind."""
    columns = tuple((f"{NAMES[index % len(NAMES)]}{index}", kind) for index, kind in enumerate(HELD))
    row = st.tuples(*(st.none() | KINDS[kind].values for kind in HELD))
    return Table(columns, tuple(draw(st.lists(row, min_size=rows, max_size=rows))))


@st.composite
def wide_and_tests(draw: st.DrawFn) -> tuple[Table, list[rules.Test]]:
    table = draw(wide())
    return table, [draw(a_test(name, kind)) for name, kind in table.columns for _ in range(12)]


@ONCE
@given(wide_and_tests())
def test_rules_on_rows(loader: Loader, drawn: tuple[Table, list[rules.Test]]) -> None:
    table, wanted = drawn
    kinds = dict(table.columns)
    counts = [sum(broken(test, value, kinds[test.column]) for value in table.values(test.column)) for test in wanted]
    found = judged(loader, table, *(Broken((test,)) for test in wanted))
    for test, here, there in zip(wanted, found, expected(table, counts), strict=True):
        assert here == there, test


@ONCE
@given(wide(60))
def test_keys(loader: Loader, table: Table) -> None:
    names = [name for name, _ in table.columns]
    pairs = [(name,) for name in names] + [(one, "a b2") for one in names if one != "a b2"]
    measures = [Repeated(each, key) for each in pairs for key in (False, True)]
    assert judged(loader, table, *measures) == expected(table, (surplus(each, table) for each in measures))


@ONCE
@given(wide(40), wide(50))
def test_profiles(loader: Loader, before: Table, after: Table) -> None:
    """The same edges, counts and categories as DuckDB's, of the data and in the bins of a reference."""
    reference, _ = counted(on_duckdb(), before)
    one, counts = counted(on_duckdb(), after, reference)
    other, recounts = counted(loader, after, reference)
    assert recounts == counts
    for mine, theirs in zip(one.columns, other.columns, strict=True):
        assert (theirs.type, theirs.nulls, theirs.kind, theirs.special) == (
            mine.type,
            mine.nulls,
            mine.kind,
            mine.special,
        )
        assert (theirs.categories, theirs.bins) == (mine.categories, mine.bins)
        assert about(theirs.range) == about(mine.range)
        if mine.distinct is not None:
            assert theirs.distinct == pytest.approx(mine.distinct, abs=1)  # one sketch takes -0 for another value


def test_no_rows(loader: Loader) -> None:
    table = Table(tuple((f"c{index}", kind) for index, kind in enumerate(HELD)), ())
    assert judged(loader, table, rules.RowCount(), Repeated(("c0",))) == [(rules_fail(), 0, 0), (rules_pass(), 0, 0)]
    (mine, _), (theirs, _) = counted(on_duckdb(), table), counted(loader, table)
    assert [astuple(each)[:-1] for each in theirs.columns] == [astuple(each)[:-1] for each in mine.columns]


_HAY = ["", "a", "aB", "Ba ", "k\n", "\u212a", "\u017f", "é", "🤦", "a.b", "09", "]-", "{2}", "\t", "$^", "_a\r"]


@settings(ONCE, max_examples=1)
@given(st.lists(_DRAWN, min_size=80, max_size=80, unique=True))
def test_patterns(loader: Loader, drawn: list[str]) -> None:
    """Java's patterns would differ, and could be made to backtrack: these are RE2's, on one text and in a list."""
    table = Table((("text", "text"), ("texts", "texts")), tuple((text, [text, None, "b"]) for text in _HAY))
    kept = [form for form in drawn if not refused(form)][:40]
    assert len(kept) == 40
    session, relation = loader(table)
    plain, local = on_duckdb()(table)
    inside = "coalesce(len(list_filter({0}, lambda \"x\": regexp_matches(\"x\", {1}))) > 0, FALSE)"
    asked = [
        f"count_if({condition})"
        for form in kept
        for condition in (f"regexp_matches({quote('text')}, {literal(form)})", inside.format(quote("texts"), literal(form)))
    ]
    ((*theirs,),) = session.fetch(f"SELECT {', '.join(asked)} FROM {relation.sql}")
    ((*mine,),) = plain.fetch(f"SELECT {', '.join(asked)} FROM {local.sql}")
    assert theirs == mine


def refused(form: str) -> bool:
    try:
        duckdb.sql(f"SELECT regexp_matches('', {literal(form)})")
    except duckdb.Error:
        return True
    return False
