"""One pass over a relation: every question about it is an aggregate of one query.

This is the only module that talks to DuckDB. It gives a connection that can
read the files it was told of and nothing else, quotes what comes from outside,
and runs many aggregates as few queries as the engine can plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

    from mlops_actions.data.source import Relation


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate expression over the relation's columns, and the key its value is asked for by."""

    key: str
    sql: str


def quote(identifier: str) -> str:
    """A name as an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: str | int | float | bool | None) -> str:
    """A value as an SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"CAST('{value!r}' AS DOUBLE)"
    if isinstance(value, int):
        return f"({value})" if value < 0 else str(value)
    return "'" + value.replace("'", "''") + "'"


def connect(
    files: Iterable[Path] = (), *, temporary: Path | None = None, memory: str | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection that reads ``files`` and nothing else: no network, no extension, no other file."""
    import duckdb  # pylint: disable=import-outside-toplevel

    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def aggregate(
    connection: duckdb.DuckDBPyConnection, relation: Relation, aggregates: Sequence[Aggregate]
) -> dict[str, Any]:
    """The value of each aggregate by its key, over all rows of ``relation``."""
    if not aggregates:
        return {}
    select = ", ".join(f"{each.sql} AS {quote(each.key)}" for each in aggregates)
    row = connection.execute(f"SELECT {select} FROM {relation.sql}").fetchone()
    assert row is not None  # an aggregate without GROUP BY has one row
    return dict(zip((each.key for each in aggregates), row, strict=True))
