"""What a question is written in: an expression with its type, and what may be named where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mlops_actions.data.engines.quoting import quote

FLOATS = frozenset({"DOUBLE", "FLOAT"})


class Untranslatable(Exception):
    """A question, or a part of it, that an engine has no equal for: which one, in words for a person."""


@dataclass(frozen=True, slots=True)
class Term:
    """An expression in the engine's SQL, with its type in DuckDB's words (None where that is not known)."""

    sql: str
    type: str | None
    text: str | None = None
    """The value of a text literal."""
    constant: float | None = None
    """The value of a literal of type DOUBLE."""

    @property
    def is_literal(self) -> bool:
        return self.text is not None


@dataclass(slots=True)
class Scope:
    """The types of the columns that can be named at some place."""

    types: dict[str, str | None] = field(default_factory=dict)

    def type_of(self, name: str) -> str | None:
        return self.types.get(name)


def item_type(of: str | None) -> str | None:
    """The type of a list's items."""
    return of.removesuffix("[]") if of and of.endswith("[]") else None


def struct_fields(of: str | None) -> dict[str, str] | None:
    """The types of a struct's fields by name; None where the type is no struct."""
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    if not of or not of.startswith("STRUCT(") or of.endswith("]"):
        return None
    parsed = exp.DataType.build(of, dialect="duckdb")
    return {each.this.name: type_name(each.args["kind"]) for each in parsed.expressions}


def type_name(node: Any) -> str:
    """A type that sqlglot parsed, in DuckDB's words."""
    from sqlglot import exp  # pylint: disable=import-outside-toplevel

    if node.this == exp.DataType.Type.ARRAY:
        return f"{type_name(node.expressions[0])}[]"
    if node.this == exp.DataType.Type.STRUCT:
        fields = (f"{quote(each.this.name)} {type_name(each.args['kind'])}" for each in node.expressions)
        return f"STRUCT({', '.join(fields)})"
    name = str(node.this.value)
    word = _TYPES.get(name, name)
    if word == "DECIMAL":  # without a width it is PostgreSQL's, since a column of DuckDB's always has one
        return f"DECIMAL({','.join(each.this.name for each in node.expressions)})" if node.expressions else "NUMERIC"
    return word


_TYPES = {
    "TEXT": "VARCHAR",
    "INT": "INTEGER",
    "INT128": "HUGEINT",
    "UINT": "UINTEGER",
    "TIMESTAMPNTZ": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "TIMETZ": "TIME WITH TIME ZONE",
    "VARBINARY": "BLOB",
}
"""sqlglot's names of types, where DuckDB has others."""


def common(terms: Sequence[Term]) -> str | None:
    """The type of a value that is one of several."""
    return next((each.type for each in terms if each.type is not None and not each.is_literal), None) or next(
        (each.type for each in terms if each.type is not None), None
    )


def refused(node: Any) -> Untranslatable:
    return Untranslatable(f"translate {node.sql(dialect='duckdb')[:60]!r}")


def only(node: Any, known: set[str]) -> None:
    """Raises Untranslatable where a part of a query is none of those that are read."""
    for key, value in node.args.items():
        if value and key not in known:
            raise Untranslatable(f"translate {key.rstrip('_').upper()} in a query")
