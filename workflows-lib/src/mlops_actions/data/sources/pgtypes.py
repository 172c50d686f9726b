"""PostgreSQL's types in the engine's: how a column is sent as text, and what that text is read as.

Every value comes as PostgreSQL writes it, so none passes through a binary
fraction or a clock of this machine on its way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlops_actions.data.engines.quoting import quote

DIGITS = 38
"""Decimal digits that the engine's exact numbers hold."""

_EXACT = 15
"""Decimal digits that every binary fraction holds."""


@dataclass(frozen=True, slots=True)
class PgColumn:
    """A column as the catalog has it: ``type`` is the base type's name, without domains; that of an array's items.

    ``modifier`` is the catalog's ``atttypmod`` (-1: none), ``dimensions`` is 0 for
    what is no array.
    """

    name: str
    type: str
    modifier: int = -1
    is_array: bool = False

    @property
    def is_number(self) -> bool:
        return self.type in {"numeric", "money"}


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a numeric column holds: digits before and after the point at most, and whether any is NaN or infinite."""

    whole: int = 0
    fraction: int = 0
    unbounded: bool = False


class Unfit(Exception):
    """A column that the engine has no type for: why."""


_TYPES = {
    "bool": "BOOLEAN",
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "oid": "UINTEGER",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "uuid": "UUID",
    "bytea": "BLOB",
}
"""All others are read as text: texts, JSON, enumerations, intervals, times with a zone, ranges, composite types."""


def sent(column: PgColumn) -> str:
    """The expression whose text PostgreSQL sends."""
    name = quote(column.name)
    if column.is_array:
        # As a list of texts, written as JSON: an array's own text cannot be read without its type's delimiter.
        return f"to_json({name}::{'numeric[]::' if column.type == 'money' else ''}text[])"
    return f"{name}::{'numeric::' if column.type == 'money' else ''}text"


def read(text: str, column: PgColumn, numbers: Mapping[str, Numbers]) -> str:
    """The engine's expression for the column, of its ``text`` (an identifier). Raises Unfit."""
    kind = engine_type(column, numbers.get(column.name, Numbers()))
    if not column.is_array:
        return _value(text, kind)
    items = f"from_json({text}, '[\"VARCHAR\"]')"
    return items if kind == "VARCHAR" else f"list_transform({items}, lambda x: {_value('x', kind)})"


def _value(text: str, kind: str) -> str:
    if kind == "VARCHAR":
        return text
    if kind == "BLOB":
        return f"unhex(substr({text}, 3))"
    if kind in {"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}:  # years before Christ are written otherwise
        text = rf"regexp_replace({text}, '^(\S+)(.*) BC$', '\1 (BC)\2')"
    return f"CAST({text} AS {kind})"


def engine_type(column: PgColumn, numbers: Numbers) -> str:
    """The engine's type for a column, or for an array's items. Raises Unfit."""
    return _number(column, numbers) if column.is_number else _TYPES.get(column.type, "VARCHAR")


def _number(column: PgColumn, numbers: Numbers) -> str:
    """An exact number as wide as declared, else as wide as needed.

    With NaN or an infinity in it, a binary fraction, which holds those: where
    it holds all other values exactly as well.
    """
    digits = numbers.whole + numbers.fraction
    if numbers.unbounded:
        if digits > _EXACT:
            raise Unfit(
                f"the column {column.name!r} holds NaN or an infinity beside numbers of {digits} digits, and no type "
                "of the engine holds both"
            )
        return "DOUBLE"
    if column.type == "numeric" and column.modifier >= 4:
        precision, scale = (column.modifier - 4) >> 16, (((column.modifier - 4) & 0x7FF) ^ 0x400) - 0x400
        precision, scale = max(precision, scale) - min(scale, 0), max(scale, 0)
        if precision <= DIGITS:
            return f"DECIMAL({precision},{scale})"
    if digits > DIGITS:
        raise Unfit(f"the column {column.name!r} holds numbers of {digits} digits, and the engine's hold {DIGITS}")
    return f"DECIMAL({18 if digits <= 18 else DIGITS},{numbers.fraction})"


def measured(column: PgColumn) -> str:
    """Three aggregates over a numeric column, that :class:`Numbers` is made of."""
    name = quote(column.name)
    if not column.is_array:
        value = f"{name}::numeric"
        whole, fraction, odd = _WHOLE.format(value), f"scale({value})", f"({value}) - ({value}) <> 0"
    else:
        over = f"FROM unnest({name}::numeric[]) x"
        whole, fraction, odd = (
            f"(SELECT {each} {over})" for each in (f"max({_WHOLE.format('x')})", "max(scale(x))", "bool_or(x - x <> 0)")
        )
    return f"coalesce(max({whole}), 0), coalesce(max({fraction}), 0), coalesce(bool_or({odd}), false)"


_WHOLE = "CASE WHEN ({0}) - ({0}) = 0 THEN length(trunc(abs({0}))::text) END"
