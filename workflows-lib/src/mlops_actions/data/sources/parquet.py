"""Parquet files: the types are theirs, and their footers tell schema and damage before a row is read."""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from mlops_actions.data.engines.duck import connect, pattern_for, reason
from mlops_actions.data.engines.quoting import listed, literal, quote
from mlops_actions.data.engines.running import fetch
from mlops_actions.data.sources.pointers import refuse_pointer
from mlops_actions.data.sources.positions import packed
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import (
    Column,
    File,
    Located,
    Relation,
    Unreadable,
    aliases,
    chosen,
    differences,
    refuse_clash,
    refuse_width,
)
from mlops_actions.data.types import cells
from mlops_actions.data.types.cells import TextType

if TYPE_CHECKING:
    import duckdb


NAME = "Parquet"
SUFFIXES: tuple[str, ...] = (".parquet",)


@dataclass(frozen=True, slots=True)
class Footers:
    """What Parquet files tell before they are read: rows, and the least and greatest of columns of whole numbers.

    Where it is wrong, it costs time, not truth.
    """

    rows: int = 0
    bounds: Mapping[str, tuple[int, int]] = field(default_factory=dict)


NO_FOOTERS = Footers()


def open_files(
    connection: duckdb.DuckDBPyConnection,
    object_name: str,
    files: Sequence[File],
    keys: tuple[str, ...],
    reading: Reading,
) -> Relation:
    """The rows of Parquet files; ``keys`` are those of their partition folders, whose types alone are promised ones.

    Raises Unreadable or duckdb.Error.
    """
    for file in files:
        _check(file)
    schemas = schemas_of(connection, files)
    names = list(dict.fromkeys(chain.from_iterable(schemas.values())))
    refuse_width(len(names), files[0].name)
    types = {name: each for name, each in reading.types.items() if isinstance(each, TextType)}
    refuse_clash([*names, *keys], files[0].name)
    rows = (
        f"read_parquet({listed(pattern_for(file.path) for file in files)}, union_by_name = true, "
        f"hive_partitioning = {literal(bool(keys))}, hive_types_autocast = false)"
    )
    declared = cells.types(connection, rows, {key: quote(key) for key in keys}, types)
    raw = dict(zip(keys, map(quote, aliases(keys, [*names, *keys])), strict=True))
    selects = dict(zip(names, map(quote, names), strict=True))
    selects |= {key: _folder(key, raw[key], declared[key]) for key in keys}

    def narrowed(names: Collection[str]) -> str:
        return f"(SELECT {', '.join(selects[each] for each in chosen(selects, raw, names))} FROM {rows})"

    described = {
        name: kind for name, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {narrowed(selects)}").fetchall()
    }
    return Relation(
        object=object_name,
        sql=narrowed(selects),
        columns=tuple(Column(name, described[name], name in reading.private) for name in [*names, *keys]),
        files=tuple(files),
        raw=raw,
        guessed=frozenset(keys) - frozenset(types),
        differences=tuple(differences(schemas)),
        located=_located(selects, raw, rows),
        narrowed=narrowed,
    )


def _located(selects: Mapping[str, str], raw: Mapping[str, str], rows: str) -> Located | None:
    """What is selected of the rows, with their places; None where a column hides what the engine knows of those."""
    if {"file_index", "file_row_number"} & {name.casefold() for name in selects}:
        return None
    (position,) = aliases([""], list(selects), "position")
    place = f"{packed('CAST(file_index AS BIGINT)', 'file_row_number + 1')} AS {position}"

    def narrowed(names: Collection[str]) -> str:
        select = [selects[each] for each in chosen(selects, raw, names)]
        return f"(SELECT {', '.join([*select, place])} FROM {rows})"

    return Located(narrowed(selects), position, narrowed=narrowed)


def _folder(key: str, raw: str, of: TextType) -> str:
    """What is selected for a partition folder's key: its value, and its text."""
    return f"{cells.value(quote(key), of)} AS {quote(key)}, {quote(key)} AS {raw}"


def schemas_of(connection: duckdb.DuckDBPyConnection, files: Sequence[File]) -> dict[str, dict[str, str]]:
    """File name to column to DuckDB type, from all footers in one query."""
    names = {str(file.path): file.name for file in files}
    schemas: dict[str, dict[str, str]] = {file.name: {} for file in files}
    current, inner = "", 0  # a schema is a tree, listed root first; inner counts what is left of a nested column
    for path, column, children, kind in _footers(connection, files):
        if names[path] != current:
            current, inner = names[path], 0
        elif inner:
            inner += children - 1
        elif column in schemas[current]:
            raise Unreadable(f"it has the column {column!r} twice", current)
        else:
            inner = children
            schemas[current][column] = kind
    return schemas


def _footers(connection: duckdb.DuckDBPyConnection, files: Sequence[File]) -> list[tuple[str, str, int, str]]:
    """Path, column, number of children and type of each schema element. Raises Unreadable, naming the file."""
    import duckdb  # pylint: disable=import-outside-toplevel

    query = "SELECT file_name, name, coalesce(num_children, 0), duckdb_type FROM parquet_schema({})"
    try:
        return connection.execute(query.format(listed(pattern_for(file.path) for file in files))).fetchall()
    except duckdb.Error:
        for file in files:
            try:
                connection.execute(query.format(literal(pattern_for(file.path))))
            except duckdb.Error as error:
                raise Unreadable(reason(error), file.name) from error
        raise


def _check(file: File) -> None:
    """A Parquet file begins and ends with PAR1; what does not is named here, in words better than the engine's."""
    try:
        with file.path.open("rb") as stream:
            head = stream.read(64)
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - 4))
            tail = stream.read()
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}", file.name) from error
    refuse_pointer(head, file.name)
    if not head:
        raise Unreadable("is empty", file.name)
    if not head.startswith(b"PAR1"):
        raise Unreadable("is not a Parquet file", file.name)
    if tail != b"PAR1" or size < 12:
        raise Unreadable("is truncated: a Parquet file ends with its index, and this one does not", file.name)


def count(connection: duckdb.DuckDBPyConnection, files: Sequence[File]) -> int | None:
    """The rows of all files as their footers have it; None where they are of another format. Raises duckdb.Error."""
    if not all(is_parquet(file) for file in files):
        return None
    names = listed(pattern_for(file.path) for file in files)
    ((rows,),) = connection.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata({names})").fetchall()
    return int(rows)


def footers(connection: duckdb.DuckDBPyConnection, files: Sequence[File], columns: Iterable[str]) -> Footers:
    """The rows of all files, and the extremes of those of ``columns`` that are of whole numbers. Raises duckdb.Error.

    A column is left out where a row group does not tell.
    """
    wanted = list(columns)
    if not wanted or not is_parquet(files[0]):
        return Footers()
    names = listed(pattern_for(file.path) for file in files)
    query = (
        "SELECT path_in_schema, bool_and(stats_min_value IS NOT NULL OR stats_null_count = num_values), "
        "min(TRY_CAST(stats_min_value AS HUGEINT)), max(TRY_CAST(stats_max_value AS HUGEINT)) "
        f"FROM parquet_metadata({names}) "
        f"WHERE path_in_schema IN ({', '.join(map(literal, wanted))}) AND type IN ('INT32', 'INT64') GROUP BY 1"
    )
    found = connection.execute(query).fetchall()
    ((rows,),) = connection.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata({names})").fetchall()
    told = {name: (low, high) for name, every, low, high in found if every and low is not None and high is not None}
    return Footers(int(rows), told)


def damaged(file: File) -> str | None:
    """Which part of a file cannot be read, looked for row group by row group; None where all of it can be."""
    import duckdb  # pylint: disable=import-outside-toplevel

    reader = f"read_parquet({literal(pattern_for(file.path))}, file_row_number = true)"
    with connect([file.path]) as connection:
        metadata = f"parquet_metadata({literal(pattern_for(file.path))})"
        try:
            groups = fetch(connection, f"SELECT DISTINCT row_group_id, row_group_num_rows FROM {metadata} ORDER BY 1")
        except duckdb.Error:
            return "its index"
        start = 0
        for group, rows in groups:
            place = f"file_row_number BETWEEN {start} AND {start + rows - 1}"
            try:
                fetch(connection, f"SELECT max(hash(COLUMNS(*))) FROM {reader} WHERE {place}")
            except duckdb.Error:
                return f"row group {group + 1:,} of {len(groups):,} (rows {start + 1:,} to {start + rows:,})"
            start += rows
    return None


def is_parquet(file: File) -> bool:
    return (file.path.name if file.origin else file.name).lower().endswith(SUFFIXES)
