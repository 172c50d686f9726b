"""A table of a PostgreSQL server as the rules see it: its columns' types, what stands for it in a query, its digest."""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

from collections.abc import Sequence

from mlops_actions.data.engines import pgdigest
from mlops_actions.data.engines.pgserver import Server
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.sources import pgcatalog
from mlops_actions.data.sources.pgcatalog import CatalogColumn, Table
from mlops_actions.data.sources.relation import Column

_TYPES = {
    "bool": "BOOLEAN",
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "oid": "BIGINT",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "numeric": "NUMERIC",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "uuid": "UUID",
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char", "citext"), "VARCHAR"),
}
"""PostgreSQL's types in the words of the rules; an enumeration is text as well."""


def columns(server: Server, table: Table) -> tuple[Column, ...]:
    """The columns: each of a type in the words of the rules, or in the server's where they have none."""
    listed = pgcatalog.columns(server, table)
    return tuple(Column(each.name, _type(each), stated=None if each.depth else each.stated) for each in listed)


def _type(of: CatalogColumn) -> str:
    kind = "text" if of.is_enumeration else of.type
    known = _TYPES.get(kind)
    if known is None or of.dimensions > 1:
        return kind + "[]" * max(of.depth, of.dimensions)
    return known + "[]" * of.depth


def digest(server: Server, table: Table) -> str:
    """The SHA-256 of the table's rows, in any order: the one that the engine postgres gives them."""
    known = columns(server, table)
    (answers,) = server.fetch(f"SELECT {', '.join(pgdigest.pieces(known))} FROM {source(table, known)}".encode())
    return pgdigest.of(known, answers)


def source(table: Table, known: Sequence[Column]) -> str:
    """What stands for a table: its columns, those that the rules know by another type as such."""
    select = ", ".join(f"{_read(each.name, each.type)} AS {quote(each.name)}" for each in known)
    return f"(SELECT {select} FROM {table.sql}) AS rows"


def _read(column: str, kind: str) -> str:
    """A column; text is compared by its bytes, and an enumeration, a name and the like are text."""
    match kind:
        case "VARCHAR":
            return f'CAST({quote(column)} AS text) COLLATE "C"'
        case "VARCHAR[]":
            return f"CAST({quote(column)} AS text[])"
        case "BIGINT":
            return f"CAST({quote(column)} AS bigint)"
    return quote(column)
