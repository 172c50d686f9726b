"""A table of a PostgreSQL server, copied into Parquet files here: in one snapshot, in bounded memory.

The server sends the rows as CSV (``COPY``), the engine reads every 64 MiB of
it with the catalog's types and writes them as Parquet. As many rows must
come out as the server says it sent. The subject's
digest is made there, in the same snapshot, and is the one that the engine
``postgres`` gives the table.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.engines import duck, pgserver, running
from mlops_actions.data.engines.pgserver import Server, Unreachable
from mlops_actions.data.engines.quoting import literal, quote
from mlops_actions.data.sources import pgcatalog, pgtables, pgtypes
from mlops_actions.data.sources.located import Located
from mlops_actions.data.sources.pgcatalog import Table
from mlops_actions.data.sources.pgtypes import Numbers, PgColumn, Unfit
from mlops_actions.data.sources.relation import File, Unreadable
from mlops_actions.verdict import Subject

Buffer: TypeAlias = bytes | bytearray | memoryview
"""What a driver hands over."""

PART = 64 * 1024 * 1024
"""Bytes of text that are written before the engine reads them."""

MAX_ROW = 256 * 1024 * 1024
"""Bytes that one row may take as text."""


def locate(place: Place, name: str, into: Path) -> Located:
    """The rows of the table that a place names: by itself, else by the object's physical name, else by ``name``.

    Raises CallError where there is no such table; Unreadable.
    """
    import psycopg  # pylint: disable=import-outside-toplevel

    address = pgserver.parse(place.text)
    try:
        with pgserver.connect(address) as server:
            found = pgcatalog.find(server, address, place, name, pgcatalog.leave_schemas(server))
            columns = _columns(server, found)
            sha256 = pgtables.digest(server, found)
            stated = {each.name: each.stated for each in pgtables.columns(server, found) if each.stated}
            copied = _copy(server, found, columns, into)
    except Unreachable as error:
        raise Unreadable(f"the PostgreSQL server cannot be read: {error}", place.text) from None
    except psycopg.Error as error:
        raise Unreadable(f"the PostgreSQL server refused it: {pgcatalog.words(error)}", place.text) from None
    except Unfit as error:
        raise Unreadable(f"{error}: give a view that casts it", place.text) from None
    called = f"{place.text.partition('#')[0]}#{found.schema}.{found.name}"
    files = tuple(File(f"{called}/{each.name}", each, of_table=True) for each in copied.files)
    note = f"the table {found.schema}.{found.name} of {address.host}/{address.database}, in one snapshot"
    return Located(files, (Subject(called, sha256),), note, stated)


# What is asked before a row is sent


def _columns(server: Server, table: Table) -> list[PgColumn]:
    listed = pgcatalog.columns(server, table)
    found = [PgColumn(each.name, each.type, each.modifier, each.depth > 0) for each in listed]
    if not found:
        raise Unfit("the table has no columns")
    return found


def _numbers(server: Server, table: Table, columns: Sequence[PgColumn]) -> dict[str, Numbers]:
    """What the numeric columns hold: the engine needs a width, and NaN has no place in its exact numbers."""
    wanted = [each for each in columns if each.is_number]
    if not wanted:
        return {}
    (row,) = server.fetch(f"SELECT {', '.join(map(pgtypes.measured, wanted))} FROM {table.sql}".encode())
    return {each.name: Numbers(*row[3 * index : 3 * index + 3]) for index, each in enumerate(wanted)}


def _refuse_matrices(server: Server, table: Table, columns: Sequence[PgColumn]) -> None:
    """Raises Unfit for arrays of arrays: their type does not tell them from others."""
    arrays = [each for each in columns if each.is_array]
    if not arrays:
        return
    deep = ", ".join(f"coalesce(max(array_ndims({quote(each.name)})), 1)" for each in arrays)
    (row,) = server.fetch(f"SELECT {deep} FROM {table.sql}".encode())
    for column, dimensions in zip(arrays, row, strict=True):
        if dimensions > 1:
            raise Unfit(f"the column {column.name!r} holds arrays of {dimensions} dimensions")


# The rows


def _copy(server: Server, table: Table, columns: Sequence[PgColumn], into: Path) -> _Copy:
    """The table's rows as Parquet files in ``into``. Raises Unfit, OSError, psycopg.Error and Unreachable."""
    numbers = _numbers(server, table, columns)
    _refuse_matrices(server, table, columns)
    copy = _Copy(columns, numbers, into)
    # The first column keeps a row whose only value is null from being an empty line, which is none.
    sent = ", ".join(["1", *map(pgtypes.sent, columns)])
    with server.connection.cursor() as cursor:
        with cursor.copy(f"COPY (SELECT {sent} FROM {table.sql}) TO STDOUT (FORMAT csv)".encode()) as pieces:
            copy.take(_heard(server, pieces))
        if cursor.rowcount not in (-1, copy.rows):
            raise Unfit(f"the server sent {cursor.rowcount:,} rows, and {copy.rows:,} were read")
    return copy


def _heard(server: Server, pieces: Iterable[Buffer]) -> Iterator[Buffer]:
    for piece in pieces:
        server.heard()
        yield piece


@dataclass(slots=True)
class _Copy:
    """Rows on their way from a server into Parquet files in ``folder``: what has come so far."""

    columns: Sequence[PgColumn]
    numbers: Mapping[str, Numbers]
    folder: Path
    files: list[Path] = field(default_factory=list)
    rows: int = 0

    @property
    def _text(self) -> Path:
        return self.folder / "rows.csv"

    def take(self, pieces: Iterator[Buffer]) -> None:
        """Take in all that the server sends; without a row, there is one file that has the columns."""
        while self._write_part(pieces) or not self.files:
            self._convert()
        self._text.unlink()

    def _write_part(self, pieces: Iterator[Buffer]) -> bool:
        """Write the next PART of the text, up to the end of a row; whether there was any."""
        size = quotes = 0
        with self._text.open("wb") as file:
            for piece in pieces:
                data = bytes(piece)
                size += file.write(data)
                quotes += data.count(b'"')
                if size >= PART and quotes % 2 == 0 and data.endswith(b"\n"):
                    break
        return size > 0

    def _convert(self) -> None:
        """Have the engine write what stands in the text as the next Parquet file."""
        import duckdb  # pylint: disable=import-outside-toplevel

        target = self.folder / f"part-{len(self.files):05}.parquet"
        with duck.connect([self._text, target]) as connection:
            try:
                ((rows,),) = running.fetch(
                    connection, f"COPY ({self._select()}) TO {literal(str(target))} (FORMAT parquet)"
                )
            except (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException):
                # Its words may hold the value.
                raise Unfit("a value cannot be held in the engine's type for it") from None
            except duckdb.IOException as error:  # both files are of this folder, so it is the disk
                raise OSError(errno.ENOSPC, duck.reason(error)) from error
            except duckdb.Error as error:
                raise Unfit(f"a part of the rows cannot be read: {duck.reason(error)}") from error
        self.files.append(target)
        self.rows += rows

    def _select(self) -> str:
        names = [f"c{index}" for index in range(len(self.columns))]
        listed = ", ".join(f"{literal(each)}: 'VARCHAR'" for each in ["one", *names])
        read = [
            f"{pgtypes.read(name, column, self.numbers)} AS {quote(column.name)}"
            for name, column in zip(names, self.columns, strict=True)
        ]
        return (
            f"SELECT {', '.join(read)} FROM read_csv({literal(duck.pattern_for(self._text))}, columns = {{{listed}}}, "
            "auto_detect = false, header = false, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
            f"allow_quoted_nulls = false, new_line = '\\n', max_line_size = {MAX_ROW})"
        )
