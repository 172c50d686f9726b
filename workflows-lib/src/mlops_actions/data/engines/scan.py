"""One pass over a relation: every question about it is an aggregate of one query.

This is the only module that opens DuckDB. It gives a connection that can read
the files it was told of and nothing else, quotes what comes from outside, and
runs many aggregates as few queries as the engine plans well.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

    from mlops_actions.data.sources.relation import Relation

BATCH = 500
"""Aggregates in one query. With more, DuckDB 2.0 spends more on planning than on reading a column file again."""

MEMORY = 0.7
"""GiB that the engine may take before it spills to the temporary folder (never more than it takes by itself).

More is slower: a hundred million distinct keys in random order take DuckDB 2.0 7.5 s with 4 GiB and 4.5 s with 0.7,
where it parts them early into what fits the processor's caches.
"""


ROOM = 4.0
"""GiB for an aggregate that cannot be had in MEMORY, not even alone: cells, or groups of rows, of great size."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate expression over the relation's columns, and the key its value is asked for by.

    Count rows with ``count_if(condition)``, never with ``FILTER``: a thousand
    filtered aggregates take DuckDB 2.0 fifty times as long to plan.
    """

    key: str
    sql: str
    apart: bool = False
    """It wants the memory for itself, so it has a query of its own."""


def quote(identifier: str) -> str:
    """A name as an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: str | int | float | bool | None) -> str:
    """A value as an SQL literal of the type VARCHAR, INTEGER (as wide as needed), DOUBLE, BOOLEAN or NULL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return f"CAST('{value!r}' AS DOUBLE)"
        case int():
            return f"({value})" if value < 0 else str(value)
        case _:
            return "'" + value.replace("'", "''") + "'"


def listed(values: Iterable[str]) -> str:
    """Texts as an SQL list of literals."""
    return "[" + ", ".join(literal(value) for value in values) + "]"


def all_present(names: Iterable[str]) -> str:
    """The condition that no column of a key (quoted) is null: a key with a null in it is none."""
    return " AND ".join(f"{name} IS NOT NULL" for name in names)


@contextmanager
def connect(files: Iterable[Path] = (), memory: float | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads ``files`` (absolute paths) and nothing else, in ``memory`` GiB (default: MEMORY).

    No other file, no network, no extension, and no statement can change that.
    What does not fit into memory is spilled to a folder that ends with the
    block.
    """
    import duckdb  # pylint: disable=import-outside-toplevel

    allowed = sorted({form for file in files for form in (str(file), pattern_for(file))})
    with TemporaryDirectory(prefix="mlops-scan-") as temporary, duckdb.connect(":memory:") as connection:
        for setting, value in {
            "TimeZone": "'UTC'",
            "memory_limit": literal(_memory(connection, memory or MEMORY)),
            "temp_directory": literal(temporary),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "allow_persistent_secrets": "false",
            "python_enable_replacements": "false",
            "enable_progress_bar": "false",
            "allowed_paths": listed(allowed),
            "enable_external_access": "false",
            "lock_configuration": "true",
        }.items():
            connection.execute(f"SET {setting} = {value}")
        yield connection


def fetch(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """All rows that a query gives. Raises duckdb.Error.

    The query runs in a thread of its own: the engine looks for Ctrl-C between
    its tasks alone, and at times waits for a task without looking.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="scan") as pool:
        answer = pool.submit(lambda: connection.execute(query).fetchall())
        try:
            return answer.result()
        except BaseException:
            connection.interrupt()  # which a query that has ended does not mind
            raise


def pattern_for(file: Path) -> str:
    """A file's path as a reader's argument: the readers take globs, so the signs of one are escaped."""
    return re.sub(r"[\[?*]", r"[\g<0>]", str(file))


def _memory(connection: duckdb.DuckDBPyConnection, wanted: float) -> str:
    row = connection.execute("SELECT current_setting('memory_limit')").fetchone()
    amount = re.fullmatch(r"([0-9.]+) (KiB|MiB|GiB|TiB)", row[0] if row else "")
    unit = {"KiB": 2**-20, "MiB": 2**-10, "GiB": 1.0, "TiB": 2**10}
    own = float(amount[1]) * unit[amount[2]] if amount else wanted
    return f"{min(own, wanted) * 1024:.0f}MiB"


def aggregate(
    connection: duckdb.DuckDBPyConnection, relation: Relation, aggregates: Sequence[Aggregate]
) -> dict[str, Any]:
    """The value of each aggregate by its key, over all rows of ``relation``.

    One query reads the data once; where there are more than BATCH aggregates,
    one query for each BATCH, and smaller ones where the memory does not do.
    Aggregates of a column stand best side by side, since a columnar file is
    then still read once. Raises duckdb.Error.
    """
    values: dict[str, Any] = {}
    for each in aggregates:
        if each.apart:
            values |= _together(connection, relation, [each])
    rest = [each for each in aggregates if not each.apart]
    for start in range(0, len(rest), BATCH):
        values |= _together(connection, relation, rest[start : start + BATCH])
    return values


def _together(
    connection: duckdb.DuckDBPyConnection, relation: Relation, aggregates: Sequence[Aggregate]
) -> dict[str, Any]:
    """The values of aggregates in one query where the memory does, else of each half."""
    import duckdb  # pylint: disable=import-outside-toplevel

    query = f"SELECT {', '.join(each.sql for each in aggregates)} FROM {relation.sql}"
    try:
        # All rows are fetched, which ends the query: only its end records the lines that a text reader refused.
        (row,) = fetch(connection, query)
    except duckdb.OutOfMemoryException:
        if len(aggregates) > 1:
            half = len(aggregates) // 2
            first = _together(connection, relation, aggregates[:half])
            return first | _together(connection, relation, aggregates[half:])
        with connect((file.path for file in relation.files), ROOM) as roomy:
            (row,) = fetch(roomy, query)
    return dict(zip((each.key for each in aggregates), row, strict=True))


def refused_pattern(connection: duckdb.DuckDBPyConnection, pattern: str) -> str | None:
    """Why the engine (RE2) cannot run a pattern, or None where it can."""
    import duckdb  # pylint: disable=import-outside-toplevel

    try:
        connection.execute(f"SELECT regexp_matches('', {literal(pattern)})")
    except duckdb.Error as error:
        return reason(error)
    return None


def reason(error: Exception) -> str:
    """An engine's error in one line, without its class and without the query."""
    first = re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", str(error).partition("\n")[0])[:300]
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in first)
