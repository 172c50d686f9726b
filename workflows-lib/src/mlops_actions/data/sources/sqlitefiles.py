"""SQLite files: a table is spooled to JSON lines, whose values keep the type that each cell has in SQLite.

A column of SQLite holds what was written into it, whatever its declared type:
a text in a column of integers is found, not converted. Nothing is written to
the file, nor beside it. (NaN cannot be stored: SQLite makes it a null.)
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers alone)

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as percent

from mlops_actions.data.engines.duck import pattern_for
from mlops_actions.data.engines.quoting import listed, literal, quote
from mlops_actions.data.sources import jsonlines
from mlops_actions.data.sources.jsonlines import MAX_LINE, Objects
from mlops_actions.data.sources.pointers import refuse_pointer
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import File, Relation, Unreadable, shown_names
from mlops_actions.data.sources.spool import Spool
from mlops_actions.data.types.jsoncells import BLOB
from mlops_actions.errors import did_you_mean

if TYPE_CHECKING:
    import duckdb

NAME = "SQLite"
SUFFIXES: tuple[str, ...] = (".sqlite", ".sqlite3", ".db", ".db3")

_HEADER = b"SQLite format 3\0"


def spooled(file: File, spool: Spool, reading: Reading) -> File:
    """The table as JSON lines: the one that is named, else the one that the object is called. Raises Unreadable."""
    with _opened(file) as connection:
        table = _table(connection, file, reading.tables)
        of = replace(file, table=table)
        return spool.copy(of, ".jsonl", lambda path: _write(connection, table, path, file.name))


def open_files(
    connection: duckdb.DuckDBPyConnection,
    object_name: str,
    files: Sequence[File],
    keys: tuple[str, ...],
    reading: Reading,
) -> Relation:
    """The rows of tables that were spooled. Raises Unreadable or duckdb.Error."""
    names: dict[str, None] = {}
    for file in files:
        with _opened(replace(file, path=file.own)) as database:
            names |= dict.fromkeys(_columns(_select(database, file.table or "")))
    lines = (
        f"SELECT json{''.join(f', {quote(key)}' for key in keys)} "
        f"FROM read_ndjson_objects({listed(pattern_for(file.path) for file in files)}, "
        f"maximum_object_size = {MAX_LINE}, hive_partitioning = {literal(bool(keys))}, hive_types_autocast = false)"
    )
    objects = Objects(object_name, tuple(files), tuple(names), keys, lines, loose=True)
    return jsonlines.relation(connection, objects, reading)


@contextmanager
def _opened(file: File) -> Iterator[sqlite3.Connection]:
    """A connection that reads the file as it stands on the disk. Raises Unreadable for that, and for its errors."""
    try:
        with file.path.open("rb") as stream:
            head = stream.read(100)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}", file.name) from error
    refuse_pointer(head, file.name)
    if not head.startswith(_HEADER):
        raise Unreadable("is not an SQLite file" if head else "is empty", file.name)
    for ending, what in (("-wal", "PRAGMA wal_checkpoint(TRUNCATE)"), ("-journal", "PRAGMA quick_check")):
        beside = Path(f"{file.path}{ending}")
        if beside.is_file() and beside.stat().st_size:
            message = (
                f"has changes beside it that are no part of it yet ({beside.name!r}): close what writes to it, or "
            )
            raise Unreadable(f"{message}type `sqlite3 FILE '{what}'`", file.name)
    # Nothing is beside it, and `immutable` keeps it so: without it, a file that once had a log would get one again.
    address = f"file:{percent(str(file.path))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.text_factory = _text
            yield connection
    except sqlite3.Error as error:
        raise Unreadable(f"cannot be read: {error}", file.name) from error


def _table(connection: sqlite3.Connection, file: File, wanted: Sequence[str]) -> str:
    """The table that is meant. Raises Unreadable, with those that there are."""
    query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name"
    known = [str(name) for (name,) in connection.execute(query)]
    for name in [file.table] if file.table is not None else wanted:
        if name in known:
            return name
    if file.table is None and not wanted and len(known) == 1:
        return known[0]
    near = did_you_mean(file.table or (wanted[0] if wanted else ""), known)
    missing = f"has no table {file.table or wanted[0]!r}" if file.table or wanted else "has several tables"
    raise Unreadable(
        f"{missing}; there is: {shown_names(known[:20])}. {near or 'Name one as in PATH#TABLE'}", file.name
    )


def _select(connection: sqlite3.Connection, table: str) -> sqlite3.Cursor:
    return connection.execute(f"SELECT * FROM {quote(table)}")


def _columns(cursor: sqlite3.Cursor) -> list[str]:
    return [str(each[0]) for each in cursor.description]


def _write(connection: sqlite3.Connection, table: str, path: Path, name: str) -> None:
    """Each row as an object on a line of its own. Raises Unreadable, which calls the file ``name``."""
    rows = _select(connection, table)
    names = _columns(rows)
    with path.open("w", encoding="utf-8") as stream:
        for number, row in enumerate(rows, 1):
            cells = {name: _cell(each) for name, each in zip(names, row, strict=True) if each is not None}
            line = json.dumps(cells, separators=(",", ":"))
            if len(line) > MAX_LINE:
                raise Unreadable(f"row {number:,} of {table!r} has more than {MAX_LINE:,} bytes as JSON", name)
            stream.write(line + "\n")


def _text(stored: bytes) -> str | bytes:
    """A text; one that is not UTF-8 stays bytes, as SQLite lets anything be called a text."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


def _cell(value: Any) -> Any:
    """A cell as JSON; bytes as their hexadecimal digits."""
    return {BLOB: value.hex()} if isinstance(value, bytes) else value
