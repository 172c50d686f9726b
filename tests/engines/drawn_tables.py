"""Tables drawn at random, and each engine that they are put into as a relation: for tests that hold engines alike.

An engine is a function from a table to a session and a relation. The values are those that every engine holds:
a text has no sign of code 0 (PostgreSQL has none), an instant lies in the years 1 to 9999.
"""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb
from hypothesis import strategies as st

from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.postgres import PostgresSession
from mlops_actions.data.engines.quoting import literal, quote
from mlops_actions.data.engines.session import Session
from mlops_actions.data.engines.sparkscan import SparkScan
from mlops_actions.data.sources.pushdown import Databases, parse
from mlops_actions.data.sources.relation import Column, File, Relation
from mlops_actions.data.sources.source import open_relation
from mlops_actions.data.sources.sparkfiles import hold

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

INFINITE = ("infinity", "-infinity")
"""Days and instants beyond all, which both DuckDB and PostgreSQL have."""


@dataclass(frozen=True)
class Kind:
    """A type of column: its names in DuckDB and in PostgreSQL, and values that it holds."""

    duckdb: str
    postgres: str
    values: st.SearchStrategy[Any]

    @property
    def seen_by_postgres(self) -> str:
        """What the engine postgres calls the type: a number of PostgreSQL's can be NaN, whatever its width."""
        return "NUMERIC" if self.duckdb.startswith("DECIMAL") else self.duckdb


_SIGNS = [
    "a",
    "b",
    "B",
    "k",
    "K",
    "0",
    "9",
    " ",
    "\n",
    "\t",
    "é",
    "ß",
    "🤦",
    "\u212a",
    "'",
    '"',
    "\\",
    "%",
    "_",
    "^",
    "$",
]
_TEXTS = st.text(st.sampled_from(_SIGNS), max_size=4)
_DOUBLES = st.sampled_from(
    [0.0, -0.0, 0.1, 0.3, 1.0, -2.5, 3.0, 2.0**53 + 2, 5e-324, 1.7e308, -1.7e308, math.nan, math.inf, -math.inf]
)
_DAYS = st.dates(date(1990, 1, 1), date(1990, 1, 9)) | st.sampled_from([date(1, 1, 1), date(9999, 12, 31), *INFINITE])
_INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(1990, 1, 3)) | st.sampled_from(
    [datetime(1990, 1, 1), datetime(1990, 1, 2, 0, 0, 0, 1), *INFINITE]
)
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-11))])
_ZONED = st.builds(
    lambda instant, zone: instant.replace(tzinfo=zone), st.datetimes(datetime(1990, 1, 1), datetime(1990, 1, 3)), _ZONES
)
KINDS = {
    "integer": Kind("BIGINT", "bigint", st.integers(-5, 5) | st.sampled_from([2**63 - 1, -(2**63)])),
    "small": Kind("SMALLINT", "smallint", st.integers(-5, 5)),
    "double": Kind("DOUBLE", "double precision", _DOUBLES),
    "float": Kind(
        "FLOAT", "real", st.sampled_from([0.0, -0.0, 0.5, -2.5, 3.0, 2.0**24, math.nan, math.inf, -math.inf])
    ),
    "decimal": Kind(
        "DECIMAL(12,3)", "numeric(12,3)", st.decimals(-3, 3, places=3) | st.sampled_from([Decimal("999999999.999")])
    ),
    "text": Kind("VARCHAR", "text", _TEXTS),
    "boolean": Kind("BOOLEAN", "boolean", st.booleans()),
    "date": Kind("DATE", "date", _DAYS),
    "timestamp": Kind("TIMESTAMP", "timestamp", _INSTANTS),
    "zoned": Kind("TIMESTAMP WITH TIME ZONE", "timestamptz", _ZONED),
    "uuid": Kind("UUID", "uuid", st.uuids().map(str) | st.just("00000000-0000-0000-0000-00000000000a")),
    "integers": Kind("INTEGER[]", "integer[]", st.lists(st.none() | st.integers(-3, 3), max_size=4)),
    "texts": Kind("VARCHAR[]", "text[]", st.lists(st.none() | _TEXTS, max_size=3)),
}


@dataclass(frozen=True)
class Table:
    """Columns (name and kind) and rows; a value is Python's own, but days and instants beyond all are INFINITE."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Any, ...], ...]

    def values(self, name: str) -> list[Any]:
        index = [each for each, _ in self.columns].index(name)
        return [row[index] for row in self.rows]


NAMES = ("n", "rows", "a b", 'q"', "count")
"""Names as the counting itself might use them, and some that must be quoted."""


@st.composite
def tables(draw: st.DrawFn, *kinds: str) -> Table:
    """A table with a column of each of these kinds; it has no rows, few or some."""
    columns = tuple(zip(NAMES, kinds, strict=False))
    row = st.tuples(*(st.one_of(st.none(), *[KINDS[kind].values] * 4) for kind in kinds))
    return Table(
        columns,
        tuple(
            draw(st.sampled_from([0, 3, 20]).flatmap(lambda least: st.lists(row, min_size=least, max_size=least + 5)))
        ),
    )


# Engines

Loader: TypeAlias = Callable[[Table], tuple[Session, Relation]]


def on_duckdb() -> Loader:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")

    def load(table: Table) -> tuple[Session, Relation]:
        rows = _select(table, "duckdb", lambda values, of: f"CAST([{', '.join(values)}] AS {of})")
        columns = tuple(Column(name, KINDS[kind].duckdb) for name, kind in table.columns)
        return DuckSession(connection), Relation("t", f"({rows})", columns, ())

    return load


@contextmanager
def on_postgres(url: str) -> Iterator[Loader]:
    """The rows stand in the query; how a table is found and what its columns are is a test of its own."""
    with Databases() as databases:
        yield partial(_on_postgres, databases.session(parse(url)))


def _on_postgres(session: PostgresSession, table: Table) -> tuple[Session, Relation]:
    rows = _select(table, "postgres", lambda values, of: f"CAST(ARRAY[{', '.join(values)}] AS {of})")
    columns = tuple(Column(name, KINDS[kind].seen_by_postgres) for name, kind in table.columns)
    relation = Relation("t", '"t"', columns, ())
    collated = (f"{quote(name)}{_collation(kind)} AS {quote(name)}" for name, kind in table.columns)
    session.add(relation, f"(SELECT {', '.join(collated)} FROM ({rows}) AS inside) AS rows")
    return session, relation


def _collation(kind: str) -> str:
    return ' COLLATE "C"' if kind == "text" else ""


def on_spark(session: SparkSession, folder: Path) -> Loader:
    """Tables as Parquet files in a folder, read by Spark."""
    numbers = itertools.count()

    def load(table: Table) -> tuple[Session, Relation]:
        local, relation = on_duckdb()(table)
        assert isinstance(local, DuckSession)
        file = File(f"{next(numbers)}.parquet", folder / f"{next(numbers)}.parquet")
        local.connection.execute(f"COPY (SELECT * FROM {relation.sql}) TO '{file.path}' (FORMAT parquet)")
        scan = SparkScan(session, local)
        return scan, hold(scan, open_relation(local.connection, "t", [file]))

    return load


def _select(table: Table, engine: str, listed: Callable[[list[str], str], str]) -> str:
    types = [getattr(KINDS[kind], engine) for _, kind in table.columns]
    names = [name for name, _ in table.columns]
    lines = [
        ", ".join(
            f"{_written(value, of, listed)} AS {quote(name)}" for name, of, value in zip(names, types, row, strict=True)
        )
        for row in table.rows or [(None,) * len(names)]
    ]
    united = " UNION ALL ".join(f"SELECT {line}" for line in lines)
    return united if table.rows else f"{united} WHERE false"


def _written(value: Any, of: str, listed: Callable[[list[str], str], str]) -> str:
    if isinstance(value, list):
        return listed([_written(each, of[:-2], listed) for each in value], of)
    return f"CAST({'NULL' if value is None else literal(_text(value))} AS {of})"


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value).lower() if isinstance(value, bool) else str(value)
