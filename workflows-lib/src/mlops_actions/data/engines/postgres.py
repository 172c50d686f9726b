"""PostgreSQL: the questions are answered where the rows are, and none of them leaves the server.

Two queries of one snapshot answer all questions of a relation: one of
aggregates, and one that counts values (numbers between edges, texts, registers
for the number of different values) in groups, for all columns at once.
"""

# ruff: noqa: S608 (statements are built here, from what the writer quoted)

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlops_actions.data.engines import pgdigest
from mlops_actions.data.engines.hyperloglog import Registers
from mlops_actions.data.engines.pgserver import Server
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.engines.session import Aggregate, Distinct, Histogram, Members, Tally
from mlops_actions.data.engines.translation.pgexpressions import Table
from mlops_actions.data.engines.translation.pgqueries import QueryWriter
from mlops_actions.data.engines.translation.postgres import PostgresWriter
from mlops_actions.data.engines.translation.terms import Untranslatable

if TYPE_CHECKING:
    from mlops_actions.data.sources.relation import Relation

BATCH = 500
"""Aggregates in one query; a row has room for 1,664 columns."""

AT_ONCE = 100
"""Questions of groups in one query, each of which is a row for each row of the relation."""

_REGISTERS = 10
"""Bits of a hash that choose a register: the standard error of the number of different values is 3.3 %."""

_HASH = "postgres"
"""What the registers of these hashes are called: those of another engine are not added to them."""


@dataclass(slots=True)
class PostgresSession:
    """A session upon a connection to a server, whose errors are psycopg.Error and Unreachable.

    The first time that a relation is asked, its rows are digested in the same scan: see :meth:`digest`.
    """

    server: Server
    schemas: Sequence[str] = ()
    """Where a table without a schema is looked for, in order."""
    _writer: PostgresWriter = field(default_factory=PostgresWriter)
    _digests: dict[str, str] = field(default_factory=dict)

    @property
    def engine(self) -> str:
        return self._writer.engine

    def add(self, relation: Relation, source: str) -> None:
        """Make a relation known: ``source`` is what stands for it behind FROM, in PostgreSQL's SQL."""
        self._writer.add(relation.sql, source, {column.name: column.type for column in relation.columns})

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        return self._run(self._writer.query(query))

    def refusal(self, relation: Relation, sql: str) -> str | None:
        import psycopg  # pylint: disable=import-outside-toplevel

        before = set(self._writer.patterns)
        try:
            self._expression(relation, sql)
            for pattern in self._writer.patterns - before:
                with self.server.connection.transaction():  # which an error in it does not end
                    self._run(f"SELECT '' ~ {pattern}")
        except Untranslatable as error:
            return str(error)
        except psycopg.errors.InvalidRegularExpression as error:
            self._writer.patterns = before
            return f"run the pattern: {error.diag.message_primary}"
        return None

    def aggregate(self, relation: Relation, aggregates: Sequence[Aggregate]) -> dict[str, Any]:
        plain = [each for each in aggregates if isinstance(each.of, str)]
        grouped = [each for each in aggregates if each not in plain]
        found: dict[str, Any] = {}
        for start in range(0, len(plain), BATCH):
            found |= self._together(relation, plain[start : start + BATCH])
        for start in range(0, len(grouped), AT_ONCE):
            found |= self._in_groups(relation, grouped[start : start + AT_ONCE])
        return {each.key: found[each.key] for each in aggregates}

    def grouped(
        self, relation: Relation, key: str, aggregates: Sequence[Aggregate]
    ) -> dict[str | None, dict[str, Any]]:
        block = self._expression(relation, f"CAST({key} AS VARCHAR)")
        plain = [each for each in aggregates if isinstance(each.of, str)]
        others = [each for each in aggregates if not isinstance(each.of, str)]
        found: dict[str | None, dict[str, Any]] = {}
        for start in range(0, len(plain), BATCH):
            some = plain[start : start + BATCH]
            written = ", ".join(self._expression(relation, str(each.of)) for each in some)
            for group, *values in self._run(f"SELECT {block}, {written} FROM {self._source(relation)} GROUP BY 1"):
                found.setdefault(group, {}).update(zip((each.key for each in some), values, strict=True))
        for start in range(0, len(others), AT_ONCE):
            self._add_groups(relation, block, others[start : start + AT_ONCE], found)
        return found

    def _add_groups(
        self, relation: Relation, block: str, aggregates: Sequence[Aggregate], found: dict[str | None, dict[str, Any]]
    ) -> None:
        """Answer questions about all values of each block, beside what was found of it.

        The registers of all rows stand in the first block: a set for each would be a thousand groups more.
        """
        rows: dict[tuple[str | None, int], list[tuple[Any, ...]]] = {}
        first = next(iter(found), None)
        for group, question, *rest in self._run(_first(self._groups(relation, aggregates, block), aggregates)):
            of = first if isinstance(aggregates[question].of, Distinct) else group
            rows.setdefault((of, question), []).append(tuple(rest))
        for group, answers in found.items():
            for question, each in enumerate(aggregates):
                answers[each.key] = _answer(each, rows.get((group, question), []))

    def digest(self, relation: Relation) -> str:
        """The SHA-256 of a relation (:mod:`mlops_actions.data.engines.pgdigest`)."""
        if relation.sql not in self._digests:
            self._together(relation, [])
        return self._digests[relation.sql]

    def value(
        self, query: str, relations: Mapping[str, Relation], seconds: float
    ) -> tuple[list[tuple[Any, ...]], str | None]:
        """The first two rows of a contract's query over ``relations``, named in any case, and the type of its value.

        Raises Untranslatable; psycopg.Error, of which QueryCanceled says that it took longer than ``seconds``. What
        went wrong in it does not end the snapshot.
        """
        tables = {
            name: Table(
                f"SELECT * FROM {self._source(each)}",
                [(column.name, column.name, column.type) for column in each.columns],
            )
            for name, each in relations.items()
        }
        written, kind = QueryWriter(tables).value(query)
        with self.server.connection.transaction(force_rollback=True):  # which takes the limit back as well
            self._run(f"SELECT set_config('statement_timeout', '{max(1, round(1000 * seconds))}ms', true)")
            return self._run(written), kind

    def _together(self, relation: Relation, aggregates: Sequence[Aggregate]) -> dict[str, Any]:
        written = [self._expression(relation, str(each.of)) for each in aggregates]
        is_new = relation.sql not in self._digests
        pieces = pgdigest.pieces(relation.columns) if is_new else []
        (row,) = self._run(f"SELECT {', '.join([*written, *pieces])} FROM {self._source(relation)}")
        if is_new:
            self._digests[relation.sql] = pgdigest.of(relation.columns, row[len(written) :])
        return dict(zip((each.key for each in aggregates), row, strict=False))

    def _in_groups(self, relation: Relation, aggregates: Sequence[Aggregate]) -> dict[str, Any]:
        """The answers to questions about all values: one group for each bin, text or register of each question."""
        found: list[list[tuple[Any, ...]]] = [[] for _ in aggregates]
        for _, question, *rest in self._run(_first(self._groups(relation, aggregates), aggregates)):
            found[question].append(tuple(rest))
        return {each.key: _answer(each, rows) for each, rows in zip(aggregates, found, strict=True)}

    def _groups(self, relation: Relation, aggregates: Sequence[Aggregate], block: str | None = None) -> str:
        """The query for the groups of each question; with ``block``, an expression, for those of each value of it."""
        lines = ", ".join(f"({index}, {self._grouped(relation, each)})" for index, each in enumerate(aggregates))
        whole = [str(index) for index, each in enumerate(aggregates) if isinstance(each.of, Distinct)]
        if block and whole:
            block = f"CASE WHEN asked.question NOT IN ({', '.join(whole)}) THEN {block} END"
        return (
            f"SELECT {block or 'NULL::text'} AS block, asked.question, asked.place, asked.value, "
            "count(*) AS amount, max(asked.rank) AS rank "
            f"FROM {self._source(relation)} CROSS JOIN LATERAL (VALUES {lines}) "
            "AS asked(question, place, value, rank) WHERE asked.place IS NOT NULL OR asked.value IS NOT NULL "
            "GROUP BY 1, 2, 3, 4"
        )

    def _source(self, relation: Relation) -> str:
        return self._writer.source(relation.sql)

    def _grouped(self, relation: Relation, aggregate: Aggregate) -> str:
        """What a row is counted under: a bin or register, a text, and the rank that the register keeps."""
        match aggregate.of:
            case Histogram(value, edges):
                number = self._expression(relation, f"CASE WHEN isfinite({value}) THEN {value} END")
                return f"{_bin(number, edges)}, NULL::text, NULL::int"
            case Members(value, texts):
                text = self._expression(relation, value)
                known = ", ".join(self._writer.text(each) for each in texts if chr(0) not in each)
                return f"NULL::int, CASE WHEN {text} = ANY(ARRAY[{known}]::text[]) THEN {text} END, NULL::int"
            case Tally(value):
                return f"NULL::int, {self._expression(relation, value)}, NULL::int"
            case Distinct(value):
                hashed = self._hash(relation, value)
                register = f"(({hashed} >> {64 - _REGISTERS}) & {2**_REGISTERS - 1})::int"
                first = f"position(B'1' IN ({hashed})::bit({64 - _REGISTERS}))"
                return f"{register}, NULL::text, coalesce(nullif({first}, 0), {65 - _REGISTERS})"
        raise Untranslatable(f"answer {aggregate.of}")

    def _hash(self, relation: Relation, value: str) -> str:
        """A hash of 64 bits, the same for values that are equal."""
        of = self._expression(relation, value)
        kind = next((each.type for each in relation.columns if quote(each.name) == value), "VARCHAR")
        match kind:
            case "SMALLINT" | "INTEGER" | "BIGINT":
                return f"hashint8extended({of}, 0)"
            case "FLOAT" | "DOUBLE":
                return f"hashfloat8extended({of}, 0)"
            case _ if kind.startswith("NUMERIC"):
                return f"hash_numeric_extended({of}, 0)"
        return f'hashtextextended(CAST({of} AS text) COLLATE "C", 0)'

    def _expression(self, relation: Relation, sql: str) -> str:
        return self._writer.expression(sql, {column.name: column.type for column in relation.columns})

    def _run(self, query: str) -> list[tuple[Any, ...]]:
        rows = self.server.connection.execute(query.encode()).fetchall()  # without parameters, so % is a sign
        self.server.heard()
        return rows


def _bin(number: str, edges: Sequence[float]) -> str:
    """The bin of a DOUBLE expression: how many of the edges are less."""
    if not edges:
        return f"CASE WHEN {number} IS NOT NULL THEN 0 END"
    # A threshold is in the bin above it there, so the signs are turned: those that are not less are counted.
    turned = ",".join(repr(-edge) for edge in reversed(edges))
    return f"{len(edges)} - width_bucket(-({number}), '{{{turned}}}'::double precision[])"


def _first(groups: str, aggregates: Sequence[Aggregate]) -> str:
    """The query of groups; a tally gives, of a block, one more than it asks for at most: then there are too many."""
    most = {index: each.of.most + 1 for index, each in enumerate(aggregates) if isinstance(each.of, Tally)}
    limits = " ".join(f"WHEN {index} THEN {limit}" for index, limit in most.items())
    kept = f"WHERE ordinal <= CASE question {limits} ELSE ordinal END" if most else ""
    ordinal = 'row_number() OVER (PARTITION BY block, question ORDER BY amount DESC, value COLLATE "C") AS ordinal'
    ranked = f"(SELECT *, {ordinal} FROM ({groups}) AS groups) AS ranked"
    return f"SELECT block, question, place, value, amount, rank FROM {ranked} {kept} ORDER BY question, ordinal"


def _answer(aggregate: Aggregate, groups: Sequence[tuple[Any, ...]]) -> Any:
    """What a question asks for, from its groups: place, text, number of rows, rank."""
    match aggregate.of:
        case Histogram(_, edges):
            places = [*edges, math.inf]
            return {places[place]: amount for place, _, amount, _ in groups} or None
        case Members():
            return {text: amount for _, text, amount, _ in groups}
        case Tally(_, most):
            counts = {text: amount for _, text, amount, _ in groups}
            return counts if len(counts) <= most else dict.fromkeys(list(counts)[:most])
    ranks = {place: rank for place, _, _, rank in groups}
    return Registers(_HASH, bytes(ranks.get(place, 0) for place in range(2**_REGISTERS)))
