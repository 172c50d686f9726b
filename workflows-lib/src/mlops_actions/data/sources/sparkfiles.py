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

from mlops_actions.data.engines import duck, running, spark, workers
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.engines.sparkscan import SparkScan, View
from mlops_actions.data.engines.translation.spark import SparkWriter
from mlops_actions.data.engines.translation.terms import Untranslatable
from mlops_actions.data.sources import csvfiles, intake, parquet, source
from mlops_actions.data.sources.fetching import opened
from mlops_actions.data.sources.intake import Intake
from mlops_actions.data.sources.located import Located
from mlops_actions.data.sources.parquet import NO_FOOTERS, Footers
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import File, Relation, Unreadable, named
from mlops_actions.data.sources.spool import Spool
from mlops_actions.data.types.cells import TextType
from mlops_actions.verdict import Check, Subject

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession


VIEW = "mlops_rows_"
"""What views are called, each with a number behind it."""

_PATH, _SCHEME = "mlops_path", "^file:/+"
"""The column of each row's file, and what stands before its path, at times with one slash and at times with three."""


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

    @property
    def known_rows(self) -> int | None:
        """The number of rows, where it is known before the scan."""
        return self.local.known_rows

    def checks(self, rows: int) -> list[Check]:
        """What is to be said of the files as such, where the scan came to ``rows`` rows. Raises Unreadable."""
        expected = self.known_rows
        if expected is not None and rows != expected:
            raise Unreadable(f"Spark found {rows:,} rows where the files say that they have {expected:,}")
        return self.local.checks(rows, elsewhere=True)


@dataclass(frozen=True, slots=True)
class SparkFiles:
    """Files, read by a session of Spark: the reader (:mod:`mlops_actions.data.sources.readers`) of that engine."""

    spark: SparkSession
    found: Mapping[str, Located | Unreadable]
    spooled: Spool

    @contextmanager
    def take_in(self, name: str, reading: Reading) -> Iterator[SparkIntake]:
        """The rows of the object ``name``. Raises as :func:`intake.take_in` does; an error of Spark is Unreadable."""
        located = opened(self.found[name])
        # pylint: disable-next=contextmanager-generator-missing-cleanup  # there is nothing to clean up in _readable
        with intake.take_in(name, located, reading, self.spooled) as local, _readable(located.files, self.spark):
            session = SparkScan(self.spark, DuckSession(local.connection))
            yield SparkIntake(session, hold(session, local.relation, reading), local)

    @contextmanager
    def together(self, readings: Mapping[str, Reading]) -> Iterator[tuple[SparkScan, Mapping[str, Relation]]]:
        """A session that reads several objects at once."""
        files = {
            name: source.prepare(opened(self.found[name]).files, reading, self.spooled)
            for name, reading in readings.items()
        }
        every = [file for each in files.values() for file in each]
        with (
            duck.connect((file.path for file in every), source.memory(every)) as connection,
            _readable(every, self.spark),
        ):
            session = SparkScan(self.spark, DuckSession(connection))
            relations = {}
            for name, reading in readings.items():
                local = source.open_relation(connection, name, files[name], reading)
                relations[name] = hold(session, local, reading)
            yield session, relations


@contextmanager
def _readable(files: Sequence[File], at: SparkSession) -> Iterator[None]:
    """Errors of Spark in the block as Unreadable, with the files as the user called them; so is what it cannot say.

    Raises CallError where a worker lacks what every job needs.
    """
    from py4j.protocol import Py4JError  # pylint: disable=import-outside-toplevel
    from pyspark.errors import PySparkException  # pylint: disable=import-outside-toplevel

    try:
        yield
    except (PySparkException, Py4JError) as error:
        said = spark.words(error)
        workers.refuse_lacking(said)
        if workers.is_absent(said) and not spark.is_local(at.sparkContext.master):
            file = next((each.name for each in files if str(each.path) in said or each.name in said), None)
            message = "it is not there at Spark's workers; its path must be the same on each machine"
            raise Unreadable(message, file) from error
        raise Unreadable(f"Spark says: {named(spark.reason(error), files)}") from error
    except Untranslatable as error:
        raise Unreadable(f"the engine spark cannot: {error}") from error


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the rows are to look like: ``kinds`` are all columns, those of text among them, with DuckDB's types.

    ``reading`` says how each column of text is read: as the contract says, else
    as all files together were found to be.
    """

    relation: Relation
    kinds: Mapping[str, str]
    reading: Reading

    @property
    def cells(self) -> dict[str, str]:
        """The columns that hold text as it stands in the file, each with the column that it is the text of."""
        return {raw.strip('"'): name for name, raw in self.relation.raw.items()}

    def select(self, alone: Relation, names: Iterable[str]) -> str:
        """These columns in DuckDB's SQL, from the relation that one of the files is: null where it has none."""
        there = {column.name for column in alone.columns}
        found = []
        for name in names:
            column = self.cells.get(name, name)
            value = "NULL"
            if column in there:
                value = alone.raw[column] if name in self.cells else quote(name)
            kind = "DECIMAL(20,0)" if self.kinds[name] == "UBIGINT" else self.kinds[name]
            found.append(f"CAST({value} AS {kind}) AS {quote(name)}")
        return ", ".join(found)


def hold(session: SparkScan, relation: Relation, reading: Reading | None = None) -> Relation:
    """A relation of files that DuckDB opened, as one that ``session`` holds as well; no row of it has a place.

    Raises Unreadable for a format that Spark does not read here, and where
    Spark cannot hold the values, naming the column, or cannot read a file.
    """
    file, reading = relation.files[0], reading or Reading()
    if source.reader_of(file) not in (parquet, csvfiles):
        raise Unreadable("the engine spark reads Parquet and CSV; the engine duckdb reads this as well", file.name)
    kinds = {column.name: column.type for column in relation.columns}
    kinds |= dict.fromkeys((raw.strip('"') for raw in relation.raw.values()), "VARCHAR")
    for column, kind in kinds.items():
        _refuse(column, kind)
    types = {name: reading.types.get(name) or TextType(kinds[name]) for name in relation.raw}
    shape = _Shape(relation, kinds, replace(reading, types=types))
    frame = _text(session, shape) if relation.is_text else _parquet(session, shape)
    name = f"{VIEW}{len(session.views)}"
    frame.createOrReplaceTempView(name)
    session.views[name] = View(frame, kinds, relation.sql)
    return replace(relation, sql=quote(name), narrowed=None, located=None)


def _refuse(name: str, kind: str) -> None:
    """Raises Unreadable for a column of values that Spark has no type for."""
    if kind.startswith("MAP("):  # of which only nulls are counted
        return
    try:
        _written(kind)
    except Untranslatable:
        raise Unreadable(f"its column {name!r} is {kind}, which Spark cannot hold; the engine duckdb can") from None


def _written(kind: str) -> str:
    """A type of DuckDB's in Spark's words. Raises Untranslatable."""
    return SparkWriter().type(re.sub(r"\[\d+\]", "[]", kind))


# Parquet


def _parquet(session: SparkScan, shape: _Shape) -> DataFrame:
    """The rows of Parquet files: those of one schema are read together."""
    from pyspark.sql.functions import col  # pylint: disable=import-outside-toplevel

    files = shape.relation.files
    schemas = parquet.schemas_of(session.local.connection, files)
    alike: dict[tuple[tuple[str, str], ...], list[File]] = {}
    for file in files:
        alike.setdefault(tuple(schemas[file.name].items()), []).append(file)
    frames = [_alike(session.spark, group, dict(schema), shape) for schema, group in alike.items()]
    rows = frames[0]
    for each in frames[1:]:
        rows = rows.unionAll(each)
    if shape.relation.raw:
        rows = rows.join(_folders(session, rows, shape), _PATH)
    return rows.select(*(col(SparkWriter().name(name)) for name in shape.kinds))


def _alike(session: SparkSession, files: Sequence[File], schema: Mapping[str, str], shape: _Shape) -> DataFrame:
    """The rows of files of one schema, with the columns of all files, and the path of each row's file."""
    from pyspark.sql.functions import col, lit, regexp_replace  # pylint: disable=import-outside-toplevel

    rows = session.read.parquet(*(_glob(file.path) for file in files))
    columns = []
    for name, kind in shape.kinds.items():
        if name in shape.relation.raw or name in shape.cells:
            continue
        if name in schema and schema[name] != kind and not _widens(schema[name], kind):
            message = f"its column {name!r} is {schema[name]} and {kind} elsewhere, which Spark does not read as one"
            raise Unreadable(message, files[0].name)
        found = col(SparkWriter().name(name)) if name in schema else lit(None)
        columns.append((found if kind.startswith("MAP(") else found.cast(_written(kind))).alias(name))
    path = rows.metadataColumn("_metadata").getField("file_path")  # a column of the files may have that name, too
    return rows.select(*columns, regexp_replace(path, _SCHEME, "/").alias(_PATH))


_WIDTHS = ("TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER", "UINTEGER", "BIGINT", "UBIGINT")


def _widens(one: str, other: str) -> bool:
    """Whether all values of a type are of the other, the same in each engine."""
    if one in _WIDTHS:
        return other in _WIDTHS or other == "DOUBLE" or other.startswith("DECIMAL")
    return (one, other) == ("FLOAT", "DOUBLE") or (one.startswith("DECIMAL") and other.startswith("DECIMAL"))


def _glob(file: Path) -> str:
    """A path as Spark takes it: it reads signs of globs in them."""
    return "file:" + re.sub(r"[\\{}\[\]*?,]", r"\\\g<0>", str(file))


def _folders(session: SparkScan, rows: DataFrame, shape: _Shape) -> DataFrame:
    """The values of each file's partition folders, as DuckDB finds them in its name; a few bytes, known to all."""
    from pyspark.sql.functions import broadcast  # pylint: disable=import-outside-toplevel

    names = [*shape.relation.raw, *shape.cells]
    connection, found = session.local.connection, []
    places = {str(file.path): file for file in shape.relation.files}
    for url in rows.inputFiles():
        path = re.sub(_SCHEME, "/", url)
        file = places[unquote(path)]
        alone = source.open_relation(connection, shape.relation.object, [file], shape.reading)
        values = running.fetch(connection, f"SELECT {shape.select(alone, names)} FROM {alone.sql} LIMIT 1")
        found += [(path, *value) for value in values]  # none of a file without rows
    written = (f"{SparkWriter().name(name)} {_written(shape.kinds[name])}" for name in names)
    return broadcast(session.spark.createDataFrame(found, ", ".join([f"{_PATH} STRING", *written])))


# Text


def _text(session: SparkScan, shape: _Shape) -> DataFrame:
    """The rows of files of text, each file read by one task as DuckDB reads it here."""
    files = shape.relation.files
    schema = ", ".join(f"{SparkWriter().name(name)} {_written(kind)}" for name, kind in shape.kinds.items())
    return session.spark.range(0, len(files), 1, len(files)).mapInArrow(_reader(files, shape), schema)


def _reader(files: Sequence[File], shape: _Shape) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What reads the files whose numbers it is given."""

    def read(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for number in (each for batch in numbers for each in batch.column(0).to_pylist()):
            file = files[number]
            with duck.connect([file.path], threads=1) as connection:
                alone = source.open_relation(connection, shape.relation.object, [file], shape.reading)
                rows: Any = connection.execute(f"SELECT {shape.select(alone, shape.kinds)} FROM {alone.sql}")
                yield from rows.to_arrow_reader(10_000)

    return read
