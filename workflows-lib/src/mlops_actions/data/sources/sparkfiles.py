"""An object's files as rows that Spark reads: the same rows, columns and values as DuckDB finds in them.

The schema is read here, by DuckDB: a few bytes of each file. Parquet is then
read by Spark itself. Other files are read as they are here, each by one task,
so that what a record is, and what a cell of a type is, does not depend on the
engine: Python at the workers needs this library for that.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mlops_actions.data.engines import duck, spark
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.engines.sparkscan import SparkScan, View
from mlops_actions.data.engines.translation.spark import SparkWriter
from mlops_actions.data.engines.translation.writer import Untranslatable
from mlops_actions.data.sources import intake, parquet, source
from mlops_actions.data.sources.fetching import opened
from mlops_actions.data.sources.intake import Intake
from mlops_actions.data.sources.located import Located
from mlops_actions.data.sources.parquet import NO_FOOTERS, Footers
from mlops_actions.data.sources.relation import File, Relation, Unreadable, named
from mlops_actions.data.types.cells import TextType
from mlops_actions.verdict import Check, Subject

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from mlops_actions.data.sources.readers import Wanted

VIEW = "mlops_rows_"
"""What views are called, each with a number behind it."""

_PATH, _SCHEME = "mlops_path", "^file:/+"
"""The column of each row's file, and what Spark writes before its path, at times with one slash and at times with three."""


@dataclass(frozen=True, slots=True)
class SparkIntake:
    """An object's rows as Spark holds them, and what is found out about its files here."""

    session: SparkScan
    relation: Relation
    local: Intake

    @property
    def here(self) -> Relation:
        """The rows as DuckDB reads them, on this machine."""
        return self.local.relation

    @property
    def subjects(self) -> list[Subject]:
        """Each file with its digest. Raises Unreadable."""
        return self.local.subjects

    def footers(self, columns: Iterable[str]) -> Footers:  # pylint: disable=unused-argument
        """Nothing: a set of values has room in a cluster."""
        return NO_FOOTERS

    def checks(self, rows: int) -> list[Check]:
        """What is to be said of the files as such, where the scan came to ``rows`` rows. Raises Unreadable."""
        if self.local.relation.is_text:
            return self.local.checks(rows, reread=True)
        expected = parquet.row_count(self.local.connection, self.local.relation.files)
        if rows != expected:
            raise Unreadable(f"Spark found {rows:,} rows where the files say that they have {expected:,}")
        return self.local.checks(rows)


@dataclass(frozen=True, slots=True)
class SparkFiles:
    """Files, read by a session of Spark: the reader (:mod:`mlops_actions.data.sources.readers`) of that engine."""

    spark: SparkSession
    found: Mapping[str, Located | Unreadable]

    @contextmanager
    def take_in(
        self, name: str, types: Mapping[str, TextType] | None = None, private: frozenset[str] = frozenset()
    ) -> Iterator[SparkIntake]:
        """The rows of the object ``name``. Raises as :func:`intake.take_in` does; an error of Spark is Unreadable."""
        located = opened(self.found[name])
        with intake.take_in(name, located, types, private) as local, _readable(located.files):
            session = SparkScan(self.spark, DuckSession(local.connection))
            yield SparkIntake(session, hold(session, local.relation, types or {}), local)

    @contextmanager
    def together(self, wanted: Mapping[str, Wanted]) -> Iterator[tuple[SparkScan, Mapping[str, Relation]]]:
        """A session that reads several objects at once."""
        files = {name: opened(self.found[name]).files for name in wanted}
        every = [file for each in files.values() for file in each]
        with duck.connect(file.path for file in every) as connection, _readable(every):
            session = SparkScan(self.spark, DuckSession(connection))
            relations = {}
            for name, each in wanted.items():
                opened = source.open_relation(connection, name, files[name], each.types, each.private)
                relations[name] = hold(session, opened, each.types)
            yield session, relations


@contextmanager
def _readable(files: Sequence[File]) -> Iterator[None]:
    """Errors of Spark in the block as Unreadable, with the files as the user called them."""
    from py4j.protocol import Py4JError  # pylint: disable=import-outside-toplevel
    from pyspark.errors import PySparkException  # pylint: disable=import-outside-toplevel

    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise Unreadable(f"Spark says: {named(spark.reason(error), files)}") from error


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
    keys = {key: raw.strip('"') for key, raw in relation.raw.items()}
    schemas = parquet.schemas_of(session.local.connection, relation.files)
    alike: dict[tuple[tuple[str, str], ...], list[File]] = {}
    for file in relation.files:
        alike.setdefault(tuple(schemas[file.name].items()), []).append(file)
    frames = [_alike(session.spark, files, dict(schema), kinds, keys) for schema, files in alike.items()]
    rows = frames[0]
    for each in frames[1:]:
        rows = rows.unionAll(each)
    return _with_folders(session, rows, relation, kinds, types) if keys else rows.drop(_PATH)


def _alike(
    session: SparkSession,
    files: Sequence[File],
    schema: Mapping[str, str],
    kinds: Mapping[str, str],
    keys: Mapping[str, str],
) -> DataFrame:
    """The rows of files of one schema, with the columns of all, and the path of each row's file."""
    from pyspark.sql.functions import col, lit, regexp_replace  # pylint: disable=import-outside-toplevel

    writer = SparkWriter()
    rows = session.read.parquet(*(_path(file.path) for file in files))
    columns = []
    for name, kind in kinds.items():
        if name in keys or name in keys.values():
            continue
        found = col(writer.name(name)) if name in schema else lit(None)
        if name in schema and schema[name] != kind and not _widens(schema[name], kind):
            message = f"its column {name!r} is {schema[name]} and {kind} elsewhere, which Spark does not read as one"
            raise Unreadable(message, files[0].name)
        columns.append((found if kind.startswith("MAP(") else found.cast(_written(kind))).alias(name))
    return rows.select(*columns, regexp_replace("_metadata.file_path", _SCHEME, "/").alias(_PATH))


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


def _with_folders(
    session: SparkScan,
    rows: DataFrame,
    relation: Relation,
    kinds: Mapping[str, str],
    types: Mapping[str, TextType],
) -> DataFrame:
    """The rows with the values of their partition folders, as DuckDB finds them in the names of the files."""
    from pyspark.sql.functions import broadcast, col  # pylint: disable=import-outside-toplevel

    writer = SparkWriter()
    names = [name for key, raw in relation.raw.items() for name in (key, raw.strip('"'))]
    declared = _declared(relation, types)
    of_keys = {name: kinds[name] for name in names}
    places = {str(file.path): file for file in relation.files}
    found = []
    for url in rows.inputFiles():
        path = re.sub(_SCHEME, "/", url)
        file = places[unquote(path)]
        found += [(path, *value) for value in _folders(session.local.connection, relation, file, of_keys, declared)]
    schema = ", ".join([f"{_PATH} STRING", *(f"{writer.name(name)} {_written(kinds[name])}" for name in names)])
    folders = session.spark.createDataFrame(found, schema)
    joined = rows.join(broadcast(folders), _PATH)
    return joined.select(*(col(writer.name(name)) for name in kinds))


def _folders(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    file: File,
    kinds: Mapping[str, str],
    declared: Mapping[str, TextType],
) -> list[tuple[Any, ...]]:
    """The values of the partition folders of one file; none of a file without rows."""
    alone = source.open_relation(connection, relation.object, [file], declared)
    return duck.fetch(connection, f"SELECT {', '.join(_selected(alone, relation.raw, kinds))} FROM {alone.sql} LIMIT 1")


# Other files


def _others(
    session: SparkScan, relation: Relation, kinds: Mapping[str, str], types: Mapping[str, TextType]
) -> DataFrame:
    """The rows of files of text, each file read by one task as DuckDB reads it here."""
    files = relation.files
    declared = _declared(relation, types)
    schema = ", ".join(f"{SparkWriter().name(name)} {_written(kind)}" for name, kind in kinds.items())
    parts = session.spark.range(0, len(files), 1, numPartitions=len(files))
    return parts.mapInArrow(_reader(files, relation, kinds, declared), schema)


def _declared(relation: Relation, types: Mapping[str, TextType]) -> dict[str, TextType]:
    """How the text of each column is read: as declared, else as all files together were found to be."""
    return {
        column.name: types.get(column.name) or TextType(column.type)
        for column in relation.columns
        if column.name in relation.raw
    }


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
