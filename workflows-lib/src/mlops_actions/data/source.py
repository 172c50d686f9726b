"""Where rows are: a file, a folder or a glob of CSV or Parquet files, as one relation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation: its name in the data and its DuckDB type (``BIGINT``, ``DECIMAL(18,3)``).

    ``private`` columns may be counted; their values are never shown nor stored.
    """

    name: str
    type: str
    private: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """An object's rows, to be read ``FROM`` the fragment ``sql``, which yields ``columns``.

    ``unparsed`` maps a column of text files to a condition (SQL) that is true
    for the rows whose text is not of the column's type; the column itself is
    null there.
    """

    object: str
    sql: str
    columns: tuple[Column, ...]
    files: tuple[Path, ...]
    unparsed: Mapping[str, str] = field(default_factory=dict)


def find(patterns: Sequence[str], root: Path) -> tuple[Path, ...]:
    """The data files that ``patterns`` name, sorted. Raises CallError for a pattern that names nothing."""
    return tuple(sorted(path for pattern in patterns for path in root.glob(pattern)))


def open_relation(
    connection: duckdb.DuckDBPyConnection,
    object_name: str,
    files: Sequence[Path],
    types: Mapping[str, str] | None = None,
    private: frozenset[str] = frozenset(),
) -> Relation:
    """The rows of ``files`` as one relation; ``types`` (column to DuckDB type) are held against text."""
    names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    reader = "read_parquet" if files[0].suffix == ".parquet" else "read_csv"
    sql = f"{reader}([{names}])"
    described = connection.execute(f"DESCRIBE SELECT * FROM {sql}").fetchall()
    columns = tuple(Column(row[0], row[1], row[0] in private) for row in described)
    return Relation(object_name, sql, columns, tuple(files))
