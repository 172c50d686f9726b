"""Relations that Spark holds as views: what is asked of them, as Spark's jobs.

Aggregates are written in Spark's SQL, many in one job. Only what stands inside
of ``count``, ``min`` and their like is: what is then done with the one row that
comes of it (``CAST(min(x) AS VARCHAR)``) is DuckDB's to do, here, as always.

Numbers between edges, rows of listed texts and the values of a column that has
few are counted by DuckDB, too, beside each part of the data and without a
shuffle: a part yields a few kilobytes, which are added up here.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlops_actions.data.engines import adding, duck, hyperloglog
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.hyperloglog import Registers
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.engines.running import fetch
from mlops_actions.data.engines.session import SEED, Aggregate, Distinct, Question
from mlops_actions.data.engines.translation.spark import SparkWriter
from mlops_actions.data.engines.translation.terms import Scope, Untranslatable

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from mlops_actions.data.sources.relation import Relation

BATCH = 200
"""Aggregates in one job."""

_SET = "count(DISTINCT "

PARTS = 400
"""Questions that a part of the data is asked at once."""


@dataclass(frozen=True, slots=True)
class View:
    """A relation that Spark holds: its rows, its columns by name with their types, and its SQL in DuckDB."""

    frame: DataFrame
    types: Mapping[str, str]
    local: str


@dataclass(frozen=True, slots=True)
class SparkScan:
    """A session of Spark upon ``views`` by name; its errors are pyspark.errors.PySparkException.

    ``local`` answers what concerns the first rows alone, so that what is made
    of them (edges of bins) does not depend on the engine.
    """

    spark: SparkSession
    local: DuckSession
    views: dict[str, View] = field(default_factory=dict)

    @property
    def engine(self) -> str:
        return "spark"

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        for name, view in self.views.items():
            if f"(SELECT * FROM {quote(name)} LIMIT " in query:
                return self.local.fetch(query.replace(quote(name), view.local))
        writer = self._writer()
        return [tuple(row) for row in self._run(writer.query(query), writer).collect()]

    def aggregate(self, relation: Relation, aggregates: Sequence[Aggregate]) -> dict[str, Any]:
        found = self._grouped(relation, aggregates).get(None, {})
        return {each.key: found[each.key] for each in aggregates}

    def grouped(
        self, relation: Relation, key: str, aggregates: Sequence[Aggregate]
    ) -> dict[str | None, dict[str, Any]]:
        return self._grouped(relation, aggregates, key)

    def _grouped(
        self, relation: Relation, aggregates: Sequence[Aggregate], key: str | None = None
    ) -> dict[str | None, dict[str, Any]]:
        """The answers for the rows of each value of ``key``; without one, those for all rows stand under None."""
        found: dict[str | None, dict[str, Any]] = {}
        plain = [each for each in aggregates if isinstance(each.of, str)]
        # Beside a set of values, Spark keeps all other aggregates for each value of the set.
        for apart in (True, False):
            alike = [each for each in plain if (_SET in str(each.of)) is apart]
            for start in range(0, len(alike), BATCH):
                for group, answers in self._together(relation, alike[start : start + BATCH], key).items():
                    found.setdefault(group, {}).update(answers)
        others = [each for each in aggregates if not isinstance(each.of, str)]
        for start in range(0, len(others), PARTS):
            for group, answers in self._in_parts(relation, others[start : start + PARTS], key).items():
                found.setdefault(group, {}).update(answers)
        return found

    def drawn(self, relation: Relation, expressions: Sequence[str], share: float) -> list[tuple[Any, ...]]:
        view, writer = self._view(relation), self._writer()
        written = [writer.expression(each, view.types) for each in expressions]
        rows = view.frame if share >= 1 else view.frame.sample(fraction=share, seed=SEED)
        return [tuple(row) for row in rows.selectExpr(*written).collect()]

    def refusal(self, relation: Relation, sql: str) -> str | None:
        try:
            _Row(self._writer(), self._view(relation).types).add(sql)
        except Untranslatable as error:
            return str(error)
        return None

    def _view(self, relation: Relation) -> View:
        return next(view for name, view in self.views.items() if quote(name) == relation.sql)

    def _writer(self) -> SparkWriter:
        writer = SparkWriter()
        for name, view in self.views.items():
            writer.add(quote(name), writer.name(name), view.types)
        return writer

    def _run(self, query: str, writer: SparkWriter) -> DataFrame:
        """A query's rows, where the patterns that it names are known."""
        for (pattern, every), name in writer.patterns.items():
            self.spark.udf.register(name, _matcher(pattern, every=every))
        return self.spark.sql(query)

    def _together(
        self, relation: Relation, aggregates: Sequence[Aggregate], key: str | None
    ) -> dict[str | None, dict[str, Any]]:
        """The answers to aggregates, in one job."""
        writer, types = self._writer(), self._view(relation).types
        row = _Row(writer, types)
        answers = [row.add(str(each.of)) for each in aggregates]
        block = writer.expression(key, types) if key else "NULL"
        query = f"SELECT {', '.join(row.written)}, {block} AS block FROM {writer.source(relation.sql)}"
        table = self._run(query + (f" GROUP BY {block}" if key else ""), writer).toArrow()
        with duck.connect() as connection:
            connection.register("answers", table)
            rows = fetch(connection, f"SELECT {', '.join(answers)}, CAST(block AS VARCHAR) FROM answers")
        names = [each.key for each in aggregates]
        return {group: dict(zip(names, values, strict=True)) for *values, group in rows}

    def _in_parts(
        self, relation: Relation, aggregates: Sequence[Aggregate], key: str | None
    ) -> dict[str | None, dict[str, Any]]:
        """The answers to questions about all values: those of each part of the data, put together."""
        frame, types = self._view(relation).frame, self._view(relation).types
        writer = self._writer()
        named = [name for name in types if any(quote(name) in each.of.value for each in aggregates)]  # type: ignore[union-attr]
        columns = [writer.name(name) for name in named]
        block = _unused("block", types)
        if key:
            columns.append(writer.expression(key, types))
            named.append(block)
        counter = _counter(aggregates, named, quote(block) if key else None)
        # PySpark takes no column with a backtick in its name there, so that they have plain ones on the way.
        plain = [f"{written} AS c{place}" for place, written in enumerate(columns)]
        parts = frame.selectExpr(*plain).mapInArrow(counter, "block string, answers binary").collect()
        found: dict[str | None, list[list[Any]]] = {} if key else {None: []}
        for part in parts:
            found.setdefault(part["block"], []).append(json.loads(zlib.decompress(part["answers"])))
        return {
            group: {each.key: _merged(each.of, [one[index] for one in some]) for index, each in enumerate(aggregates)}
            for group, some in found.items()
        }


def _unused(name: str, types: Mapping[str, str]) -> str:
    """A name like this one that no column has, in any case: DuckDB takes the two for one."""
    taken = {each.casefold() for each in types}
    while name in taken:
        name += "_"
    return name


@dataclass(slots=True)
class _Row:
    """The one row that a job of aggregates gives: ``written`` in Spark's SQL, each called ``a0``, ``a1`` and so on."""

    writer: SparkWriter
    types: Mapping[str, str]
    written: list[str] = field(default_factory=list)

    def add(self, sql: str) -> str:
        """An expression in DuckDB's SQL over this row, with the aggregates in it added. Raises Untranslatable."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        (expression,) = self.writer.parse(f"SELECT {sql}").expressions
        if isinstance(expression, exp.AggFunc):
            return str(self._added(expression).sql(dialect="duckdb"))
        if any(each.find_ancestor(exp.AggFunc) is None for each in expression.find_all(exp.Column)):
            raise Untranslatable(f"a value of a row, {sql[:60]!r}")
        for each in list(expression.find_all(exp.AggFunc)):
            each.replace(self._added(each))
        return str(expression.sql(dialect="duckdb"))

    def _added(self, aggregate: Any) -> Any:
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        term = self.writer.term(aggregate, Scope(dict(self.types)))
        name = f"a{len(self.written)}"
        self.written.append(f"{term.sql} AS {name}")
        column = exp.column(name)
        if term.type is not None and isinstance(
            aggregate, exp.Min | exp.Max
        ):  # an unsigned number is a DECIMAL in Spark
            return exp.cast(column, exp.DataType.build(term.type, dialect="duckdb"))
        return column


# What runs beside the data, in Spark's Python


# pylint: disable=no-member  # pyarrow makes its functions when it is imported


def _matcher(pattern: str, *, every: bool) -> Any:
    """The function that says whether a pattern is found in a text, or in each text of a list; null for a null."""
    import pyarrow  # pylint: disable=import-outside-toplevel
    from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]  # pylint: disable=import-outside-toplevel

    def matches(texts: pa.Array) -> pa.Array:
        import pyarrow.compute as pc  # pylint: disable=import-outside-toplevel

        return pc.match_substring_regex(texts, pattern)  # which is RE2

    def every_one(lists: pa.Array) -> pa.Array:
        import pyarrow as pa  # pylint: disable=import-outside-toplevel
        import pyarrow.compute as pc  # pylint: disable=import-outside-toplevel

        inner = pc.match_substring_regex(lists.flatten(), pattern)
        lengths = pc.fill_null(pc.list_value_length(lists), 0)
        offsets = pa.array([0, *pc.cumulative_sum(lengths).to_pylist()], pa.int32())
        return pa.ListArray.from_arrays(offsets, inner)  # of a null nothing is asked, whatever is answered

    function, kind = (every_one, "array<boolean>") if every else (matches, "boolean")
    function.__annotations__ = dict.fromkeys(function.__annotations__, pyarrow.Array)  # PySpark reads them
    return arrow_udf(function, kind)


def _counter(
    aggregates: Sequence[Aggregate], names: Sequence[str], key: str | None
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What counts a part of the rows: it takes their columns and gives each block's answers, as compressed JSON.

    ``names`` are those of the columns, in their order.
    """

    def count(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa  # pylint: disable=import-outside-toplevel

        first = next(batches, None)
        if first is None:
            return
        every = (batch.rename_columns(list(names)) for batch in _chain(first, batches))
        rows = pa.RecordBatchReader.from_batches(first.rename_columns(list(names)).schema, every)
        with duck.connect(threads=1) as connection:
            connection.register("part", rows)
            found = duck.once(connection, "part", aggregates, key)
        answers = [zlib.compress(json.dumps([*map(_listed, each.values())]).encode(), 1) for each in found.values()]
        yield pa.RecordBatch.from_pydict(
            {"block": pa.array(found, pa.string()), "answers": pa.array(answers, pa.binary())}
        )

    return count


def _chain(first: Any, rest: Iterable[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _listed(answer: Mapping[Any, int | None] | Registers | None) -> list[tuple[Any, int | None]] | str | None:
    """An answer as JSON has it, whose objects have texts for keys alone."""
    if isinstance(answer, Registers):
        return answer.text
    return None if answer is None else [each for each in answer.items() if each[1] != 0]


def _merged(question: Question, parts: Sequence[Any]) -> Any:
    """The answer to a question from those of each part of the data."""
    if isinstance(question, Distinct):
        return adding.added(question, [hyperloglog.from_text(hyperloglog.HASH, text) for text in parts])
    return adding.added(question, [None if part is None else dict(part) for part in parts])
