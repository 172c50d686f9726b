"""An object's files as rows that Spark reads: the same rows, columns and values as DuckDB finds in them.

The schema is read here, by DuckDB: a few bytes of each file. Parquet is then
read by Spark itself. Other files are read as they are here, each by one task,
so that what a record is, and what a cell of a type is, does not depend on the
engine: Python at the workers needs this library for that.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from mlops_actions.data.engines import duck
from mlops_actions.data.engines.quoting import literal, quote
from mlops_actions.data.engines.sparkscan import SparkScan, View
from mlops_actions.data.engines.translation.spark import SparkWriter
from mlops_actions.data.engines.translation.writer import Untranslatable
from mlops_actions.data.sources import parquet, source
from mlops_actions.data.sources.relation import File, Relation, Unreadable
from mlops_actions.data.types.cells import TextType
from mlops_actions.data.types.nested import field_types, item_type

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame, SparkSession

VIEW = "mlops_rows_"
"""What views are called, each with a number behind it."""

_PATH = "mlops_path"


def hold(session: SparkScan, relation: Relation, types: Mapping[str, TextType]) -> Relation:
    """A relation of files that DuckDB opened, as one that ``session`` holds as well; ``types`` are those declared.

    Raises Unreadable where Spark cannot hold its values, naming the column, or
    cannot read a file.
    """
    kinds = {column.name: column.type for column in relation.columns} | {
        raw.strip('"'): "VARCHAR" for raw in relation.raw.values()
    }
    for name, kind in kinds.items():
        _refuse(name, kind)
    read = _others if relation.is_text else _parquet
    frame = read(session, relation, kinds, types)
    name = f"{VIEW}{len(session.views)}"
    frame.createOrReplaceTempView(name)
    session.views[name] = View(frame, kinds, relation.sql)
    return replace(relation, sql=quote(name))


def _refuse(name: str, kind: str) -> None:
    """Raises Unreadable for a column of values that Spark has no type for."""
    inner = re.sub(r"\[\d+\]", "[]", kind)
    if inner.startswith("MAP("):  # of which only nulls are counted
        return
    try:
        SparkWriter().type(inner)
    except Untranslatable:
        hint = "the engine duckdb can"
        raise Unreadable(f"its column {name!r} is {kind}, which Spark cannot hold: {hint}") from None


# Parquet


def _parquet(
    session: SparkScan, relation: Relation, kinds: Mapping[str, str], types: Mapping[str, TextType]
) -> DataFrame:
    """The rows of Parquet files: those of one schema are read together."""
    del types
    keys = {key: raw.strip('"') for key, raw in relation.raw.items()}
    schemas = parquet.schemas(session.local.connection, relation.files)
    alike: dict[tuple[tuple[str, str], ...], list[File]] = {}
    for file in relation.files:
        alike.setdefault(tuple(schemas[file.name].items()), []).append(file)
    frames = [_alike(session.spark, files, dict(schema), kinds, keys) for schema, files in alike.items()]
    rows = frames[0]
    for each in frames[1:]:
        rows = rows.unionAll(each)
    return _with_folders(session, rows, relation, kinds) if keys else rows.drop(_PATH)


def _alike(
    spark: SparkSession,
    files: Sequence[File],
    schema: Mapping[str, str],
    kinds: Mapping[str, str],
    keys: Mapping[str, str],
) -> DataFrame:
    """The rows of files of one schema, with the columns of all, and the path of each row's file."""
    from pyspark.sql.functions import col, lit  # pylint: disable=import-outside-toplevel

    writer = SparkWriter()
    rows = spark.read.parquet(*(_path(file.path) for file in files))
    columns = []
    for name, kind in kinds.items():
        if name in keys or name in keys.values():
            continue
        found = col(writer.name(name)) if name in schema else lit(None)
        if name in schema and schema[name] != kind and not _widens(schema[name], kind):
            message = f"its column {name!r} is {schema[name]} and {kind} elsewhere, which Spark does not read as one"
            raise Unreadable(message, files[0].name)
        columns.append((found if kind.startswith("MAP(") else found.cast(_written(kind))).alias(name))
    return rows.select(*columns, col("_metadata.file_path").alias(_PATH))


def _written(kind: str) -> str:
    return SparkWriter().type(re.sub(r"\[\d+\]", "[]", kind))


_WIDTHS = ("TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER", "UINTEGER", "BIGINT", "UBIGINT")


def _widens(one: str, other: str) -> bool:
    """Whether all values of a type are of the other, the same in each engine."""
    if one in _WIDTHS:
        return other in _WIDTHS or other == "DOUBLE" or other.startswith("DECIMAL")
    return (one, other) == ("FLOAT", "DOUBLE") or (one.startswith("DECIMAL") and other.startswith("DECIMAL"))


def _path(file: Path) -> str:
    """A path as Spark takes it: it reads signs of globs in them."""
    return "file:" + re.sub(r"[\\{}\[\]*?,]", r"\\\g<0>", str(file))


def _with_folders(session: SparkScan, rows: DataFrame, relation: Relation, kinds: Mapping[str, str]) -> DataFrame:
    """The rows with the values of their partition folders, as DuckDB finds them in the names of the files."""
    from pyspark.sql.functions import broadcast, col  # pylint: disable=import-outside-toplevel

    writer = SparkWriter()
    names = [name for key, raw in relation.raw.items() for name in (key, raw.strip('"'))]
    places = {str(file.path): file for file in relation.files}
    found = []
    for path in rows.inputFiles():
        file = places[unquote(urlsplit(path).path)]
        values = _folders(session.local.connection, relation, file, names)
        found += [(path, *value) for value in values]
    schema = ", ".join([f"{_PATH} STRING", *(f"{writer.name(name)} {_written(kinds[name])}" for name in names)])
    folders = session.spark.createDataFrame(found, schema)
    joined = rows.join(broadcast(folders), _PATH)
    return joined.select(*(col(writer.name(name)) for name in kinds))


def _folders(
    connection: duckdb.DuckDBPyConnection, relation: Relation, file: File, names: Sequence[str]
) -> list[tuple[Any, ...]]:
    """The values of the partition folders of one file; none of a file without rows."""
    alone = relation.sql
    for other in relation.files:
        if other is not file:
            alone = alone.replace(f"{literal(duck.pattern_for(other.path))}, ", "").replace(
                f", {literal(duck.pattern_for(other.path))}", ""
            )
    return duck.fetch(connection, f"SELECT {', '.join(map(quote, names))} FROM {alone} LIMIT 1")


# Other files


def _others(
    session: SparkScan, relation: Relation, kinds: Mapping[str, str], types: Mapping[str, TextType]
) -> DataFrame:
    """The rows of files of text, each file read by one task as DuckDB reads it here."""
    spark, files = session.spark, relation.files
    declared = {column.name: types.get(column.name) or TextType(column.type) for column in relation.columns}
    schema = ", ".join(f"{SparkWriter().name(name)} {_written(kind)}" for name, kind in kinds.items())
    parts = spark.range(0, len(files), 1, numPartitions=len(files))
    return parts.mapInArrow(_reader(files, relation, kinds, declared), schema)


def _reader(
    files: Sequence[File], relation: Relation, kinds: Mapping[str, str], declared: Mapping[str, TextType]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What reads the files whose numbers it is given."""
    name, raw = relation.object, dict(relation.raw)

    def read(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in numbers:
            for number in batch.column(0).to_pylist():
                file = files[number]
                with duck.connect([file.path], threads=1) as connection:
                    alone = source.open_relation(connection, name, [file], declared)
                    select = ", ".join(_selected(alone, raw, kinds))
                    yield from connection.execute(f"SELECT {select} FROM {alone.sql}").to_arrow_reader(10_000)

    return read


def _selected(alone: Relation, raw: Mapping[str, str], kinds: Mapping[str, str]) -> Iterator[str]:
    """The columns of all files, from the relation that one of them is: null where it has none."""
    there = {column.name for column in alone.columns}
    cells = {alias.strip('"'): name for name, alias in raw.items()}
    for name, kind in kinds.items():
        column = cells.get(name, name)
        value = "NULL"
        if column in there:
            value = alone.raw[column] if name in cells else quote(name)
        written = "DECIMAL(20,0)" if kind == "UBIGINT" else kind
        yield f"CAST({value} AS {written}) AS {quote(name)}"
