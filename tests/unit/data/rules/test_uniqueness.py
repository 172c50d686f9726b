"""A key is told to be unique exactly when it is, and repetitions are counted, whatever way the scan takes."""

# ruff: noqa: S608 (statements are built here, from this file's own texts)

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.data.engines import duck
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.rules import checks, evidence
from mlops_actions.data.rules.rules import Repeated, Rule
from mlops_actions.data.sources import parquet, source
from mlops_actions.data.sources.parquet import NO_FOOTERS, Footers
from mlops_actions.verdict import Check, Where

KEYS: dict[str, st.SearchStrategy[Any]] = {
    "BIGINT": st.integers(-3, 40) | st.integers(-(2**63), 2**63 - 1),
    "UBIGINT": st.integers(0, 2**64 - 1) | st.integers(2**64 - 20, 2**64 - 1),
    "TINYINT": st.integers(-128, 127),
    "INTEGER": st.integers(-20, 20),
    "DOUBLE": st.sampled_from([0.0, -0.0, 1.5, float("nan"), float("inf"), -float("inf"), 1e300]),
    "VARCHAR": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3) | st.just(""),
    "BOOLEAN": st.booleans(),
}


def write(path: Path, columns: dict[str, tuple[str, Sequence[Any]]]) -> None:
    with duckdb.connect() as connection:
        names = ", ".join(f"{name} {kind}" for name, (kind, _) in columns.items())
        connection.execute(f"CREATE TABLE t ({names})")
        rows = list(zip(*(values for _, values in columns.values()), strict=True))
        if rows:
            connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})", rows)
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")


def judged(path: Path, columns: Sequence[str], footers: Footers | None = None, *, key: bool = False) -> Check:
    """The check of one rule that these columns hold no key twice."""
    rule = Rule("t.unique", Where(object="t"), Repeated(tuple(columns), key=key))
    files = source.find([path.name], path.parent)
    with duck.connect([path]) as connection:
        relation = source.open_relation(connection, "t", files)
        told = footers if footers is not None else parquet.footers(connection, files, columns)
        plan = checks.prepare([rule], relation, told)
        session = DuckSession(connection)
        values = checks.exact(session, plan, session.aggregate(relation, plan.aggregates))
        (check,) = checks.judge(plan, values, evidence.find(session, plan, values, ()))
    return check


def same(value: Any) -> Any:
    """Values that are equal as keys: NaN is itself, and 0 is -0."""
    return "nan" if isinstance(value, float) and math.isnan(value) else value


def surplus(keys: Sequence[tuple[Any, ...]]) -> int:
    counts = Counter(tuple(map(same, key)) for key in keys if None not in key)
    return sum(counts.values()) - len(counts)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_repetitions_are_counted_as_in_plain_python(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.parquet"
    kinds = data.draw(st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=3))
    size = data.draw(st.integers(1, 30))
    columns = {
        f"c{at}": (kind, data.draw(st.lists(st.none() | KEYS[kind], min_size=size, max_size=size)))
        for at, kind in enumerate(kinds)
    }
    write(path, columns)
    keys = list(zip(*(values for _, values in columns.values()), strict=True))
    assert judged(path, list(columns)).measured == surplus(keys)
    assert judged(path, list(columns), key=True).measured == surplus(keys) + sum(None in key for key in keys)


@pytest.mark.parametrize(
    "footers",
    [
        Footers(4, {"a": (1, 4)}),
        Footers(4, {"a": (1, 2)}),  # too narrow
        Footers(4, {"a": (100, 200)}),  # all beyond
        Footers(1000, {"a": (-5000, 5000)}),
        Footers(10**9, {"a": (0, 2**62)}),  # many: a query of its own
        Footers(),
    ],
)
@pytest.mark.parametrize(("values", "expected"), [([1, 2, 3, 4], 0), ([1, 2, 2, 4], 1), ([3, 3, 3, None], 2)])
def test_a_footer_that_is_wrong_makes_no_count_wrong(
    tmp_path: Path, footers: Footers, values: list[int | None], expected: int
) -> None:
    write(tmp_path / "t.parquet", {"a": ("INTEGER", values)})
    assert judged(tmp_path / "t.parquet", ["a"], footers).measured == expected


def test_what_a_footer_tells(tmp_path: Path) -> None:
    columns = {"a": ("BIGINT", [7, None, 3]), "b": ("VARCHAR", ["x", "y", "z"]), "c": ("UBIGINT", [2**64 - 1, 0, 1])}
    write(tmp_path / "t.parquet", columns)
    files = source.find(["t.parquet"], tmp_path)
    with duck.connect([tmp_path / "t.parquet"]) as connection:
        assert parquet.footers(connection, files, columns) == Footers(3, {"a": (3, 7), "c": (0, 2**64 - 1)})


def test_a_key_of_a_narrow_range_keeps_no_set_of_values(tmp_path: Path) -> None:
    """The set would not fit into the memory that is given; a bit for each number does."""
    path = tmp_path / "t.parquet"
    duckdb.execute(f"COPY (SELECT (range * 7919) % 3000000 AS a FROM range(3000000)) TO '{path}' (FORMAT parquet)")
    files = source.find(["t.parquet"], tmp_path)
    with duckdb.connect(":memory:", config={"memory_limit": "40MB", "temp_directory": ""}) as connection:
        relation = source.open_relation(connection, "t", files)
        footers = parquet.footers(connection, files, ["a"])
        rule = Rule("t.unique", Where(object="t"), Repeated(("a",)))
        plan = checks.prepare([rule], relation, footers)
        assert DuckSession(connection).aggregate(relation, plan.aggregates)["rule 0 surplus"] == 0
        without = checks.prepare([rule], relation, NO_FOOTERS)
        with pytest.raises(duckdb.OutOfMemoryException):
            duck.fetch(connection, f"SELECT {without.aggregates[1].of} FROM {relation.sql}")
